//! How far the ledger has read radacct, who may write it, and the step that it writes.

use sqlx::{Sqlite as Database, Transaction};

use crate::store::StoreError;
use crate::store::state::alone;
use crate::store::state::read::json;
use crate::store::state::rows::{Batch, Step, adding};
use crate::store::state::{FeedLease, FeedRecord};

use super::Sqlite;
use super::jobs::LEASE_SECS;

const OPERATION: &str = "writing the ledger";

impl Sqlite {
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
                   VALUES (1, ?1, ?3 + ?4, 1)
                   ON CONFLICT (id) DO UPDATE SET lease_holder = excluded.lease_holder, lease_until = excluded.lease_until,
                       lease_token = feed.lease_token + (feed.lease_holder IS NOT excluded.lease_holder)
                   WHERE feed.lease_holder IS NULL OR feed.lease_until < ?3 OR feed.lease_holder IN (?1, ?2)
                   RETURNING lease_token";
        let query = sqlx::query_scalar(sql).bind(holder).bind(abandoned).bind(now).bind(LEASE_SECS);
        // All rows, though there is one: it is not committed before the end of them
        let tokens: Vec<i64> =
            query.fetch_all(&self.pool).await.map_err(|error| self.failed("taking the ledger's lease", error))?;
        Ok(tokens.first().map(|token| FeedLease { holder: holder.to_owned(), token: *token }))
    }

    pub(in super::super) async fn feed_holder(&self) -> Result<Option<String>, StoreError> {
        let sql = "SELECT lease_holder FROM radkick_feed WHERE lease_holder IS NOT NULL";
        let holder = sqlx::query_scalar(sql).fetch_optional(&self.pool).await;
        holder.map_err(|error| self.failed("reading the ledger", error))
    }

    pub(in super::super) async fn release_feed(&self, lease: &FeedLease) -> Result<(), StoreError> {
        let sql = "UPDATE radkick_feed SET lease_holder = NULL, lease_until = 0
                   WHERE lease_token = ? AND lease_holder = ?";
        let done = sqlx::query(sql).bind(lease.token).bind(&lease.holder).execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| self.failed("giving the ledger's lease back", error))
    }

    pub(in super::super) async fn record(&self, step: &Step<'_>) -> Result<bool, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let batch = step.batch(str::to_owned).map_err(failed)?;
        let pool = self.pool.clone();
        let written = alone(async move {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            let held = write(&mut transaction, &batch).await?;
            transaction.commit().await.map(|()| held)
        });
        written.await.map_err(failed)
    }
}

/// Whether the lease is still the one that stands. For a transaction that keeps all other writers out.
pub(super) async fn is_held(
    transaction: &mut Transaction<'_, Database>,
    lease: &FeedLease,
) -> Result<bool, sqlx::Error> {
    let sql = "SELECT count(*) FROM radkick_feed WHERE lease_token = ? AND lease_holder = ?";
    let query = sqlx::query_scalar(sql).bind(lease.token).bind(&lease.holder);
    query.fetch_one(&mut **transaction).await.map(|count: i64| count > 0)
}

async fn write(transaction: &mut Transaction<'_, Database>, batch: &Batch) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE radkick_feed SET detail = ?, lease_until = ? + ? WHERE lease_token = ? AND lease_holder = ?";
    let query = sqlx::query(sql).bind(&batch.feed).bind(batch.now).bind(LEASE_SECS);
    let query = query.bind(batch.lease.token).bind(&batch.lease.holder);
    if query.execute(&mut **transaction).await?.rows_affected() == 0 {
        return Ok(false);
    }
    let accounts = "INSERT INTO radkick_session (acct_unique_id, user_name, row_id, closed_at, account)
        SELECT value ->> 'acct_unique_id', value ->> 'user_name', value ->> 'row_id', value ->> 'closed_at',
               value ->> 'account' FROM json_each(?) WHERE TRUE
        ON CONFLICT (acct_unique_id) DO UPDATE SET user_name = excluded.user_name, row_id = excluded.row_id,
            closed_at = excluded.closed_at, account = excluded.account";
    sqlx::query(accounts).bind(list(&batch.accounts)?).execute(&mut **transaction).await?;
    let sums = adding(|counter| format!("radkick_usage.{counter}"), |counter| format!("excluded.{counter}"));
    let used = format!("{USED} ON CONFLICT (user_name, zone, slot, origin) DO UPDATE SET {sums}");
    let used = sqlx::query(sqlx::AssertSqlSafe(used)).bind(list(&batch.used)?);
    used.execute(&mut **transaction).await.map(|_| true)
}

/// Inserts the rows of a JSON list.
pub(super) const USED: &str =
    "INSERT INTO radkick_usage (user_name, zone, slot, origin, input, output, seconds, estimated)
    SELECT value ->> 'user_name', value ->> 'zone', value ->> 'slot', value ->> 'origin', value ->> 'input',
           value ->> 'output', value ->> 'seconds', value ->> 'estimated' FROM json_each(?) WHERE TRUE";

/// The JSON list that `json_each` takes.
pub(super) fn list(rows: &[impl serde::Serialize]) -> Result<String, sqlx::Error> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(error.into()))
}
