//! What a driver does for the engine, and what is asked of each thing that the engine says.
use std::net::SocketAddr;
use std::time::Duration;

use radkick::dynauth::{Ended, Event, ExchangeId, Outcome, PortChange, SendError};

use radkick::radius::Attributes;

use super::oracle::{Fate, Reason};
use super::world::{Ending, Happening, World};

impl World {
    /// Does what the engine wants done, until it wants nothing more.
    pub(super) fn drain(&mut self) {
        loop {
            while let Some(change) = self.client.poll_port() {
                self.change(change);
            }
            // First, for the Identifier of what has ended may be another's by now
            self.events();
            let refused = self.transmit();
            if refused.is_empty() {
                return;
            }
            for (id, error) in refused {
                let moment = self.moment();
                self.ending = Ending::Refused(id, error);
                self.client.handle_send_error(id, error, moment);
                self.events();
                self.ended_as_told();
            }
        }
    }

    /// What was to end has ended.
    pub(super) fn ended_as_told(&mut self) {
        let ended = |id| self.watch.exchanges[&id].ended.is_some();
        match std::mem::replace(&mut self.ending, Ending::None) {
            Ending::None => {}
            Ending::Cancelled(id) => assert!(ended(id)),
            Ending::Refused(id, error) => assert!(ended(id) || !is_final(error)),
            Ending::AllCancelled => assert_eq!(self.client.in_flight(), 0),
        }
    }

    fn change(&mut self, change: PortChange) {
        self.watch.changed(change);
        self.saw(if matches!(change, PortChange::Open(_)) { "port opened" } else { "port closed" });
        if let PortChange::Open(port) = change {
            let fails = self.chance.u8(..100) < self.plan.unopened;
            let result = if fails { Happening::Failed(port) } else { Happening::Opened(port) };
            if self.plan.opening_ms == 0 {
                self.happen(result);
            } else {
                let delay = Duration::from_millis(self.chance.u64(..=self.plan.opening_ms));
                self.after(delay, result);
            }
        }
    }

    /// Sends what is to be sent; what the system refuses is told afterwards.
    fn transmit(&mut self) -> Vec<(ExchangeId, SendError)> {
        let (mut sent, mut refused, mut order) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(transmit) = self.client.poll_transmit() {
            self.watch.transmitted(transmit, self.now);
            order.push(transmit.das_addr);
            if self.chance.u8(..100) < self.plan.unsent {
                refused.push((transmit.exchange, *self.chance.choice(REFUSALS).expect("some")));
            } else {
                let nas = self.nas.iter().position(|nas| nas.das_addr == transmit.das_addr).expect("a NAS of ours");
                sent.push((nas, self.watch.sockets[&transmit.port], transmit.octets.to_vec()));
            }
        }
        assert_fair(&order);
        for (nas, socket, octets) in sent {
            self.logs[nas].push((self.now - self.started, "sent".to_owned()));
            self.carry(nas, &octets, |octets| Happening::ToNas(nas, socket, octets));
        }
        refused
    }

    pub(super) fn events(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Ended(id, ended) => self.end(id, ended),
                Event::Discarded(discard) => {
                    let reason = Reason::from(discard.reason);
                    self.saw(&format!("{reason:?}"));
                    match self.expected.take() {
                        Some(Fate::Discarded(reasons)) => assert!(reasons.contains(&reason), "{reason:?}: {reasons:?}"),
                        other => panic!("{discard} is discarded, and ought to be {other:?}"),
                    }
                }
            }
        }
    }

    pub(super) fn saw(&mut self, what: &str) {
        *self.seen.entry(what.to_owned()).or_default() += 1;
    }

    fn end(&mut self, id: ExchangeId, ended: Ended) {
        let record = &self.watch.exchanges[&id];
        let nas = self.nas.iter().position(|nas| nas.das_addr == record.request.das_addr).expect("a NAS of ours");
        if let Outcome::Ack { .. } | Outcome::Nak { .. } = ended.outcome {
            assert_eq!(self.expected.take(), Some(Fate::Ends(id)), "{ended:?}");
            let said = (
                ended.code.expect("a reply").octet(),
                ended.reply.as_ref().and_then(Attributes::error_cause).map(|c| c.0),
            );
            let truth = self.nas[nas].answered.get(&record.octets);
            assert!(truth.is_some_and(|truth| truth.contains(&said)), "{id:?} heard {said:?}, and was told {truth:?}");
        }
        match ended.outcome {
            Outcome::Unreachable(error) => {
                assert!(is_final(error));
                assert_eq!(self.ending, Ending::Refused(id, error));
            }
            Outcome::Cancelled => assert!([Ending::Cancelled(id), Ending::AllCancelled].contains(&self.ending)),
            Outcome::Ack { .. } | Outcome::Nak { .. } | Outcome::NoReply { .. } => {}
        }
        let outcome = format!("{:?}", ended.outcome);
        self.saw(outcome.split([' ', '(']).next().expect("a name"));
        self.logs[nas].push((self.now - self.started, outcome));
        self.watch.ended(id, ended, self.now);
    }
}

fn is_final(error: SendError) -> bool {
    !matches!(error, SendError::PortUnreachable | SendError::NoBuffers)
}

/// What the system may say to a transmission. The first two end nothing.
const REFUSALS: &[SendError] =
    &[SendError::PortUnreachable, SendError::NoBuffers, SendError::HostUnreachable, SendError::Refused];

/// Between two datagrams to one NAS, every other that has one waiting gets one.
fn assert_fair(order: &[SocketAddr]) {
    for (at, das_addr) in order.iter().enumerate() {
        let Some(next) = order[at + 1..].iter().position(|other| other == das_addr) else { continue };
        let (between, behind) = order[at + 1..].split_at(next);
        let overlooked = behind.iter().find(|other| *other != das_addr && !between.contains(other));
        assert!(overlooked.is_none(), "{das_addr} is sent to twice before {overlooked:?} once: {order:?}");
    }
}
