//! All exchanges of one local address.

mod course;
mod upkeep;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use slab::Slab;

use super::exchange::Exchange;
use super::nas_table::NasTable;
use super::port::Ports;
use super::request::comparable;
use super::timers::{Timer, Timers};
use super::{Discard, DiscardReason, Ended, Moment, Outcome, Port, PortChange, Request, RequestError, SendError};
use crate::radius::{OpenError, Opened, Reader};

/// Names an exchange; never used twice by one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId {
    serial: u64,
    place: usize,
}

/// A datagram to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Transmit<'a> {
    /// Whose it is.
    pub exchange: ExchangeId,
    /// Where from: for all transmissions of an exchange the same port.
    pub port: Port,
    /// Where to.
    pub das_addr: SocketAddr,
    /// What: for all transmissions of an exchange the same octets.
    pub octets: &'a [u8],
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An exchange ended, once.
    Ended(ExchangeId, Ended),
    /// A datagram was discarded; nothing else has changed.
    Discarded(Discard),
}

/// A Dynamic Authorization Client (RFC 5176 §1.3) behind one local address, without the sockets.
#[derive(Debug)]
pub struct DynAuthClient {
    seed: u64,
    next_serial: u64,
    exchanges: Slab<Exchange>,
    nas: NasTable,
    ports: Ports,
    timers: Timers,
    events: VecDeque<Event>,
}

