//! Blocks and the rows they change.

use sqlx::{Sqlite as Database, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::read::blocks;
use crate::store::state::{BlockRecord, JournalEntry};

use super::{Sqlite, write_entry};

const OPERATION: &str = "writing a block";

impl Sqlite {
    pub(in super::super) async fn plan_block(
        &self,
        block: &BlockRecord,
        now: i64,
    ) -> Result<Option<BlockRecord>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let inserted = sqlx::query(
            "INSERT INTO radkick_block (user_name, reason, actor, mode, state, created_at, changed_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT DO NOTHING",
        )
        .bind(block.user.as_str())
        .bind(&block.reason)
        .bind(&block.actor)
        .bind(&block.mode)
        .bind(block.state.as_str())
        .bind(now)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let planned =
            (inserted.rows_affected() > 0).then(|| BlockRecord { id: inserted.last_insert_rowid(), ..block.clone() });
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
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let written = sqlx::query(
            "UPDATE radkick_block SET state = ?1, reason = ?2, actor = ?3, remade = ?4, changed_at = ?5
             WHERE id = ?6 AND state = ?7 AND reason = ?8 AND remade = ?9",
        )
        .bind(block.state.as_str())
        .bind(&block.reason)
        .bind(&block.actor)
        .bind(block.remade)
        .bind(now)
        .bind(was.id)
        .bind(was.state.as_str())
        .bind(&was.reason)
        .bind(was.remade)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        if written.rows_affected() == 0 {
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
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let rows = "DELETE FROM radkick_block_row
                    WHERE block_id = (SELECT id FROM radkick_block WHERE id = ? AND state = 'planned')";
        for sql in [rows, "DELETE FROM radkick_block WHERE id = ? AND state = 'planned'"] {
            sqlx::query(sql).bind(block).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    pub(in super::super) async fn blocks(&self, user: Option<&UserName>) -> Result<Vec<BlockRecord>, StoreError> {
        let failed = |error| self.failed("reading blocks", error);
        let sql = "SELECT block.id, user_name, reason, actor, mode, state, remade, table_word, present, image, ours
                   FROM radkick_block AS block LEFT JOIN radkick_block_row AS changed ON block_id = block.id
                   WHERE state <> 'released' AND (?1 IS NULL OR user_name = ?1) ORDER BY block.id, changed.id";
        let rows = sqlx::query_as(sql).bind(user.map(UserName::as_str)).fetch_all(&self.pool).await.map_err(failed)?;
        blocks(rows, UserName::new).map_err(failed)
    }
}

/// Writes a new block's rows.
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

/// Notes which rows are ours: what once was stays so.
async fn raise_ours(transaction: &mut Transaction<'_, Database>, block: &BlockRecord) -> Result<(), sqlx::Error> {
    for (place, _) in block.rows.iter().enumerate().filter(|(_, (_, ours))| *ours) {
        sqlx::query(
            "UPDATE radkick_block_row SET ours = 1 WHERE id =
             (SELECT id FROM radkick_block_row WHERE block_id = ? ORDER BY id LIMIT 1 OFFSET ?)",
        )
        .bind(block.id)
        .bind(i64::try_from(place).unwrap_or(i64::MAX))
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}
