//! What is old enough to be forgotten.

use crate::store::StoreError;
use crate::store::state::rows::forgettable_jobs;
use crate::store::state::{FeedLease, alone};

use super::Sqlite;
use super::feed::{is_held, list};

const OPERATION: &str = "forgetting what is old";

impl Sqlite {
    pub(in super::super) async fn forget_accounts(
        &self,
        lease: &FeedLease,
        (closed_before, above, up_to): (i64, i64, i64),
        limit: u32,
    ) -> Result<u64, StoreError> {
        let (pool, lease) = (self.pool.clone(), lease.clone());
        let forgotten = alone(async move {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            if !is_held(&mut transaction, &lease).await? {
                return Ok(0);
            }
            let sql = "DELETE FROM radkick_session WHERE acct_unique_id IN
                           (SELECT acct_unique_id FROM radkick_session
                            WHERE closed_at < ? AND row_id > ? AND row_id <= ? ORDER BY closed_at LIMIT ?)";
            let delete = sqlx::query(sql).bind(closed_before).bind(above).bind(up_to).bind(limit);
            let forgotten = delete.execute(&mut *transaction).await?.rows_affected();
            transaction.commit().await.map(|()| forgotten)
        });
        forgotten.await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn prune_journal(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let sql = "DELETE FROM radkick_journal WHERE at < ?1 AND id IN
                       (SELECT id FROM radkick_journal ORDER BY id LIMIT ?2)";
        let pruned = sqlx::query(sql).bind(before).bind(limit).execute(&self.pool).await;
        pruned.map(|done| done.rows_affected()).map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn prune_jobs(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        self.prune(forgettable_jobs("?1", "?2"), ("radkick_job", "radkick_target", "job_id"), (before, limit)).await
    }

    pub(in super::super) async fn prune_blocks(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let old = "SELECT id FROM radkick_block WHERE state = 'released' AND changed_at < ?1 ORDER BY id LIMIT ?2";
        self.prune(old.to_owned(), ("radkick_block", "radkick_block_row", "block_id"), (before, limit)).await
    }

    /// Deletes what `old` selects from `table`, after those of `parts` that refer to it by `by`.
    async fn prune(
        &self,
        old: String,
        (table, parts, by): (&'static str, &'static str, &'static str),
        (before, limit): (i64, u32),
    ) -> Result<u64, StoreError> {
        let pool = self.pool.clone();
        let pruned = alone(async move {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            let query = sqlx::query_scalar(sqlx::AssertSqlSafe(old)).bind(before).bind(limit);
            let ids: Vec<i64> = query.fetch_all(&mut *transaction).await?;
            let mut pruned = 0;
            for (table, id) in [(parts, by), (table, "id")] {
                let delete = format!("DELETE FROM {table} WHERE {id} IN (SELECT value FROM json_each(?))");
                let delete = sqlx::query(sqlx::AssertSqlSafe(delete)).bind(list(&ids)?);
                pruned = delete.execute(&mut *transaction).await?.rows_affected();
            }
            transaction.commit().await.map(|()| pruned)
        });
        pruned.await.map_err(|error| self.failed(OPERATION, error))
    }
}
