use std::time::Duration;

use crate::clock::Clock;
use crate::dynauth::{DiscardReason, Ended, Limit, Outcome};
use crate::radius::{ErrorCause, OpenError};

use super::*;

fn ended(outcome: Outcome, transmissions: u32) -> Ended {
    Ended { outcome, transmissions, ..Ended::cancelled_unsent() }
}

fn lines(metrics: &Metrics, start: &str) -> Vec<String> {
    metrics.text().lines().filter(|line| line.starts_with(start)).map(str::to_owned).collect()
}

#[test]
fn exchanges_are_counted_by_nas_and_cause() {
    let metrics = Metrics::default();
    let exchange = metrics.exchanges.begin("R\"1\n");
    let pending = "radkick_dynauth_client_disconnect_pending_requests{";
    assert_eq!(lines(&metrics, pending), [format!("{pending}nas=\"R\\\"1\\n\"}} 1")]);
    exchange.ended(&ended(Outcome::Nak { error_cause: Some(ErrorCause(503)) }, 3));
    drop(exchange);
    metrics.exchanges.begin("R2").ended(&ended(Outcome::NoReply { limit: Limit::Mrd }, 1));
    metrics.changes.begin("R2").ended(&ended(Outcome::Ack { residual_context_removed: false }, 1));
    let text = metrics.text();
    for line in [
        "disconnect_pending_requests{nas=\"R\\\"1\\n\"} 0",
        "disconnect_requests_total{nas=\"R\\\"1\\n\"} 1",
        "disconnect_retransmissions_total{nas=\"R\\\"1\\n\"} 2",
        "disconnect_naks_total{nas=\"R\\\"1\\n\",error_cause=\"503\"} 1",
        "disconnect_timeouts_total{nas=\"R2\"} 1",
        "coa_acks_total{nas=\"R2\"} 1",
    ] {
        assert!(text.contains(&format!("radkick_dynauth_client_{line}\n")), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn discards_are_told_apart() {
    let metrics = Metrics::default();
    metrics.discards.count(&DiscardReason::UnexpectedSource);
    metrics.discards.count(&DiscardReason::Refused(OpenError::BadAuthenticator));
    metrics.discards.count(&DiscardReason::Refused(OpenError::MissingMessageAuthenticator));
    metrics.discards.count(&DiscardReason::Refused(OpenError::UnknownIdentifier(7)));
    for (name, count) in [
        ("invalid_server_addresses", 1),
        ("bad_authenticators", 2),
        ("packets_dropped", 1),
        ("malformed_responses", 0),
        ("unknown_types", 0),
    ] {
        let name = format!("radkick_dynauth_client_{name}_total ");
        assert_eq!(lines(&metrics, &name), [format!("{name}{count}")]);
    }
}

#[test]
fn a_number_that_cannot_be_looked_up_is_left_out() {
    let metrics = Metrics::default();
    metrics.standing.jobs("waiting", 3, -1);
    metrics.standing.up("state", true);
    assert_eq!(lines(&metrics, "radkick_jobs{"), ["radkick_jobs{state=\"waiting\"} 3"]);
    assert_eq!(
        lines(&metrics, "radkick_oldest_job_age_seconds{"),
        ["radkick_oldest_job_age_seconds{state=\"waiting\"} 0"]
    );
    metrics.standing.clear();
    metrics.standing.up("state", false);
    assert!(lines(&metrics, "radkick_jobs{").is_empty());
    assert_eq!(lines(&metrics, "radkick_database_up{"), ["radkick_database_up{database=\"state\"} 0"]);
}

#[test]
fn a_pulse_that_is_late_is_stuck_and_one_that_ended_is_not() {
    let (pulses, now) = (Pulses::default(), Clock.now());
    assert!(pulses.stuck(now).is_empty(), "not begun yet");
    pulses.worker.beat(now, Duration::from_secs(5));
    pulses.runner.beat(now, Duration::from_secs(9));
    assert!(pulses.stuck(now + Duration::from_secs(5)).is_empty());
    assert_eq!(pulses.stuck(now + Duration::from_secs(6)), ["worker"]);
    pulses.worker.end();
    assert!(pulses.stuck(now + Duration::from_secs(6)).is_empty());
}

#[test]
fn steps_are_remembered() {
    let steps = Metrics::default();
    assert_eq!(steps.steps.last(), None);
    let failed = LastStep { at: 7, took: Duration::from_millis(3), failed: Some("away".to_owned()) };
    steps.steps.ended(failed.clone(), None);
    assert_eq!(steps.steps.last(), Some(failed));
    assert_eq!(lines(&steps, "radkick_steps_total{"), ["radkick_steps_total{result=\"failed\"} 1"]);
    steps.steps.ended(LastStep { at: 8, took: Duration::ZERO, failed: None }, Some((2, 1)));
    assert_eq!(lines(&steps, "radkick_users_over "), ["radkick_users_over 2"]);
    assert_eq!(lines(&steps, "radkick_nas_silent "), ["radkick_nas_silent 1"]);
}
