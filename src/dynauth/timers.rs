//! What is due when.

use std::collections::BTreeSet;
use std::time::Instant;

use super::Port;

/// What a time is set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The exchange in this place is to be sent again or given up.
    Exchange(usize),
    /// Identifiers of the NAS in this place have rested, or the NAS has.
    Nas(usize),
    /// A port may have been idle for long enough.
    Port(Port),
}

/// All times that are set, the next one first.
#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    pub(super) fn set(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(super) fn clear(&mut self, at: Instant, timer: Timer) {
        self.0.remove(&(at, timer));
    }

    /// The next time that has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        self.next().filter(|at| *at <= now)?;
        self.0.pop_first().map(|(_, timer)| timer)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }
}
