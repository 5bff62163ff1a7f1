//! Jobs, their lease, and how rows of ours are read.

use sqlx::AssertSqlSafe;
use sqlx::FromRow as _;
use sqlx::postgres::PgRow;

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::read::JobRow;
use crate::store::state::{JobRecord, JobSpec, JobState, JournalEntry};

use super::{Postgres, noted, noting, stored};

/// How long a lease holds without being renewed: longer than one exchange with all its retransmissions.
pub(super) const LEASE_SECS: i64 = 120;

pub(super) const JOB: &str =
    "id, user_name, reason, actor, spec, state, attempts, created_at, retry_at, lapses_at, lease_holder, lease_token";

impl Postgres {
    pub(in super::super) async fn submit(&self, spec: &JobSpec, now: i64) -> Result<(JobRecord, bool), StoreError> {
        // Goes round once more only when the live job ended between the two statements
        loop {
            if let Some(job) = self.insert_job(spec, now).await? {
                return Ok((job, true));
            }
            if let Some(job) = self.live_job(spec).await? {
                return Ok((job, false));
            }
        }
    }

    async fn insert_job(&self, spec: &JobSpec, now: i64) -> Result<Option<JobRecord>, StoreError> {
        let failed = |error| self.failed("writing a job", error);
        let sql = AssertSqlSafe(format!(
            "INSERT INTO radkick_job (live_key, user_name, reason, actor, spec, state, created_at, retry_at, lapses_at)
             VALUES ($1, $2, $3, $4, $5, 'planned', $6, $6, $7) ON CONFLICT (live_key) DO NOTHING RETURNING {JOB}"
        ));
        let query = sqlx::query(sql)
            .bind(stored(&spec.live_key()))
            .bind(stored(spec.user.as_str()))
            .bind(&spec.reason)
            .bind(&spec.actor)
            .bind(serde_json::json!({ "session": spec.session, "detail": spec.detail }).to_string());
        let row = query.bind(now).bind(spec.lapses_at).fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| job(&row).map_err(failed)).transpose()
    }

    async fn live_job(&self, spec: &JobSpec) -> Result<Option<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = AssertSqlSafe(format!("SELECT {JOB} FROM radkick_job WHERE live_key = $1"));
        let row = sqlx::query(sql).bind(stored(&spec.live_key())).fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| job(&row).map_err(failed)).transpose()
    }

    pub(in super::super) async fn live_jobs(&self, user: Option<&UserName>) -> Result<Vec<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = AssertSqlSafe(format!(
            "SELECT {JOB} FROM radkick_job
             WHERE live_key IS NOT NULL AND ($1::text IS NULL OR user_name = $1) ORDER BY id"
        ));
        let query = sqlx::query(sql).bind(user.map(|user| stored(user.as_str())));
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
        let sql = AssertSqlSafe(format!(
            "UPDATE radkick_job SET lease_holder = $2, lease_until = $4 + $5, lease_token = lease_token + 1
             WHERE id = $1 AND live_key IS NOT NULL
               AND (lease_holder IS NULL OR lease_until < $4 OR lease_holder = $2 OR lease_holder = $3)
             RETURNING {JOB}"
        ));
        let query = sqlx::query(sql).bind(id).bind(holder).bind(abandoned).bind(now).bind(LEASE_SECS);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| job(&row).map_err(failed)).transpose()
    }

    pub(in super::super) async fn update_job(
        &self,
        job: &JobRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let ended = matches!(job.state, JobState::Ended | JobState::Lapsed);
        let parked = ended || matches!(job.state, JobState::Waiting | JobState::Watching);
        let sql = concat!(
            "WITH held AS (
                 UPDATE radkick_job SET state = $8, retry_at = $9, attempts = $10,
                     ended_at = CASE WHEN $11 THEN $12 END, live_key = CASE WHEN $11 THEN NULL ELSE live_key END,
                     lease_holder = CASE WHEN $13 THEN NULL ELSE lease_holder END, lease_until = $12 + $14
                 WHERE id = $6 AND lease_token = $7 RETURNING id
             ), ",
            noted!(),
            " SELECT id FROM held"
        );
        let query = noting(sql, entry).bind(job.id).bind(job.lease_token).bind(job.state.as_str()).bind(job.retry_at);
        let query = query.bind(job.attempts).bind(ended).bind(now).bind(parked).bind(LEASE_SECS);
        let held = query.fetch_optional(&self.pool).await.map_err(|error| self.failed("writing a job", error))?;
        Ok(held.is_some())
    }
}

pub(super) fn job(row: &PgRow) -> Result<JobRecord, sqlx::Error> {
    JobRow::from_row(row)?.record(super::user)
}