impl DynAuthClient {
    /// A client with nothing in flight. `seed` decides where Identifiers start: another number for each.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            next_serial: 0,
            exchanges: Slab::new(),
            nas: NasTable::default(),
            ports: Ports::new(),
            timers: Timers::default(),
            events: VecDeque::new(),
        }
    }

    /// Starts an exchange: its first transmission is ready at once, or as soon as an Identifier is free for its NAS, in the
    /// order of asking. All times count from that transmission.
    ///
    /// Which attributes are wise to send is not asked here; [`super::check_identification`] does.
    ///
    /// # Errors
    /// [`RequestError`], with nothing sent and no Identifier used up.
    pub fn handle_request(&mut self, request: Request, moment: Moment) -> Result<ExchangeId, RequestError> {
        request.check_size()?;
        let nas = self.nas.place_of(&request, moment.at);
        let serial = self.next_serial;
        self.next_serial += 1;
        let id = ExchangeId { serial, place: self.exchanges.insert(Exchange::new(serial, nas, request)) };
        if let Some(nas) = self.nas.get_mut(nas) {
            nas.exchanges += 1;
            nas.waiting.push_back(id);
        }
        self.begin_waiting(nas, moment);
        Ok(id)
    }

    /// Takes the news that a port that was asked for is open.
    pub fn handle_port_opened(&mut self, port: Port, moment: Moment) {
        if !self.ports.opened(port, moment.at) {
            return;
        }
        // Closed again if nobody has a use for it by now
        self.look_at_port(port, moment.at);
        for nas in self.nas.waiting() {
            self.begin_waiting(nas, moment);
        }
    }

    /// Takes the news that a port that was asked for cannot be opened. Whoever waits waits on for an Identifier.
    pub fn handle_port_failed(&mut self, port: Port) {
        self.ports.failed(port);
    }

    /// Takes the news that a port has no room for a datagram now (`full`), or has some again. What begins meanwhile leaves
    /// from another one: datagrams to hosts that do not answer ARP fill a socket for seconds.
    pub fn handle_port_full(&mut self, port: Port, full: bool, moment: Moment) {
        self.ports.set_full(port, full);
        if !full {
            for nas in self.nas.waiting() {
                self.begin_waiting(nas, moment);
            }
        }
    }

    /// Takes a datagram. A reply to a request in flight ends its exchange if it passes every check; anything else is
    /// discarded, whatever it looks like.
    pub fn handle_datagram(&mut self, port: Port, from: SocketAddr, octets: &[u8], moment: Moment) {
        match self.find(port, comparable(from), octets, moment.epoch) {
            Ok((place, reply)) => self.end(place, moment, |exchange| exchange.answered(reply, moment.at)),
            Err(reason) => self.events.push_back(Event::Discarded(Discard { from, reason })),
        }
    }

    /// The exchange that a datagram answers. Several may fit where NAS share an address to answer from.
    fn find(&self, port: Port, from: SocketAddr, octets: &[u8], epoch: i64) -> Result<(usize, Opened), DiscardReason> {
        let mut candidates = self.nas.answering_from(from).peekable();
        if candidates.peek().is_none() {
            return Err(DiscardReason::UnexpectedSource);
        }
        let [_, identifier] = Reader::new(octets).take_array().map_err(OpenError::from)?;
        let mut refused = OpenError::UnknownIdentifier(identifier).into();
        for nas in candidates {
            let Some(place) = self.nas.get(nas).and_then(|nas| nas.exchange(port, identifier)) else { continue };
            let Some(exchange) = self.exchanges.get(place).filter(|exchange| exchange.expects_from(from)) else {
                continue;
            };
            match exchange.verify(octets, epoch) {
                Ok(reply) => return Ok((place, reply)),
                Err(reason) => refused = reason,
            }
        }
        Err(refused)
    }

    /// Takes the news that a transmission of `id` could not be made. An ICMP error of the port is a hint and ends nothing.
    pub fn handle_send_error(&mut self, id: ExchangeId, error: SendError, moment: Moment) {
        if error.is_final() && self.is_alive(id) {
            self.end(id.place, moment, |exchange| exchange.unanswered(Outcome::Unreachable(error), moment.at));
        }
    }

    /// Does whatever is due: sends again or gives up, frees Identifiers that have rested, closes idle ports.
    pub fn handle_timeout(&mut self, moment: Moment) {
        let mut moment = moment;
        while let Some(timer) = self.timers.pop_due(moment.at) {
            moment = moment.turned();
            match timer {
                Timer::Exchange(place) => self.advance(place, moment),
                Timer::Nas(nas) => self.look_after(nas, moment),
                Timer::Port(port) => self.look_at_port(port, moment.at),
            }
        }
    }

    /// Ends an exchange that nobody waits for any more. One that has ended is left alone.
    pub fn cancel(&mut self, id: ExchangeId, moment: Moment) {
        if self.is_alive(id) {
            self.end(id.place, moment, |exchange| exchange.unanswered(Outcome::Cancelled, moment.at));
        }
    }

    /// Ends all exchanges.
    pub fn cancel_all(&mut self, moment: Moment) {
        // Those that wait first, or each would begin as another makes room
        let mut all: Vec<(bool, ExchangeId)> = self
            .exchanges
            .iter()
            .map(|(place, e)| (e.flight().is_some(), ExchangeId { serial: e.serial, place }))
            .collect();
        all.sort_unstable();
        for (_, id) in all {
            self.cancel(id, moment);
        }
    }

    /// Whether it has not ended: octets of one that has are not to be sent any more.
    #[must_use]
    pub fn is_alive(&self, id: ExchangeId) -> bool {
        self.exchanges.get(id.place).is_some_and(|exchange| exchange.serial == id.serial)
    }

    /// The next change of ports to make; to be asked, before [`DynAuthClient::poll_transmit`], until there is none.
    pub fn poll_port(&mut self) -> Option<PortChange> {
        self.ports.poll()
    }

    /// The next datagram to send, for every NAS in turn; to be asked until there is none.
    pub fn poll_transmit(&mut self) -> Option<Transmit<'_>> {
        let id = loop {
            let id = self.nas.next_to_send()?;
            if self.is_alive(id) {
                break id;
            }
        };
        let exchange = self.exchanges.get(id.place)?;
        let flight = exchange.flight()?;
        let (port, octets) = (flight.port, flight.sealed.octets());
        Some(Transmit { exchange: id, port, das_addr: exchange.das_addr(), octets })
    }

    /// The next thing that happened; to be asked until there is none.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`DynAuthClient::handle_timeout`] is next to be called; `None` when nothing is in flight, held or remembered.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// How many exchanges have not ended, those included that wait for an Identifier.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.exchanges.len()
    }

    /// Whether nothing is in flight, held or remembered: all memory is as it was in the beginning.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.exchanges.is_empty() && self.nas.is_empty() && self.ports.is_idle() && self.timers.next().is_none()
    }
}
