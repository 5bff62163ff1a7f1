//! The engine under a driver that does whatever the octets say: requests, datagrams good and bad, time, cancellations,
//! failures. What it does is watched as in the simulation.
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use radkick::clock::Clock;
use radkick::dynauth::{
    DynAuthClient, Event, ExchangeId, Moment, Outcome, Port, PortChange, Request, RetransmitPolicy, SendError,
};
use radkick::radius::{AttributeType, Attributes, Code, SharedSecret};

use super::super::by_hand::{seal, sign};
use super::super::oracle::{Fate, Reason, fate};
use super::super::secret_of;
use super::super::watch::{Socket, Watch};

const EPOCH: i64 = 1_700_000_000;

/// More steps than this add nothing but time.
const MOST_STEPS: usize = 150;
const MOST_REQUESTS: usize = 600;

pub(crate) fn run(octets: &[u8]) {
    let mut driver = Driver::new(octets);
    for _ in 0..MOST_STEPS {
        let Some(what) = driver.next() else { break };
        driver.step(what);
    }
    driver.finish();
}

struct Driver<'a> {
    octets: &'a [u8],
    client: DynAuthClient,
    watch: Watch,
    ids: Vec<ExchangeId>,
    sent: Vec<(Socket, SocketAddr, Vec<u8>)>,
    opening: Vec<Port>,
    now: Instant,
    epoch: i64,
    random: u64,
    expected: Option<Fate>,
}

