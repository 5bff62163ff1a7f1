//! What FreeRADIUS' hooks bring, by the socket or by the spool.
//!
//! An event is done with once what it asks for is on disk: a job, or the ledger's page with the judgement of the user. Until
//! then it stays with its hook, which puts it into the spool after 50 ms, or in the spool. So it may come twice, and coming
//! twice changes nothing.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::Mode;
use crate::hook::{Event, Listener, Octets, Spooled, Ticket};
use crate::jobs::{Agent, AgentError};
use crate::worker::{Hearing, Worker};

use super::Common;
use super::doors::Doors;
use super::events::{Asked, Done, asked, is_fresh, submit};

/// Events that are looked at together.
pub(super) const TOGETHER: usize = 500;
/// Between two looks into an empty spool, and after a database failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Cuts that go on while further events are taken: when there are more, events wait for one to end.
const CUTS: usize = 64;

/// An event, and who waits for word of it.
pub(super) enum Waiting {
    Hook(Ticket),
    File(Box<Spooled>),
}

/// Takes events until it is told to stop, and then waits for the cuts that they began.
pub(super) struct Intake {
    pub(super) doors: Doors,
    agents: watch::Receiver<Arc<Agent>>,
    workers: watch::Receiver<Option<Worker>>,
    pub(super) common: Common,
    cuts: JoinSet<()>,
    told: Option<String>,
}

impl Intake {
    pub(super) fn new(
        doors: Doors,
        agents: watch::Receiver<Arc<Agent>>,
        workers: watch::Receiver<Option<Worker>>,
        common: Common,
    ) -> Self {
        Self { doors, agents, workers, common, cuts: JoinSet::new(), told: None }
    }

    pub(super) async fn run(mut self) {
        let soft = self.common.soft.clone();
        let clock = self.common.clock;
        let mut look_at = clock.now();
        while !soft.is_cancelled() {
            let mut events = Vec::new();
            if clock.now() >= look_at {
                let more = self.spooled(&mut events).await;
                look_at = clock.now() + if more { Duration::ZERO } else { PAUSE };
            }
            if events.is_empty() {
                tokio::select! {
                    biased;
                    () = soft.cancelled() => break,
                    Some((event, ticket)) = next(&mut self.doors.listener) => events.push((event, Waiting::Hook(ticket))),
                    () = tokio::time::sleep_until(Instant::from_std(look_at)) => continue,
                }
            }
            self.gather(&mut events).await;
            let taken = self.take(events).await;
            let failed = taken.is_err();
            self.tell(taken);
            if failed {
                tokio::select! { () = soft.cancelled() => break, () = tokio::time::sleep(PAUSE) => {} }
            }
        }
        while self.cuts.join_next().await.is_some() {}
    }

    /// Those that have come meanwhile, too.
    async fn gather(&mut self, events: &mut Vec<(Event, Waiting)>) {
        let most = events.len() + TOGETHER;
        while events.len() < most {
            tokio::select! {
                biased;
                Some((event, ticket)) = next(&mut self.doors.listener) => events.push((event, Waiting::Hook(ticket))),
                () = std::future::ready(()) => return,
            }
        }
    }

    /// Has done what the events ask for, as far as it can be now.
    async fn take(&mut self, events: Vec<(Event, Waiting)>) -> Result<(), String> {
        let agent = Arc::clone(&self.agents.borrow());
        let (mut hearing, mut checks, mut done, mut later) = (Hearing::default(), Vec::new(), Vec::new(), 0_usize);
        for (event, waiting) in events {
            match asked(&event, &mut hearing) {
                Asked::Check => checks.push((event, waiting)),
                Asked::Nothing => self.refuse(waiting).await,
                Asked::Disconnect(session) => {
                    match submit(&agent, &event, session).await.map_err(|error| error.to_string())? {
                        Done::Now => done.push(waiting),
                        Done::Later => later += 1,
                    }
                }
            }
        }
        self.common.nudge.notify_one();
        self.done(done).await;
        let missing = self.hear(hearing).await?;
        let (counted, early): (Vec<_>, Vec<_>) = checks.into_iter().partition(|(event, _)| {
            let is_missing = |missing: &BTreeSet<String>| {
                let session = event.acct_unique_id.as_ref().map(Octets::to_text);
                session.is_some_and(|session| missing.contains(&session)) && is_fresh(event.received_at, agent.now())
            };
            missing.as_ref().is_some_and(|missing| !is_missing(missing))
        });
        self.common.shared.metrics.hooks.events("later", later + early.len());
        self.done(counted.into_iter().map(|(_, waiting)| waiting).collect()).await;
        Ok(())
    }

    /// Has the worker judge; once what was heard is counted, which sessions have no row. `None` where it is to be heard again.
    /// The cuts go on behind.
    async fn hear(&mut self, hearing: Hearing) -> Result<Option<BTreeSet<String>>, String> {
        // In observe mode the next look tells what would be done
        if hearing.is_empty() || self.agents.borrow().config.quota.mode == Mode::Observe {
            return Ok(Some(BTreeSet::new()));
        }
        while self.cuts.len() >= CUTS {
            self.cuts.join_next().await;
        }
        while self.cuts.try_join_next().is_some() {}
        // None while one gives way to the next: its hooks come by the spool
        let Some(worker) = self.workers.borrow().clone() else { return Ok(None) };
        let (counted, is_counted) = oneshot::channel::<Vec<String>>();
        let (failed, why) = oneshot::channel::<AgentError>();
        let metrics = Arc::clone(&self.common.shared.metrics);
        self.cuts.spawn(async move {
            let heard = worker.hear(&hearing, move |missing| {
                counted.send(missing).ok();
            });
            match Box::pin(heard).await {
                Ok(outcome) => outcome.held.iter().for_each(|why| tracing::warn!("{why}")),
                Err(error) => {
                    if let AgentError::Store(error) = &error {
                        metrics.database_error(error.kind());
                    }
                    if let Err(error) = failed.send(error) {
                        tracing::error!("a cut for what a hook brought was cut short: {error}");
                    }
                }
            }
        });
        if let Ok(missing) = is_counted.await {
            return Ok(Some(missing.into_iter().collect()));
        }
        why.await.map_or(Ok(None), |error| Err(error.to_string()))
    }

    /// Tells what could not be done: once, as long as it is the same.
    pub(super) fn tell(&mut self, result: Result<(), String>) {
        let why = result.err();
        if let Some(why) = why.as_ref().filter(|why| self.told.as_ref() != Some(*why)) {
            tracing::error!("what hooks brought waits: {why}");
        }
        self.told = why;
    }
}

/// The next event of the socket; never any without one.
async fn next(listener: &mut Option<Listener>) -> Option<(Event, Ticket)> {
    match listener {
        Some(listener) => listener.next().await,
        None => std::future::pending().await,
    }
}
