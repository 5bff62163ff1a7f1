//! Jobs that are over.

use sqlx::AssertSqlSafe;

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::JobRecord;

use super::jobs::{JOB, job};
use super::{Postgres, stored};

impl Postgres {
    pub(in super::super) async fn last_ended_job(
        &self,
        user: &UserName,
        reason: &str,
    ) -> Result<Option<JobRecord>, StoreError> {
        let failed = |error| self.failed("reading jobs", error);
        let sql = AssertSqlSafe(format!(
            "SELECT {JOB} FROM radkick_job
             WHERE user_name = $1 AND reason = $2 AND actor = 'worker' AND state = 'ended' ORDER BY id DESC LIMIT 1"
        ));
        let query = sqlx::query(sql).bind(stored(user.as_str())).bind(reason);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        row.map(|row| job(&row).map_err(failed)).transpose()
    }
}
