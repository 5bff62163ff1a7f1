//! Jobs and their lease.

use sqlx::FromRow as _;
use sqlx::mysql::MySqlRow;

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::read::JobRow;
use crate::store::state::{JobRecord, JobSpec, JobState, JournalEntry};

use super::{Mariadb, is_double, write_entry};

/// How long a lease holds without being renewed: longer than one exchange with all its retransmissions.
pub(super) const LEASE_SECS: i64 = 120;

pub(super) const JOB: &str =
    "SELECT id, user_name, reason, actor, spec, state, attempts, created_at, retry_at, lapses_at,
    lease_holder, lease_token FROM radkick_job ";

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

    pub(in super::super) async fn last_ended_job(
        &self,
        user: &UserName,
        reason: &str,
    ) -> Result<Option<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = format!(
            "{JOB} WHERE user_name = ? AND reason = ? AND actor = 'worker' AND state = 'ended' ORDER BY id DESC LIMIT 1"
        );
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(user.as_str()).bind(reason);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| job(&row).map_err(failed)).transpose()
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
        let parked = ended || matches!(job.state, JobState::Waiting | JobState::Watching);
        let sql = "UPDATE radkick_job SET state = ?, retry_at = ?, attempts = ?, ended_at = ?,
                     live_key = IF(?, NULL, live_key), lease_holder = IF(?, NULL, lease_holder), lease_until = ? + ?
                   WHERE id = ? AND lease_token = ?";
        let query = sqlx::query(sql).bind(job.state.as_str()).bind(job.retry_at).bind(job.attempts);
        let query = query.bind(ended.then_some(now)).bind(ended).bind(parked).bind(now).bind(LEASE_SECS);
        let query = query.bind(job.id).bind(job.lease_token);
        let Some(entry) = entry else {
            return Ok(query.execute(&self.pool).await.map_err(failed)?.rows_affected() > 0);
        };
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let held = query.execute(&mut *transaction).await.map_err(failed)?.rows_affected() > 0;
        if held {
            write_entry(&mut *transaction, entry).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(held)
    }
}

pub(super) fn job(row: &MySqlRow) -> Result<JobRecord, sqlx::Error> {
    JobRow::from_row(row)?.record(UserName::new)
}
