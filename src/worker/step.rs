//! One cycle of the worker.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::config::{BlockMode, Mode};
use crate::jobs::{Agent, AgentError, SessionReport, all_limits, quota_rules};
use crate::quota::{Reason, UserName};
use crate::store::{BlockState, JobRecord, JobSpec, JournalEntry};

use super::brakes::{self, CUT_BRAKE, RESTORE_BRAKE};
use super::plan::{Judgement, judge_all};
use super::{Exemptions, OverUser, observe, paused};

/// How many users are cut side by side.
const SIDE_BY_SIDE: usize = 16;

/// Enforces quotas.
#[derive(Debug, Clone)]
pub struct Worker {
    pub(super) agent: Arc<Agent>,
    /// Whether a person has let a tripped brake go for this run.
    confirmed: bool,
    /// The one user it looks at.
    only: Option<UserName>,
    /// Whether a person waits for this one step: what is to be tried again later is tried now.
    at_once: bool,
}

/// What one step came to.
#[derive(Debug, Default)]
pub struct StepOutcome {
    /// One report a session, or a user without any.
    pub reports: Vec<SessionReport>,
    /// Why nothing (more) was done.
    pub held: Vec<String>,
    /// Whose logins were opened again.
    pub restored: Vec<UserName>,
}

impl Worker {
    /// A worker for everybody, or for one user. `confirmed` lets a brake that trips go at once.
    #[must_use]
    pub const fn new(agent: Arc<Agent>, only: Option<UserName>, confirmed: bool) -> Self {
        Self { agent, confirmed, only, at_once: false }
    }

    /// For a person who waits for one step: what would be tried again later is tried now.
    #[must_use]
    pub fn at_once(self) -> Self {
        Self { at_once: true, ..self }
    }

    /// One cycle: finish what is unfinished, judge everybody, cut who is over, open again who no longer is.
    ///
    /// # Errors
    /// When a database cannot be used. What was begun is finished by the next step.
    pub async fn step(&self) -> Result<StepOutcome, AgentError> {
        let agent = &self.agent;
        if agent.config.quota.mode == Mode::Observe {
            let clock = crate::clock::Clock;
            let reports = observe(&agent.config, &agent.accounting, clock, self.only.as_ref()).await?;
            return Ok(StepOutcome { reports, ..StepOutcome::default() });
        }
        agent.finish_blocks(self.only.as_ref()).await?;
        agent.close_due_rows(self.only.as_ref()).await?;
        let limited = all_limits(&agent.accounting, &quota_rules(&agent.config)).await?;
        let exemptions = Exemptions::new(&agent.accounting, &agent.config.exempt);
        let judgement = judge_all(limited, &exemptions, agent.now()).await?;
        judgement.problems.iter().for_each(|problem| tracing::warn!("{problem}"));
        let mut outcome = StepOutcome::default();
        self.restore(&judgement, &mut outcome).await?;
        self.cut(&judgement, &mut outcome).await?;
        Ok(outcome)
    }

    fn concerns(&self, user: &UserName) -> bool {
        self.only.as_ref().is_none_or(|only| only == user)
    }

    /// The name under which the tables know a user now: a block may have been made under another spelling of it.
    async fn known_as(&self, user: &UserName) -> Result<UserName, AgentError> {
        Ok(self.agent.accounting.known_as(user).await?.unwrap_or_else(|| user.clone()))
    }

    /// Opens the logins that we closed for a reason that no longer holds.
    async fn restore(&self, judgement: &Judgement, outcome: &mut StepOutcome) -> Result<(), AgentError> {
        let agent = &self.agent;
        let blocks = agent.state.blocks(None).await?;
        let ours: Vec<_> =
            blocks.into_iter().filter(|block| matches!(block.reason.as_str(), "quota" | "expiry")).collect();
        let mut lapsed = Vec::new();
        for block in ours.iter().filter(|block| self.concerns(&block.user) && block.state == BlockState::Held) {
            if !judgement.stands(&block.user) && !judgement.stands(&self.known_as(&block.user).await?) {
                lapsed.push(block);
            }
        }
        let tripping = (brakes::trips(&agent.config.brakes, lapsed.len(), ours.len()), self.confirmed);
        let detail = format!(
            "{} of {} blocked users would be let in again at once, as if limits had vanished: nobody is until `radkick confirm`",
            lapsed.len(),
            ours.len()
        );
        if let Some(why) = brakes::ask(&agent.state, RESTORE_BRAKE, tripping, agent.now(), detail).await? {
            outcome.held.push(why);
            return Ok(());
        }
        for block in lapsed {
            agent.restore(&block.user, Some(&block.reason)).await?;
            tracing::info!(user = %block.user, reason = block.reason, "no longer over: login as before");
            outcome.restored.push(block.user.clone());
        }
        Ok(())
    }

