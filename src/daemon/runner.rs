//! The job runner: what is due is run promptly, whenever the worker's next cycle may be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::config::Mode;
use crate::disconnect::Directory;
use crate::jobs::{Agent, AgentError, SessionReport, directory, is_automatic};
use crate::store::{JobRecord, JobState, StoreError};
use crate::worker::CUT_BRAKE;

use super::Common;
use super::waking::{SignOfLife, wake};

/// Jobs that are run side by side: each waits for its router and its proof nearly all of its time, of a dead router half a minute.
const SIDE_BY_SIDE: usize = 256;
/// Between two looks at the queue, unless somebody rings.
const POLL: Duration = Duration::from_secs(1);
/// Jobs that are read at a time.
const PAGE: u32 = 64;
/// A job that has just been run, or that another has, is not looked at again before.
const REST: Duration = Duration::from_secs(2);
/// A job of the worker whose reason does not hold is the worker's to let go, behind its brake on restoring.
const LEFT: Duration = Duration::from_secs(30);
/// For so many seconds a new job belongs to whoever made it and is about to run it.
const MAKERS_OWN_SECS: i64 = 5;
/// The NAS that are known are read again after so long.
const DIRECTORY_FOR: Duration = Duration::from_secs(10);

/// Runs jobs.
pub(super) struct Runner {
    agents: watch::Receiver<Arc<Agent>>,
    common: Common,
    heard: mpsc::UnboundedReceiver<SignOfLife>,
    running: JoinSet<Result<Vec<SessionReport>, AgentError>>,
    /// Jobs to be left alone until then.
    resting: BTreeMap<i64, Instant>,
    /// NAS that did not answer when they were last asked.
    mute: BTreeSet<String>,
    directory: Option<(Instant, Arc<Agent>, Arc<Directory>)>,
    rows_closed: Option<Instant>,
    /// Since when the pace is counted, and how many jobs of the worker were begun since.
    begun: Option<(Instant, u32)>,
    told: Option<String>,
}

impl Runner {
    pub(super) fn new(
        agents: watch::Receiver<Arc<Agent>>,
        common: Common,
        heard: mpsc::UnboundedReceiver<SignOfLife>,
    ) -> Self {
        Self {
            agents,
            common,
            heard,
            running: JoinSet::new(),
            resting: BTreeMap::new(),
            mute: BTreeSet::new(),
            directory: None,
            rows_closed: None,
            begun: None,
            told: None,
        }
    }

    /// Runs until it is told to stop, and then until what is under way is done.
    pub(super) async fn run(mut self) {
        let (soft, nudge) = (self.common.soft.clone(), Arc::clone(&self.common.nudge));
        while !soft.is_cancelled() {
            let agent = Arc::clone(&self.agents.borrow());
            let now = self.common.clock.now();
            self.common.pulses.runner.beat(now, POLL.saturating_add(agent.config.serve.stuck_after));
            let passed = self.pass(&agent).await;
            self.tell(passed.map_err(AgentError::from));
            tokio::select! {
                () = soft.cancelled() => {}
                () = nudge.notified() => {}
                Some(sign) = self.heard.recv() => {
                    let woken = wake(&agent, &sign).await;
                    self.tell(woken.map_err(AgentError::from));
                }
                Some(ran) = self.running.join_next() => self.ran(ran),
                () = tokio::time::sleep(POLL) => {}
            }
        }
        while let Some(ran) = self.running.join_next().await {
            self.ran(ran);
        }
        self.common.pulses.runner.end();
    }

    /// Starts what is due, as far as there is room.
    async fn pass(&mut self, agent: &Arc<Agent>) -> Result<(), StoreError> {
        let now = self.common.clock.now();
        self.resting.retain(|_, until| *until > now);
        self.close_rows(agent).await?;
        self.look_after(agent).await?;
        let (mut after, mut held) = (0, None);
        loop {
            let due = agent.due_jobs(after, PAGE).await?;
            for job in &due {
                after = job.id;
                if self.running.len() >= SIDE_BY_SIDE || self.common.soft.is_cancelled() {
                    return Ok(());
                }
                let automatic = is_automatic(&job.spec.actor);
                let is_watched = job.state == JobState::Watching;
                if is_watched || self.resting.contains_key(&job.id) || is_makers_own(job, agent.now()) {
                    continue;
                }
                if automatic && held.is_none() {
                    held = Some(is_held(agent).await?);
                }
                if automatic && (held == Some(true) || !self.keeps_pace(agent)) {
                    continue;
                }
                if job.spec.actor == "worker" && !agent.reason_holds(job).await? {
                    self.resting.insert(job.id, now + LEFT);
                    continue;
                }
                if automatic && let Some((_, begun)) = &mut self.begun {
                    *begun += 1;
                }
                self.start(agent, job).await?;
            }
            if due.len() < PAGE as usize {
                return Ok(());
            }
        }
    }

