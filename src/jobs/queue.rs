//! The queue by hand: taking a job's lease, bringing a job forward, calling it off.

use crate::store::{JobRecord, JournalEntry, StoreError};

use super::settle::RETRY_MAX_SECS;
use super::{Agent, AgentError, holder};

impl Agent {
    /// Lets a job lapse whose reason no longer holds. Nothing is sent; one whose reason holds stays as it is.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn let_go(&self, job: &JobRecord) -> Result<(), AgentError> {
        let Some(_turn) = self.shared.turn(job.id) else { return Ok(()) };
        let Some(mut job) = self.claim(job).await? else { return Ok(()) };
        if self.reason_holds(&job).await? { self.put_back(&mut job).await } else { self.lapse(&mut job).await }
    }

    /// Calls a live job off, whatever its reason, in the name of `actor`: what was closed for it is opened again. `false` when
    /// another agent is at work on it, or it is over by now.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn cancel(&self, job: &JobRecord, actor: &str) -> Result<bool, AgentError> {
        let Some(_turn) = self.shared.turn(job.id) else { return Ok(false) };
        let Some(mut job) = self.claim(job).await? else { return Ok(false) };
        let entry = self.entry_by(actor, &job, "cancelled");
        self.lapse_as(&mut job, &entry).await.map(|()| true)
    }

    /// Brings a job forward to now, in the name of `actor`; whether it is live.
    ///
    /// # Errors
    /// When our database cannot be used.
    pub async fn hasten(&self, job: &JobRecord, actor: &str) -> Result<bool, StoreError> {
        let entry = self.entry_by(actor, job, "brought_forward");
        self.state.hasten(job.id, Some(&entry), self.now()).await
    }

    /// Live jobs whose time has come, those after the id `after`, at most `limit`.
    ///
    /// # Errors
    /// When our database cannot be asked.
    pub async fn due_jobs(&self, after: i64, limit: u32) -> Result<Vec<JobRecord>, StoreError> {
        let now = self.now();
        self.state.due_jobs((now, now.saturating_add(RETRY_MAX_SECS)), after, limit).await
    }

    /// Takes a job's lease; `None` when it is over, or another agent has it.
    pub(super) async fn claim(&self, job: &JobRecord) -> Result<Option<JobRecord>, AgentError> {
        let abandoned = job.lease_holder.as_deref().filter(|holder| holder::is_dead(holder));
        Ok(self.state.claim(job.id, &self.holder, abandoned, self.now()).await?)
    }

    fn entry_by(&self, actor: &str, job: &JobRecord, event: &'static str) -> JournalEntry {
        let detail = serde_json::json!({ "job": job.id, "reason": job.spec.reason });
        JournalEntry { actor: actor.to_owned(), ..self.entry_of(job, event, detail) }
    }
}
