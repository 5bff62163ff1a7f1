//! Jobs that are over.

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::JobRecord;

use super::Sqlite;
use super::jobs::{JOB, job};

impl Sqlite {
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
}
