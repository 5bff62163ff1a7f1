//! How an exchange ended, and what became of a datagram that did not end one. None of this is an error.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::radius::{Attributes, Code, ErrorCause, OpenError};

/// How an exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A Disconnect-ACK or CoA-ACK that passed every check. It says that the DAS took the request, not yet that the
    /// session is off.
    Ack {
        /// Whether Error-Cause 201 stood in it: there was no session, only its remains (RFC 5176 §3.5).
        residual_context_removed: bool,
    },
    /// A Disconnect-NAK or CoA-NAK that passed every check.
    Nak {
        /// Why; many a NAS gives no reason.
        error_cause: Option<ErrorCause>,
    },
    /// Nothing that passed the checks came.
    NoReply {
        /// Which bound ended the wait.
        limit: Limit,
    },
    /// The request could not leave this machine.
    Unreachable(SendError),
    /// Whoever asked no longer wants to know.
    Cancelled,
}

/// The bound of RFC 5080 §2.2.1 that ended an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The transmissions were used up, and the last one's time with them.
    Mrc,
    /// The time for the whole exchange was used up.
    Mrd,
}

/// Why a transmission could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No route to the network.
    #[error("no route to the network")]
    NetworkUnreachable,
    /// No route to the host.
    #[error("no route to the host")]
    HostUnreachable,
    /// An ICMP error came back from an earlier transmission. Anyone on the way can forge one, so it is a hint and ends
    /// nothing.
    #[error("the port is closed")]
    PortUnreachable,
    /// Forbidden by this machine, as a rule by its own firewall.
    #[error("this machine's firewall forbids it")]
    Forbidden,
    /// The local address and the destination do not go together, or the local one is gone.
    #[error("the source address cannot reach it")]
    AddressNotAvailable,
    /// The system has no room for it at the moment, which ends nothing: the next transmission may find some.
    #[error("the system has no room for it at the moment")]
    NoBuffers,
    /// Anything else that the system says.
    #[error("the system refused to send it")]
    Refused,
}

impl SendError {
    /// Whether it ends the exchange.
    pub(super) const fn is_final(self) -> bool {
        !matches!(self, Self::PortUnreachable | Self::NoBuffers)
    }
}

/// The end of one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub outcome: Outcome,
    /// The reply's code; `None` without a reply.
    pub code: Option<Code>,
    /// How often the request was sent, the first time included.
    pub transmissions: u32,
    /// From the first transmission to the reply. Transmissions have equal octets, so which one was answered cannot be
    /// known; with more than one this is an upper bound. `None` without a reply.
    pub round_trip: Option<Duration>,
    /// From the first transmission to the end, whatever it was.
    pub elapsed: Duration,
    /// The reply's attributes; `None` without a reply.
    pub reply: Option<Attributes>,
}

impl Ended {
    /// The end of an exchange that never began.
    #[must_use]
    pub const fn cancelled_unsent() -> Self {
        Self {
            outcome: Outcome::Cancelled,
            code: None,
            transmissions: 0,
            round_trip: None,
            elapsed: Duration::ZERO,
            reply: None,
        }
    }
}

/// A datagram that was silently discarded (RFC 5176 §1.3). It has changed nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discard {
    /// Where it came from, or claimed to.
    pub from: SocketAddr,
    /// Why.
    pub reason: DiscardReason,
}

/// Why a datagram was silently discarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DiscardReason {
    /// No request was sent to that address and port, and no request expects its answer from there.
    #[error("unexpected source")]
    UnexpectedSource,
    /// A right reply whose Event-Timestamp is too far from our clock (RFC 5176 §6.3).
    #[error("stale Event-Timestamp")]
    StaleEventTimestamp,
    /// It is not a reply to a request in flight. [`OpenError::UnknownIdentifier`] is what late and repeated replies give.
    #[error(transparent)]
    Refused(#[from] OpenError),
}

impl fmt::Display for Discard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "datagram from {}: {}", self.from, self.reason)
    }
}
