//! A job from its lease to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use crate::failpoint;
use crate::store::{JobRecord, JobSpec, JobState, JournalEntry, TargetRecord, TargetStep};

use super::{Agent, AgentError, JobDetail, SessionReport, directory, holder};

/// A cut is retried until the session ends or its reason lapses, at most this long.
const LAPSE_SECS: i64 = 7 * 24 * 3600;
/// How long another agent's work on the same job is waited for.
const PATIENCE_WITH_ANOTHER: Duration = Duration::from_mins(1);
/// Before the first retry; doubled for each further one.
const RETRY_SECS: i64 = 30;
const RETRY_MAX_SECS: i64 = 900;

impl Agent {
    /// Puts a job on disk and runs it; the live one of the same user and reason, if there is one. While another agent is
    /// at work on that one it is waited for, within bounds: its reports are ours.
    ///
    /// # Errors
    /// When a database cannot be used; the next run goes on from there.
    pub async fn cut(self: &Arc<Self>, spec: JobSpec) -> Result<Vec<SessionReport>, AgentError> {
        let (job, _) = self.state.submit(&JobSpec { lapses_at: self.now() + LAPSE_SECS, ..spec }, self.now()).await?;
        failpoint::reach("job_submitted");
        let (started, mut told) = (self.clock.now(), false);
        loop {
            if let Some(reports) = self.try_run(&job).await? {
                return Ok(reports);
            }
            if !told {
                tracing::info!(job = job.id, user = %job.spec.user, "another radkick is at work on this user: waiting");
                told = true;
            }
            let live = self.state.live_jobs(Some(&job.spec.user)).await?;
            if live.iter().all(|other| other.id != job.id) {
                return self.standing(&job).await;
            }
            if self.clock.now().duration_since(started) >= PATIENCE_WITH_ANOTHER {
                return Ok(self.standing(&job).await?.into_iter().map(SessionReport::unsettled).collect());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Runs what earlier runs left unfinished: of one user, or all whose time has come.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn finish(
        self: &Arc<Self>,
        user: Option<&crate::quota::UserName>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        self.finish_blocks(user).await?;
        let mut reports = Vec::new();
        for job in self.state.live_jobs(user).await? {
            if user.is_some() || job.retry_at <= self.now() {
                reports.extend(self.run(&job).await?);
            }
        }
        self.close_due_rows(user).await?;
        Ok(reports)
    }

    /// Runs a job under its lease. No reports when another agent has it.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn run(self: &Arc<Self>, job: &JobRecord) -> Result<Vec<SessionReport>, AgentError> {
        Ok(self.try_run(job).await?.unwrap_or_default())
    }

    /// As [`Agent::run`]; `None` when another agent has it.
    async fn try_run(self: &Arc<Self>, job: &JobRecord) -> Result<Option<Vec<SessionReport>>, AgentError> {
        let abandoned = job.lease_holder.as_deref().filter(|holder| holder::is_dead(holder));
        let Some(mut job) = self.state.claim(job.id, &self.holder, abandoned, self.now()).await? else {
            return Ok(None);
        };
        let detail = JobDetail::of(&job);
        if job.spec.lapses_at <= self.now() || !self.reason_holds(&job).await? {
            self.lapse(&mut job).await?;
            return Ok(Some(Vec::new()));
        }
        if detail.block {
            self.block(&job.spec.user, &job.spec.reason, &job.spec.actor).await?;
        }
        self.select(&mut job, &detail).await?;
        let (targets, lapsed) = self.cut_all(&job).await?;
        if lapsed {
            self.lapse(&mut job).await?;
        } else {
            self.settle(&mut job, &targets).await?;
        }
        self.reports(&job, &detail, &targets).await.map(Some)
    }

    /// Selects sessions, again after the block: logins that were in flight have their row by now.
    async fn select(&self, job: &mut JobRecord, detail: &JobDetail) -> Result<(), AgentError> {
        let open = self.accounting.open_sessions(&job.spec.user).await?;
        for session in open.into_iter().filter(|session| detail.selection.holds(session)) {
            let target = TargetRecord {
                id: 0,
                job_id: job.id,
                session,
                step: TargetStep::Selected,
                selected_at: self.now(),
                effect_at: None,
                on_router: false,
                nas: None,
                attempts: Vec::new(),
                fate: None,
                path: None,
                evidence: None,
                problem: None,
                close_due_at: None,
            };
            self.state.add_target(job, &target).await?.ok_or(AgentError::LeaseLost)?;
        }
        job.state = JobState::Cutting;
        job.attempts += 1;
        self.write_job(job, None).await?;
        failpoint::reach("target_selected");
        Ok(())
    }

    /// Cuts all targets that are not proven off yet, side by side. The targets, and whether the reason has lapsed.
    async fn cut_all(self: &Arc<Self>, job: &JobRecord) -> Result<(Vec<TargetRecord>, bool), AgentError> {
        let directory = Arc::new(directory(&self.config, &self.accounting).await?);
        let mut tasks = JoinSet::new();
        for target in self.state.targets(job.id).await? {
            if !is_off(&target) {
                let (agent, job, directory) = (Arc::clone(self), job.clone(), Arc::clone(&directory));
                tasks.spawn(async move { agent.cut_target(&job, target, &directory).await });
            }
        }
        // Every task is waited for, also after an error: one dropped in the middle would leave its connection in a
        // transaction
        let done: Vec<Result<bool, AgentError>> = tasks.join_all().await;
        let lapsed = done.into_iter().collect::<Result<Vec<bool>, AgentError>>()?.contains(&true);
        Ok((self.state.targets(job.id).await?, lapsed))
    }

    /// The reason no longer holds: what we closed for it is opened again.
    async fn lapse(&self, job: &mut JobRecord) -> Result<(), AgentError> {
        if matches!(job.spec.reason.as_str(), "quota" | "expiry") {
            self.restore(&job.spec.user, Some(&job.spec.reason)).await?;
        }
        job.state = JobState::Lapsed;
        let detail = serde_json::json!({ "job": job.id, "reason": job.spec.reason });
        self.write_job(job, Some(&self.entry_of(job, "lapsed", detail))).await
    }

    /// Ends the job, or says when to try again. What a person asked for by hand is tried once and told.
    async fn settle(&self, job: &mut JobRecord, targets: &[TargetRecord]) -> Result<(), AgentError> {
        let retried = job.spec.reason != "by_hand" && !targets.iter().all(is_off);
        job.state = if retried { JobState::Waiting } else { JobState::Ended };
        let doublings = u32::try_from(job.attempts.clamp(1, 6) - 1).unwrap_or(0);
        job.retry_at = self.now() + (RETRY_SECS << doublings).min(RETRY_MAX_SECS);
        self.write_job(job, None).await
    }

    async fn write_job(&self, job: &JobRecord, entry: Option<&JournalEntry>) -> Result<(), AgentError> {
        if self.state.update_job(job, entry, self.now()).await? { Ok(()) } else { Err(AgentError::LeaseLost) }
    }

    /// A line of the journal about a job.
    pub(super) fn entry_of(&self, job: &JobRecord, event: &'static str, detail: serde_json::Value) -> JournalEntry {
        JournalEntry { at: self.now(), actor: job.spec.actor.clone(), user: job.spec.user.clone(), event, detail }
    }

    /// The reports of a job as it stands, nothing done.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn standing(&self, job: &JobRecord) -> Result<Vec<SessionReport>, AgentError> {
        self.reports(job, &JobDetail::of(job), &self.state.targets(job.id).await?).await
    }

    /// One report a target; one about the user alone where there is none.
    async fn reports(
        &self,
        job: &JobRecord,
        detail: &JobDetail,
        targets: &[TargetRecord],
    ) -> Result<Vec<SessionReport>, AgentError> {
        let blocked = self.is_blocked(&job.spec.user).await?;
        let mut reports: Vec<SessionReport> =
            targets.iter().map(|target| SessionReport::of_target(job, detail, target)).collect();
        if reports.is_empty() {
            reports.push(SessionReport::of_user(&job.spec.user, &job.spec.reason, &job.spec.actor, detail));
        }
        Ok(reports.into_iter().map(|report| SessionReport { blocked, ..report }).collect())
    }
}

fn is_off(target: &TargetRecord) -> bool {
    matches!(target.fate.as_deref(), Some("ended" | "already_gone"))
}
