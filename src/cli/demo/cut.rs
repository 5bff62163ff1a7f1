//! What the agent reported about one user's session, for claims to look at.

use std::fmt;

use crate::disconnect::{Attempt, AttemptOutcome};
use crate::jobs::SessionReport;
use crate::simulator::{RestRequest, Router};
use crate::worker::StepOutcome;

use super::cast::User;

/// The report about one user and its attempts.
#[derive(Debug)]
pub(super) struct Cut {
    report: Option<SessionReport>,
    pub(super) attempts: Vec<Attempt>,
}

impl Cut {
    /// What a cycle reported about a user; a user who was on only once has one report at most.
    pub(super) fn of(outcome: &StepOutcome, user: User) -> Self {
        let report = outcome.reports.iter().find(|report| report.user == user.name).cloned();
        let attempts = report.iter().flat_map(|report| &report.attempts);
        let attempts = attempts.filter_map(|attempt| serde_json::from_value(attempt.clone()).ok()).collect();
        Self { report, attempts }
    }

    /// Whether the user was found over the limit, and the login closed.
    pub(super) fn found_over(&self) -> bool {
        self.report.as_ref().is_some_and(|report| {
            report.reason == "quota" && report.blocked && report.used_octets >= report.limit_octets
        })
    }

    /// Whether the session ended this way, known by this evidence.
    pub(super) fn ended(&self, path: &str, evidence: &str) -> bool {
        self.report.as_ref().is_some_and(|report| {
            report.fate == "ended"
                && report.path.as_deref() == Some(path)
                && report.evidence.as_deref() == Some(evidence)
        })
    }

    /// Whether exactly these attempts were made, in this order.
    pub(super) fn tried(&self, expected: &[(&str, AttemptOutcome)]) -> bool {
        let made = self.attempts.iter().map(|attempt| (attempt.path.as_str(), attempt.outcome));
        made.eq(expected.iter().copied())
    }

    /// How long the answer to the first attempt took.
    pub(super) fn round_trip(&self) -> String {
        let first = self.attempts.first().and_then(|attempt| attempt.rtt_ms);
        first.map_or_else(|| "no answer".to_owned(), |ms| format!("{ms:.1} ms"))
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(report) = &self.report else { return f.write_str("the cycle reported nothing about this user") };
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        write!(f, "fate {}, path {}, evidence {}", report.fate, word(&report.path), word(&report.evidence))?;
        write!(f, ", login closed: {}", report.blocked)?;
        for attempt in &self.attempts {
            write!(f, "; {} {:?} {}", attempt.path, attempt.outcome, attempt.detail.as_deref().unwrap_or_default())?;
        }
        Ok(())
    }
}

/// The session that a router removed over REST, by its own log.
pub(super) fn deleted(router: &Router) -> Option<String> {
    let log = router.rest_log();
    let request = log.into_iter().find(|request| ends_a_session(request) && request.status == Some(204));
    request.map(|request| request.path)
}

/// Whether a request to a router's REST service is to end a session.
pub(super) fn ends_a_session(request: &RestRequest) -> bool {
    request.method == "DELETE" && request.path.contains("/active/")
}

/// What a router's REST service was asked, for a claim that is not true.
pub(super) fn rest_log(router: &Router) -> String {
    let log = router.rest_log().into_iter();
    let lines: Vec<String> =
        log.map(|request| format!("{} {} {:?}", request.method, request.path, request.status)).collect();
    format!("[{}]", lines.join(", "))
}
