//! How a run of a job ends: for good, or with a time for the next one.

use crate::disconnect::Directory;
use crate::quota::Reason;
use crate::store::{JobRecord, JobState, JournalEntry, TargetRecord};

use super::{Agent, AgentError, JobDetail};

/// A cut is retried until the session ends or its reason lapses, at most this long.
pub(super) const LAPSE_SECS: i64 = 7 * 24 * 3600;
/// Before the first retry; doubled for each further one.
const RETRY_SECS: i64 = 30;
pub(super) const RETRY_MAX_SECS: i64 = 900;

impl Agent {
    /// Whether a job's time has come. A time further ahead than any we set has been set by a clock that was put back.
    #[must_use]
    pub fn is_due(&self, job: &JobRecord) -> bool {
        job.retry_at <= self.now() || job.retry_at > self.now().saturating_add(RETRY_MAX_SECS)
    }

    /// The reason no longer holds: what we closed for it is opened again.
    pub(super) async fn lapse(&self, job: &mut JobRecord) -> Result<(), AgentError> {
        let detail = serde_json::json!({ "job": job.id, "reason": job.spec.reason });
        let entry = self.entry_of(job, "lapsed", detail);
        self.lapse_as(job, &entry).await
    }

    /// As [`Agent::lapse`], with this line of the journal.
    pub(super) async fn lapse_as(&self, job: &mut JobRecord, entry: &JournalEntry) -> Result<(), AgentError> {
        if Reason::is_word(&job.spec.reason) {
            self.restore(&job.spec.user, Some(&job.spec.reason)).await?;
        }
        job.state = JobState::Lapsed;
        self.write_job(job, Some(entry)).await
    }

    /// It has been tried long enough, and the reason holds: the job ends, the login stays closed.
    pub(super) async fn give_up(&self, job: &mut JobRecord) -> Result<(), AgentError> {
        tracing::warn!(user = %job.spec.user, job = job.id, "not proven off within 7 days: this job is given up");
        job.state = JobState::Ended;
        let detail = serde_json::json!({ "job": job.id, "reason": job.spec.reason });
        self.write_job(job, Some(&self.entry_of(job, "given_up", detail))).await
    }

    /// Ends the job, or says when to look at it again: sessions that are not off are tried again; where the login is closed,
    /// as a directory says, it is watched whether those who are off come back. What a person asked for by hand is tried once
    /// and told.
    pub(super) async fn settle(
        &self,
        job: &mut JobRecord,
        targets: &[TargetRecord],
        closed: Option<&Directory>,
    ) -> Result<(), AgentError> {
        let now = self.now();
        let doublings = u32::try_from(job.attempts.clamp(1, 6) - 1).unwrap_or(0);
        let retry_at = now + (RETRY_SECS << doublings).min(RETRY_MAX_SECS);
        let watched = closed.and_then(|directory| watched_until(targets, directory)).filter(|until| *until > now);
        (job.state, job.retry_at) = match (targets.iter().all(is_off), watched) {
            (true, Some(until)) => (JobState::Watching, until),
            (false, _) if job.spec.reason != "by_hand" => (JobState::Waiting, retry_at),
            (true, None) | (false, _) => (JobState::Ended, retry_at),
        };
        self.write_job(job, None).await
    }

    /// Gives the lease back with nothing changed: another run goes on from here.
    pub(super) async fn put_back(&self, job: &mut JobRecord) -> Result<(), AgentError> {
        job.state = JobState::Waiting;
        self.write_job(job, None).await
    }

    pub(super) async fn write_job(&self, job: &JobRecord, entry: Option<&JournalEntry>) -> Result<(), AgentError> {
        if self.state.update_job(job, entry, self.now()).await? { Ok(()) } else { Err(AgentError::LeaseLost) }
    }

    /// A line of the journal about a job.
    pub(super) fn entry_of(&self, job: &JobRecord, event: &'static str, detail: serde_json::Value) -> JournalEntry {
        JournalEntry { at: self.now(), actor: JobDetail::asker(job), user: job.spec.user.clone(), event, detail }
    }
}

/// Until when it is watched whether those who were cut come back: `verify_within` of their NAS after the cut.
fn watched_until(targets: &[TargetRecord], directory: &Directory) -> Option<i64> {
    let until = |target: &TargetRecord| {
        let (effect_at, nas) = (target.effect_at?, directory.resolve(&target.session).ok()?);
        Some(effect_at + i64::try_from(nas.profile.verify_within.as_secs()).unwrap_or(i64::MAX / 2))
    };
    targets.iter().filter_map(until).max()
}

pub(super) fn is_off(target: &TargetRecord) -> bool {
    matches!(target.fate.as_deref(), Some("ended" | "already_gone"))
}
