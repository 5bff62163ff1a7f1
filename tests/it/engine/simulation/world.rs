//! The engine, its driver, the network and the NAS, in virtual time: it jumps to whatever comes next.
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fastrand::Rng;
use radkick::clock::Clock;
use radkick::dynauth::{DynAuthClient, ExchangeId, Moment, Port, SendError};

use super::nas::Nas;
use super::oracle::{Fate, fate};
use super::plan::{Ask, Plan, Rand, Weather};
use super::watch::{Socket, Watch};
use crate::engine::link::EPOCH;

/// More than any plan needs.
const MOST_STEPS: usize = 200_000;

/// How many replies an attacker on the path keeps.
const MOST_OVERHEARD: usize = 40;

/// Something that is to happen.
pub(super) enum Happening {
    /// Requests to a NAS, all at once.
    Asked(Vec<Ask>),
    Cancelled(ExchangeId),
    CancelledAll,
    Opened(Port),
    Failed(Port),
    ToNas(usize, Socket, Vec<u8>),
    ToUs(Socket, SocketAddr, Vec<u8>),
    Restarted(usize),
    ClockSteps(i64),
    Forged,
    Replayed,
}

/// What one NAS saw of us, and what we said of it: when, and what.
pub(crate) type Log = Vec<(Duration, String)>;

pub(crate) struct World {
    pub(crate) client: DynAuthClient,
    pub(crate) watch: Watch,
    pub(crate) logs: Vec<Log>,
    pub(super) plan: Plan,
    pub(super) nas: Vec<Nas>,
    /// What the way to each NAS does.
    ways: Vec<(Weather, Rng)>,
    pub(super) chance: Rng,
    pub(super) started: Instant,
    pub(super) now: Instant,
    clock: i64,
    happenings: BTreeMap<(Instant, u64), Happening>,
    count: u64,
    pub(super) overheard: Vec<(Socket, SocketAddr, Vec<u8>)>,
    pub(super) expected: Option<Fate>,
    /// Whom the call under way may end: one, or all.
    pub(super) ending: Ending,
    /// How often what has happened.
    pub(crate) seen: BTreeMap<String, usize>,
}

/// What a call of the driver's says of exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    None,
    Cancelled(ExchangeId),
    AllCancelled,
    Refused(ExchangeId, SendError),
}

impl World {
    pub(crate) fn new(plan: Plan) -> Self {
        let now = Clock.now();
        let mut world = Self {
            client: DynAuthClient::new(plan.seed),
            watch: Watch::new(plan.lateness),
            logs: vec![Log::new(); plan.nas.len()],
            nas: plan.nas.iter().map(|nas| Nas::new(nas.das_addr, nas.habits, nas.seed)).collect(),
            ways: plan.nas.iter().map(|nas| (nas.weather, Rng::with_seed(!nas.seed))).collect(),
            chance: Rng::with_seed(!plan.seed),
            started: now,
            now,
            clock: 0,
            happenings: BTreeMap::new(),
            count: 0,
            overheard: Vec::new(),
            expected: None,
            ending: Ending::None,
            seen: BTreeMap::new(),
            plan,
        };
        world.schedule();
        world
    }

    fn schedule(&mut self) {
        let plan = self.plan.clone();
        for (n, nas) in plan.nas.into_iter().enumerate() {
            let mut together: BTreeMap<Duration, Vec<Ask>> = BTreeMap::new();
            for ask in nas.asks {
                together.entry(ask.at).or_default().push(ask);
            }
            for (at, asks) in together {
                self.after(at, Happening::Asked(asks));
            }
            nas.restarts.into_iter().for_each(|at| self.after(at, Happening::Restarted(n)));
        }
        plan.clock_steps.into_iter().for_each(|(at, step)| self.after(at, Happening::ClockSteps(step)));
        plan.forgeries.into_iter().for_each(|at| self.after(at, Happening::Forged));
        plan.replays.into_iter().for_each(|at| self.after(at, Happening::Replayed));
        plan.cancel_all.into_iter().for_each(|at| self.after(at, Happening::CancelledAll));
    }

    pub(super) fn after(&mut self, delay: Duration, happening: Happening) {
        self.count += 1;
        self.happenings.insert((self.now + delay, self.count), happening);
    }

    fn epoch(&self) -> i64 {
        let elapsed = i64::try_from((self.now - self.started).as_secs()).expect("a few minutes");
        EPOCH + elapsed + self.clock
    }

    pub(super) fn moment(&mut self) -> Moment {
        let random = match self.plan.rand {
            Rand::Always(random) => random,
            Rand::Drawn => self.chance.u64(..),
        };
        Moment { at: self.now, epoch: self.epoch(), random }
    }

    /// Goes on until nothing is left to happen.
    pub(crate) fn run(&mut self) {
        for _ in 0..MOST_STEPS {
            if !self.step() {
                self.watch.finished(&self.client);
                return;
            }
        }
        panic!("the simulation does not end: {:?}", self.client);
    }

