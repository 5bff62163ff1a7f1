//! All exchanges of one local socket.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use super::exchange::Exchange;
use super::identifier::{Identifiers, mix};
use super::request::comparable;
use super::retransmit::Due;
use super::{Discard, DiscardReason, Ended, Outcome, Request, RequestError, SendError};
use crate::radius::{OpenError, Opened, Reader};

/// Names an exchange; never used twice by one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(u64);

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Transmit {
    /// Whose it is.
    pub exchange: ExchangeId,
    /// Where to.
    pub das_addr: SocketAddr,
    /// What: for all transmissions of an exchange the same octets.
    pub octets: Vec<u8>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An exchange ended, once.
    Ended(ExchangeId, Ended),
    /// A datagram was discarded; nothing else has changed.
    Discarded(Discard),
}

/// A Dynamic Authorization Client (RFC 5176 §1.3) behind one local socket, without the socket.
#[derive(Debug)]
pub struct DynAuthClient {
    seed: u64,
    next_exchange: u64,
    exchanges: BTreeMap<ExchangeId, Exchange>,
    identifiers: BTreeMap<SocketAddr, Identifiers>,
    awaited: BTreeSet<(SocketAddr, u8, ExchangeId)>,
    deadlines: BTreeSet<(Instant, ExchangeId)>,
    transmits: VecDeque<ExchangeId>,
    events: VecDeque<Event>,
}

impl DynAuthClient {
    /// A client with nothing in flight. `seed` decides where Identifiers start: another number for each.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            next_exchange: 0,
            exchanges: BTreeMap::new(),
            identifiers: BTreeMap::new(),
            awaited: BTreeSet::new(),
            deadlines: BTreeSet::new(),
            transmits: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Starts an exchange: its first transmission is ready at once. `epoch` is the wall clock in seconds since 1970, for
    /// the Event-Timestamp; `random` gives RAND (RFC 5080 §2.2.1).
    ///
    /// Which attributes are wise to send is not asked here; [`super::check_identification`] does.
    ///
    /// # Errors
    /// [`RequestError`], with nothing sent and no Identifier used up.
    pub fn handle_request(
        &mut self,
        request: Request,
        now: Instant,
        epoch: i64,
        random: u64,
    ) -> Result<ExchangeId, RequestError> {
        request.check_size()?;
        let identifier = self.identifiers_of(request.das_addr).take().ok_or(RequestError::NoFreeIdentifier)?;
        let sealed = match request.seal(identifier, epoch) {
            Ok(sealed) => sealed,
            Err(error) => {
                self.identifiers_of(request.das_addr).release(identifier);
                return Err(error);
            }
        };
        let id = ExchangeId(self.next_exchange);
        self.next_exchange += 1;
        self.awaited.extend(request.sources().map(|source| (source, identifier, id)));
        let exchange = Exchange::start(request, sealed, now, random);
        self.deadlines.insert((exchange.deadline(), id));
        self.exchanges.insert(id, exchange);
        self.transmits.push_back(id);
        Ok(id)
    }

    /// Takes a datagram. A reply to a request in flight ends its exchange if it passes every check; anything else is
    /// discarded, whatever it looks like.
    pub fn handle_datagram(&mut self, from: SocketAddr, octets: &[u8], now: Instant) {
        match self.find(comparable(from), octets) {
            Ok((id, reply)) => self.end(id, |exchange| exchange.answered(reply, now)),
            Err(reason) => self.events.push_back(Event::Discarded(Discard { from, reason })),
        }
    }

    /// The exchange that a datagram answers. Several may fit where NAS share an address to answer from.
    fn find(&self, from: SocketAddr, octets: &[u8]) -> Result<(ExchangeId, Opened), DiscardReason> {
        let first = (from, u8::MIN, ExchangeId(0));
        let known = self.awaited.range(first..).next().is_some_and(|(source, ..)| *source == from);
        if !known && !self.identifiers.contains_key(&from) {
            return Err(DiscardReason::UnexpectedSource);
        }
        let [_, identifier] = Reader::new(octets).take_array().map_err(OpenError::from)?;
        let fitting = (from, identifier, ExchangeId(0))..=(from, identifier, ExchangeId(u64::MAX));
        let mut refused = OpenError::UnknownIdentifier(identifier);
        for (_, _, id) in self.awaited.range(fitting) {
            match self.exchanges.get(id).map(|exchange| exchange.verify(octets)) {
                Some(Ok(reply)) => return Ok((*id, reply)),
                Some(Err(error)) => refused = error,
                None => {}
            }
        }
        Err(refused.into())
    }

    /// Takes the news that a transmission of `id` could not be made. An ICMP error of the port is a hint and ends nothing.
    pub fn handle_send_error(&mut self, id: ExchangeId, error: SendError, now: Instant) {
        if error.is_final() {
            self.end(id, |exchange| exchange.unanswered(Outcome::Unreachable(error), now));
        }
    }

    /// Sends again or gives up whatever is due. `random` gives RAND for each of them.
    pub fn handle_timeout(&mut self, now: Instant, random: u64) {
        let mut random = random;
        while let Some((_, id)) = self.deadlines.first().copied().filter(|(deadline, _)| *deadline <= now) {
            self.deadlines.pop_first();
            // Turned, not drawn again: the extremes stay what they are.
            random = random.rotate_left(7);
            let Some(exchange) = self.exchanges.get_mut(&id) else { continue };
            match exchange.advance(now, random) {
                Due::Retransmit => {
                    self.deadlines.insert((exchange.deadline(), id));
                    self.transmits.push_back(id);
                }
                Due::End(limit) => self.end(id, |exchange| exchange.unanswered(Outcome::NoReply { limit }, now)),
            }
        }
    }

    /// Ends an exchange that nobody waits for any more, and frees its Identifier. One that has ended is left alone.
    pub fn cancel(&mut self, id: ExchangeId, now: Instant) {
        self.end(id, |exchange| exchange.unanswered(Outcome::Cancelled, now));
    }

    /// Ends all exchanges.
    pub fn cancel_all(&mut self, now: Instant) {
        while let Some((&id, _)) = self.exchanges.first_key_value() {
            self.cancel(id, now);
        }
    }

    /// The only place where an exchange is removed; only what has been verified gets here.
    fn end(&mut self, id: ExchangeId, ended: impl FnOnce(&Exchange) -> Ended) {
        let Some(exchange) = self.exchanges.remove(&id) else { return };
        let identifier = exchange.sealed().identifier();
        for source in exchange.request().sources() {
            self.awaited.remove(&(source, identifier, id));
        }
        self.deadlines.remove(&(exchange.deadline(), id));
        self.identifiers_of(exchange.request().das_addr).release(identifier);
        self.events.push_back(Event::Ended(id, ended(&exchange)));
    }

    fn identifiers_of(&mut self, das_addr: SocketAddr) -> &mut Identifiers {
        let seed = &mut self.seed;
        self.identifiers.entry(comparable(das_addr)).or_insert_with(|| Identifiers::shuffled(mix(seed)))
    }

    /// The next datagram to send; to be asked until there is none.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        while let Some(id) = self.transmits.pop_front() {
            if let Some(exchange) = self.exchanges.get(&id) {
                let octets = exchange.sealed().octets().to_vec();
                return Some(Transmit { exchange: id, das_addr: exchange.request().das_addr, octets });
            }
        }
        None
    }

    /// The next thing that happened; to be asked until there is none.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`DynAuthClient::handle_timeout`] is next to be called; `None` while nothing is in flight.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// How many exchanges are in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.exchanges.len()
    }
}