    /// Cuts those who are over, as far as brakes allow, and runs what earlier runs left.
    async fn cut(&self, judgement: &Judgement, outcome: &mut StepOutcome) -> Result<(), AgentError> {
        let agent = &self.agent;
        if let Some(pause) = self.pause() {
            outcome.held.push(pause);
            return Ok(());
        }
        let live = agent.state.live_jobs(None).await?;
        let job_of = |user: &UserName| live.iter().find(|job| job.spec.user == *user && job.spec.reason != "by_hand");
        let online = agent.accounting.users_online().await?;
        let mut act = Vec::new();
        for over in judgement.over.iter().filter(|over| self.concerns(&over.user)) {
            let job = job_of(&over.user);
            let blocked = agent.config.block.mode == BlockMode::None || agent.is_blocked(&over.user).await?;
            match job.filter(|job| job.retry_at > agent.now() && !self.at_once) {
                Some(waiting) => outcome.reports.extend(agent.standing(waiting).await?),
                None if job.is_some() || online.contains(&over.user) || !blocked => act.push(over),
                None => outcome.reports.push(SessionReport { blocked, ..over.report() }),
            }
        }
        self.run_lapsed(judgement, &live, outcome).await?;
        let tripping = (brakes::trips(&agent.config.brakes, act.len(), online.len()), self.confirmed);
        let detail = format!(
            "{} users are over at once, {} are online: nobody is cut until `radkick confirm`",
            act.len(),
            online.len()
        );
        if let Some(why) = brakes::ask(&agent.state, CUT_BRAKE, tripping, agent.now(), detail).await? {
            outcome.held.push(why);
            outcome.reports.extend(act.iter().map(|over| SessionReport {
                fate: "unknown".into(),
                evidence: None,
                ..over.report()
            }));
            return Ok(());
        }
        let pace = usize::try_from(agent.config.brakes.per_cycle).unwrap_or(usize::MAX);
        if act.len() > pace {
            outcome.held.push(format!(
                "{} users are over; {pace} are cut in this cycle, the others in the next ones",
                act.len()
            ));
        }
        outcome.reports.extend(self.cut_side_by_side(act.into_iter().take(pace)).await?);
        Ok(())
    }

    /// Jobs of users who are not over: they lapse, or finish what a person asked for.
    async fn run_lapsed(
        &self,
        judgement: &Judgement,
        live: &[JobRecord],
        outcome: &mut StepOutcome,
    ) -> Result<(), AgentError> {
        for job in live.iter().filter(|job| self.concerns(&job.spec.user)) {
            let (user, by_hand) = (&job.spec.user, job.spec.reason == "by_hand");
            if by_hand || !judgement.stands(user) {
                outcome.reports.extend(self.agent.run(job).await?);
            }
        }
        Ok(())
    }

    async fn cut_side_by_side(&self, act: impl Iterator<Item = &OverUser>) -> Result<Vec<SessionReport>, AgentError> {
        let room = Arc::new(Semaphore::new(SIDE_BY_SIDE));
        let mut tasks = JoinSet::new();
        for over in act {
            let (agent, over, room) = (Arc::clone(&self.agent), over.clone(), Arc::clone(&room));
            tasks.spawn(async move {
                let _place = room.acquire_owned().await;
                cut_one(&agent, &over).await
            });
        }
        // Every task is waited for, also after an error: one dropped in the middle would leave its connection in a
        // transaction
        let done = tasks.join_all().await;
        let mut reports = done.into_iter().collect::<Result<Vec<_>, AgentError>>()?.concat();
        reports.sort_by(|a, b| (&a.user, &a.acct_unique_id).cmp(&(&b.user, &b.acct_unique_id)));
        Ok(reports)
    }

    fn pause(&self) -> Option<String> {
        let file = &self.agent.config.brakes.pause_file;
        match paused(file, self.agent.now()) {
            Ok(None) => None,
            Ok(Some(_)) => Some(format!("paused ({}): nobody is cut until `radkick resume`", file.display())),
            Err(error) => Some(format!("{}: {error}: taken for a pause, nobody is cut", file.display())),
        }
    }
}

async fn cut_one(agent: &Arc<Agent>, over: &OverUser) -> Result<Vec<SessionReport>, AgentError> {
    let detail = over.detail(agent.config.block.mode != BlockMode::None);
    let (used, limit, source) = (over.over.used, over.over.limit, over.over.source.as_str());
    match over.over.reason {
        Reason::Quota => tracing::info!(used, limit, source, "Data exhausted detected for user {}", over.user),
        Reason::Expiry => tracing::info!(source, "login of user {} has expired", over.user),
    }
    let event = JournalEntry {
        at: agent.now(),
        actor: "worker".to_owned(),
        user: over.user.clone(),
        event: "over",
        detail: serde_json::json!({ "reason": over.over.reason.as_str(), "used": used, "limit": limit, "source": source }),
    };
    agent.state.journal(&event).await?;
    let spec = JobSpec {
        user: over.user.clone(),
        reason: over.over.reason.as_str().to_owned(),
        actor: "worker".to_owned(),
        session: None,
        detail: serde_json::to_value(detail).unwrap_or_default(),
        lapses_at: 0,
    };
    agent.cut(spec).await
}
