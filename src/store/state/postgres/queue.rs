//! Jobs as a queue.

use sqlx::AssertSqlSafe;

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::queue::{COUNTS, HELD, counted};
use crate::store::state::{JobCount, JobRecord, JobState, JobTimes, JournalEntry};

use super::jobs::{JOB, job};
use super::{Postgres, noted, noting, stored};

impl Postgres {
    pub(in super::super) async fn jobs_in(
        &self,
        state: JobState,
        user: Option<&UserName>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = AssertSqlSafe(format!(
            "SELECT {JOB} FROM radkick_job
             WHERE state = $1 AND ($2::text IS NULL OR user_name = $2) ORDER BY id DESC LIMIT $3"
        ));
        let query = sqlx::query(sql).bind(state.as_str()).bind(user.map(|user| stored(user.as_str())));
        let rows = query.bind(i64::from(limit)).fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| job(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn job(&self, id: i64) -> Result<Option<(JobRecord, JobTimes)>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let query = sqlx::query(AssertSqlSafe(format!("SELECT {JOB} FROM radkick_job WHERE id = $1"))).bind(id);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        let Some(record) = row.map(|row| job(&row).map_err(failed)).transpose()? else { return Ok(None) };
        let times = sqlx::query_as("SELECT ended_at, lease_until FROM radkick_job WHERE id = $1").bind(id);
        let times: Option<(Option<i64>, i64)> = times.fetch_optional(&self.pool).await.map_err(failed)?;
        Ok(times.map(|(ended_at, lease_until)| (record, JobTimes { ended_at, lease_until })))
    }

    pub(in super::super) async fn due_jobs(
        &self,
        (now, horizon): (i64, i64),
        after: i64,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = AssertSqlSafe(format!(
            "SELECT {JOB} FROM radkick_job
             WHERE live_key IS NOT NULL AND (retry_at <= $1 OR retry_at > $2) AND id > $3 ORDER BY id LIMIT $4"
        ));
        let query = sqlx::query(sql).bind(now).bind(horizon).bind(after).bind(i64::from(limit));
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| job(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn watched_jobs(&self, limit: u32) -> Result<Vec<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = AssertSqlSafe(format!(
            "SELECT {JOB} FROM radkick_job WHERE live_key IS NOT NULL AND state = 'watching' ORDER BY id LIMIT $1"
        ));
        let rows = sqlx::query(sql).bind(i64::from(limit)).fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| job(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn end_watched(&self, sql: String) -> Result<(), StoreError> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| self.failed("writing jobs", error))
    }

    pub(in super::super) async fn hasten(
        &self,
        id: i64,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let sql = concat!(
            "WITH held AS (
                 UPDATE radkick_job SET retry_at = $6 WHERE id = $7 AND live_key IS NOT NULL RETURNING id
             ), ",
            noted!(),
            " SELECT id FROM held"
        );
        let done = noting(sql, entry).bind(now).bind(id).fetch_optional(&self.pool).await;
        done.map(|row| row.is_some()).map_err(|error| self.failed("writing a job", error))
    }

    pub(in super::super) async fn job_counts(&self) -> Result<Vec<JobCount>, StoreError> {
        let counts: Vec<(String, i64, i64)> =
            sqlx::query_as(COUNTS).fetch_all(&self.pool).await.map_err(|error| self.failed("counting jobs", error))?;
        Ok(counts.into_iter().filter_map(counted).collect())
    }

    pub(in super::super) async fn blocks_held(&self) -> Result<i64, StoreError> {
        let count = sqlx::query_scalar(HELD).fetch_one(&self.pool).await;
        count.map_err(|error| self.failed("counting blocks", error))
    }
}