    /// Cuts those again who came straight back, whatever the pace; not while the worker's jobs have to wait.
    async fn look_after(&mut self, agent: &Arc<Agent>) -> Result<(), StoreError> {
        let watched = agent.look_after(|_| true).await?;
        let held = watched.back.iter().any(|job| is_automatic(&job.spec.actor)) && is_held(agent).await?;
        for job in &watched.back {
            let has_room = self.running.len() < SIDE_BY_SIDE && !self.common.soft.is_cancelled();
            if has_room && !(held && is_automatic(&job.spec.actor)) && !self.resting.contains_key(&job.id) {
                self.start(agent, job).await?;
            }
        }
        if !watched.over.is_empty() {
            agent.end_watch(&watched.over).await?;
            // Beside the jobs: a router that is silent holds up nobody
            let (agent, directory) = (Arc::clone(agent), self.directory(agent).await?);
            self.running.spawn(async move {
                agent.tell_locals(watched.over, &directory).await?;
                Ok(Vec::new())
            });
        }
        Ok(())
    }

    /// Whether one more of the worker's jobs may be begun: as many in an interval as the worker may cut in a cycle.
    fn keeps_pace(&mut self, agent: &Agent) -> bool {
        let now = self.common.clock.now();
        let (since, begun) = self.begun.unwrap_or((now, 0));
        let over = now.duration_since(since) >= agent.config.quota.interval;
        let (since, begun) = if over { (now, 0) } else { (since, begun) };
        self.begun = Some((since, begun));
        begun < agent.config.brakes.per_cycle
    }

    async fn start(&mut self, agent: &Arc<Agent>, job: &JobRecord) -> Result<(), StoreError> {
        let directory = self.directory(agent).await?;
        self.resting.insert(job.id, self.common.clock.now() + REST);
        let (agent, job) = (Arc::clone(agent), job.clone());
        self.running.spawn(async move { agent.run(&job, &directory).await });
        Ok(())
    }

    async fn directory(&mut self, agent: &Arc<Agent>) -> Result<Arc<Directory>, StoreError> {
        let now = self.common.clock.now();
        if let Some((at, of, known)) = &self.directory
            && Arc::ptr_eq(of, agent)
            && now.duration_since(*at) < DIRECTORY_FOR
        {
            return Ok(Arc::clone(known));
        }
        let known = Arc::new(directory(&agent.config, &agent.accounting).await?);
        self.directory = Some((now, Arc::clone(agent), Arc::clone(&known)));
        Ok(known)
    }

    /// Where the worker only observes, nobody else closes rows of what was cut by hand.
    async fn close_rows(&mut self, agent: &Agent) -> Result<(), StoreError> {
        let now = self.common.clock.now();
        let is_time = self.rows_closed.is_none_or(|at| now.duration_since(at) >= LEFT);
        if agent.config.quota.mode == Mode::Observe && is_time {
            agent.close_due_rows(None).await?;
            self.rows_closed = Some(now);
        }
        Ok(())
    }

    fn ran(&mut self, ran: Result<Result<Vec<SessionReport>, AgentError>, tokio::task::JoinError>) {
        match ran {
            Ok(Ok(reports)) => reports.iter().for_each(|report| self.listen(report)),
            Ok(Err(error)) => self.tell(Err(error)),
            Err(error) => tracing::error!("a job broke off: {error}"),
        }
    }

    /// Notes whether a NAS answered: the first answer after silence is a sign of life.
    fn listen(&mut self, report: &SessionReport) {
        let (Some(nas), Some(last)) = (&report.nas, report.attempts.last()) else { return };
        let outcome = last.get("outcome").and_then(|outcome| outcome.as_str()).unwrap_or_default();
        if matches!(outcome, "no_reply" | "unreachable") {
            self.mute.insert(nas.clone());
        } else if self.mute.remove(nas) {
            self.common.spoke.send(SignOfLife::Answer(nas.clone())).ok();
        }
    }

    /// Tells what could not be done: once, as long as it is the same.
    fn tell(&mut self, result: Result<(), AgentError>) {
        let Err(error) = result else {
            self.told = None;
            return;
        };
        if let AgentError::Store(error) = &error {
            self.common.shared.metrics.database_error(error.kind());
        }
        let why = error.to_string();
        if self.told.as_ref() != Some(&why) {
            tracing::error!("jobs wait: {why}");
        }
        self.told = Some(why);
    }
}

/// Whether the worker's jobs have to wait: it only observes, everything is paused, or a brake has tripped.
async fn is_held(agent: &Agent) -> Result<bool, StoreError> {
    if agent.config.quota.mode == Mode::Observe || agent.pause().is_some() {
        return Ok(true);
    }
    Ok(agent.state.brake(CUT_BRAKE).await?.is_some_and(|brake| brake.confirmed_at.is_none()))
}

/// Whether whoever made the job is about to run it.
fn is_makers_own(job: &JobRecord, now: i64) -> bool {
    let by_runner_of_its_own = ["worker", "command"].contains(&job.spec.actor.as_str());
    let age = now.saturating_sub(job.created_at);
    by_runner_of_its_own && job.state == JobState::Planned && (0..MAKERS_OWN_SECS).contains(&age)
}
