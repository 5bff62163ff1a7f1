//! A job from its lease to its end.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::failpoint;
use crate::store::{JobRecord, JobSpec, JobState, JournalEntry, SessionRow, StoreError, TargetRecord, TargetStep};

use super::{Agent, AgentError, SessionReport, directory, holder};

/// What a job needs besides user and reason: its JSON on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDetail {
    /// Whether the login is closed first.
    pub block: bool,
    /// Why, in the operator's words.
    pub text: Option<String>,
    /// Octets used when it was made.
    pub used_octets: Option<u64>,
    /// The limit in octets.
    pub limit_octets: Option<u64>,
    /// Where the limit stands.
    pub limit_source: Option<String>,
    /// Which of the user's sessions.
    #[serde(default)]
    pub selection: Selection,
}

/// Which of a user's sessions: all that match everything given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Acct-Session-Id or Acct-Unique-Id.
    pub session: Option<String>,
    /// Calling-Station-Id, compared without case and separators.
    pub mac: Option<String>,
    /// Framed-IP-Address.
    pub ip: Option<String>,
    /// nasipaddress and Called-Station-Id that the NAS of `--nas` stands under. Both: a site behind NAT has one address
    /// for many routers, or none.
    pub nas: Option<Vec<(String, String)>>,
}

impl Selection {
    /// Whether a session is among them.
    #[must_use]
    pub fn holds(&self, session: &SessionRow) -> bool {
        let bare = |text: &str| text.replace([':', '-', '.'], "").to_ascii_lowercase();
        self.session.as_ref().is_none_or(|id| session.acct_session_id == *id || session.acct_unique_id == *id)
            && self.mac.as_ref().is_none_or(|mac| bare(mac) == bare(&session.calling_station_id))
            && self.ip.as_ref().is_none_or(|ip| session.framed_ip_address == *ip)
            && self.nas.as_ref().is_none_or(|nas| nas.iter().any(|place| stands_at(session, place)))
    }
}

fn stands_at(session: &SessionRow, (address, called): &(String, String)) -> bool {
    session.nas_ip_address == *address && session.called_station_id == *called
}

/// A cut is retried until the session ends or its reason lapses, at most this long.
const LAPSE_SECS: i64 = 7 * 24 * 3600;
/// Before the first retry; doubled for each further one.
const RETRY_SECS: i64 = 30;
const RETRY_MAX_SECS: i64 = 900;

impl JobDetail {
    /// The detail of a job as it stands on disk.
    #[must_use]
    pub fn of(job: &JobRecord) -> Self {
        serde_json::from_value(job.spec.detail.clone()).unwrap_or_default()
    }
}

impl Agent {
    /// Puts a job on disk and runs it; the live one of the same user and reason, if there is one.
    ///
    /// # Errors
    /// When a database cannot be used; the next run goes on from there.
    pub async fn cut(self: &Arc<Self>, spec: JobSpec) -> Result<Vec<SessionReport>, AgentError> {
        let (job, _) = self.state.submit(&JobSpec { lapses_at: self.now() + LAPSE_SECS, ..spec }, self.now()).await?;
        failpoint::reach("job_submitted");
        self.run(&job).await
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

    /// Runs a job under its lease. Nothing when another agent has it.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn run(self: &Arc<Self>, job: &JobRecord) -> Result<Vec<SessionReport>, AgentError> {
        let abandoned = job.lease_holder.as_deref().filter(|holder| holder::is_dead(holder));
        let Some(mut job) = self.state.claim(job.id, &self.holder, abandoned, self.now()).await? else {
            tracing::info!(job = job.id, user = %job.spec.user, "another radkick is at work on this user");
            return Ok(Vec::new());
        };
        let detail = JobDetail::of(&job);
        if job.spec.lapses_at <= self.now() || !self.reason_holds(&job).await? {
            self.lapse(&mut job).await?;
            return Ok(Vec::new());
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
        self.reports(&job, &detail, &targets).await
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
        self.write_job(job).await?;
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
        self.write_job(job).await?;
        let detail = serde_json::json!({ "job": job.id, "reason": job.spec.reason });
        Ok(self.note_job(job, "lapsed", detail).await?)
    }

    /// Ends the job, or says when to try again. What a person asked for by hand is tried once and told.
    async fn settle(&self, job: &mut JobRecord, targets: &[TargetRecord]) -> Result<(), AgentError> {
        let retried = job.spec.reason != "by_hand" && !targets.iter().all(is_off);
        job.state = if retried { JobState::Waiting } else { JobState::Ended };
        let doublings = u32::try_from(job.attempts.clamp(1, 6) - 1).unwrap_or(0);
        job.retry_at = self.now() + (RETRY_SECS << doublings).min(RETRY_MAX_SECS);
        self.write_job(job).await
    }

    async fn write_job(&self, job: &JobRecord) -> Result<(), AgentError> {
        if self.state.update_job(job, self.now()).await? { Ok(()) } else { Err(AgentError::LeaseLost) }
    }

    pub(super) async fn note_job(
        &self,
        job: &JobRecord,
        event: &'static str,
        detail: serde_json::Value,
    ) -> Result<(), StoreError> {
        let (actor, user) = (job.spec.actor.clone(), job.spec.user.clone());
        self.state.journal(&JournalEntry { at: self.now(), actor, user, event, detail }).await
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
