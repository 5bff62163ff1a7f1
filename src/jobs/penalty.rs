//! Penalties that leave the user online: a slower group, or nothing but the cut itself.

use crate::config::BlockMode;
use crate::quota::{Over, UserName};
use crate::store::{JobRecord, SessionRow, StoreError};

use super::{Agent, JobDetail};

impl Agent {
    /// Since when a user who is over has been under the penalty for this very reason and limit, where the penalty lets
    /// the user in: sessions that began since then are not to be cut again for it. `None` when there is no such penalty.
    ///
    /// # Errors
    /// When a database cannot be asked.
    pub async fn penalised_since(&self, user: &UserName, over: &Over) -> Result<Option<i64>, StoreError> {
        let in_force = match &self.config.block.mode {
            BlockMode::Reject | BlockMode::Remove => false,
            BlockMode::Group(_) => self.is_blocked(user).await?,
            BlockMode::None => true,
        };
        if !in_force {
            return Ok(None);
        }
        let last = self.state.last_ended_job(user, over.reason.as_str()).await?;
        let start = over.start(self.now(), &self.config.accounting.time_zone);
        let same = |job: &JobRecord| {
            let detail = JobDetail::of(job);
            detail.limit_octets.or(detail.limit_seconds) == over.limit && job.created_at >= start
        };
        Ok(last.filter(same).map(|job| job.created_at))
    }

    /// Whether a session that a later try of a job finds came back under the penalty of the first.
    pub(super) fn came_back(&self, job: &JobRecord, session: &SessionRow) -> bool {
        let lets_in = matches!(self.config.block.mode, BlockMode::Group(_) | BlockMode::None);
        lets_in && job.spec.actor == "worker" && job.attempts > 0 && session.began_since(job.created_at)
    }
}