impl<'a> Driver<'a> {
    fn new(octets: &'a [u8]) -> Self {
        Self {
            octets,
            client: DynAuthClient::new(1),
            watch: Watch::new(Duration::ZERO),
            ids: Vec::new(),
            sent: Vec::new(),
            opening: Vec::new(),
            now: Clock.now(),
            epoch: EPOCH,
            random: 0,
            expected: None,
        }
    }

    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.octets.split_first()?;
        self.octets = rest;
        Some(*first)
    }

    /// The next octet, or 0 behind the last.
    fn octet(&mut self) -> u8 {
        self.next().unwrap_or_default()
    }

    fn moment(&mut self) -> Moment {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Moment { at: self.now, epoch: self.epoch, random: self.random }
    }

    fn step(&mut self, what: u8) {
        match what % 12 {
            0 | 1 => self.request(what / 12),
            2 => {
                let ms = self.octets_as_number();
                self.pass(Duration::from_millis(ms.into()));
            }
            3 => {
                let seconds = self.octet();
                self.pass(Duration::from_secs(seconds.into()));
            }
            4 | 5 => self.reply(what / 12),
            6 => self.noise(),
            7 => self.cancel(),
            8 => self.fail(),
            9 => self.port(what / 12),
            10 => self.epoch += i64::from(self.octets_as_number()) - 0x8000,
            _ => self.random = u64::from(self.octet()).wrapping_mul(u64::MAX / 255),
        }
        self.drain();
        self.watch.settled(&self.client, self.now, false);
    }

    fn octets_as_number(&mut self) -> u16 {
        u16::from_be_bytes([self.octet(), self.octet()])
    }

    /// One request, or many at once.
    fn request(&mut self, how: u8) {
        let (nas, policy, flags) = (self.octet(), self.octet(), self.octet());
        let copies = if how % 4 == 3 { 64 } else { 1 };
        for _ in 0..copies {
            if self.ids.len() >= MOST_REQUESTS {
                return;
            }
            let request = request(nas, policy, flags, self.ids.len());
            let moment = self.moment();
            let id = self.client.handle_request(request.clone(), moment).expect("a request that fits");
            self.watch.requested(id, request);
            self.ids.push(id);
        }
    }

    /// Time passes, and timers are called for as they come.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.client.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            let moment = self.moment();
            self.client.handle_timeout(moment);
            self.drain();
            self.watch.settled(&self.client, self.now, true);
        }
        self.now = until;
    }

    /// The answer to something that was sent, signed right; one octet of it may be changed.
    fn reply(&mut self, how: u8) {
        let (which, code, change) = (self.octets_as_number(), self.octet(), self.octet());
        if self.sent.is_empty() {
            return;
        }
        let (socket, das_addr, request) = self.sent[usize::from(which) % self.sent.len()].clone();
        let code = if code < 128 { request[0] + 1 + code % 2 } else { code };
        let signed_with = request[4..20].try_into().expect("16 octets");
        let attributes: &[u8] =
            if how.is_multiple_of(2) { &[] } else { &[101, 6, 0, 0, 1, 247, 55, 6, 0x65, 0x53, 0xf1, 0] };
        let seal = if how.is_multiple_of(3) { sign } else { seal };
        let mut octets = seal(code, request[1], attributes, signed_with, &secret_of(das_addr));
        if change >= 128 {
            let at = usize::from(change - 128) % octets.len();
            octets[at] ^= 1 + self.octet() % 255;
        }
        let from = if how % 5 == 4 { elsewhere(das_addr) } else { das_addr };
        self.receive(socket, from, &octets);
    }

    /// Any octets, to any port, from any NAS.
    fn noise(&mut self) {
        let (nas, socket, length) = (self.octet(), self.octet(), usize::from(self.octet()));
        let length = length.min(self.octets.len());
        let (noise, rest) = self.octets.split_at(length);
        self.octets = rest;
        let from = if nas >= 128 { elsewhere(das_addr(nas)) } else { das_addr(nas) };
        self.receive(u32::from(socket % 4), from, noise);
    }

    fn receive(&mut self, socket: Socket, from: SocketAddr, octets: &[u8]) {
        let Some(port) = self.watch.sockets.iter().find(|(_, known)| **known == socket).map(|(port, _)| *port) else {
            return;
        };
        self.expected = Some(fate(&self.watch, socket, from, octets, self.epoch));
        let moment = self.moment();
        self.client.handle_datagram(port, from, octets, moment);
        self.events();
        assert_eq!(self.expected, None, "nothing came of a datagram from {from}: {octets:02x?}");
    }

    /// One is cancelled, whether it has ended or not; or all are.
    fn cancel(&mut self) {
        let which = self.octets_as_number();
        let moment = self.moment();
        match self.ids.get(usize::from(which)) {
            Some(id) => self.client.cancel(*id, moment),
            None if which == u16::MAX => self.client.cancel_all(moment),
            None => {}
        }
    }

    fn fail(&mut self) {
        let (which, error) = (self.octets_as_number(), self.octet());
        let errors = [SendError::PortUnreachable, SendError::NoBuffers, SendError::HostUnreachable, SendError::Refused];
        let moment = self.moment();
        if let Some(id) = self.ids.get(usize::from(which)) {
            let before = self.client.in_flight();
            self.client.handle_send_error(*id, errors[usize::from(error) % 4], moment);
            assert!(error % 4 > 1 || self.client.in_flight() == before, "a hint ends nothing");
        }
    }

    /// A port that was asked for is open, or cannot be; or news of one that nobody asked for.
    fn port(&mut self, how: u8) {
        let moment = self.moment();
        match (self.opening.pop(), how % 3) {
            (Some(port), 0) => {
                self.watch.failed(port);
                self.client.handle_port_failed(port);
            }
            (Some(port), _) => self.client.handle_port_opened(port, moment),
            (None, how) => {
                let port = Port::all().nth(usize::from(self.octet() % 5)).expect("many");
                if how == 0 {
                    self.client.handle_port_failed(port);
                } else {
                    self.client.handle_port_opened(port, moment);
                }
            }
        }
    }

    fn drain(&mut self) {
        while let Some(change) = self.client.poll_port() {
            self.watch.changed(change);
            if let PortChange::Open(port) = change {
                self.opening.push(port);
            }
        }
        self.events();
        while let Some(transmit) = self.client.poll_transmit() {
            self.watch.transmitted(transmit, self.now);
            if self.sent.len() < MOST_REQUESTS {
                self.sent.push((self.watch.sockets[&transmit.port], transmit.das_addr, transmit.octets.to_vec()));
            }
        }
        self.events();
    }

    fn events(&mut self) {
        while let Some(event) = self.client.poll_event() {
            match event {
                Event::Ended(id, ended) => {
                    if let Outcome::Ack { .. } | Outcome::Nak { .. } = ended.outcome {
                        assert_eq!(self.expected.take(), Some(Fate::Ends(id)));
                    }
                    self.watch.ended(id, ended, self.now);
                }
                Event::Discarded(discard) => match self.expected.take() {
                    Some(Fate::Discarded(reasons)) => {
                        let reason = Reason::from(discard.reason);
                        assert!(reasons.contains(&reason), "{reason:?}: {reasons:?}");
                    }
                    other => panic!("{discard} is discarded, and ought to be {other:?}"),
                },
            }
        }
    }

    /// Everybody loses interest, and all is to be as it was.
    fn finish(&mut self) {
        let moment = self.moment();
        self.client.cancel_all(moment);
        self.drain();
        while let Some(port) = self.opening.pop() {
            self.watch.failed(port);
            self.client.handle_port_failed(port);
            self.drain();
        }
        for _ in 0..10_000 {
            let Some(at) = self.client.poll_timeout() else { break };
            self.pass(at.saturating_duration_since(self.now));
        }
        self.watch.finished(&self.client);
    }
}

