//! What happens in a simulation, all of it from one seed.
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use fastrand::Rng;
use radkick::dynauth::{Request, RetransmitPolicy};
use radkick::radius::{AttributeType, Attributes, Code, SharedSecret};

use super::nas::{Habits, Manner};
use super::secret_of;

/// What the way to one NAS and back does to datagrams; chances in a hundred.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    pub(crate) loses: u8,
    pub(crate) repeats: u8,
    pub(crate) corrupts: u8,
    pub(crate) shortest_ms: u64,
    pub(crate) longest_ms: u64,
}

/// One request, and when whoever asked loses interest.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub(crate) at: Duration,
    pub(crate) request: Request,
    pub(crate) cancelled_after: Option<Duration>,
}

#[derive(Debug, Clone)]
pub(crate) struct NasPlan {
    pub(crate) das_addr: SocketAddr,
    pub(crate) habits: Habits,
    pub(crate) weather: Weather,
    pub(crate) asks: Vec<Ask>,
    pub(crate) restarts: Vec<Duration>,
    pub(crate) seed: u64,
}

/// RAND: the same for all, or another for each.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rand {
    Always(u64),
    Drawn,
}

#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) nas: Vec<NasPlan>,
    pub(crate) rand: Rand,
    /// How late timers are called for at most.
    pub(crate) lateness: Duration,
    /// Whether the driver takes in more than one thing before it sends.
    pub(crate) at_once: bool,
    /// How many openings of a port fail, in a hundred, and how long one takes at most.
    pub(crate) unopened: u8,
    pub(crate) opening_ms: u64,
    /// How many transmissions the system refuses, in a hundred.
    pub(crate) unsent: u8,
    pub(crate) clock_steps: Vec<(Duration, i64)>,
    /// When attackers act: with forged replies, and with replies of others.
    pub(crate) forgeries: Vec<Duration>,
    pub(crate) replays: Vec<Duration>,
    pub(crate) cancel_all: Option<Duration>,
}

const MINUTE_MS: u64 = 60_000;

fn within(chance: &mut Rng, ms: u64) -> Duration {
    Duration::from_micros(chance.u64(..=ms * 1000))
}

pub(crate) fn one_of<T, const N: usize>(chance: &mut Rng, all: [T; N]) -> T {
    chance.choice(all).expect("some")
}

fn one_in(chance: &mut Rng, n: u8) -> bool {
    chance.u8(..n) == 0
}

/// The address of the nth NAS; every third speaks IPv6.
pub(crate) fn das_addr(n: u8) -> SocketAddr {
    let ip: IpAddr = if n % 3 == 2 { [0x2001, 0xdb8, 0, 0, 0, 0, 0, n.into()].into() } else { [192, 0, 2, n].into() };
    (ip, if n.is_multiple_of(2) { 3799 } else { 1700 }).into()
}

/// Where the nth NAS answers from if not from where it was asked; neighbours share theirs.
fn alternate(n: u8) -> SocketAddr {
    let ip: IpAddr = [198, 51, 100, n / 4].into();
    (ip, das_addr(n).port()).into()
}

impl Plan {
    /// One seed in twenty has few NAS with more requests than a port has Identifiers.
    pub(crate) fn new(seed: u64) -> Self {
        let chance = &mut Rng::with_seed(seed);
        let crowded = seed % 20 == 7;
        let count = chance.u8(1..=if crowded { 2 } else { 5 });
        let minutes = |chance: &mut Rng, n: usize| (0..chance.usize(..=n)).map(|_| within(chance, MINUTE_MS)).collect();
        let punctual = chance.bool();
        let mut plan = Self {
            seed,
            nas: (0..count).map(|n| NasPlan::new(n, crowded, chance)).collect(),
            rand: one_of(chance, [Rand::Always(0), Rand::Always(u64::MAX), Rand::Drawn, Rand::Drawn]),
            lateness: Duration::ZERO,
            at_once: one_in(chance, 3),
            unopened: if crowded { one_of(chance, [0, 0, 40, 70]) } else { 0 },
            opening_ms: chance.u64(..50),
            unsent: if one_in(chance, 4) { chance.u8(..30) } else { 0 },
            clock_steps: (0..chance.usize(..3)).map(|_| (within(chance, MINUTE_MS), chance.i64(-900..900))).collect(),
            forgeries: minutes(chance, 6),
            replays: minutes(chance, 30),
            cancel_all: one_in(chance, 10).then(|| within(chance, MINUTE_MS)),
        };
        if !punctual {
            let policies = plan.nas.iter().flat_map(|nas| &nas.asks).map(|ask| ask.request.policy);
            let shortest =
                policies.map(|policy| if policy.mrt.is_zero() { policy.irt } else { policy.irt.min(policy.mrt) });
            plan.lateness = shortest.min().unwrap_or_default() / 8;
        }
        plan
    }

    /// For what goes on at one NAS to depend on nothing that goes on at another.
    pub(crate) fn undisturbed(mut self) -> Self {
        self.rand = if self.seed.is_multiple_of(2) { Rand::Always(0) } else { Rand::Always(u64::MAX) };
        (self.lateness, self.unopened, self.opening_ms, self.unsent) = (Duration::ZERO, 0, 0, 0);
        self.at_once = false;
        (self.forgeries, self.replays, self.cancel_all) = (Vec::new(), Vec::new(), None);
        self
    }
}

