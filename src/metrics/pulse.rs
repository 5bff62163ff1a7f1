//! Whether a loop still goes round.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The pulse of one loop. A clone is the same.
#[derive(Debug, Clone, Default)]
pub struct Pulse {
    /// By when it has to beat again; `None` before its first beat and once it has ended.
    due: Arc<Mutex<Option<Instant>>>,
}

impl Pulse {
    /// It made progress at `now`, and means to again within `allowance`.
    pub fn beat(&self, now: Instant, allowance: Duration) {
        self.set(now.checked_add(allowance));
    }

    /// It has ended, as it should: nothing more is to come.
    pub fn end(&self) {
        self.set(None);
    }

    /// Whether it should have beaten by `now`, and has not.
    #[must_use]
    pub fn is_stuck(&self, now: Instant) -> bool {
        self.due.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|due| now > due)
    }

    fn set(&self, due: Option<Instant>) {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner) = due;
    }
}

/// The pulses of a daemon's loops.
#[derive(Debug, Clone, Default)]
pub struct Pulses {
    /// The worker.
    pub worker: Pulse,
    /// The job runner.
    pub runner: Pulse,
}

impl Pulses {
    /// The loops that are stuck at `now`.
    #[must_use]
    pub fn stuck(&self, now: Instant) -> Vec<&'static str> {
        let loops = [("worker", &self.worker), ("runner", &self.runner)];
        loops.into_iter().filter(|(_, pulse)| pulse.is_stuck(now)).map(|(name, _)| name).collect()
    }
}
