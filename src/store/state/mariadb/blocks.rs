//! Blocks and the rows they change.

use sqlx::{MySql as Database, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::read::blocks;
use crate::store::state::{BlockRecord, JournalEntry};

use super::{Mariadb, is_double, write_entry};

const OPERATION: &str = "writing a block";

impl Mariadb {
    pub(in super::super) async fn plan_block(
        &self,
        block: &BlockRecord,
        now: i64,
    ) -> Result<Option<BlockRecord>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let inserted = sqlx::query(
            "INSERT INTO radkick_block (user_name, reason, actor, mode, state, created_at, changed_at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(block.user.as_str())
        .bind(&block.reason)
        .bind(&block.actor)
        .bind(&block.mode)
        .bind(block.state.as_str())
        .bind(now)
        .bind(now)
        .execute(&mut *transaction)
        .await;
        let planned = match inserted {
            Ok(inserted) => {
                let id = i64::try_from(inserted.last_insert_id()).unwrap_or(i64::MAX);
                Some(BlockRecord { id, ..block.clone() })
            }
            Err(error) if is_double(&error) => None,
            Err(error) => return Err(failed(error)),
        };
        if let Some(block) = &planned {
            write_rows(&mut transaction, block).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(planned)
    }

    pub(in super::super) async fn update_block(
        &self,
        was: &BlockRecord,
        block: &BlockRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let sql = "UPDATE radkick_block SET state = ?, reason = ?, actor = ?, remade = ?, changed_at = ?
                   WHERE id = ? AND state = ? AND reason = ? AND remade = ?";
        let query = sqlx::query(sql).bind(block.state.as_str()).bind(&block.reason).bind(&block.actor);
        let query = query.bind(block.remade).bind(now).bind(was.id).bind(was.state.as_str());
        let written = query.bind(&was.reason).bind(was.remade).execute(&mut *transaction).await.map_err(failed)?;
        if written.rows_affected() == 0 {
            transaction.rollback().await.map_err(failed)?;
            return Ok(false);
        }
        if block.changes_alike(was) {
            raise_ours(&mut transaction, block).await.map_err(failed)?;
        } else {
            let sql = "DELETE FROM radkick_block_row WHERE block_id = ?";
            sqlx::query(sql).bind(block.id).execute(&mut *transaction).await.map_err(failed)?;
            write_rows(&mut transaction, block).await.map_err(failed)?;
        }
        if let Some(entry) = entry {
            write_entry(&mut *transaction, entry).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(true)
    }

    pub(in super::super) async fn drop_block(&self, block: i64) -> Result<(), StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let planned = "SELECT id FROM radkick_block WHERE id = ? AND state = 'planned' FOR UPDATE";
        let planned: Option<i64> =
            sqlx::query_scalar(planned).bind(block).fetch_optional(&mut *transaction).await.map_err(failed)?;
        if planned.is_some() {
            for sql in ["DELETE FROM radkick_block_row WHERE block_id = ?", "DELETE FROM radkick_block WHERE id = ?"] {
                sqlx::query(sql).bind(block).execute(&mut *transaction).await.map_err(failed)?;
            }
        }
        transaction.commit().await.map_err(failed)
    }

    pub(in super::super) async fn blocks(&self, user: Option<&UserName>) -> Result<Vec<BlockRecord>, StoreError> {
        let failed = |error| self.failed("reading blocks", error);
        let sql = "SELECT block.id, user_name, reason, actor, mode, state, remade, table_word, present, image, ours
                   FROM radkick_block AS block LEFT JOIN radkick_block_row AS changed ON block_id = block.id
                   WHERE live_user IS NOT NULL AND (? IS NULL OR live_user = ?) ORDER BY block.id, changed.id";
        let user = user.map(UserName::as_str);
        let rows = sqlx::query_as(sql).bind(user).bind(user).fetch_all(&self.pool).await.map_err(failed)?;
        blocks(rows, UserName::new).map_err(failed)
    }
}

/// Notes which rows are ours by now. What is ours stays so: of two runs the slower one may have found it done.
async fn raise_ours(transaction: &mut Transaction<'_, Database>, block: &BlockRecord) -> Result<(), sqlx::Error> {
    let select = "SELECT id FROM radkick_block_row WHERE block_id = ? ORDER BY id";
    let ids: Vec<i64> = sqlx::query_scalar(select).bind(block.id).fetch_all(&mut **transaction).await?;
    for (id, _) in ids.into_iter().zip(&block.rows).filter(|(_, (_, ours))| *ours) {
        let raise = sqlx::query("UPDATE radkick_block_row SET ours = TRUE WHERE id = ?").bind(id);
        raise.execute(&mut **transaction).await?;
    }
    Ok(())
}

/// Writes a planned block's rows.
async fn write_rows(transaction: &mut Transaction<'_, Database>, block: &BlockRecord) -> Result<(), sqlx::Error> {
    for (change, ours) in &block.rows {
        let image = serde_json::to_string(&change.row).map_err(|error| sqlx::Error::Encode(error.into()))?;
        sqlx::query(
            "INSERT INTO radkick_block_row (block_id, table_word, present, image, ours) VALUES (?, ?, ?, ?, ?)",
        )
        .bind(block.id)
        .bind(change.table.as_str())
        .bind(change.present)
        .bind(image)
        .bind(ours)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}