impl NasPlan {
    fn new(n: u8, crowded: bool, chance: &mut Rng) -> Self {
        let manner = match chance.u8(..if crowded { 8 } else { 16 }) {
            5..7 => Manner::ByIdentifier,
            7 | 8 => Manner::Silent,
            9 => Manner::OtherSecret,
            10 | 11 => Manner::Elsewhere(alternate(n)),
            12 => Manner::WrongCode,
            13 => Manner::WrongTag,
            _ => Manner::Strict,
        };
        let asks = if crowded { chance.usize(260..500) } else { chance.usize(1..14) };
        let over = if crowded { 10 } else { one_of(chance, [1, 1000, MINUTE_MS]) };
        let habits = Habits {
            manner,
            naks: chance.u8(..100),
            tags: chance.bool(),
            clock: one_in(chance, 3).then(|| one_of(chance, [0, 0, 0, -299, 299, 300, -301, 4000])),
        };
        let likeness = Likeness::new(n, manner, crowded, chance);
        Self {
            das_addr: das_addr(n),
            habits,
            weather: Weather::new(chance),
            asks: (0..asks).map(|at| likeness.ask(at, within(chance, over), chance)).collect(),
            restarts: (0..chance.usize(..3)).map(|_| within(chance, MINUTE_MS)).collect(),
            seed: chance.u64(..),
        }
    }
}

impl Weather {
    fn new(chance: &mut Rng) -> Self {
        let fair = chance.bool();
        let shortest_ms = one_of(chance, [0, 1, 20, 500]);
        Self {
            loses: if fair { 0 } else { chance.u8(..=60) },
            repeats: if fair { 0 } else { chance.u8(..30) },
            corrupts: if fair { 0 } else { chance.u8(..20) },
            shortest_ms,
            longest_ms: shortest_ms + if fair { 5 } else { one_of(chance, [5, 300, 300, 8000]) },
        }
    }
}

/// What all requests to one NAS have in common: how it is configured.
struct Likeness {
    request: Request,
    n: u8,
}

impl Likeness {
    fn new(n: u8, manner: Manner, crowded: bool, chance: &mut Rng) -> Self {
        let secret = SharedSecret::new(secret_of(das_addr(n))).expect("not empty");
        let mut request = Request::new(das_addr(n), Code::DisconnectRequest, Attributes::new(), secret);
        request.policy = policy(crowded, chance);
        request.message_authenticator = chance.bool();
        request.event_timestamp = chance.bool();
        request.require_message_authenticator = one_in(chance, 5);
        if matches!(manner, Manner::Elsewhere(_)) || one_in(chance, 4) {
            request.reply_from = [alternate(n).ip(), [203, 0, 113, 9].into()][..chance.usize(..=2)].into();
        }
        request.event_timestamp_window = Duration::from_secs(one_of(chance, [0, 1, 300]));
        request.identifier_hold = Duration::from_secs(one_of(chance, [0, 1, 30, 100]));
        request.identifier_hold_always = manner == Manner::ByIdentifier && chance.bool();
        request.max_ports = chance.u16(u16::from(crowded)..4);
        Self { request, n }
    }

    fn ask(&self, serial: usize, at: Duration, chance: &mut Rng) -> Ask {
        let mut request = self.request.clone();
        request.code = if chance.bool() { Code::DisconnectRequest } else { Code::CoaRequest };
        if one_in(chance, 4) {
            request.reply_from = [].into();
        }
        // Of its own, so that no two requests are the same octets.
        let name = format!("user {serial} of {}", self.n);
        request.attributes.push(AttributeType::USER_NAME, name).expect("a short name");
        let endless = request.policy.mrc == 0 && request.policy.mrd.is_zero();
        let cancelled = endless || one_in(chance, 8);
        Ask { at, request, cancelled_after: cancelled.then(|| within(chance, 30_000)) }
    }
}

/// RFC 5080's own numbers, or others; each bound may be missing. Where nothing but time ends an exchange it is not sent thousands of times.
fn policy(crowded: bool, chance: &mut Rng) -> RetransmitPolicy {
    if chance.u8(..3) > 0 {
        let mrc = if crowded { chance.u32(1..3) } else { chance.u32(2..6) };
        return RetransmitPolicy { mrc, ..RetransmitPolicy::default() };
    }
    let ms = |ms: &[u64], chance: &mut Rng| Duration::from_millis(*chance.choice(ms).expect("some"));
    let mrc = if crowded { chance.u32(1..3) } else { one_of(chance, [0, 1, 2, 3, 5, 5]) };
    let irt = if mrc == 0 { ms(&[300, 2000], chance) } else { ms(&[0, 1, 20, 300, 2000, 2000, 2000], chance) };
    let mrt = if mrc == 0 { ms(&[0, 1500, 16_000], chance) } else { ms(&[0, 1, 500, 16_000, 16_000], chance) };
    RetransmitPolicy { irt, mrt, mrc, mrd: ms(&[0, 1, 700, 10_000, 30_000, 30_000], chance) }
}
