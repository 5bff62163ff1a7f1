//! What happened, for those who ask later and those who listen.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast::{self, Receiver};

use super::Event;

/// How many events are remembered.
const REMEMBERED: usize = 10_000;

/// How many events a listener may lag behind.
const LISTENED: usize = 1024;

/// An event and its number; the first has 0, and there are no gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Its number.
    pub number: u64,
    /// The event.
    pub event: Event,
}

#[derive(Debug)]
pub(super) struct Log {
    kept: Mutex<Kept>,
    listeners: broadcast::Sender<Event>,
}

#[derive(Debug, Default)]
struct Kept {
    next: u64,
    events: VecDeque<LoggedEvent>,
}

impl Log {
    pub(super) fn new() -> Self {
        Self { kept: Mutex::default(), listeners: broadcast::Sender::new(LISTENED) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Under one lock: what is kept and what is heard have one order, and nothing falls between the two.
    pub(super) fn push(&self, event: Event) {
        let mut kept = self.kept();
        let number = kept.next;
        kept.next += 1;
        if kept.events.len() == REMEMBERED {
            kept.events.pop_front();
        }
        kept.events.push_back(LoggedEvent { number, event: event.clone() });
        // Nobody need listen.
        self.listeners.send(event).ok();
    }

    pub(super) fn listen(&self) -> Receiver<Event> {
        self.listeners.subscribe()
    }

    pub(super) fn next(&self) -> u64 {
        self.kept().next
    }

    pub(super) fn since(&self, number: u64) -> Vec<LoggedEvent> {
        self.kept().events.iter().filter(|logged| logged.number >= number).cloned().collect()
    }

    /// The first event from `number` on that is wanted, whether it has happened or is to come.
    pub(super) async fn find(&self, number: u64, wanted: impl Fn(&Event) -> bool) -> LoggedEvent {
        let (mut from, mut listener) = (number, self.listen());
        loop {
            let events = self.since(from);
            from = events.last().map_or(from, |last| last.number + 1);
            if let Some(found) = events.into_iter().find(|logged| wanted(&logged.event)) {
                return found;
            }
            // Lagging or not, what came is read from what is kept.
            listener.recv().await.ok();
        }
    }
}
