//! What FreeRADIUS' hooks bring, by the socket or by the spool.
//!
//! An event is done with once what it asks for is on disk: a job, or the ledger's page with the judgement of the user. Until
//! then it stays with its hook, which puts it into the spool after 50 ms, or in the spool. So it may come twice, and coming
//! twice changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::config::Mode;
use crate::failpoint;
use crate::hook::{Event, Octets, Receipt, Spooled, Ticket};
use crate::jobs::{Agent, AgentError};
use crate::worker::{Hearing, Worker};

use super::Common;
use super::doors::Doors;
use super::events::{Asked, Done, asked, is_fresh, submit};

/// Events that are looked at together.
pub(super) const TOGETHER: usize = 500;
/// Between two looks into an empty spool, and after a database failed.
pub(super) const PAUSE: Duration = Duration::from_secs(1);
/// Cuts that go on while further events are taken: when there are more, events wait for one to end.
const CUTS: usize = 64;
/// Events of one batch that a database may refuse: where it refuses more it is not they.
const REFUSED: usize = 8;

/// An event, and who waits for word of it.
pub(super) enum Waiting {
    Hook(Ticket),
    Packet(Receipt),
    File(Box<Spooled>),
}

/// Takes events until it is told to stop, and then waits for the cuts that they began.
pub(super) struct Intake {
    pub(super) doors: Doors,
    pub(super) agents: watch::Receiver<Arc<Agent>>,
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
                    event = next(&mut self.doors) => events.push(event),
                    () = tokio::time::sleep_until(Instant::from_std(look_at)) => {
                        self.count_connections();
                        continue;
                    }
                }
            }
            self.gather(&mut events).await;
            self.count_connections();
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
                event = next(&mut self.doors) => events.push(event),
                () = std::future::ready(()) => return,
            }
        }
    }

    /// Has done what the events ask for, as far as it can be now. Where a database refuses some of them and is well itself,
    /// the others are none the worse for it.
    async fn take(&mut self, events: Vec<(Event, Waiting)>) -> Result<(), String> {
        failpoint::reach("event_taken");
        let (mut parts, mut refused, mut any_taken) = (vec![events], Vec::new(), false);
        while let Some(mut part) = parts.pop() {
            match self.handle(&part).await {
                Ok(done) => {
                    any_taken = true;
                    self.answer(part, done).await;
                }
                Err(error) if refused.len() >= REFUSED || !self.is_refusal(&error).await => {
                    return Err(error.to_string());
                }
                Err(error) if part.len() < 2 => refused.push((part, error.to_string())),
                Err(_) => {
                    parts.push(part.split_off(part.len() / 2));
                    parts.push(part);
                }
            }
        }
        match refused.pop() {
            None => Ok(()),
            // Nothing shows that it is they and not the database
            Some((_, why)) if !any_taken => Err(why),
            Some(last) => {
                refused.push(last);
                self.once_more(refused.into_iter().flat_map(|(part, _)| part)).await
            }
        }
    }

    /// Does what the events ask for; what became of each, in their order.
    pub(super) async fn handle(&mut self, events: &[(Event, Waiting)]) -> Result<Vec<Done>, AgentError> {
        let agent = Arc::clone(&self.agents.borrow());
        let (mut hearing, mut cuts) = (Hearing::default(), BTreeMap::new());
        for (at, (event, _)) in events.iter().enumerate() {
            match asked(event, &mut hearing) {
                Asked::Check => {}
                Asked::Nothing => drop(cuts.insert(at, Done::Never)),
                Asked::Disconnect(session) => drop(cuts.insert(at, submit(&agent, event, session).await?)),
            }
        }
        self.common.nudge.notify_one();
        let missing = self.hear(hearing).await?;
        let is_early = |event: &Event| {
            let Some(missing) = &missing else { return true };
            let session = event.acct_unique_id.as_ref().map(Octets::to_text);
            session.is_some_and(|session| missing.contains(&session)) && is_fresh(event.received_at, agent.now())
        };
        let checked = |event: &Event| if is_early(event) { Done::Later } else { Done::Now };
        let of = |(at, (event, _)): (usize, &(Event, Waiting))| cuts.remove(&at).unwrap_or_else(|| checked(event));
        Ok(events.iter().enumerate().map(of).collect())
    }

    /// Says what became of the events.
    pub(super) async fn answer(&mut self, events: Vec<(Event, Waiting)>, done: Vec<Done>) {
        failpoint::reach("event_stored");
        let (mut stored, mut later) = (Vec::new(), 0_usize);
        for ((_, waiting), done) in events.into_iter().zip(done) {
            match done {
                Done::Now => stored.push(waiting),
                Done::Later => later += 1,
                Done::Never => self.refuse(waiting, "it names neither a session nor a user").await,
            }
        }
        self.common.shared.metrics.hooks.events("later", later);
        self.done(stored).await;
    }

    /// Has the worker judge; once what was heard is counted, which sessions have no row. `None` where it is to be heard again.
    /// The cuts go on behind.
    async fn hear(&mut self, hearing: Hearing) -> Result<Option<BTreeSet<String>>, AgentError> {
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
        why.await.map_or(Ok(None), Err)
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

/// The next event of the sockets; never any without one.
async fn next(doors: &mut Doors) -> (Event, Waiting) {
    let listener = async {
        match &mut doors.listener {
            Some(listener) => listener.next().await,
            None => None,
        }
    };
    let accounting = async {
        match &mut doors.accounting {
            Some(accounting) => accounting.next().await,
            None => None,
        }
    };
    tokio::select! {
        Some((event, ticket)) = listener => (event, Waiting::Hook(ticket)),
        Some((event, receipt)) = accounting => (event, Waiting::Packet(receipt)),
        else => std::future::pending().await,
    }
}
