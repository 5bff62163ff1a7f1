//! One request with its transmissions, until it ends.

use std::time::Instant;

use super::retransmit::{Due, Schedule};
use super::{Ended, Outcome, Request};
use crate::radius::{Code, ErrorCause, OpenError, Opened, Sealed, open_reply};

/// A request in flight.
#[derive(Debug)]
pub(super) struct Exchange {
    request: Request,
    sealed: Sealed,
    schedule: Schedule,
}

impl Exchange {
    /// Starts with the first transmission, made `now`.
    pub(super) fn start(request: Request, sealed: Sealed, now: Instant, random: u64) -> Self {
        let schedule = Schedule::start(request.policy, now, random);
        Self { request, sealed, schedule }
    }

    pub(super) const fn request(&self) -> &Request {
        &self.request
    }

    pub(super) const fn sealed(&self) -> &Sealed {
        &self.sealed
    }

    pub(super) const fn deadline(&self) -> Instant {
        self.schedule.deadline()
    }

    pub(super) fn advance(&mut self, now: Instant, random: u64) -> Due {
        self.schedule.advance(now, random)
    }

    /// Checks a datagram from one of the right sources. It changes nothing: only what passes may end the exchange.
    pub(super) fn verify(&self, datagram: &[u8]) -> Result<Opened, OpenError> {
        open_reply(datagram, &self.sealed, &self.request.secret, self.request.wanted_in_reply())
    }

    /// The end by a reply that [`Exchange::verify`] let through.
    pub(super) fn answered(&self, reply: Opened, now: Instant) -> Ended {
        let error_cause = reply.attributes.error_cause();
        let outcome = if matches!(reply.code, Code::DisconnectAck | Code::CoaAck) {
            let residual_context_removed = error_cause == Some(ErrorCause::RESIDUAL_SESSION_CONTEXT_REMOVED);
            Outcome::Ack { residual_context_removed }
        } else {
            Outcome::Nak { error_cause }
        };
        let elapsed = self.schedule.elapsed(now);
        Ended {
            code: Some(reply.code),
            round_trip: Some(elapsed),
            reply: Some(reply.attributes),
            ..self.unanswered(outcome, now)
        }
    }

    /// The end without a reply.
    pub(super) fn unanswered(&self, outcome: Outcome, now: Instant) -> Ended {
        Ended {
            outcome,
            code: None,
            transmissions: self.schedule.transmissions(),
            round_trip: None,
            elapsed: self.schedule.elapsed(now),
            reply: None,
        }
    }
}