    fn step(&mut self) -> bool {
        let happening = self.happenings.keys().next().map(|(at, _)| *at);
        let timer = self.client.poll_timeout().map(|at| (at + self.delay(at)).max(self.now));
        let Some(next) = happening.into_iter().chain(timer).min() else { return false };
        self.now = next;
        let timers = timer == Some(next);
        if timers {
            let moment = self.moment();
            self.client.handle_timeout(moment);
        } else if let Some((_, happening)) = self.happenings.pop_first() {
            self.happen(happening);
        }
        self.events();
        self.ended_as_told();
        if self.plan.at_once {
            self.more_at_once();
        }
        self.drain();
        self.watch.settled(&self.client, self.now, timers);
        true
    }

    /// A driver may take in several things before it sends: here an answer and then requests that come soon.
    fn more_at_once(&mut self) {
        let epoch = self.epoch();
        let ends = |happening: &Happening| {
            let Happening::ToUs(socket, from, octets) = happening else { return false };
            matches!(fate(&self.watch, *socket, *from, octets, epoch), Fate::Ends(_))
        };
        let mut soon = self.happenings.iter().take(8);
        let Some(answer) = soon.find(|(_, happening)| ends(happening)).map(|(at, _)| *at) else { return };
        let asked = self.happenings.iter().find(|(_, happening)| matches!(happening, Happening::Asked(_)));
        for at in [Some(answer), asked.map(|(at, _)| *at)].into_iter().flatten() {
            if let Some(happening) = self.happenings.remove(&at) {
                self.happen(happening);
            }
        }
    }

    /// How late the driver calls for the timer of a time: whenever it is asked, the same.
    fn delay(&self, at: Instant) -> Duration {
        let nanos = u64::try_from((at - self.started).as_nanos()).expect("a few minutes");
        self.plan.lateness.mul_f64(Rng::with_seed(nanos ^ self.plan.seed).f64())
    }

    pub(super) fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Asked(asks) => asks.into_iter().for_each(|ask| self.ask(ask)),
            Happening::Cancelled(id) => {
                let moment = self.moment();
                self.ending = Ending::Cancelled(id);
                self.client.cancel(id, moment);
            }
            Happening::CancelledAll => {
                let moment = self.moment();
                self.ending = Ending::AllCancelled;
                self.client.cancel_all(moment);
            }
            Happening::Opened(port) => {
                let moment = self.moment();
                self.client.handle_port_opened(port, moment);
            }
            Happening::Failed(port) => {
                self.saw("port failed");
                self.watch.failed(port);
                self.client.handle_port_failed(port);
            }
            Happening::ToNas(nas, from, octets) => self.reach(nas, from, &octets),
            Happening::ToUs(socket, from, octets) => self.receive(socket, from, &octets),
            Happening::Restarted(nas) => self.nas[nas].restart(),
            Happening::ClockSteps(step) => self.clock += step,
            Happening::Forged => self.forge(),
            Happening::Replayed => self.replay(),
        }
    }

    fn ask(&mut self, ask: Ask) {
        let moment = self.moment();
        let id = self.client.handle_request(ask.request.clone(), moment).expect("a request");
        self.watch.requested(id, ask.request);
        if let Some(after) = ask.cancelled_after {
            self.after(after, Happening::Cancelled(id));
        }
    }

    /// A datagram of ours has come to a NAS.
    fn reach(&mut self, nas: usize, from: Socket, octets: &[u8]) {
        let epoch = self.epoch();
        let Some(answer) = self.nas[nas].answer(from, octets, epoch) else { return };
        let source = self.nas[nas].source();
        if self.overheard.len() < MOST_OVERHEARD {
            self.overheard.push((from, source, answer.clone()));
        }
        self.carry(nas, &answer, |octets| Happening::ToUs(from, source, octets));
    }

    /// Takes a datagram along the way of a NAS: any number of times, each after a time of its own.
    pub(super) fn carry(&mut self, nas: usize, octets: &[u8], arrives: impl Fn(Vec<u8>) -> Happening) {
        let (weather, chance) = &mut self.ways[nas];
        let copies =
            if chance.u8(..100) < weather.loses { 0 } else { 1 + usize::from(chance.u8(..100) < weather.repeats) };
        let mut arrivals = Vec::new();
        for _ in 0..copies {
            let mut octets = octets.to_vec();
            if chance.u8(..100) < weather.corrupts {
                let at = chance.usize(..octets.len());
                if chance.bool() { octets.truncate(at) } else { octets[at] ^= 1 << chance.u8(..8) }
            }
            let delay = chance.u64(weather.shortest_ms * 1000..=weather.longest_ms * 1000);
            arrivals.push((Duration::from_micros(delay), octets));
        }
        for (delay, octets) in arrivals {
            self.after(delay, arrives(octets));
        }
    }

    /// A datagram has come to one of our sockets. If that is closed meanwhile, nobody hears it.
    pub(super) fn receive(&mut self, socket: Socket, from: SocketAddr, octets: &[u8]) {
        let Some(port) = self.watch.sockets.iter().find(|(_, known)| **known == socket).map(|(port, _)| *port) else {
            return;
        };
        let moment = self.moment();
        self.expected = Some(fate(&self.watch, socket, from, octets, moment.epoch));
        self.client.handle_datagram(port, from, octets, moment);
        self.events();
        assert_eq!(self.expected, None, "nothing came of a datagram from {from}: {octets:02x?}");
    }
}
