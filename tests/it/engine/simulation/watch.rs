//! What must hold of everything the engine does, whatever happens to it. It sees what a driver sees, and nothing else.
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use radkick::dynauth::{DynAuthClient, Ended, ExchangeId, Outcome, Port, PortChange, Request, Transmit};

use super::pace::Pace;

/// A NAS of which nothing is in flight for so long may be forgotten, and its Identifiers begin anew.
const MEMORY: Duration = Duration::from_secs(30);

/// One opening of a port: opened again it has another number, and what was sent to the old one is lost.
pub(crate) type Socket = u32;

/// An Identifier of one NAS from one socket.
type Slot = (SocketAddr, Socket, u8);

/// One exchange, from its request to its end.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) request: Request,
    pub(crate) socket: Option<Socket>,
    /// What every transmission consists of.
    pub(crate) octets: Vec<u8>,
    pub(crate) transmissions: Vec<Instant>,
    pub(crate) ended: Option<(Instant, Ended)>,
}

impl Record {
    fn slot(&self) -> Option<Slot> {
        Some((self.request.das_addr, self.socket?, *self.octets.get(1)?))
    }

    /// It may be answered from there.
    fn expects(&self, from: SocketAddr) -> bool {
        let das_addr = self.request.das_addr;
        das_addr == from || (das_addr.port() == from.port() && self.request.reply_from.contains(&from.ip()))
    }
}

/// When MRD is over for what has been sent.
fn end_of(record: &Record) -> Option<Instant> {
    let mrd = record.request.policy.mrd;
    record.transmissions.first().filter(|_| !mrd.is_zero()).map(|first| *first + mrd)
}

#[derive(Debug)]
pub(crate) struct Watch {
    pub(crate) exchanges: BTreeMap<ExchangeId, Record>,
    pub(crate) in_flight: BTreeMap<Slot, ExchangeId>,
    /// When each of those that are in flight is over, whatever comes.
    ends: BTreeSet<(Instant, ExchangeId)>,
    /// The NAS that answer from an address, as requests say.
    sources: BTreeMap<SocketAddr, BTreeSet<SocketAddr>>,
    /// From when on an Identifier that was used may be used again, and when it was last in flight.
    free_from: BTreeMap<Slot, (Instant, Instant)>,
    /// From where a NAS was sent to.
    paths: BTreeSet<(SocketAddr, Socket)>,
    /// Who has not been sent, by NAS, in the order of asking.
    waiting: BTreeMap<SocketAddr, VecDeque<ExchangeId>>,
    /// The sockets that are open or on their way.
    pub(crate) sockets: BTreeMap<Port, Socket>,
    opened: Socket,
    /// How late the driver may call for a timer.
    lateness: Duration,
    alive: usize,
}

impl Watch {
    pub(crate) fn new(lateness: Duration) -> Self {
        Self {
            exchanges: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            ends: BTreeSet::new(),
            sources: BTreeMap::new(),
            free_from: BTreeMap::new(),
            paths: BTreeSet::new(),
            waiting: BTreeMap::new(),
            sockets: BTreeMap::from([(Port::FIRST, 0)]),
            opened: 0,
            lateness,
            alive: 0,
        }
    }

    pub(crate) fn requested(&mut self, id: ExchangeId, request: Request) {
        let das_addr = request.das_addr;
        let elsewhere = request.reply_from.iter().map(|ip| SocketAddr::new(*ip, das_addr.port()));
        for source in elsewhere.chain([das_addr]) {
            self.sources.entry(source).or_default().insert(das_addr);
        }
        let record = Record { request, socket: None, octets: Vec::new(), transmissions: Vec::new(), ended: None };
        assert!(self.exchanges.insert(id, record).is_none(), "{id:?} names two exchanges");
        self.waiting.entry(das_addr).or_default().push_back(id);
        self.alive += 1;
    }

    pub(crate) fn changed(&mut self, change: PortChange) {
        match change {
            PortChange::Open(port) => {
                self.opened += 1;
                assert!(self.sockets.insert(port, self.opened).is_none(), "{port:?} is open already");
            }
            PortChange::Close(port) => {
                assert_ne!(port, Port::FIRST, "the first port stays open");
                let socket = self.sockets.remove(&port).expect("it was open");
                let waits = self.in_flight.keys().any(|(_, known, _)| *known == socket);
                assert!(!waits, "{port:?} is closed while an answer is awaited there");
            }
        }
    }

