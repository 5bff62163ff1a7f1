//! Jobs and their targets.

use sqlx::FromRow as _;
use sqlx::sqlite::SqliteRow;

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::read::JobRow;
use crate::store::state::{JobRecord, JobSpec, JobState, JournalEntry};

use super::{Sqlite, write_entry};

/// How long a lease holds without being renewed: longer than one exchange with all its retransmissions.
pub(super) const LEASE_SECS: i64 = 120;

/// A job's columns.
macro_rules! columns {
    () => {
        "id, user_name, reason, actor, spec, state, attempts, created_at, retry_at, lapses_at, lease_holder, lease_token"
    };
}

pub(super) const JOB: &str = concat!("SELECT ", columns!(), " FROM radkick_job ");

impl Sqlite {
    pub(in super::super) async fn submit(&self, spec: &JobSpec, now: i64) -> Result<(JobRecord, bool), StoreError> {
        let failed = |error| self.failed("writing a job", error);
        loop {
            if let Some(row) = self.insert_job(spec, now).await.map_err(failed)? {
                return Ok((job(&row).map_err(failed)?, true));
            }
            let sql = sqlx::AssertSqlSafe(format!("{JOB} WHERE live_key = ?"));
            let row = sqlx::query(sql).bind(spec.live_key()).fetch_optional(&self.pool).await.map_err(failed)?;
            // The live one that stood in the way may have ended in between: then there is room
            if let Some(row) = row {
                return Ok((job(&row).map_err(failed)?, false));
            }
        }
    }

    /// The new row; `None` when there is no room for it.
    async fn insert_job(&self, spec: &JobSpec, now: i64) -> Result<Option<SqliteRow>, sqlx::Error> {
        sqlx::query(concat!(
            "INSERT INTO radkick_job (live_key, user_name, reason, actor, spec, state, created_at, retry_at, lapses_at)
             VALUES (?, ?, ?, ?, ?, 'planned', ?, ?, ?) ON CONFLICT (live_key) DO NOTHING RETURNING ",
            columns!()
        ))
        .bind(spec.live_key())
        .bind(spec.user.as_str())
        .bind(&spec.reason)
        .bind(&spec.actor)
        .bind(serde_json::json!({ "session": spec.session, "detail": spec.detail }).to_string())
        .bind(now)
        .bind(now)
        .bind(spec.lapses_at)
        .fetch_all(&self.pool)
        .await
        .map(|mut rows| rows.pop())
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
        let sql = concat!(
            "UPDATE radkick_job SET lease_holder = ?2, lease_until = ?4 + ?5, lease_token = lease_token + 1
             WHERE id = ?1 AND live_key IS NOT NULL
               AND (lease_holder IS NULL OR lease_until < ?4 OR lease_holder = ?2 OR lease_holder = ?3) RETURNING ",
            columns!()
        );
        let query = sqlx::query(sql).bind(id).bind(holder).bind(abandoned).bind(now).bind(LEASE_SECS);
        // To its end: it is the end that commits
        let row = query.fetch_all(&self.pool).await.map_err(failed)?.pop();
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
        let sql = "UPDATE radkick_job SET state = ?3, retry_at = ?4, attempts = ?5,
                     ended_at = CASE WHEN ?6 THEN ?7 END, live_key = CASE WHEN ?6 THEN NULL ELSE live_key END,
                     lease_holder = CASE WHEN ?8 THEN NULL ELSE lease_holder END, lease_until = ?7 + ?9
                   WHERE id = ?1 AND lease_token = ?2";
        let query = sqlx::query(sql).bind(job.id).bind(job.lease_token).bind(job.state.as_str()).bind(job.retry_at);
        let query = query.bind(job.attempts).bind(ended).bind(now).bind(parked).bind(LEASE_SECS);
        let Some(entry) = entry else {
            return Ok(query.execute(&self.pool).await.map_err(failed)?.rows_affected() > 0);
        };
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let held = query.execute(&mut *transaction).await.map_err(failed)?.rows_affected() > 0;
        if held {
            write_entry(&mut *transaction, entry).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(held)
    }
}

pub(super) fn job(row: &SqliteRow) -> Result<JobRecord, sqlx::Error> {
    JobRow::from_row(row)?.record(UserName::new)
}
