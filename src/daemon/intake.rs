//! What FreeRADIUS' hooks bring, by the socket or by the spool.
//!
//! An event is done with once what it asks for is on disk: a job, or the ledger's page with the judgement of the user. Until
//! then it stays with its hook, which puts it into the spool after 50 ms, or in the spool. So it may come twice, and coming
//! twice changes nothing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::Mode;
use crate::hook::{Batch, Event, Listener, Spooled, Ticket};
use crate::jobs::{Agent, AgentError};
use crate::worker::{Hearing, Worker};

use super::Common;
use super::doors::Doors;
use super::events::{Asked, Done, asked, submit};

/// Events that are looked at together.
const TOGETHER: usize = 500;
/// Between two looks into an empty spool, and after a database failed.
const PAUSE: Duration = Duration::from_secs(1);
/// Cuts that go on while further events are taken: when there are more, events wait for one to end.
const CUTS: usize = 64;

/// An event, and who waits for word of it.
enum Waiting {
    Hook(Ticket),
    File(Box<Spooled>),
}

/// Takes events until it is told to stop, and then waits for the cuts that they began.
pub(super) struct Intake {
    doors: Doors,
    agents: watch::Receiver<Arc<Agent>>,
    workers: watch::Receiver<Option<Worker>>,
    common: Common,
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

    /// Adds the next events of the spool; whether more may follow at once.
    async fn spooled(&mut self, events: &mut Vec<(Event, Waiting)>) -> bool {
        let Some(mut spool) = self.doors.spool.take() else { return false };
        let read = tokio::task::spawn_blocking(move || {
            let batch = spool.batch(TOGETHER);
            (spool, batch)
        });
        let Ok((spool, batch)) = read.await else { return false };
        self.doors.spool = Some(spool);
        match batch {
            Ok(Batch { events: files, set_aside, waiting }) => {
                let hooks = &self.common.shared.metrics.hooks;
                hooks.waiting(waiting + files.len());
                hooks.events("set_aside", set_aside.len());
                for file in &set_aside {
                    tracing::warn!("a file in the spool is no event: {file:?}");
                }
                events.extend(files.into_iter().map(|file| (file.event.clone(), Waiting::File(Box::new(file)))));
                waiting > 0
            }
            Err(error) => {
                self.tell(Err(error.to_string()));
                false
            }
        }
    }

    async fn take(&mut self, events: Vec<(Event, Waiting)>) -> Result<(), String> {
        let agent = Arc::clone(&self.agents.borrow());
        let (mut hearing, mut checks, mut done, mut later) = (Hearing::default(), Vec::new(), Vec::new(), 0);
        for (event, waiting) in events {
            match asked(&event, &mut hearing) {
                Asked::Check => checks.push(waiting),
                Asked::Nothing => done.push(waiting),
                Asked::Disconnect(session) => {
                    match submit(&agent, &event, session).await.map_err(|error| error.to_string())? {
                        Done::Now => done.push(waiting),
                        Done::Later => later += 1,
                    }
                }
            }
        }
        self.common.nudge.notify_one();
        self.common.shared.metrics.hooks.events("later", later);
        self.done(done).await;
        match self.hear(hearing).await {
            Ok(true) => self.done(checks).await,
            Ok(false) => self.common.shared.metrics.hooks.events("later", checks.len()),
            Err(why) => return Err(why),
        }
        Ok(())
    }

    /// Has the worker judge; whether what was heard is counted. The cuts go on behind.
    async fn hear(&mut self, hearing: Hearing) -> Result<bool, String> {
        // In observe mode the next look tells what would be done
        if hearing.is_empty() || self.agents.borrow().config.quota.mode == Mode::Observe {
            return Ok(true);
        }
        while self.cuts.len() >= CUTS {
            self.cuts.join_next().await;
        }
        while self.cuts.try_join_next().is_some() {}
        // None while one gives way to the next: its hooks come by the spool
        let Some(worker) = self.workers.borrow().clone() else { return Ok(false) };
        let (counted, is_counted) = oneshot::channel::<()>();
        let (failed, why) = oneshot::channel::<AgentError>();
        let metrics = Arc::clone(&self.common.shared.metrics);
        self.cuts.spawn(async move {
            let heard = worker.hear(&hearing, move || {
                counted.send(()).ok();
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
        if is_counted.await.is_ok() {
            return Ok(true);
        }
        Err(why.await.map_or_else(|_| "the worker broke off".to_owned(), |error| error.to_string()))
    }

    /// Tells the hooks, and clears the spool, of what is on disk elsewhere.
    async fn done(&mut self, all: Vec<Waiting>) {
        self.common.shared.metrics.hooks.events("taken", all.len());
        let mut files = Vec::new();
        for waiting in all {
            match waiting {
                Waiting::Hook(ticket) => drop(ticket.stored()),
                Waiting::File(file) => files.push(file),
            }
        }
        if files.is_empty() {
            return;
        }
        let Some(spool) = self.doors.spool.take() else { return };
        let cleared = tokio::task::spawn_blocking(move || {
            let cleared = files.iter().try_for_each(|file| spool.done(file));
            (spool, cleared)
        });
        if let Ok((spool, cleared)) = cleared.await {
            self.doors.spool = Some(spool);
            self.tell(cleared.map_err(|error| error.to_string()));
        }
    }

    /// Tells what could not be done: once, as long as it is the same.
    fn tell(&mut self, result: Result<(), String>) {
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