    /// The port that was asked for could not be opened.
    pub(crate) fn failed(&mut self, port: Port) {
        self.sockets.remove(&port);
    }

    pub(crate) fn transmitted(&mut self, transmit: Transmit<'_>, now: Instant) {
        let id = transmit.exchange;
        let socket = *self.sockets.get(&transmit.port).expect("a port that is open");
        let record = self.exchanges.get_mut(&id).expect("an exchange that was asked for");
        assert!(record.ended.is_none(), "{id:?} is sent after its end");
        assert_eq!(transmit.das_addr, record.request.das_addr);
        let first = record.socket.is_none();
        if first {
            record.socket = Some(socket);
            record.octets = transmit.octets.to_vec();
        }
        assert_eq!(record.socket, Some(socket), "{id:?} is sent from another port");
        assert_eq!(record.octets, transmit.octets, "{id:?} is sent with other octets");
        record.transmissions.push(now);
        let policy = record.request.policy;
        let count = u32::try_from(record.transmissions.len()).expect("a few");
        assert!(policy.mrc == 0 || count <= policy.mrc, "{id:?} is sent {count} times, MRC is {}", policy.mrc);
        Pace::of(policy, self.lateness).check(&record.transmissions);
        if first {
            self.begun(id, now);
        }
    }

    /// The Identifier of a first transmission is nobody's, has rested, and no other has rested longer.
    fn begun(&mut self, id: ExchangeId, now: Instant) {
        let record = &self.exchanges[&id];
        let slot = record.slot().expect("it was sent");
        let limit = usize::from(record.request.max_ports.max(1));
        if let Some(other) = self.in_flight.insert(slot, id) {
            panic!("{id:?} and {other:?} share {slot:?}");
        }
        let (das_addr, socket, _) = slot;
        let asked_first = self.waiting.get_mut(&das_addr).and_then(VecDeque::pop_front);
        assert_eq!(asked_first, Some(id), "who asked first goes first");
        self.ends.extend(end_of(record).map(|end| (end, id)));
        if let Some((free, ended)) = self.free_from.remove(&slot) {
            assert!(free <= now, "{slot:?} is used again {:?} too early", free - now);
            // A late driver frees in another order
            let lately = ended + MEMORY > now && self.lateness.is_zero();
            let better = (u8::MIN..=u8::MAX).find(|other| self.has_rested((das_addr, socket, *other), free));
            assert!(!lately || better.is_none(), "{slot:?} is used again, and {better:?} has rested longer");
        }
        self.paths.insert((das_addr, socket));
        let sockets: BTreeSet<Socket> = self.in_flight_at(das_addr).map(|(_, socket, _)| socket).collect();
        assert!(sockets.len() <= limit, "{das_addr} is sent to from {} ports", sockets.len());
    }

    /// It could be used, and has been free since before that time.
    fn has_rested(&self, slot: Slot, before: Instant) -> bool {
        !self.in_flight.contains_key(&slot) && self.free_from.get(&slot).is_none_or(|(free, _)| *free < before)
    }

    /// What is in flight to a NAS.
    fn in_flight_at(&self, das_addr: SocketAddr) -> impl Iterator<Item = Slot> {
        self.in_flight.range((das_addr, 0, 0)..=(das_addr, Socket::MAX, u8::MAX)).map(|(slot, _)| *slot)
    }

    /// The exchanges that may be answered from an address; of those to one port and with one Identifier if one is given.
    pub(crate) fn awaiting(&self, from: SocketAddr, slot: Option<(Socket, u8)>) -> impl Iterator<Item = ExchangeId> {
        let all = self.sources.get(&from).into_iter().flatten().flat_map(move |das_addr| {
            let (first, last) = slot.map_or(((0, 0), (Socket::MAX, u8::MAX)), |slot| (slot, slot));
            self.in_flight.range((*das_addr, first.0, first.1)..=(*das_addr, last.0, last.1)).map(|(_, id)| *id)
        });
        all.filter(move |id| self.exchanges[id].expects(from))
    }

    /// Whether an address belongs to a NAS that was asked.
    pub(crate) fn knows(&self, source: SocketAddr) -> bool {
        self.sources.get(&source).is_some_and(|all| all.contains(&source))
    }

