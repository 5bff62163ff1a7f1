//! Waiting for a condition, with a bound. The only place of the tests that sleeps or asks for the time.
use std::time::{Duration, Instant};

/// How long a test waits for something that must happen, on a machine that may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

const INTERVAL: Duration = Duration::from_millis(5);

/// What `condition` gives first, or `None` when nothing came within `bound`.
#[expect(clippy::disallowed_methods, reason = "the one bounded poll of the tests")]
pub(crate) fn poll_for<T>(bound: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + bound;
    loop {
        if let Some(found) = condition() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(INTERVAL);
    }
}

/// Waits until `condition` holds.
///
/// # Panics
///
/// When it does not hold within [`PATIENCE`].
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let held = poll_for(PATIENCE, || condition().then_some(()));
    assert!(held.is_some(), "not within {PATIENCE:?}: {what}");
}
