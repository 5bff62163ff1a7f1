//! Interim-Updates at their interval.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::shared::Shared;
use super::time::RouterClock;

/// Sends each session's Interim-Update when it is due, until the router is dropped.
pub(super) async fn run(shared: Arc<Shared>, interval: Duration) {
    loop {
        let next = shared.state().sessions.iter().filter_map(|session| session.interim_due).min();
        let due = async {
            match next {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = shared.interim_changed.notified() => continue,
        }
        for number in take_due(&shared, RouterClock::now(), interval) {
            shared.interim(number);
        }
    }
}

/// The sessions whose time has come; each is due again an interval later.
fn take_due(shared: &Shared, now: Instant, interval: Duration) -> Vec<u32> {
    let mut state = shared.state();
    let due = state.sessions.iter_mut().filter(|session| session.interim_due.is_some_and(|due| due <= now));
    due.map(|session| {
        session.interim_due = Some(now + interval);
        session.number
    })
    .collect()
}
