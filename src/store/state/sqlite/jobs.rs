//! Jobs and their targets.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Database, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::{JobRecord, JobSpec, JobState, JournalEntry, TargetRecord, TargetStep};

use super::{Sqlite, write_entry};

/// How long a lease holds without being renewed: longer than one exchange with all its retransmissions.
pub(super) const LEASE_SECS: i64 = 120;

pub(super) const JOB: &str = "SELECT id, user_name, reason, actor, spec, state, attempts, created_at, retry_at, lapses_at, \
                   lease_holder, lease_token FROM radkick_job ";
const TARGET: &str = "SELECT id, job_id, session, step, selected_at, effect_at, on_router, nas, attempts, fate, path, \
                      evidence, problem, close_due_at FROM radkick_target ";

impl Sqlite {
    pub(in super::super) async fn submit(&self, spec: &JobSpec, now: i64) -> Result<(JobRecord, bool), StoreError> {
        let failed = |error| self.failed("writing a job", error);
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let inserted = sqlx::query(
            "INSERT INTO radkick_job (live_key, user_name, reason, actor, spec, state, created_at, retry_at, lapses_at)
             VALUES (?, ?, ?, ?, ?, 'planned', ?, ?, ?) ON CONFLICT (live_key) DO NOTHING",
        )
        .bind(spec.live_key())
        .bind(spec.user.as_str())
        .bind(&spec.reason)
        .bind(&spec.actor)
        .bind(serde_json::json!({ "session": spec.session, "detail": spec.detail }).to_string())
        .bind(now)
        .bind(now)
        .bind(spec.lapses_at)
        .execute(&mut *transaction)
        .await
        .map_err(failed)?;
        let row = sqlx::query(sqlx::AssertSqlSafe(format!("{JOB} WHERE live_key = ?")))
            .bind(spec.live_key())
            .fetch_one(&mut *transaction)
            .await
            .map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        Ok((job(&row).map_err(failed)?, inserted.rows_affected() > 0))
    }