/// Four NAS.
fn das_addr(nas: u8) -> SocketAddr {
    ([192, 0, 2, nas % 4], 3799).into()
}

/// Where two of them answer from as well.
fn elsewhere(das_addr: SocketAddr) -> SocketAddr {
    ([198, 51, 100, 1], das_addr.port()).into()
}

/// Bounds of every kind; nothing is sent more than a few times a second without an end.
fn policy(number: u8) -> RetransmitPolicy {
    let ms = Duration::from_millis;
    let default = RetransmitPolicy::default();
    match number % 8 {
        0 => default,
        1 => RetransmitPolicy { mrc: 1, ..default },
        2 => RetransmitPolicy { mrd: ms(0), ..default },
        3 => RetransmitPolicy { irt: ms(500), mrt: ms(0), mrc: 0, mrd: ms(0) },
        4 => RetransmitPolicy { irt: ms(0), mrt: ms(1), mrc: 5, mrd: ms(0) },
        5 => RetransmitPolicy { irt: ms(1), mrt: ms(16_000), mrc: 0, mrd: ms(3000) },
        6 => RetransmitPolicy { mrt: ms(500), mrc: 3, mrd: ms(1), ..default },
        _ => RetransmitPolicy { mrc: 2, mrd: ms(2000), ..default },
    }
}

fn request(nas: u8, policy_number: u8, flags: u8, serial: usize) -> Request {
    let das_addr = das_addr(nas);
    let secret = SharedSecret::new(secret_of(das_addr)).expect("not empty");
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, serial.to_string()).expect("a short name");
    let code = if flags & 1 == 0 { Code::DisconnectRequest } else { Code::CoaRequest };
    Request {
        policy: policy(policy_number),
        message_authenticator: flags & 2 == 0,
        event_timestamp: flags & 4 == 0,
        require_message_authenticator: flags & 8 != 0,
        reply_from: if flags & 16 == 0 { [].into() } else { [elsewhere(das_addr).ip()].into() },
        event_timestamp_window: Duration::from_secs(if flags & 32 == 0 { 300 } else { 0 }),
        // Of one NAS always the same, as it is configured
        identifier_hold: Duration::from_secs([0, 1, 30, 60][usize::from(nas % 4)]),
        identifier_hold_always: flags & 64 != 0,
        max_ports: u16::from(nas % 4),
        ..Request::new(das_addr, code, attributes, secret)
    }
}
