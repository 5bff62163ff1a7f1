//! One cycle of the worker.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::config::Mode;
use crate::jobs::{Agent, AgentError, Exemptions, JobDetail, SessionReport, all_limits, quota_rules};
use crate::quota::{Reason, UserName};
use crate::store::BlockState;

use super::brakes::{self, Pull, RESTORE_BRAKE};
use super::observe;
use super::plan::{Judgement, judge_all};

/// Enforces quotas.
#[derive(Debug, Clone)]
pub struct Worker {
    pub(super) agent: Arc<Agent>,
    /// Whether a person has let a tripped brake go for this run.
    pub(super) confirmed: bool,
    /// The one user it looks at.
    pub(super) only: Option<UserName>,
    /// Whether a person waits for this one step: what is to be tried again later is tried now.
    pub(super) at_once: bool,
    /// Once cancelled nobody is begun with any more.
    pub(super) shutdown: CancellationToken,
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
    pub fn new(agent: Arc<Agent>, only: Option<UserName>, confirmed: bool) -> Self {
        Self { agent, confirmed, only, at_once: false, shutdown: CancellationToken::new() }
    }

    /// For a person who waits for one step: what would be tried again later is tried now.
    #[must_use]
    pub fn at_once(self) -> Self {
        Self { at_once: true, ..self }
    }

    /// Until `shutdown`: what is under way then is finished, nobody else is begun with.
    #[must_use]
    pub fn until(self, shutdown: CancellationToken) -> Self {
        Self { shutdown, ..self }
    }

    /// One cycle: finish what is unfinished, judge everybody, cut who is over, open again who no longer is.
    ///
    /// # Errors
    /// When a database cannot be used. What was begun is finished by the next step.
    pub async fn step(&self) -> Result<StepOutcome, AgentError> {
        let agent = &self.agent;
        if agent.config.quota.mode == Mode::Observe {
            let reports = observe(&agent.config, &agent.accounting, agent.clock, self.only.as_ref()).await?;
            return Ok(StepOutcome { reports, ..StepOutcome::default() });
        }
        agent.finish_blocks(self.only.as_ref()).await?;
        agent.close_due_rows(self.only.as_ref()).await?;
        let limited = all_limits(&agent.accounting, &quota_rules(&agent.config)).await?;
        let exemptions = Exemptions::new(&agent.accounting, &agent.config.exempt);
        let judgement = judge_all(limited, &exemptions, agent.now()).await?;
        judgement.problems.iter().for_each(|problem| tracing::warn!("{problem}"));
        let mut outcome = StepOutcome::default();
        if self.restore(&judgement, &mut outcome).await? {
            self.let_go(&judgement).await?;
        }
        self.cut(&judgement, &mut outcome).await?;
        Ok(outcome)
    }

    pub(super) fn concerns(&self, user: &UserName) -> bool {
        self.only.as_ref().is_none_or(|only| only == user)
    }

    /// The name under which the tables know a user now: a block may have been made under another spelling of it.
    async fn known_as(&self, user: &UserName) -> Result<UserName, AgentError> {
        Ok(self.agent.accounting.known_as(user).await?.unwrap_or_else(|| user.clone()))
    }

    /// Whether the user was cut at what was left, and the panel still says the same is left: it has not been lowered since
    /// the session ended, and nobody has paid.
    async fn is_used_up(
        &self,
        judgement: &Judgement,
        user: &UserName,
        known_as: &UserName,
    ) -> Result<bool, AgentError> {
        let Some(left) = judgement.left.get(known_as) else { return Ok(false) };
        let last = self.agent.state.last_ended_job(user, Reason::Quota.as_str()).await?;
        Ok(last.is_some_and(|job| JobDetail::of(&job).limit_octets == Some(*left)))
    }

    /// Asks a brake. One user by name is one person's decision: then no brake is asked, and none is changed.
    pub(super) async fn brake(
        &self,
        name: &str,
        (tripping, at_work): (bool, bool),
        detail: String,
    ) -> Result<Option<String>, AgentError> {
        if self.only.is_some() {
            return Ok(None);
        }
        let pull = Pull { tripping, confirmed: self.confirmed, at_work };
        Ok(brakes::ask(&self.agent.state, name, pull, self.agent.now(), detail).await?)
    }

    /// Opens the logins that we closed for a reason that no longer holds. `false` when a brake held it.
    async fn restore(&self, judgement: &Judgement, outcome: &mut StepOutcome) -> Result<bool, AgentError> {
        let agent = &self.agent;
        let blocks = agent.state.blocks(None).await?;
        let ours: Vec<_> = blocks.into_iter().filter(|block| Reason::is_word(&block.reason)).collect();
        let mut lapsed = Vec::new();
        for block in ours.iter().filter(|block| self.concerns(&block.user) && block.state == BlockState::Held) {
            let known_as = self.known_as(&block.user).await?;
            let stands = judgement.stands(&block.user) || judgement.stands(&known_as);
            if !stands && !self.is_used_up(judgement, &block.user, &known_as).await? {
                lapsed.push(block);
            }
        }
        let tripping = brakes::trips(&agent.config.brakes, lapsed.len(), ours.len());
        let detail = format!(
            "{} of {} blocked users would be let in again at once, as if limits had vanished: nobody is until `radkick confirm`",
            lapsed.len(),
            ours.len()
        );
        if let Some(why) = self.brake(RESTORE_BRAKE, (tripping, false), detail).await? {
            outcome.held.push(why);
            return Ok(false);
        }
        for block in lapsed {
            agent.restore(&block.user, Some(&block.reason)).await?;
            tracing::info!(user = %block.user, reason = block.reason, "no longer over: login as before");
            outcome.restored.push(block.user.clone());
        }
        Ok(true)
    }

    /// Lets the jobs of users lapse who are over no more. Nobody is cut here: who went over just now is for the brakes.
    async fn let_go(&self, judgement: &Judgement) -> Result<(), AgentError> {
        for job in self.agent.state.live_jobs(None).await?.iter().filter(|job| job.spec.actor == "worker") {
            let user = &job.spec.user;
            if self.concerns(user) && !judgement.stands(user) {
                self.agent.let_go(job).await?;
            }
        }
        Ok(())
    }
}
