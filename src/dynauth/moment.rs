//! When something happens.

use std::time::Instant;

/// The time and the chance at which something happens; the engine has neither of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The monotonic clock, for timers. Never earlier than in the call before.
    pub at: Instant,
    /// The wall clock in seconds since 1970, for Event-Timestamps. It may jump.
    pub epoch: i64,
    /// A random number, for RAND (RFC 5080 §2.2.1).
    pub random: u64,
}

impl Moment {
    /// The same moment with other randomness: turned, not drawn again, so that the extremes stay what they are.
    pub(super) const fn turned(self) -> Self {
        Self { random: self.random.rotate_left(7), ..self }
    }
}
