//! How far the ledger has read radacct, who may write it, and the step that it writes.

use sqlx::AssertSqlSafe;

use crate::store::StoreError;
use crate::store::state::read::json;
use crate::store::state::rows::{Batch, Step, UsedRow, adding};
use crate::store::state::{FeedLease, FeedRecord};

use super::jobs::LEASE_SECS;
use super::{Postgres, stored};

impl Postgres {
    pub(in super::super) async fn feed(&self) -> Result<Option<FeedRecord>, StoreError> {
        let failed = |error| self.failed("reading the ledger", error);
        let sql = "SELECT detail FROM radkick_feed WHERE detail IS NOT NULL";
        let text: Option<String> = sqlx::query_scalar(sql).fetch_optional(&self.pool).await.map_err(failed)?;
        text.map(|text| json("detail", &text).map_err(failed)).transpose()
    }

    pub(in super::super) async fn claim_feed(
        &self,
        holder: &str,
        abandoned: Option<&str>,
        now: i64,
    ) -> Result<Option<FeedLease>, StoreError> {
        let sql = "INSERT INTO radkick_feed AS feed (id, lease_holder, lease_until, lease_token)
                   VALUES (1, $1, $3 + $4, 1)
                   ON CONFLICT (id) DO UPDATE SET lease_holder = excluded.lease_holder, lease_until = excluded.lease_until,
                       lease_token = feed.lease_token
                           + CASE WHEN feed.lease_holder = excluded.lease_holder THEN 0 ELSE 1 END
                   WHERE feed.lease_holder IS NULL OR feed.lease_until < $3 OR feed.lease_holder IN ($1, $2)
                   RETURNING lease_token";
        let query = sqlx::query_scalar(sql).bind(holder).bind(abandoned).bind(now).bind(LEASE_SECS);
        let token = query.fetch_optional(&self.pool).await;
        let token: Option<i64> = token.map_err(|error| self.failed("taking the ledger's lease", error))?;
        Ok(token.map(|token| FeedLease { holder: holder.to_owned(), token }))
    }

    pub(in super::super) async fn feed_holder(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT lease_holder FROM radkick_feed WHERE lease_holder IS NOT NULL";
        let holder = sqlx::query_scalar(sql).fetch_optional(&self.pool).await;
        holder.map_err(|error| self.failed("reading the ledger", error))
    }

    pub(in super::super) async fn release_feed(&self, lease: &FeedLease) -> Result<(), StoreError> {
        let sql = "UPDATE radkick_feed SET lease_holder = NULL, lease_until = 0
                   WHERE lease_token = $1 AND lease_holder = $2";
        let done = sqlx::query(sql).bind(lease.token).bind(&lease.holder).execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| self.failed("giving the ledger's lease back", error))
    }

    pub(in super::super) async fn record(&self, step: &Step<'_>) -> Result<bool, StoreError> {
        let failed = |error| self.failed("writing the ledger", error);
        let Batch { lease, feed, accounts, used, now } = step.batch(stored).map_err(failed)?;
        let sums = adding(|counter| format!("radkick_usage.{counter}"), |counter| format!("excluded.{counter}"));
        let sql = AssertSqlSafe(format!(
            "WITH held AS (
                 UPDATE radkick_feed SET detail = $9, lease_until = $10 + $11
                 WHERE lease_token = $12 AND lease_holder = $13 RETURNING id
             ), accounts AS (
                 INSERT INTO radkick_session (acct_unique_id, user_name, row_id, closed_at, account)
                 SELECT page.* FROM held, unnest($14::text[], $15::text[], $16::bigint[], $17::bigint[], $18::text[]) AS page
                 ON CONFLICT (acct_unique_id) DO UPDATE SET user_name = excluded.user_name, row_id = excluded.row_id,
                     closed_at = excluded.closed_at, account = excluded.account
             ), used AS (
                 INSERT INTO radkick_usage {USED}
                 SELECT used.* FROM held, {USED_LISTS} AS used
                 ON CONFLICT (user_name, zone, slot, origin) DO UPDATE SET {sums}
             )
             SELECT id FROM held"
        ));
        let query = using(sqlx::query(sql), &used).bind(feed).bind(now).bind(LEASE_SECS);
        let query = query.bind(lease.token).bind(&lease.holder);
        let query = query.bind(column(&accounts, |account| account.acct_unique_id.as_str()));
        let query = query.bind(column(&accounts, |account| account.user_name.as_str()));
        let query = query.bind(column(&accounts, |account| account.row_id));
        let query = query.bind(column(&accounts, |account| account.closed_at));
        let query = query.bind(column(&accounts, |account| account.account.as_str()));
        Ok(query.fetch_optional(&self.pool).await.map_err(failed)?.is_some())
    }
}

/// The columns of `radkick_usage`, and the same from `$1` to `$8`, a list each.
pub(super) const USED: &str = "(user_name, zone, slot, origin, input, output, seconds, estimated)";
pub(super) const USED_LISTS: &str =
    "unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
    $7::bigint[], $8::bigint[])";

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// Binds rows as [`USED_LISTS`].
pub(super) fn using<'q>(query: Query<'q>, used: &'q [UsedRow]) -> Query<'q> {
    let query = query.bind(column(used, |row| row.user_name.as_str())).bind(column(used, |row| row.zone.as_str()));
    let query = query.bind(column(used, |row| row.slot)).bind(column(used, |row| row.origin.as_str()));
    let query = query.bind(column(used, |row| row.input)).bind(column(used, |row| row.output));
    query.bind(column(used, |row| row.seconds)).bind(column(used, |row| row.estimated))
}

fn column<'r, R, T>(rows: &'r [R], of: impl Fn(&'r R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}
