//! A link between the engine and a server, with a clock of its own: it jumps to whatever comes next.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use radkick::clock::Clock;
use radkick::dynauth::{
    Discard, DynAuthClient, Ended, Event, ExchangeId, Moment, Port, PortChange, Request, RequestError,
};

use super::das;

pub(crate) const EPOCH: i64 = 1_700_000_000;

/// What the link does to a datagram: one delay for each copy that arrives.
type Weather = Box<dyn FnMut(&[u8]) -> Vec<Duration>>;

pub(crate) struct Link {
    pub(crate) client: DynAuthClient,
    pub(crate) now: Instant,
    pub(crate) started: Instant,
    /// Gives RAND to everything.
    pub(crate) random: u64,
    pub(crate) weather: Weather,
    /// When each transmission was made, whose it was, and its octets.
    pub(crate) transmissions: Vec<(Duration, ExchangeId, Vec<u8>)>,
    /// The port that each left from.
    pub(crate) from: Vec<Port>,
    pub(crate) ended: Vec<(ExchangeId, Ended)>,
    pub(crate) discarded: Vec<Discard>,
    /// What was asked for.
    pub(crate) ports: Vec<PortChange>,
    /// Whether a port that is asked for can be opened.
    pub(crate) opens_ports: bool,
    on_the_way: BTreeMap<(Instant, u64), Datagram>,
    count: u64,
}

enum Datagram {
    ToDas(Port, SocketAddr, Vec<u8>),
    ToClient(Port, SocketAddr, Vec<u8>),
}

impl Link {
    /// Everything arrives after 10 ms; RAND is 0.1 × (2 × `random` / 2^64 − 1).
    pub(crate) fn new(random: u64) -> Self {
        let now = Clock.now();
        Self {
            client: DynAuthClient::new(1),
            now,
            started: now,
            random,
            weather: Box::new(|_| vec![Duration::from_millis(10)]),
            transmissions: Vec::new(),
            from: Vec::new(),
            ended: Vec::new(),
            discarded: Vec::new(),
            ports: Vec::new(),
            opens_ports: true,
            on_the_way: BTreeMap::new(),
            count: 0,
        }
    }

    /// Nothing arrives.
    pub(crate) fn silent(random: u64) -> Self {
        Self { weather: Box::new(|_| Vec::new()), ..Self::new(random) }
    }

    pub(crate) fn send(&mut self, request: Request) -> Result<ExchangeId, RequestError> {
        let id = self.client.handle_request(request, self.moment());
        self.drain();
        id
    }

    pub(crate) const fn moment(&self) -> Moment {
        Moment { at: self.now, epoch: EPOCH, random: self.random }
    }

    /// A datagram comes in now, to the first port.
    pub(crate) fn receive(&mut self, from: SocketAddr, octets: &[u8]) {
        self.receive_at(Port::FIRST, from, octets);
    }

    pub(crate) fn receive_at(&mut self, port: Port, from: SocketAddr, octets: &[u8]) {
        self.client.handle_datagram(port, from, octets, self.moment());
        self.drain();
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// The driver looks at its timer.
    pub(crate) fn timer(&mut self) {
        self.client.handle_timeout(self.moment());
        self.drain();
    }

    /// Jumps to the next datagram or deadline; `false` when there is none.
    pub(crate) fn step(&mut self) -> bool {
        let arrival = self.on_the_way.keys().next().map(|(time, _)| *time);
        let Some(next) = arrival.into_iter().chain(self.client.poll_timeout()).min() else { return false };
        self.now = self.now.max(next);
        if arrival == Some(next) {
            self.arrive();
        } else {
            self.timer();
        }
        true
    }

    /// Steps until nothing is left to happen.
    pub(crate) fn run(&mut self) {
        for _ in 0..100_000 {
            if !self.step() {
                return;
            }
        }
        panic!("the simulation does not end");
    }

    fn arrive(&mut self) {
        match self.on_the_way.pop_first() {
            Some((_, Datagram::ToDas(port, das_addr, octets))) => {
                if let Some(answer) = das::answer(&octets) {
                    self.carry(&answer, |octets| Datagram::ToClient(port, das_addr, octets));
                }
            }
            Some((_, Datagram::ToClient(port, from, octets))) => self.receive_at(port, from, &octets),
            None => {}
        }
    }

    fn carry(&mut self, octets: &[u8], datagram: impl Fn(Vec<u8>) -> Datagram) {
        for delay in (self.weather)(octets) {
            self.count += 1;
            self.on_the_way.insert((self.now + delay, self.count), datagram(octets.to_vec()));
        }
    }

    fn drain(&mut self) {
        while let Some(change) = self.client.poll_port() {
            self.ports.push(change);
            match change {
                PortChange::Open(port) if self.opens_ports => self.client.handle_port_opened(port, self.moment()),
                PortChange::Open(port) => self.client.handle_port_failed(port),
                PortChange::Close(_) => {}
            }
        }
        while let Some(transmit) = self.client.poll_transmit() {
            let (id, port, das_addr, octets) =
                (transmit.exchange, transmit.port, transmit.das_addr, transmit.octets.to_vec());
            self.from.push(port);
            self.transmissions.push((self.now - self.started, id, octets.clone()));
            self.carry(&octets, |octets| Datagram::ToDas(port, das_addr, octets));
        }
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Ended(id, ended) => self.ended.push((id, ended)),
                Event::Discarded(discard) => self.discarded.push(discard),
            }
        }
    }

    /// The octets of the last transmission.
    pub(crate) fn last_octets(&self) -> &[u8] {
        self.transmissions.last().map(|(_, _, octets)| octets.as_slice()).expect("a transmission")
    }

    /// When transmissions were made, in milliseconds since the start.
    pub(crate) fn times_ms(&self) -> Vec<u128> {
        self.transmissions.iter().map(|(time, _, _)| time.as_millis()).collect()
    }

    /// The end of the only exchange.
    pub(crate) fn only_end(&self) -> &Ended {
        let [(_, ended)] = self.ended.as_slice() else { panic!("not one end: {:?}", self.ended) };
        ended
    }
}
