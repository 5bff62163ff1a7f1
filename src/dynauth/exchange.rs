//! One request with its transmissions, until it ends.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::request::comparable;
use super::retransmit::{Due, Schedule};
use super::{DiscardReason, Ended, Moment, Outcome, Port, Request, RequestError};
use crate::radius::{AttributeType, Code, ErrorCause, OpenError, Opened, Sealed, open_reply};

/// A request that has not ended: it waits for an Identifier, or is in flight.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) serial: u64,
    /// The place of its NAS.
    pub(super) nas: usize,
    request: Request,
    flight: Option<Flight>,
}

/// What has been sent, and from where.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) port: Port,
    pub(super) sealed: Sealed,
    schedule: Schedule,
}

impl Exchange {
    pub(super) const fn new(serial: u64, nas: usize, request: Request) -> Self {
        Self { serial, nas, request, flight: None }
    }

    pub(super) const fn request(&self) -> &Request {
        &self.request
    }

    pub(super) const fn flight(&self) -> Option<&Flight> {
        self.flight.as_ref()
    }

    /// Begins with the first transmission, made now. When to act next.
    pub(super) fn begin(&mut self, port: Port, identifier: u8, moment: Moment) -> Result<Instant, RequestError> {
        let sealed = self.request.seal(identifier, moment.epoch)?;
        let schedule = Schedule::start(self.request.policy, moment.at, moment.random);
        self.flight = Some(Flight { port, sealed, schedule });
        Ok(schedule.deadline())
    }

    /// Takes one step at a deadline that has passed; `None` while it is not in flight.
    pub(super) fn advance(&mut self, moment: Moment) -> Option<Due> {
        self.flight.as_mut().map(|flight| flight.schedule.advance(moment.at, moment.random))
    }

    /// Where its octets go.
    pub(super) const fn das_addr(&self) -> SocketAddr {
        self.request.das_addr
    }

    /// Whether it takes a reply from there.
    pub(super) fn expects_from(&self, source: SocketAddr) -> bool {
        comparable(self.request.das_addr) == source || self.request.further_sources().any(|known| known == source)
    }

    /// Checks a datagram from one of the right sources. It changes nothing: only what passes may end the exchange.
    pub(super) fn verify(&self, datagram: &[u8], epoch: i64) -> Result<Opened, DiscardReason> {
        let Some(flight) = &self.flight else { return Err(OpenError::UnknownIdentifier(0).into()) };
        let opened = open_reply(datagram, &flight.sealed, &self.request.secret, self.request.wanted_in_reply())?;
        if self.is_stale(&opened, epoch) { Err(DiscardReason::StaleEventTimestamp) } else { Ok(opened) }
    }

    fn is_stale(&self, reply: &Opened, epoch: i64) -> bool {
        let window = self.request.event_timestamp_window;
        let Some(sent) = reply.attributes.first_u32(AttributeType::EVENT_TIMESTAMP) else { return false };
        !window.is_zero() && epoch.abs_diff(sent.into()) > window.as_secs()
    }

    /// Until when its Identifier is held after this end; `None` for one that is free at once: a DAS that answered the only
    /// transmission has nothing more to say, and one that was not reached knows nothing of it.
    pub(super) fn held_until(&self, outcome: Outcome, now: Instant) -> Option<Instant> {
        let settled = match outcome {
            Outcome::Ack { .. } | Outcome::Nak { .. } | Outcome::Unreachable(_) => self.transmissions() <= 1,
            Outcome::NoReply { .. } | Outcome::Cancelled => false,
        };
        let hold = self.request.identifier_hold;
        let free = hold.is_zero() || (settled && !self.request.identifier_hold_always);
        (!free).then(|| now + hold)
    }

    fn transmissions(&self) -> u32 {
        self.flight.as_ref().map_or(0, |flight| flight.schedule.transmissions())
    }

    fn elapsed(&self, now: Instant) -> Duration {
        self.flight.as_ref().map_or(Duration::ZERO, |flight| flight.schedule.elapsed(now))
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
        Ended {
            code: Some(reply.code),
            round_trip: Some(self.elapsed(now)),
            reply: Some(reply.attributes),
            ..self.unanswered(outcome, now)
        }
    }

    /// The end without a reply.
    pub(super) fn unanswered(&self, outcome: Outcome, now: Instant) -> Ended {
        Ended {
            outcome,
            code: None,
            transmissions: self.transmissions(),
            round_trip: None,
            elapsed: self.elapsed(now),
            reply: None,
        }
    }
}

impl Flight {
    pub(super) const fn deadline(&self) -> Instant {
        self.schedule.deadline()
    }
}
