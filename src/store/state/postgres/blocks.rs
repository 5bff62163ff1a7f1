//! Blocks and the rows they change.

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::read::blocks;
use crate::store::state::{BlockRecord, JournalEntry};

use super::{Postgres, noted, noting, stored};

const OPERATION: &str = "writing a block";

impl Postgres {
    pub(in super::super) async fn plan_block(
        &self,
        block: &BlockRecord,
        now: i64,
    ) -> Result<Option<BlockRecord>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let rows = Rows::of(block).map_err(failed)?;
        let id: Option<i64> = sqlx::query_scalar(
            "WITH planned AS (
                 INSERT INTO radkick_block (user_name, reason, actor, mode, state, created_at, changed_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING RETURNING id
             ), written AS (
                 INSERT INTO radkick_block_row (block_id, table_word, present, image, ours)
                 SELECT planned.id, tables, present, image, ours
                 FROM planned, unnest($7::text[], $8::bool[], $9::text[], $10::bool[])
                      WITH ORDINALITY AS rows (tables, present, image, ours, place) ORDER BY place
             )
             SELECT id FROM planned",
        )
        .bind(stored(block.user.as_str()))
        .bind(&block.reason)
        .bind(&block.actor)
        .bind(&block.mode)
        .bind(block.state.as_str())
        .bind(now)
        .bind(rows.tables)
        .bind(rows.present)
        .bind(rows.images)
        .bind(rows.ours)
        .fetch_optional(&self.pool)
        .await
        .map_err(failed)?;
        Ok(id.map(|id| BlockRecord { id, ..block.clone() }))
    }

    pub(in super::super) async fn update_block(
        &self,
        was: &BlockRecord,
        block: &BlockRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let sql = concat!(
            "WITH held AS (
                 UPDATE radkick_block SET state = $7, reason = $8, actor = $9, remade = $10, changed_at = $11
                 WHERE id = $6 AND state = $12 AND reason = $13 AND remade = $14
                 RETURNING id
             ), placed AS (
                 SELECT id, row_number() OVER (ORDER BY id) AS place FROM radkick_block_row WHERE block_id = $6
             ), raised AS (
                 UPDATE radkick_block_row AS changed SET ours = TRUE FROM held, placed
                 WHERE changed.id = placed.id AND placed.place = ANY($15::bigint[])
             ), dropped AS (
                 DELETE FROM radkick_block_row AS old USING held WHERE old.block_id = held.id AND $16
             ), written AS (
                 INSERT INTO radkick_block_row (block_id, table_word, present, image, ours)
                 SELECT held.id, tables, present, image, ours
                 FROM held, unnest($17::text[], $18::bool[], $19::text[], $20::bool[])
                      WITH ORDINALITY AS rows (tables, present, image, ours, place) WHERE $16 ORDER BY place
             ), ",
            noted!(),
            " SELECT id FROM held"
        );
        let failed = |error| self.failed(OPERATION, error);
        let (rows, anew) = (Rows::of(block).map_err(failed)?, !block.changes_alike(was));
        // No row both raised and dropped
        let ours = (1..).zip(&block.rows).filter(|(_, (_, ours))| *ours && !anew);
        let ours: Vec<i64> = ours.map(|(place, _)| place).collect();
        let query = noting(sql, entry).bind(was.id).bind(block.state.as_str()).bind(block.reason.clone());
        let query = query.bind(block.actor.clone()).bind(block.remade).bind(now);
        let query = query.bind(was.state.as_str()).bind(was.reason.clone()).bind(was.remade).bind(ours);
        let query = query.bind(anew).bind(rows.tables).bind(rows.present).bind(rows.images).bind(rows.ours);
        let written = query.fetch_optional(&self.pool).await.map_err(failed)?;
        Ok(written.is_some())
    }

    pub(in super::super) async fn drop_block(&self, block: i64) -> Result<(), StoreError> {
        let sql = "WITH dropped AS (DELETE FROM radkick_block WHERE id = $1 AND state = 'planned' RETURNING id)
                   DELETE FROM radkick_block_row WHERE block_id IN (SELECT id FROM dropped)";
        let done = sqlx::query(sql).bind(block).execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn blocks(&self, user: Option<&UserName>) -> Result<Vec<BlockRecord>, StoreError> {
        let failed = |error| self.failed("reading blocks", error);
        let sql = "SELECT block.id, user_name, reason, actor, mode, state, remade, table_word, present, image, ours
                   FROM radkick_block AS block LEFT JOIN radkick_block_row AS changed ON block_id = block.id
                   WHERE state <> 'released' AND ($1::text IS NULL OR user_name = $1) ORDER BY block.id, changed.id";
        let rows = sqlx::query_as(sql)
            .bind(user.map(|user| stored(user.as_str())))
            .fetch_all(&self.pool)
            .await
            .map_err(failed)?;
        blocks(rows, super::user).map_err(failed)
    }
}

/// A block's rows, column by column.
struct Rows {
    tables: Vec<&'static str>,
    present: Vec<bool>,
    images: Vec<String>,
    ours: Vec<bool>,
}

impl Rows {
    fn of(block: &BlockRecord) -> Result<Self, sqlx::Error> {
        let images = block.rows.iter().map(|(change, _)| serde_json::to_string(&change.row));
        Ok(Self {
            tables: block.rows.iter().map(|(change, _)| change.table.as_str()).collect(),
            present: block.rows.iter().map(|(change, _)| change.present).collect(),
            images: images.collect::<Result<_, _>>().map_err(|error| sqlx::Error::Encode(error.into()))?,
            ours: block.rows.iter().map(|(_, ours)| *ours).collect(),
        })
    }
}
