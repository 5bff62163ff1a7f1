//! The sessions that a job aims at.

use sqlx::AssertSqlSafe;
use sqlx::FromRow as _;
use sqlx::postgres::PgRow;

use crate::store::StoreError;
use crate::store::state::read::TargetRow;
use crate::store::state::{JobRecord, JournalEntry, TargetRecord};

use super::jobs::LEASE_SECS;
use super::{Postgres, noted, noting, stored};

const TARGET: &str = "SELECT id, job_id, session, step, selected_at, effect_at, on_router, nas, attempts, fate, path, \
                      evidence, problem, close_due_at, detail FROM radkick_target ";

impl Postgres {
    pub(in super::super) async fn add_target(
        &self,
        job: &JobRecord,
        target: &TargetRecord,
    ) -> Result<Option<TargetRecord>, StoreError> {
        let failed = |error| self.failed("writing a target", error);
        let session = serde_json::to_string(&target.session).map_err(|e| failed(sqlx::Error::Encode(e.into())))?;
        // The job's row is locked, so that nobody takes the lease over between the look and the insertion
        sqlx::query(
            "INSERT INTO radkick_target (job_id, acct_unique_id, session, step, selected_at, detail)
             SELECT id, $2, $3, $4, $5, $7 FROM radkick_job WHERE id = $1 AND lease_token = $6 FOR UPDATE
             ON CONFLICT (job_id, acct_unique_id) DO NOTHING",
        )
        .bind(job.id)
        .bind(&target.session.acct_unique_id)
        .bind(session)
        .bind(target.step.as_str())
        .bind(target.selected_at)
        .bind(job.lease_token)
        .bind(target.detail_text().as_deref().map(stored))
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        let sql = AssertSqlSafe(format!("{TARGET} WHERE job_id = $1 AND acct_unique_id = $2"));
        let query = sqlx::query(sql).bind(job.id).bind(&target.session.acct_unique_id);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| target_record(&row).map_err(failed)).transpose()
    }

    pub(in super::super) async fn update_target(
        &self,
        job: &JobRecord,
        target: &TargetRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let failed = |error| self.failed("writing a target", error);
        let sql = concat!(
            "WITH held AS (
                 UPDATE radkick_job SET lease_until = $8 + $9 WHERE id = $6 AND lease_token = $7 RETURNING id
             ), written AS (
                 UPDATE radkick_target SET session = $11, step = $12, effect_at = $13, on_router = $14, nas = $15,
                     attempts = $16, fate = $17, path = $18, evidence = $19, problem = $20, close_due_at = $21,
                     detail = $22
                 FROM held WHERE radkick_target.id = $10
             ), ",
            noted!(),
            " SELECT id FROM held"
        );
        let session = serde_json::to_string(&target.session).map_err(|e| failed(sqlx::Error::Encode(e.into())))?;
        let query = noting(sql, entry).bind(job.id).bind(job.lease_token).bind(now).bind(LEASE_SECS).bind(target.id);
        let query = query.bind(session).bind(target.step.as_str()).bind(target.effect_at).bind(target.on_router);
        let query = query.bind(target.nas.as_deref().map(stored));
        let query = query.bind(serde_json::Value::from(target.attempts.clone()).to_string());
        let query = query.bind(target.fate.clone()).bind(target.path.clone()).bind(target.evidence.clone());
        let query = query.bind(target.problem.as_deref().map(stored)).bind(target.close_due_at);
        let query = query.bind(target.detail_text().as_deref().map(stored));
        Ok(query.fetch_optional(&self.pool).await.map_err(failed)?.is_some())
    }

    pub(in super::super) async fn targets(&self, job: i64) -> Result<Vec<TargetRecord>, StoreError> {
        self.read_targets("WHERE job_id = $1 ORDER BY id", job).await
    }

    pub(in super::super) async fn rows_to_close(&self, now: i64) -> Result<Vec<TargetRecord>, StoreError> {
        self.read_targets("WHERE close_due_at <= $1 ORDER BY id", now).await
    }

    pub(in super::super) async fn proven_absent(&self, unique_id: &str) -> Result<Option<TargetRecord>, StoreError> {
        let failed = |error| self.failed("reading targets", error);
        let proven = "WHERE acct_unique_id = $1 AND evidence = 'absent_from_router' ORDER BY id LIMIT 1";
        let query = sqlx::query(AssertSqlSafe(format!("{TARGET}{proven}"))).bind(unique_id);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| target_record(&row).map_err(failed)).transpose()
    }

    async fn read_targets(&self, condition: &str, argument: i64) -> Result<Vec<TargetRecord>, StoreError> {
        let failed = |error| self.failed("reading targets", error);
        let query = sqlx::query(AssertSqlSafe(format!("{TARGET}{condition}"))).bind(argument);
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| target_record(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn row_closed(&self, target: i64) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE radkick_target SET close_due_at = NULL WHERE id = $1").bind(target);
        query.execute(&self.pool).await.map(|_| ()).map_err(|error| self.failed("writing a target", error))
    }
}

fn target_record(row: &PgRow) -> Result<TargetRecord, sqlx::Error> {
    TargetRow::from_row(row)?.record()
}
