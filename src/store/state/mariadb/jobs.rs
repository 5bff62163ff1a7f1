//! Jobs and their targets.

use sqlx::mysql::MySqlRow;
use sqlx::{MySql as Database, Row as _, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::{JobRecord, JobSpec, JobState, JournalEntry, TargetRecord, TargetStep};

use super::{Mariadb, is_double, json, word, write_entry};

/// How long a lease holds without being renewed: longer than one exchange with all its retransmissions.
const LEASE_SECS: i64 = 120;

const JOB: &str = "SELECT id, user_name, reason, actor, spec, state, attempts, created_at, retry_at, lapses_at,
    lease_holder, lease_token FROM radkick_job ";
const TARGET: &str = "SELECT id, job_id, session, step, selected_at, effect_at, on_router, nas, attempts, fate, path,
    evidence, problem, close_due_at FROM radkick_target ";

impl Mariadb {
    pub(in super::super) async fn submit(&self, spec: &JobSpec, now: i64) -> Result<(JobRecord, bool), StoreError> {
        let failed = |error| self.failed("writing a job", error);
        loop {
            let new = self.insert_job(spec, now).await.map_err(failed)?;
            let sql = sqlx::AssertSqlSafe(format!("{JOB} WHERE live_key = ?"));
            let query = sqlx::query(sql).bind(spec.live_key());
            let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
            // The live one that stood in the way may have ended in between: then there is room
            if let Some(row) = row {
                return Ok((job(&row).map_err(failed)?, new));
            }
        }
    }

    /// Whether there was room for it.
    async fn insert_job(&self, spec: &JobSpec, now: i64) -> Result<bool, sqlx::Error> {
        let inserted = sqlx::query(
            "INSERT INTO radkick_job (live_key, user_name, reason, actor, spec, state, created_at, retry_at, lapses_at)
             VALUES (?, ?, ?, ?, ?, 'planned', ?, ?, ?)",
        )
        .bind(spec.live_key())
        .bind(spec.user.as_str())
        .bind(&spec.reason)
        .bind(&spec.actor)
        .bind(serde_json::json!({ "session": spec.session, "detail": spec.detail }).to_string())
        .bind(now)
        .bind(now)
        .bind(spec.lapses_at)
        .execute(&self.pool)
        .await;
        match inserted {
            Ok(_) => Ok(true),
            Err(error) if is_double(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(in super::super) async fn live_jobs(&self, user: Option<&UserName>) -> Result<Vec<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = format!("{JOB} WHERE live_key IS NOT NULL AND (? IS NULL OR user_name = ?) ORDER BY id");
        let user = user.map(UserName::as_str);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user).bind(user);
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
        let sql = "UPDATE radkick_job SET lease_holder = ?, lease_until = ? + ?, lease_token = lease_token + 1
                   WHERE id = ? AND live_key IS NOT NULL
                     AND (lease_holder IS NULL OR lease_until < ? OR lease_holder = ? OR lease_holder = ?)";
        let query = sqlx::query(sql).bind(holder).bind(now).bind(LEASE_SECS).bind(id);
        let query = query.bind(now).bind(holder).bind(abandoned);
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
        let sql = "UPDATE radkick_job SET state = ?, retry_at = ?, attempts = ?, ended_at = ?,
                     live_key = IF(?, NULL, live_key), lease_holder = IF(?, NULL, lease_holder), lease_until = ? + ?
                   WHERE id = ? AND lease_token = ?";
        let query = sqlx::query(sql).bind(job.state.as_str()).bind(job.retry_at).bind(job.attempts);
        let query = query.bind(ended.then_some(now)).bind(ended).bind(parked).bind(now).bind(LEASE_SECS);
        let query = query.bind(job.id).bind(job.lease_token);
        let mut transaction = self.pool.begin().await.map_err(failed)?;
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
        // The job's row is locked, so that nobody takes the lease over in the middle
        let inserted = sqlx::query(
            "INSERT INTO radkick_target (job_id, acct_unique_id, session, step, selected_at, attempts)
             SELECT id, ?, ?, ?, ?, '[]' FROM radkick_job WHERE id = ? AND lease_token = ? LOCK IN SHARE MODE",
        )
        .bind(&target.session.acct_unique_id)
        .bind(session_text(target).map_err(failed)?)
        .bind(target.step.as_str())
        .bind(target.selected_at)
        .bind(job.id)
        .bind(job.lease_token)
        .execute(&self.pool)
        .await;
        if let Err(error) = inserted
            && !is_double(&error)
        {
            return Err(failed(error));
        }
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
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let held = renew(&mut transaction, job, now).await.map_err(failed)?;
        if held {
            write_target(&mut transaction, target).await.map_err(failed)?;
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

fn session_text(target: &TargetRecord) -> Result<String, sqlx::Error> {
    serde_json::to_string(&target.session).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// Renews the job's lease if it is still the one we hold; whether it is. Locks the job's row until the end.
async fn renew(transaction: &mut Transaction<'_, Database>, job: &JobRecord, now: i64) -> Result<bool, sqlx::Error> {
    let sql = "UPDATE radkick_job SET lease_until = ? + ? WHERE id = ? AND lease_token = ?";
    let query = sqlx::query(sql).bind(now).bind(LEASE_SECS).bind(job.id).bind(job.lease_token);
    Ok(query.execute(&mut **transaction).await?.rows_affected() > 0)
}

async fn write_target(transaction: &mut Transaction<'_, Database>, target: &TargetRecord) -> Result<(), sqlx::Error> {
    let sql = "UPDATE radkick_target SET session = ?, step = ?, effect_at = ?, on_router = ?, nas = ?, attempts = ?,
                 fate = ?, path = ?, evidence = ?, problem = ?, close_due_at = ? WHERE id = ?";
    let query = sqlx::query(sql).bind(session_text(target)?).bind(target.step.as_str()).bind(target.effect_at);
    let query = query.bind(target.on_router).bind(&target.nas);
    let query = query.bind(serde_json::Value::from(target.attempts.clone()).to_string()).bind(&target.fate);
    let query = query.bind(&target.path).bind(&target.evidence).bind(&target.problem).bind(target.close_due_at);
    query.bind(target.id).execute(&mut **transaction).await.map(|_| ())
}

fn job(row: &MySqlRow) -> Result<JobRecord, sqlx::Error> {
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

fn target_record(row: &MySqlRow) -> Result<TargetRecord, sqlx::Error> {
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
