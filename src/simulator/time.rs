//! The simulated router's clock: the one place here that asks what time it is.
//!
//! It follows tokio's clock, so that a test may pause it; the wall clock is asked once, at the start.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

#[derive(Debug, Clone, Copy)]
pub(super) struct RouterClock {
    started: Instant,
    epoch: Duration,
}

impl RouterClock {
    #[expect(clippy::disallowed_methods, reason = "the simulator's one look at the wall clock; it may not use ours")]
    pub(super) fn start() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { started: Instant::now(), epoch: since }
    }

    /// The monotonic time, of tokio.
    #[expect(clippy::disallowed_methods, reason = "the simulator's one look at tokio's clock; it may not use ours")]
    pub(super) fn now() -> Instant {
        Instant::now()
    }

    /// Seconds since 1970, as Event-Timestamp carries them (RFC 2869 §5.3).
    pub(super) fn epoch(self) -> u32 {
        let since = self.epoch + Self::now().duration_since(self.started);
        u32::try_from(since.as_secs()).unwrap_or(u32::MAX)
    }
}
