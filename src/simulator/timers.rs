//! Interim-Updates at their interval, and the end that Session-Timeout sets.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::shared::{SESSION_TIMEOUT, Shared};
use super::state::State;
use super::time::RouterClock;

/// An interval of nothing would never let go of the processor.
const A_MOMENT: Duration = Duration::from_millis(1);

/// Does what is due until the router is dropped.
pub(super) async fn run(shared: Arc<Shared>) {
    let interval = shared.accounting().and_then(|accounting| accounting.interim_interval);
    let interval = interval.unwrap_or_default().max(A_MOMENT);
    loop {
        let next = next(&shared.state(), RouterClock::now());
        let due = async {
            match next {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = due => {}
            () = shared.timers_changed.notified() => continue,
        }
        let now = RouterClock::now();
        let expired = expired(&shared.state(), now);
        for number in expired {
            if let Some(record) = shared.end(number, SESSION_TIMEOUT) {
                shared.account(record);
            }
        }
        for number in take_due(&shared, now, interval) {
            shared.interim(number);
        }
    }
}

fn next(state: &State, now: Instant) -> Option<Instant> {
    let interims = state.sessions.iter().filter_map(|session| session.interim_due);
    let ends = state.sessions.iter().filter_map(|session| session.time_left(now)).map(|left| now + left);
    interims.chain(ends).min()
}

fn expired(state: &State, now: Instant) -> Vec<u32> {
    let expired = state.sessions.iter().filter(|session| session.time_left(now) == Some(Duration::ZERO));
    expired.map(|session| session.number).collect()
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
