//! What systemd is told (`sd_notify(3)`): nothing where it did not start us.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::clock::Clock;
use crate::metrics::Pulses;

/// While databases are waited for, systemd is asked for so much more time, again and again.
const MORE_TIME_USEC: u32 = 60_000_000;

/// It can work, by the configuration that is in force.
pub(super) fn ready(status: &str) {
    tell(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// It is not ready yet: not stuck either.
pub(super) fn waiting(status: &str) {
    // A line is a message of its own, and what a database says is not ours
    let status = status.replace(char::is_control, " ");
    tell(&[NotifyState::Status(&status), NotifyState::ExtendTimeoutUsec(MORE_TIME_USEC)]);
}

/// It takes a new configuration: until READY comes again.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!("systemd cannot be told of the new configuration: {error}"),
    }
}

/// It ends.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("stopping: finishing what is under way")]);
}

/// Tells systemd's watchdog that all is well, as often as it asks, as long as it is: a loop that makes no progress stops it,
/// and so does a process that does not come to this task.
pub(super) async fn watchdog(clock: Clock, pulses: Pulses) {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let every = (patience / 2).max(Duration::from_millis(1));
    let mut well = true;
    loop {
        let stuck = pulses.stuck(clock.now());
        if stuck.is_empty() {
            tell(&[NotifyState::Watchdog]);
        } else if well {
            let loops = stuck.join(", ");
            tracing::error!(loops, "no progress: systemd is not told any more that all is well, and restarts this");
            tell(&[NotifyState::Status("stuck: waiting for the watchdog")]);
        }
        well = stuck.is_empty();
        tokio::time::sleep(every).await;
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("systemd cannot be told: {error}");
    }
}
