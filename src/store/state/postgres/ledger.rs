//! Accounts of sessions, and what users used.

use sqlx::AssertSqlSafe;

use crate::quota::{SessionAccount, UserName};
use crate::store::StoreError;
use crate::store::state::rows::{AccountRow, UsedRow, distinct, used_rows};
use crate::store::state::{FeedLease, UsageRow};

use super::feed::{USED, USED_LISTS, using};
use super::{Postgres, plain, stored};

const OPERATION: &str = "reading the ledger";

/// Names in one read: the planner looks at each of them, and what it gives is held twice for a moment.
const SLICE: usize = 2000;

type Query = sqlx::query::QueryAs<'static, sqlx::Postgres, AccountRow, sqlx::postgres::PgArguments>;

fn accounts(condition: &str) -> Query {
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT acct_unique_id, user_name, row_id, closed_at, account FROM radkick_session WHERE {condition}"
    )))
}

impl Postgres {
    async fn read_accounts(&self, query: Query) -> Result<Vec<SessionAccount>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| row.account(plain).map_err(failed)).collect()
    }

    pub(in super::super) async fn open_accounts(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        let query = accounts("closed_at IS NULL AND acct_unique_id > $1 ORDER BY acct_unique_id LIMIT $2");
        self.read_accounts(query.bind(stored(after)).bind(i64::from(limit))).await
    }

    pub(in super::super) async fn closed_accounts(
        &self,
        since: i64,
        (closed_at, id): (i64, &str),
        limit: u32,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        let query = accounts(
            "closed_at >= $1 AND (closed_at, acct_unique_id) > ($2, $3) ORDER BY closed_at, acct_unique_id LIMIT $4",
        );
        self.read_accounts(query.bind(since).bind(closed_at).bind(stored(id)).bind(i64::from(limit))).await
    }

    pub(in super::super) async fn accounts(&self, ids: &[String]) -> Result<Vec<SessionAccount>, StoreError> {
        let mut found = Vec::new();
        for slice in distinct(ids.iter().map(String::as_str), stored).chunks(SLICE) {
            found.extend(self.read_accounts(accounts("acct_unique_id = ANY($1)").bind(slice.to_vec())).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn accounts_of(
        &self,
        users: &[UserName],
        only_open: bool,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        let condition = format!("user_name = ANY($1){}", if only_open { " AND closed_at IS NULL" } else { "" });
        let mut found = Vec::new();
        for slice in distinct(users.iter().map(UserName::as_str), stored).chunks(SLICE) {
            found.extend(self.read_accounts(accounts(&condition).bind(slice.to_vec())).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn usage(&self, users: &[UserName]) -> Result<Vec<UsageRow>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let sql = "SELECT user_name, zone, slot, origin, input, output, seconds, estimated FROM radkick_usage
                   WHERE user_name = ANY($1)";
        let mut usage = Vec::new();
        for slice in distinct(users.iter().map(UserName::as_str), stored).chunks(SLICE) {
            let rows: Vec<UsedRow> = sqlx::query_as(sql).bind(slice).fetch_all(&self.pool).await.map_err(failed)?;
            for row in &rows {
                usage.push(row.usage(plain).map_err(failed)?);
            }
        }
        Ok(usage)
    }

    pub(in super::super) async fn put_usage(
        &self,
        lease: &FeedLease,
        user: &UserName,
        rows: &[UsageRow],
    ) -> Result<bool, StoreError> {
        let rows = used_rows(rows.iter().map(|row| UsageRow { user: user.clone(), ..row.clone() }), stored);
        // No row is both deleted and written: the parts of one statement have no order
        let sql = AssertSqlSafe(format!(
            "WITH held AS (
                 SELECT id FROM radkick_feed WHERE lease_token = $9 AND lease_holder = $10 FOR UPDATE
             ), gone AS (
                 DELETE FROM radkick_usage AS old USING held WHERE old.user_name = $11 AND NOT EXISTS (
                     SELECT 1 FROM {USED_LISTS} AS used {USED}
                     WHERE (used.user_name, used.zone, used.slot, used.origin)
                         = (old.user_name, old.zone, old.slot, old.origin))
             ), written AS (
                 INSERT INTO radkick_usage {USED} SELECT used.* FROM held, {USED_LISTS} AS used
                 ON CONFLICT (user_name, zone, slot, origin) DO UPDATE SET input = excluded.input,
                     output = excluded.output, seconds = excluded.seconds, estimated = excluded.estimated
             )
             SELECT id FROM held"
        ));
        let query = using(sqlx::query(sql), &rows).bind(lease.token).bind(&lease.holder).bind(stored(user.as_str()));
        let held = query.fetch_optional(&self.pool).await.map_err(|error| self.failed("writing the ledger", error))?;
        Ok(held.is_some())
    }

    pub(in super::super) async fn users_with_slots_before(
        &self,
        slot: i64,
        more_than: u32,
        limit: u32,
    ) -> Result<Vec<UserName>, StoreError> {
        let sql = "SELECT user_name FROM radkick_usage WHERE slot > 0 AND slot < $1
                   GROUP BY user_name HAVING count(*) > $2 LIMIT $3";
        let query = sqlx::query_scalar(sql).bind(slot).bind(i64::from(more_than)).bind(i64::from(limit));
        let names: Vec<String> = query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(names.iter().map(super::user).collect())
    }
}
