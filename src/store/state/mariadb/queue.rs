//! Jobs as a queue.

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::queue::{COUNTS, HELD, counted};
use crate::store::state::{JobCount, JobRecord, JobState, JobTimes, JournalEntry};

use super::jobs::{JOB, job};
use super::{Mariadb, write_entry};

impl Mariadb {
    pub(in super::super) async fn jobs_in(
        &self,
        state: JobState,
        user: Option<&UserName>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = format!("{JOB} WHERE state = ? AND (? IS NULL OR user_name = ?) ORDER BY id DESC LIMIT ?");
        let user = user.map(UserName::as_str);
        let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(state.as_str()).bind(user).bind(user);
        let rows = query.bind(limit).fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| job(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn job(&self, id: i64) -> Result<Option<(JobRecord, JobTimes)>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{JOB} WHERE id = ?"))).bind(id);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        let Some(record) = row.map(|row| job(&row).map_err(failed)).transpose()? else { return Ok(None) };
        let times = sqlx::query_as("SELECT ended_at, lease_until FROM radkick_job WHERE id = ?").bind(id);
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
        let due = "WHERE live_key IS NOT NULL AND (retry_at <= ? OR retry_at > ?) AND id > ? ORDER BY id LIMIT ?";
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{JOB}{due}"))).bind(now).bind(horizon);
        let rows = query.bind(after).bind(limit).fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| job(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn watched_jobs(&self, limit: u32) -> Result<Vec<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let watched = "WHERE live_key IS NOT NULL AND state = 'watching' ORDER BY id LIMIT ?";
        let query = sqlx::query(sqlx::AssertSqlSafe(format!("{JOB}{watched}"))).bind(limit);
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| job(row).map_err(failed)).collect()
    }

    pub(in super::super) async fn end_watched(&self, sql: String) -> Result<(), StoreError> {
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| self.failed("writing jobs", error))
    }

    pub(in super::super) async fn hasten(
        &self,
        id: i64,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let failed = |error| self.failed("writing a job", error);
        let query = sqlx::query("UPDATE radkick_job SET retry_at = ? WHERE id = ? AND live_key IS NOT NULL");
        let mut transaction = self.pool.begin().await.map_err(failed)?;
        let done = query.bind(now).bind(id).execute(&mut *transaction).await.map_err(failed)?.rows_affected() > 0;
        if let Some(entry) = entry.filter(|_| done) {
            write_entry(&mut *transaction, entry).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        Ok(done)
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