    pub(in super::super) async fn live_jobs(&self, user: Option<&UserName>) -> Result<Vec<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = format!("{JOB} WHERE live_key IS NOT NULL AND (?1 IS NULL OR user_name = ?1) ORDER BY id");
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user.map(UserName::as_str));
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| job(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn claim(
        &self,
        id: i64,
        holder: &str,
        abandoned: Option<&str>,
        now: i64,
    ) -> Result<Option<JobRecord>, StoreError> {
        let failed = |error| self.failed("taking a job's lease", error);
        let sql = "UPDATE radkick_job SET lease_holder = ?2, lease_until = ?4 + ?5, lease_token = lease_token + 1
                   WHERE id = ?1 AND live_key IS NOT NULL
                     AND (lease_holder IS NULL OR lease_until < ?4 OR lease_holder = ?2 OR lease_holder = ?3)";
        let query = sqlx::query(sql).bind(id).bind(holder).bind(abandoned).bind(now).bind(LEASE_SECS);
        if query.execute(&self.pool).await.map_err(failed)?.rows_affected() == 0 {
            return Ok(None);
        }
        let sql = sqlx::AssertSqlSafe(format!("{JOB} WHERE id = ? AND lease_holder = ?"));
        let row = sqlx::query(sql).bind(id).bind(holder).fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| job(&row).map_err(failed)).transpose()
    }

    pub(in super::super) async fn update_job(
        &self,
        job: &JobRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let failed = |error| self.failed("writing a job", error);
        let ended = matches!(job.state, JobState::Ended | JobState::Lapsed);
        let parked = ended || job.state == JobState::Waiting;
        let sql = "UPDATE radkick_job SET state = ?3, retry_at = ?4, attempts = ?5,
                     ended_at = CASE WHEN ?6 THEN ?7 END, live_key = CASE WHEN ?6 THEN NULL ELSE live_key END,
                     lease_holder = CASE WHEN ?8 THEN NULL ELSE lease_holder END, lease_until = ?7 + ?9
                   WHERE id = ?1 AND lease_token = ?2";
        let query = sqlx::query(sql).bind(job.id).bind(job.lease_token).bind(job.state.as_str()).bind(job.retry_at);
        let query = query.bind(job.attempts).bind(ended).bind(now).bind(parked).bind(LEASE_SECS);
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let held = query.execute(&mut *transaction).await.map_err(failed)?.rows_affected() > 0;
        if let Some(entry) = entry.filter(|_| held) {
            write_entry(&mut *transaction, entry).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(held)
    }

    pub(in super::super) async fn add_target(
        &self,
        job: &JobRecord,
        target: &TargetRecord,
    ) -> Result<Option<TargetRecord>, StoreError> {
        let failed = |error| self.failed("writing a target", error);
        let session = serde_json::to_string(&target.session).map_err(|e| failed(sqlx::Error::Encode(e.into())))?;
        sqlx::query(
            "INSERT INTO radkick_target (job_id, acct_unique_id, session, step, selected_at)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM radkick_job WHERE id = ?1 AND lease_token = ?6)
             ON CONFLICT (job_id, acct_unique_id) DO NOTHING",
        )
        .bind(job.id)
        .bind(&target.session.acct_unique_id)
        .bind(session)
        .bind(target.step.as_str())
        .bind(target.selected_at)
        .bind(job.lease_token)
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
                         path = ?, evidence = ?, problem = ?, close_due_at = ? WHERE id = ?";
            let session = serde_json::to_string(&target.session).map_err(|e| failed(sqlx::Error::Encode(e.into())))?;
            let query =
                sqlx::query(sql).bind(session).bind(target.step.as_str()).bind(target.effect_at).bind(target.on_router);
            let query = query.bind(&target.nas).bind(serde_json::Value::from(target.attempts.clone()).to_string());
            let query = query
                .bind(&target.fate)
                .bind(&target.path)
                .bind(&target.evidence)
                .bind(&target.problem)
                .bind(target.close_due_at);
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

pub(super) fn job(row: &SqliteRow) -> Result<JobRecord, sqlx::Error> {
    let spec: serde_json::Value = json(row, "spec")?;
    Ok(JobRecord {
        id: row.try_get("id")?,
        spec: JobSpec {
            user: UserName::new(row.try_get::<String, _>("user_name")?),
            reason: row.try_get("reason")?,
            actor: row.try_get("actor")?,
            session: spec.get("session").and_then(|session| session.as_str()).map(str::to_owned),
            detail: spec.get("detail").cloned().unwrap_or_default(),
            lapses_at: row.try_get("lapses_at")?,
        },
        state: word(row, "state", JobState::from_word)?,
        attempts: row.try_get("attempts")?,
        created_at: row.try_get("created_at")?,
        retry_at: row.try_get("retry_at")?,
        lease_holder: row.try_get("lease_holder")?,
        lease_token: row.try_get("lease_token")?,
    })
}

fn target_record(row: &SqliteRow) -> Result<TargetRecord, sqlx::Error> {
    Ok(TargetRecord {
        id: row.try_get("id")?,
        job_id: row.try_get("job_id")?,
        session: json(row, "session")?,
        step: word(row, "step", TargetStep::from_word)?,
        selected_at: row.try_get("selected_at")?,
        effect_at: row.try_get("effect_at")?,
        on_router: row.try_get("on_router")?,
        nas: row.try_get("nas")?,
        attempts: json(row, "attempts")?,
        fate: row.try_get("fate")?,
        path: row.try_get("path")?,
        evidence: row.try_get("evidence")?,
        problem: row.try_get("problem")?,
        close_due_at: row.try_get("close_due_at")?,
    })
}

/// A column that holds JSON.
pub(super) fn json<T: serde::de::DeserializeOwned>(row: &SqliteRow, column: &str) -> Result<T, sqlx::Error> {
    let text: String = row.try_get(column)?;
    serde_json::from_str(&text).map_err(|source| broken(column, source))
}

/// A column that holds one of a few words.
pub(super) fn word<T>(row: &SqliteRow, column: &str, parse: fn(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    let text: String = row.try_get(column)?;
    parse(&text).ok_or_else(|| broken(column, format!("{text:?} is not a word of this version")))
}

fn broken(column: &str, source: impl Into<sqlx::error::BoxDynError>) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: source.into() }
}
