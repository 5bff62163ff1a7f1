//! Targets of jobs.

use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow as _, Sqlite as Database, Transaction};

use crate::store::StoreError;
use crate::store::state::read::TargetRow;
use crate::store::state::{JobRecord, JournalEntry, TargetRecord};

use super::jobs::LEASE_SECS;
use super::{Sqlite, write_entry};

const TARGET: &str = "SELECT id, job_id, session, step, selected_at, effect_at, on_router, nas, attempts, fate, path, \
                      evidence, problem, close_due_at, detail FROM radkick_target ";

impl Sqlite {
    pub(in super::super) async fn add_target(
        &self,
        job: &JobRecord,
        target: &TargetRecord,
    ) -> Result<Option<TargetRecord>, StoreError> {
        let failed = |error| self.failed("writing a target", error);
        let session = serde_json::to_string(&target.session).map_err(|e| failed(sqlx::Error::Encode(e.into())))?;
        sqlx::query(
            "INSERT INTO radkick_target (job_id, acct_unique_id, session, step, selected_at, detail)
             SELECT ?1, ?2, ?3, ?4, ?5, ?7 WHERE EXISTS (SELECT 1 FROM radkick_job WHERE id = ?1 AND lease_token = ?6)
             ON CONFLICT (job_id, acct_unique_id) DO NOTHING",
        )
        .bind(job.id)
        .bind(&target.session.acct_unique_id)
        .bind(session)
        .bind(target.step.as_str())
        .bind(target.selected_at)
        .bind(job.lease_token)
        .bind(target.detail_text())
        .execute(&self.pool)
        .await
        .map_err(failed)?;
        let sql = sqlx::AssertSqlSafe(format!("{TARGET} WHERE job_id = ? AND acct_unique_id = ?"));
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
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let held = renew(&mut transaction, job, now).await.map_err(failed)?;
        if held {
            let sql =
                "UPDATE radkick_target SET session = ?, step = ?, effect_at = ?, on_router = ?, nas = ?, attempts = ?, fate = ?,
                         path = ?, evidence = ?, problem = ?, close_due_at = ?, detail = ? WHERE id = ?";
            let session = serde_json::to_string(&target.session).map_err(|e| failed(sqlx::Error::Encode(e.into())))?;
            let query =
                sqlx::query(sql).bind(session).bind(target.step.as_str()).bind(target.effect_at).bind(target.on_router);
            let query = query.bind(&target.nas).bind(serde_json::Value::from(target.attempts.clone()).to_string());
            let query = query
                .bind(&target.fate)
                .bind(&target.path)
                .bind(&target.evidence)
                .bind(&target.problem)
                .bind(target.close_due_at)
                .bind(target.detail_text());
            query.bind(target.id).execute(&mut *transaction).await.map_err(failed)?;
        }
        if let Some(entry) = entry.filter(|_| held) {
            write_entry(&mut *transaction, entry).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(held)
    }

    pub(in super::super) async fn targets(&self, job: i64) -> Result<Vec<TargetRecord>, StoreError> {
        self.read_targets("WHERE job_id = ? ORDER BY id", job).await
    }

    pub(in super::super) async fn rows_to_close(&self, now: i64) -> Result<Vec<TargetRecord>, StoreError> {
        self.read_targets("WHERE close_due_at <= ? ORDER BY id", now).await
    }

    pub(in super::super) async fn proven_absent(&self, unique_id: &str) -> Result<Option<TargetRecord>, StoreError> {
        let failed = |error| self.failed("reading targets", error);
        let proven = "WHERE acct_unique_id = ? AND evidence = 'absent_from_router' ORDER BY id LIMIT 1";
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{TARGET}{proven}"))).bind(unique_id);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| target_record(&row).map_err(failed)).transpose()
    }

    async fn read_targets(&self, condition: &str, argument: i64) -> Result<Vec<TargetRecord>, StoreError> {
        let failed = |error| self.failed("reading targets", error);
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{TARGET}{condition}"))).bind(argument);
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| target_record(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn row_closed(&self, target: i64) -> Result<(), StoreError> {
        let query = sqlx::query("UPDATE radkick_target SET close_due_at = NULL WHERE id = ?").bind(target);
        query.execute(&self.pool).await.map(|_| ()).map_err(|error| self.failed("writing a target", error))
    }
}

/// Renews the job's lease if it is still the one we hold; whether it is.
async fn renew(transaction: &mut Transaction<'_, Database>, job: &JobRecord, now: i64) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE radkick_job SET lease_until = ? + ? WHERE id = ? AND lease_token = ?";
    let query = sqlx::query(sql).bind(now).bind(LEASE_SECS).bind(job.id).bind(job.lease_token);
    Ok(query.execute(&mut **transaction).await?.rows_affected() > 0)
}

fn target_record(row: &SqliteRow) -> Result<TargetRecord, sqlx::Error> {
    TargetRow::from_row(row)?.record()
}
