//! One cycle of the worker.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::config::Mode;
use crate::jobs::{Agent, AgentError, Exemptions, JobDetail};
use crate::metrics::Pulse;
use crate::quota::{Reason, UserName};
use crate::store::{BlockState, Brake};

use super::StepOutcome;
use super::brakes::{self, LIMITS_BRAKE, Pull, RESTORE_BRAKE};
use super::measured::Measured;
use super::meter::{Leave, Meter};
use super::observe;
use super::plan::Judgement;

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
    /// Beats whenever a user is done with.
    pub(super) pulse: Pulse,
    pub(super) meter: Arc<Mutex<Meter>>,
    /// Whom it has cut for what it heard since the last whole step, by subject: brakes count them together.
    pub(super) lately: Arc<Mutex<BTreeSet<String>>>,
    /// How often blocks of those who are offline were looked up in turn.
    pub(super) round: Arc<AtomicUsize>,
    /// Held for a whole step: a person may ask for one between two of its own.
    pub(super) stepping: Arc<Mutex<()>>,
}

impl Worker {
    /// A worker for everybody, or for one user. `confirmed` lets a brake that trips go at once.
    #[must_use]
    pub fn new(agent: Arc<Agent>, only: Option<UserName>, confirmed: bool) -> Self {
        let meter = Meter::new(&agent.config, &agent.accounting, Some(&agent.state));
        let (meter, shutdown) = (Arc::new(Mutex::new(meter)), CancellationToken::new());
        let (pulse, lately, round, stepping) = (Pulse::default(), Arc::default(), Arc::default(), Arc::default());
        Self { agent, confirmed, only, at_once: false, shutdown, pulse, meter, lately, round, stepping }
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

    /// One whose progress somebody watches.
    #[must_use]
    pub fn beating(self, pulse: Pulse) -> Self {
        Self { pulse, ..self }
    }

    /// One cycle: finish what is unfinished, judge everybody, cut who is over, open again who no longer is.
    ///
    /// # Errors
    /// When a database cannot be used. What was begun is finished by the next step.
    pub async fn step(&self) -> Result<StepOutcome, AgentError> {
        let agent = &self.agent;
        if agent.config.quota.mode == Mode::Observe {
            let seen = observe(&agent.config, &agent.accounting, agent.clock, self.only.as_ref());
            return Ok(Box::pin(seen).await?);
        }
        agent.finish_blocks(self.only.as_ref()).await?;
        agent.close_due_rows(self.only.as_ref()).await?;
        let measured = Box::pin(self.measure()).await?;
        measured.tell(agent.now());
        let mut outcome = StepOutcome::of(&measured);
        self.close_stale(&measured).await?;
        let judgement = &measured.judgement;
        if self.restore(judgement, &mut outcome).await? {
            self.let_go(judgement).await?;
        }
        Box::pin(self.cut(&measured, &mut outcome)).await?;
        Ok(outcome)
    }

    /// Who is over: everybody with news and everybody whom we hold, or the one user.
    async fn measure(&self) -> Result<Measured, AgentError> {
        let agent = &self.agent;
        let exemptions = Exemptions::new(&agent.accounting, &agent.config.exempt);
        let mut meter = self.meter.lock().await;
        if let Some(user) = &self.only {
            return Ok(meter.one(user, &exemptions, agent.now()).await?);
        }
        let (brake, ours) = tokio::join!(agent.state.brake(LIMITS_BRAKE), self.ours());
        let may_lose = self.confirmed || brake?.is_some_and(|brake| brake.confirmed_at.is_some());
        let leave = Leave { holder: Some(&agent.holder), may_lose };
        let measured = Box::pin(meter.measure(ours?, &exemptions, leave, agent.now())).await?;
        if measured.swept {
            self.mind_lost_limits(&measured).await?;
        }
        Ok(measured)
    }

    /// Those whom we hold or are after, under every name that the tables know them by.
    async fn ours(&self) -> Result<BTreeSet<UserName>, AgentError> {
        let agent = &self.agent;
        let (blocks, jobs) = tokio::try_join!(agent.state.blocks(None), agent.state.live_jobs(None))?;
        let (blocks, jobs) = (blocks.into_iter().map(|block| block.user), jobs.into_iter().map(|job| job.spec.user));
        Ok(blocks.chain(jobs).collect())
    }

    /// Remembers that the operator's query lost rows, until it gives them again or a person says that it may.
    async fn mind_lost_limits(&self, measured: &Measured) -> Result<(), AgentError> {
        let standing = self.agent.state.brake(LIMITS_BRAKE).await?;
        let brake = match (measured.lost, &standing) {
            (true, None) => {
                let detail = measured.query_problem.clone().unwrap_or_default();
                Some(Brake { tripped_at: self.agent.now(), detail, confirmed_at: None })
            }
            (false, Some(_)) if measured.query_problem.is_none() => None,
            (true, Some(_)) | (false, _) => return Ok(()),
        };
        Ok(self.agent.state.set_brake(LIMITS_BRAKE, brake.as_ref()).await?)
    }

    /// Closes rows that were forgotten, where the operator wants that, at their last update.
    async fn close_stale(&self, measured: &Measured) -> Result<(), AgentError> {
        let agent = &self.agent;
        let Some(after) = agent.config.accounting.close_stale else { return Ok(()) };
        let after = i64::try_from(after.as_secs()).unwrap_or(i64::MAX);
        for stale in measured.stale.iter().filter(|stale| stale.silent >= after) {
            let Some(update) = stale.update else { continue };
            if agent.accounting.close_stale(&stale.acct_unique_id, update, Some(update)).await? {
                tracing::info!(session = &*stale.acct_unique_id, nas = &*stale.nas_ip_address, "stale row closed");
            }
        }
        Ok(())
    }

    /// Lets another process keep the ledger, now that this one has done its last step.
    ///
    /// # Errors
    /// When our database cannot be asked: then the right runs out by itself.
    pub async fn retire(&self) -> Result<(), AgentError> {
        Ok(self.meter.lock().await.give_back().await?)
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
            if judgement.stands(&block.user) {
                continue;
            }
            let known_as = self.known_as(&block.user).await?;
            if judgement.stands(&known_as) || self.is_used_up(judgement, &block.user, &known_as).await? {
                continue;
            }
            if judgement.is_unheard(&block.user, &block.reason) {
                outcome.held.push(format!(
                    "user {} is no longer over as far as is known, but nothing comes from the NAS: not let in for now",
                    block.user
                ));
            } else {
                lapsed.push((block, judgement.subject_of(&known_as).to_owned()));
            }
        }
        // A family is one, as when it is cut
        let subjects = lapsed.iter().map(|(_, subject)| subject).collect::<BTreeSet<_>>().len();
        let tripping = brakes::trips(&agent.config.brakes, subjects, ours.len());
        let detail = format!(
            "{} of {} blocked users would be let in again at once, as if limits had vanished: nobody is until `radkick confirm`",
            lapsed.len(),
            ours.len()
        );
        if let Some(why) = self.brake(RESTORE_BRAKE, (tripping, false), detail).await? {
            outcome.held.push(why);
            return Ok(false);
        }
        for (block, _) in lapsed {
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
            let stands = judgement.stands(user) || judgement.is_unheard(user, &job.spec.reason);
            if self.concerns(user) && !stands {
                self.agent.let_go(job).await?;
            }
        }
        Ok(())
    }
}
