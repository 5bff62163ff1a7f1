//! What is old enough to be forgotten.

use sqlx::AssertSqlSafe;

use crate::store::StoreError;
use crate::store::mariadb::places;
use crate::store::state::rows::forgettable_jobs;
use crate::store::state::{FeedLease, alone};

use super::feed::is_held;
use super::{Mariadb, slices};

const OPERATION: &str = "forgetting what is old";

/// Rows deleted by one statement.
const ROWS: [usize; 3] = [500, 25, 1];

impl Mariadb {
    pub(in super::super) async fn forget_accounts(
        &self,
        lease: &FeedLease,
        (closed_before, above, up_to): (i64, i64, i64),
        limit: u32,
    ) -> Result<u64, StoreError> {
        let (pool, lease) = (self.pool.clone(), lease.clone());
        let forgotten = alone(async move {
            let mut transaction = pool.begin().await?;
            if !is_held(&mut transaction, &lease).await? {
                return Ok(0);
            }
            // Looked for in the index alone: a deletion would read and lock every row that stays
            let old = "SELECT acct_unique_id FROM radkick_session FORCE INDEX (radkick_session_closed)
                       WHERE closed_at < ? AND row_id > ? AND row_id <= ?
                        ORDER BY closed_at, acct_unique_id LIMIT ?";
            let old = sqlx::query_scalar(old).bind(closed_before).bind(above).bind(up_to).bind(limit);
            let old: Vec<Vec<u8>> = old.fetch_all(&mut *transaction).await?;
            let mut forgotten = 0;
            for ids in slices(&old, ROWS) {
                let delete = format!("DELETE FROM radkick_session WHERE acct_unique_id IN ({})", places(ids.len()));
                let delete = ids.iter().fold(sqlx::query(AssertSqlSafe(delete)), sqlx::query::Query::bind);
                forgotten += delete.execute(&mut *transaction).await?.rows_affected();
            }
            transaction.commit().await.map(|()| forgotten)
        });
        forgotten.await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn prune_journal(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let sql = "DELETE FROM radkick_journal WHERE at < ? AND id <=
                       (SELECT max(id) FROM (SELECT id FROM radkick_journal ORDER BY id LIMIT ?) AS oldest)";
        let pruned = sqlx::query(sql).bind(before).bind(limit).execute(&self.pool).await;
        pruned.map(|done| done.rows_affected()).map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn prune_jobs(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let old = sqlx::query_scalar(AssertSqlSafe(forgettable_jobs("?", "?"))).bind(before).bind(before).bind(limit);
        let old = old.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        self.prune(old, ("radkick_job", "radkick_target", "job_id")).await
    }

    pub(in super::super) async fn prune_blocks(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        let old = "SELECT id FROM radkick_block WHERE state = 'released' AND changed_at < ? ORDER BY id LIMIT ?";
        let old = sqlx::query_scalar(old).bind(before).bind(limit).fetch_all(&self.pool).await;
        let old = old.map_err(|error| self.failed(OPERATION, error))?;
        self.prune(old, ("radkick_block", "radkick_block_row", "block_id")).await
    }

    /// Deletes these ids from `table`, after those of `parts` that refer to them by `by`. What is over stays so: the ids
    /// need not be looked up within the transaction.
    async fn prune(
        &self,
        ids: Vec<i64>,
        (table, parts, by): (&'static str, &'static str, &'static str),
    ) -> Result<u64, StoreError> {
        let pool = self.pool.clone();
        let pruned = alone(async move {
            let mut transaction = pool.begin().await?;
            let mut pruned = 0;
            for slice in slices(&ids, ROWS) {
                for (table, id) in [(parts, by), (table, "id")] {
                    let sql = AssertSqlSafe(format!("DELETE FROM {table} WHERE {id} IN ({})", places(slice.len())));
                    let delete = slice.iter().fold(sqlx::query(sql), |query, id| query.bind(*id));
                    let deleted = delete.execute(&mut *transaction).await?.rows_affected();
                    pruned += if table == parts { 0 } else { deleted };
                }
            }
            transaction.commit().await.map(|()| pruned)
        });
        pruned.await.map_err(|error| self.failed(OPERATION, error))
    }
}
