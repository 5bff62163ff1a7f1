//! One attempt on one path, as the journal and JSON show it.

use serde::{Deserialize, Serialize};

use crate::dynauth::{Ended, Outcome};

/// What was tried and how it ended. The keys are the contract's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// `radius` or `rest`.
    pub path: String,
    /// The attributes that named the session, by name.
    pub identity: Vec<String>,
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The reply's Code, or the HTTP status; `None` without one.
    pub code: Option<u16>,
    /// The Error-Cause of a NAK.
    pub error_cause: Option<u32>,
    /// How many datagrams or requests went out.
    pub transmissions: u32,
    /// From the transmission that was answered to its answer, in milliseconds.
    pub rtt_ms: Option<f64>,
    /// What a person should know beyond that.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// Disconnect-ACK.
    Ack,
    /// Disconnect-NAK.
    Nak,
    /// Silence.
    NoReply,
    /// The NAS cannot be reached at all.
    Unreachable,
    /// Given up by us.
    Cancelled,
    /// Nothing was sent: the NAS has been silent of late, or too much waits for it.
    NotSent,
    /// REST: the row was there and the router removed it.
    Removed,
    /// REST: the row was there, and gone when it was to be removed (404).
    AlreadyGone,
    /// REST: no row of the router's list is this session.
    NotListed,
    /// REST: the router answered with an error, or is not the router it should be.
    Refused,
}

impl Attempt {
    /// The attempt that an exchange was.
    #[must_use]
    pub fn of_exchange(identity: Vec<String>, ended: &Ended) -> Self {
        let (outcome, error_cause) = match &ended.outcome {
            Outcome::Ack { .. } => (AttemptOutcome::Ack, None),
            Outcome::Nak { error_cause } => (AttemptOutcome::Nak, error_cause.map(|cause| cause.0)),
            Outcome::NoReply { .. } => (AttemptOutcome::NoReply, None),
            Outcome::Unreachable(_) => (AttemptOutcome::Unreachable, None),
            Outcome::Cancelled => (AttemptOutcome::Cancelled, None),
        };
        Self {
            path: "radius".to_owned(),
            identity,
            outcome,
            code: ended.code.map(|code| u16::from(code.octet())),
            error_cause,
            transmissions: ended.transmissions,
            rtt_ms: ended.round_trip.map(|time| (time.as_secs_f64() * 1e5).round() / 100.0),
            detail: None,
        }
    }

    /// An attempt over REST.
    #[must_use]
    pub fn over_rest(outcome: AttemptOutcome, code: Option<u16>, detail: Option<String>) -> Self {
        Self {
            path: "rest".to_owned(),
            identity: ["user", "address", "mac-address", "radius"].map(str::to_owned).to_vec(),
            outcome,
            code,
            error_cause: None,
            transmissions: 1,
            rtt_ms: None,
            detail,
        }
    }

    /// An attempt that was not made.
    #[must_use]
    pub fn not_sent(path: &str, identity: Vec<String>, why: String) -> Self {
        let not_made = Self::over_rest(AttemptOutcome::NotSent, None, Some(why));
        Self { path: path.to_owned(), identity, transmissions: 0, ..not_made }
    }

    /// Whether it ended the session, as far as the NAS says.
    #[must_use]
    pub const fn took_effect(&self) -> bool {
        matches!(self.outcome, AttemptOutcome::Ack | AttemptOutcome::Removed)
    }
}
