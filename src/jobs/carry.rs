//! A job that another may be at work on: waited for, or left to it.

use std::sync::Arc;
use std::time::Duration;

use crate::disconnect::Directory;
use crate::failpoint;
use crate::store::{JobRecord, JobSpec};

use super::settle::LAPSE_SECS;
use super::{Agent, AgentError, SessionReport};

/// How long another agent's work on the same job is waited for.
const PATIENCE_WITH_ANOTHER: Duration = Duration::from_mins(1);

/// When somebody last asked whether the reason of a job holds. Before each send it is asked again in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judged {
    /// Just now: whoever asked has made the job.
    JustNow,
    /// At some time before: to be asked before anything is done.
    Before,
}

impl Agent {
    /// Puts a job on disk and runs it; the live one of the same user and reason, if there is one. While another agent is
    /// at work on that one it is waited for, within bounds: its reports are ours.
    ///
    /// # Errors
    /// When a database cannot be used; the next run goes on from there.
    pub async fn cut(
        self: &Arc<Self>,
        spec: JobSpec,
        directory: &Arc<Directory>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        let (job, judged) = self.submit(spec).await?;
        self.carry_on((&job, judged), directory).await
    }

    /// Puts a job on disk for a reason that holds; the live one of the same user and reason, if there is one.
    ///
    /// # Errors
    /// When our database cannot be used.
    pub async fn submit(&self, spec: JobSpec) -> Result<(JobRecord, Judged), AgentError> {
        let spec = JobSpec { lapses_at: self.now() + LAPSE_SECS, ..spec };
        let (job, is_new) = self.state.submit(&spec, self.now()).await?;
        failpoint::reach("job_submitted");
        Ok((job, if is_new { Judged::JustNow } else { Judged::Before }))
    }

    /// Runs a live job; one that another agent is at work on is left to it, and its reports are what stands.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn run_or_leave(
        self: &Arc<Self>,
        (job, judged): (&JobRecord, Judged),
        directory: &Arc<Directory>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        match self.try_run((job, judged), directory).await? {
            Some(reports) => Ok(reports),
            None => Ok(self.standing(job).await?.into_iter().map(SessionReport::unsettled).collect()),
        }
    }

    /// Runs a live job; while another agent is at work on it, that one is waited for.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn carry_on(
        self: &Arc<Self>,
        (job, mut judged): (&JobRecord, Judged),
        directory: &Arc<Directory>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        let (started, mut told) = (self.clock.now(), false);
        loop {
            if let Some(reports) = self.try_run((job, judged), directory).await? {
                return Ok(reports);
            }
            judged = Judged::Before;
            if !told {
                tracing::info!(job = job.id, user = %job.spec.user, "another radkick is at work on this user: waiting");
                told = true;
            }
            let live = self.state.live_jobs(Some(&job.spec.user)).await?;
            if live.iter().all(|other| other.id != job.id) {
                return self.standing(job).await;
            }
            if self.clock.now().duration_since(started) >= PATIENCE_WITH_ANOTHER {
                return Ok(self.standing(job).await?.into_iter().map(SessionReport::unsettled).collect());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}
