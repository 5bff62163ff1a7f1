//! The course of an exchange: it waits, begins, is sent again, ends.

use super::super::exchange::Exchange;
use super::super::retransmit::Due;
use super::super::timers::Timer;
use super::super::{Ended, Moment, Outcome, Port};
use super::{DynAuthClient, Event, ExchangeId};

impl DynAuthClient {
    /// The only place where an exchange is removed; only what has been verified gets here.
    pub(super) fn end(&mut self, place: usize, moment: Moment, ended: impl FnOnce(&Exchange) -> Ended) {
        let Some(exchange) = self.exchanges.try_remove(place) else { return };
        let id = ExchangeId { serial: exchange.serial, place };
        let ended = ended(&exchange);
        if let Some(nas) = self.nas.get_mut(exchange.nas) {
            nas.exchanges -= 1;
            nas.last_used = moment.at;
        }
        if let Some(flight) = exchange.flight() {
            self.timers.clear(flight.deadline(), Timer::Exchange(place));
            let held_until = exchange.held_until(ended.outcome, moment.at);
            for source in exchange.request().further_sources() {
                self.nas.no_longer_from(source, exchange.nas);
            }
            if let Some(nas) = self.nas.get_mut(exchange.nas) {
                nas.release(flight.port, flight.sealed.identifier(), held_until);
            }
            if held_until.is_none() {
                self.freed(flight.port, 1, moment.at);
            }
        }
        self.events.push_back(Event::Ended(id, ended));
        self.begin_waiting(exchange.nas, moment);
        self.set_look(exchange.nas);
    }

    /// Begins exchanges that wait for an Identifier of this NAS, as many as there are Identifiers.
    pub(super) fn begin_waiting(&mut self, nas: usize, moment: Moment) {
        let mut moment = moment;
        while let Some(id) = self.next_waiting(nas) {
            let ports = &self.ports;
            let taken = self.nas.get_mut(nas).and_then(|nas| nas.take(id.place, |port| ports.has_room(port)));
            let Some((port, identifier)) = taken else {
                if self.use_one_more_port(nas) {
                    continue;
                }
                return;
            };
            if let Some(nas) = self.nas.get_mut(nas) {
                nas.waiting.pop_front();
            }
            self.ports.taken(port);
            self.begin(id, (port, identifier), moment);
            moment = moment.turned();
        }
    }

    /// The first that waits; those that have ended meanwhile are dropped.
    fn next_waiting(&mut self, nas: usize) -> Option<ExchangeId> {
        let exchanges = &self.exchanges;
        let nas = self.nas.get_mut(nas)?;
        loop {
            let id = *nas.waiting.front()?;
            if exchanges.get(id.place).is_some_and(|exchange| exchange.serial == id.serial) {
                return Some(id);
            }
            nas.waiting.pop_front();
        }
    }

    fn begin(&mut self, id: ExchangeId, (port, identifier): (Port, u8), moment: Moment) {
        let Some(exchange) = self.exchanges.get_mut(id.place) else { return };
        let nas = exchange.nas;
        match exchange.begin(port, identifier, moment) {
            Ok(deadline) => {
                for source in exchange.request().further_sources() {
                    self.nas.expect_from(source, nas);
                }
                self.timers.set(deadline, Timer::Exchange(id.place));
                self.nas.send(nas, id);
            }
            // Its size was checked when it came, so that this is no way out that anybody takes
            Err(_) => self.end(id.place, moment, |exchange| exchange.unanswered(Outcome::Cancelled, moment.at)),
        }
    }

    pub(super) fn advance(&mut self, place: usize, moment: Moment) {
        let Some(exchange) = self.exchanges.get_mut(place) else { return };
        match exchange.advance(moment) {
            Some(Due::Retransmit) => {
                let (id, nas) = (ExchangeId { serial: exchange.serial, place }, exchange.nas);
                if let Some(flight) = exchange.flight() {
                    self.timers.set(flight.deadline(), Timer::Exchange(place));
                }
                self.nas.send(nas, id);
            }
            Some(Due::End(limit)) => {
                self.end(place, moment, |exchange| exchange.unanswered(Outcome::NoReply { limit }, moment.at));
            }
            None => {}
        }
    }
}
