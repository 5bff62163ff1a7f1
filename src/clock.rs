//! The only source of the present time and of randomness. Everything below takes them as arguments.

use std::time::{Duration, Instant};

/// Tells the time and draws random numbers; a clone tells the same time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock;

impl Clock {
    /// The monotonic clock, for timers: that of the runtime, which a test may stop and move.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn now(self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    /// Seconds since 1970 by the wall clock, for rows and packets. 0 for a clock before 1970.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks")]
    pub fn epoch(self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    /// A random number, not for secrets.
    #[must_use]
    pub fn random(self) -> u64 {
        fastrand::u64(..)
    }
}
