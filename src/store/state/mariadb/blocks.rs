//! Blocks and the rows they change.

use sqlx::mysql::MySqlRow;
use sqlx::{MySql as Database, Row as _, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::accounting::{RowChange, Table};
use crate::store::state::{BlockRecord, BlockState, JournalEntry};

use super::{Mariadb, is_double, json, word, write_entry};

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
        block: &BlockRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<(), StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        sqlx::query("UPDATE radkick_block SET state = ?, reason = ?, actor = ?, changed_at = ? WHERE id = ?")
            .bind(block.state.as_str())
            .bind(&block.reason)
            .bind(&block.actor)
            .bind(now)
            .bind(block.id)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        write_rows(&mut transaction, block).await.map_err(failed)?;
        if let Some(entry) = entry {
            write_entry(&mut *transaction, entry).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    pub(in super::super) async fn drop_block(&self, block: i64) -> Result<(), StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        for sql in ["DELETE FROM radkick_block_row WHERE block_id = ?", "DELETE FROM radkick_block WHERE id = ?"] {
            sqlx::query(sql).bind(block).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    pub(in super::super) async fn blocks(&self, user: Option<&UserName>) -> Result<Vec<BlockRecord>, StoreError> {
        let failed = |error| self.failed("reading blocks", error);
        let sql = "SELECT id, user_name, reason, actor, mode, state FROM radkick_block
                   WHERE live_user IS NOT NULL AND (? IS NULL OR live_user = ?) ORDER BY id";
        let user = user.map(UserName::as_str);
        let rows = sqlx::query(sql).bind(user).bind(user).fetch_all(&self.pool).await.map_err(failed)?;
        let mut blocks = Vec::with_capacity(rows.len());
        for row in &rows {
            let mut block = block_record(row).map_err(failed)?;
            block.rows = self.block_rows(block.id).await.map_err(failed)?;
            blocks.push(block);
        }
        Ok(blocks)
    }

    async fn block_rows(&self, block: i64) -> Result<Vec<(RowChange, bool)>, sqlx::Error> {
        let sql = "SELECT table_word, present, image, ours FROM radkick_block_row WHERE block_id = ? ORDER BY id";
        let rows = sqlx::query(sql).bind(block).fetch_all(&self.pool).await?;
        let change = |row| {
            let change = RowChange {
                table: word(row, "table_word", Table::from_word)?,
                row: json(row, "image")?,
                present: row.try_get("present")?,
                only_if_absent: false,
            };
            Ok((change, row.try_get("ours")?))
        };
        rows.iter().map(change).collect()
    }
}

/// A block, its rows still to be read.
fn block_record(row: &MySqlRow) -> Result<BlockRecord, sqlx::Error> {
    Ok(BlockRecord {
        id: row.try_get("id")?,
        user: UserName::new(row.try_get::<String, _>("user_name")?),
        reason: row.try_get("reason")?,
        actor: row.try_get("actor")?,
        mode: row.try_get("mode")?,
        state: word(row, "state", BlockState::from_word)?,
        rows: Vec::new(),
    })
}

/// Writes a block's rows anew.
async fn write_rows(transaction: &mut Transaction<'_, Database>, block: &BlockRecord) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM radkick_block_row WHERE block_id = ?").bind(block.id).execute(&mut **transaction).await?;
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
