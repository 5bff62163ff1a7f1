//! The cut of one user who is over.

use std::sync::Arc;

use crate::config::BlockMode;
use crate::disconnect::Directory;
use crate::jobs::{AgentError, Judged, SessionReport};
use crate::quota::Reason;
use crate::store::{JobRecord, JobSpec, JournalEntry};

use super::{OverUser, Worker};

impl Worker {
    /// Cuts one user: carries on with the job there is, whatever it was made for, so that its back-off holds.
    pub(super) async fn cut_one(
        &self,
        over: &OverUser,
        job: Option<JobRecord>,
        directory: &Arc<Directory>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        let agent = &self.agent;
        let (used, limit, source) = (over.over.used, over.over.limit, over.over.source.as_str());
        match over.over.reason {
            Reason::Quota => tracing::info!(used, limit, source, "Data exhausted detected for user {}", over.user),
            Reason::Time => tracing::info!(used, limit, source, "time online exhausted for user {}", over.user),
            Reason::Expiry => tracing::info!(source, "login of user {} has expired", over.user),
        }
        if let Some(job) = job {
            return self.run_job((&job, Judged::Before), directory).await;
        }
        let reason = over.over.reason.as_str();
        let event = JournalEntry {
            at: agent.now(),
            actor: "worker".to_owned(),
            user: over.user.clone(),
            event: "over",
            detail: serde_json::json!({ "reason": reason, "used": used, "limit": limit, "source": source }),
        };
        agent.state.journal(&event).await?;
        let mut detail = over.detail(agent.config.block.mode != BlockMode::None);
        detail.selection.before = agent.penalised_since(&over.user, &over.over).await?;
        let spec = JobSpec {
            user: over.user.clone(),
            reason: reason.to_owned(),
            actor: "worker".to_owned(),
            session: None,
            detail: serde_json::to_value(detail).unwrap_or_default(),
            lapses_at: 0,
        };
        let (job, judged) = agent.submit(spec).await?;
        self.run_job((&job, judged), directory).await
    }

    /// Runs a job. Where another is at work on it a person waits for that one; a loop has others to look after.
    async fn run_job(
        &self,
        job: (&JobRecord, Judged),
        directory: &Arc<Directory>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        if self.at_once {
            self.agent.carry_on(job, directory).await
        } else {
            self.agent.run_or_leave(job, directory).await
        }
    }
}