    /// The end of an exchange: once, and as its transmissions say.
    pub(crate) fn ended(&mut self, id: ExchangeId, ended: Ended, now: Instant) {
        let record = self.exchanges.get_mut(&id).expect("an exchange that was asked for");
        assert!(record.ended.is_none(), "{id:?} ended before: {:?}, and now {ended:?}", record.ended);
        // One that is to be made is counted, and an answer may come first
        let made = ended.transmissions as usize - record.transmissions.len();
        let answered = matches!(ended.outcome, Outcome::Ack { .. } | Outcome::Nak { .. });
        assert!(made == 0 || (made == 1 && answered), "{id:?} {ended:?}");
        let elapsed = record.transmissions.first().map_or(Duration::ZERO, |first| now - *first);
        assert_eq!(ended.elapsed, elapsed, "{id:?} {ended:?}");
        let pace = Pace::of(record.request.policy, self.lateness);
        match ended.outcome {
            Outcome::NoReply { limit } => pace.check_end(&record.transmissions, now, limit),
            Outcome::Ack { .. } | Outcome::Nak { .. } => {
                assert!(!record.transmissions.is_empty(), "{id:?} is answered unasked");
                assert_eq!(ended.round_trip, Some(elapsed));
                assert!(ended.code.is_some() && ended.reply.is_some());
            }
            Outcome::Unreachable(_) | Outcome::Cancelled => {}
        }
        let once = ended.transmissions <= 1;
        let settled = match ended.outcome {
            Outcome::Ack { .. } | Outcome::Nak { .. } | Outcome::Unreachable(_) => once,
            Outcome::NoReply { .. } | Outcome::Cancelled => false,
        };
        let end = end_of(record);
        let held = record.request.identifier_hold_always || !settled;
        let (das_addr, slot, hold) = (record.request.das_addr, record.slot(), record.request.identifier_hold);
        record.ended = Some((now, ended));
        self.alive -= 1;
        end.map(|end| self.ends.remove(&(end, id)));
        if slot.is_none() {
            self.waiting.entry(das_addr).or_default().retain(|waiting| *waiting != id);
        }
        if let Some(slot) = slot {
            assert_eq!(self.in_flight.remove(&slot), Some(id));
            self.free_from.insert(slot, (if held { now + hold } else { now }, now));
        }
    }

    /// After every call. `timers` says whether it was the one that does what is due.
    pub(crate) fn settled(&self, client: &DynAuthClient, now: Instant, timers: bool) {
        assert_eq!(client.in_flight(), self.alive);
        if timers {
            assert!(client.poll_timeout().is_none_or(|next| next > now), "a timer that was called for is due still");
            let over = self.ends.first().filter(|(end, _)| *end <= now);
            assert!(over.is_none(), "{over:?} goes on after MRD");
            self.nobody_waits_in_vain(now);
        }
        assert!(self.alive > 0 || !client.is_idle() || client.poll_timeout().is_none());
    }

    /// Nobody waits for a NAS towards which an Identifier is free.
    fn nobody_waits_in_vain(&self, now: Instant) {
        for (das_addr, waiting) in self.waiting.iter().filter(|(_, waiting)| !waiting.is_empty()) {
            for socket in self.sockets.values().filter(|socket| self.paths.contains(&(*das_addr, **socket))) {
                let slots = (*das_addr, *socket, u8::MIN)..=(*das_addr, *socket, u8::MAX);
                let resting = self.free_from.range(slots.clone()).filter(|(_, (free, _))| *free > now).count();
                let taken = self.in_flight.range(slots).count() + resting;
                assert!(taken >= 256, "{} wait for {das_addr}, and {taken} Identifiers are taken", waiting.len());
            }
        }
    }

    /// When nothing is left to happen.
    pub(crate) fn finished(&self, client: &DynAuthClient) {
        let alive: Vec<_> = self.exchanges.iter().filter(|(_, record)| record.ended.is_none()).collect();
        assert!(alive.is_empty(), "never ended: {alive:?}");
        assert!(client.is_idle(), "memory is left: {client:?}");
        assert_eq!((client.in_flight(), client.poll_timeout()), (0, None));
        assert_eq!(self.sockets.keys().collect::<Vec<_>>(), [&Port::FIRST], "ports stay open");
    }
}
