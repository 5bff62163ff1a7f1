//! What is old enough to be forgotten.

use sqlx::AssertSqlSafe;

use crate::store::StoreError;
use crate::store::state::FeedLease;
use crate::store::state::rows::forgettable_jobs;

use super::Postgres;

const OPERATION: &str = "forgetting what is old";

impl Postgres {
    pub(in super::super) async fn forget_accounts(
        &self,
        lease: &FeedLease,
        (closed_before, above, up_to): (i64, i64, i64),
        limit: u32,
    ) -> Result<u64, StoreError> {
        let sql = "WITH held AS (
                       SELECT id FROM radkick_feed WHERE lease_token = $1 AND lease_holder = $2 FOR UPDATE
                   )
                   DELETE FROM radkick_session AS forgotten USING held
                   WHERE closed_at < $3 AND row_id > $4 AND row_id <= $5 AND acct_unique_id IN (
                       SELECT acct_unique_id FROM radkick_session
                       WHERE closed_at < $3 AND row_id > $4 AND row_id <= $5 ORDER BY closed_at LIMIT $6)";
        let query = sqlx::query(sql).bind(lease.token).bind(&lease.holder);
        let query = query.bind(closed_before).bind(above).bind(up_to).bind(i64::from(limit));
        let done = query.execute(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(done.rows_affected())
    }

    pub(in super::super) async fn prune_journal(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let sql = "DELETE FROM radkick_journal WHERE at < $1 AND id IN
                       (SELECT id FROM radkick_journal ORDER BY id LIMIT $2)";
        let done = sqlx::query(sql).bind(before).bind(i64::from(limit)).execute(&self.pool).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn prune_jobs(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        self.prune(&forgettable_jobs("$1", "$2"), ("radkick_job", "radkick_target", "job_id"), (before, limit)).await
    }

    pub(in super::super) async fn prune_blocks(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let old = "SELECT id FROM radkick_block WHERE state = 'released' AND changed_at < $1 ORDER BY id LIMIT $2";
        self.prune(old, ("radkick_block", "radkick_block_row", "block_id"), (before, limit)).await
    }

    /// Deletes what `old` selects from `table`, with those of `parts` that refer to it by `by`.
    async fn prune(
        &self,
        old: &str,
        (table, parts, by): (&str, &str, &str),
        (before, limit): (i64, u32),
    ) -> Result<u64, StoreError> {
        let sql = AssertSqlSafe(format!(
            "WITH old AS MATERIALIZED ({old}), parts AS (DELETE FROM {parts} WHERE {by} IN (SELECT id FROM old))
             DELETE FROM {table} WHERE id IN (SELECT id FROM old)"
        ));
        let done = sqlx::query(sql).bind(before).bind(i64::from(limit)).execute(&self.pool).await;
        done.map(|done| done.rows_affected()).map_err(|error| self.failed(OPERATION, error))
    }
}
