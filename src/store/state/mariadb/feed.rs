//! How far the ledger has read radacct, who may write it, and the step that it writes.

use sqlx::{MySql as Database, QueryBuilder, Transaction};

use crate::store::StoreError;
use crate::store::state::read::json;
use crate::store::state::rows::{AccountRow, Batch, Step, UsedRow, adding};
use crate::store::state::{FeedLease, FeedRecord, alone};

use super::jobs::LEASE_SECS;
use super::{Mariadb, is_double, slices};

/// Accounts in one statement: well below a megabyte, which servers of old took at most.
const ACCOUNTS: [usize; 3] = [100, 10, 1];
/// Rows of usage in one statement.
const USED: [usize; 3] = [500, 25, 1];

impl Mariadb {
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
        let failed = |error| self.failed("taking the ledger's lease", error);
        // The token first: what is assigned behind it sees the holder of before
        let sql = "UPDATE radkick_feed SET lease_token = lease_token + IF(lease_holder <=> ?, 0, 1), lease_holder = ?,
                     lease_until = ? + ?
                   WHERE id = 1 AND (lease_holder IS NULL OR lease_until < ? OR lease_holder = ? OR lease_holder = ?)";
        let query = sqlx::query(sql).bind(holder).bind(holder).bind(now).bind(LEASE_SECS);
        let query = query.bind(now).bind(holder).bind(abandoned);
        let updated = query.execute(&self.pool).await.map_err(failed)?.rows_affected() > 0;
        if !updated && !self.insert_feed(holder, now).await.map_err(failed)? {
            return Ok(None);
        }
        let sql = "SELECT lease_token FROM radkick_feed WHERE id = 1 AND lease_holder = ?";
        let token = sqlx::query_scalar(sql).bind(holder).fetch_optional(&self.pool).await.map_err(failed)?;
        Ok(token.map(|token| FeedLease { holder: holder.to_owned(), token }))
    }

    /// Makes the one row; `false` when it is there.
    async fn insert_feed(&self, holder: &str, now: i64) -> Result<bool, sqlx::Error> {
        let sql = "INSERT INTO radkick_feed (id, lease_holder, lease_until, lease_token) VALUES (1, ?, ? + ?, 1)";
        match sqlx::query(sql).bind(holder).bind(now).bind(LEASE_SECS).execute(&self.pool).await {
            Ok(_) => Ok(true),
            Err(error) if is_double(&error) => Ok(false),
            Err(error) => Err(error),
        }
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
        let failed = |error| self.failed("writing the ledger", error);
        let batch = step.batch(str::to_owned).map_err(failed)?;
        let pool = self.pool.clone();
        let written = alone(async move {
            let mut transaction = pool.begin().await?;
            let held = write(&mut transaction, &batch).await?;
            transaction.commit().await.map(|()| held)
        });
        written.await.map_err(failed)
    }
}

/// Whether the lease is still the one that stands. Locks its row, so that nobody takes it over before the end.
pub(super) async fn is_held(
    transaction: &mut Transaction<'_, Database>,
    lease: &FeedLease,
) -> Result<bool, sqlx::Error> {
    let sql = "SELECT id FROM radkick_feed WHERE id = 1 AND lease_token = ? AND lease_holder = ? FOR UPDATE";
    let query = sqlx::query_scalar(sql).bind(lease.token).bind(&lease.holder);
    let id: Option<i64> = query.fetch_optional(&mut **transaction).await?;
    Ok(id.is_some())
}

async fn write(transaction: &mut Transaction<'_, Database>, batch: &Batch) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE radkick_feed SET detail = ?, lease_until = ? + ?
               WHERE id = 1 AND lease_token = ? AND lease_holder = ?";
    let query = sqlx::query(sql).bind(&batch.feed).bind(batch.now).bind(LEASE_SECS);
    let query = query.bind(batch.lease.token).bind(&batch.lease.holder);
    if query.execute(&mut **transaction).await?.rows_affected() == 0 {
        return Ok(false);
    }
    for accounts in slices(&batch.accounts, ACCOUNTS) {
        write_accounts(transaction, accounts).await?;
    }
    let sums = adding(str::to_owned, |counter| format!("VALUES({counter})"));
    write_used(transaction, &batch.used, &sums).await.map(|()| true)
}

async fn write_accounts(
    transaction: &mut Transaction<'_, Database>,
    accounts: &[AccountRow],
) -> Result<(), sqlx::Error> {
    let mut sql = QueryBuilder::<Database>::new(
        "INSERT INTO radkick_session (acct_unique_id, user_name, row_id, closed_at, account) ",
    );
    sql.push_values(accounts, |mut values, account| {
        values.push_bind(account.acct_unique_id.as_bytes()).push_bind(account.user_name.as_bytes());
        values.push_bind(account.row_id).push_bind(account.closed_at).push_bind(&account.account);
    });
    sql.push(
        " ON DUPLICATE KEY UPDATE user_name = VALUES(user_name), row_id = VALUES(row_id), closed_at = VALUES(closed_at),
          account = VALUES(account)",
    );
    sql.build().execute(&mut **transaction).await.map(|_| ())
}

/// Inserts rows; `otherwise` is done with those that stand.
pub(super) async fn write_used(
    transaction: &mut Transaction<'_, Database>,
    used: &[UsedRow],
    otherwise: &str,
) -> Result<(), sqlx::Error> {
    for used in slices(used, USED) {
        let mut sql = QueryBuilder::<Database>::new(
            "INSERT INTO radkick_usage (user_name, zone, slot, origin, input, output, seconds, estimated) ",
        );
        sql.push_values(used, |mut values, row| {
            values.push_bind(row.user_name.as_bytes()).push_bind(row.zone.as_bytes()).push_bind(row.slot);
            values.push_bind(&row.origin).push_bind(row.input).push_bind(row.output);
            values.push_bind(row.seconds).push_bind(row.estimated);
        });
        sql.push(" ON DUPLICATE KEY UPDATE ").push(otherwise);
        sql.build().execute(&mut **transaction).await?;
    }
    Ok(())
}
