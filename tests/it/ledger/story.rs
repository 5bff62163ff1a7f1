//! Sessions at routers, as accounting tells of them: packets lost, doubled, late, out of order, clocks that are wrong,
//! rows that are deleted, closed, opened again; and looks at the rows now and then.

use proptest::prelude::*;
use proptest::sample::select;
use radkick::quota::{Sighting, UserName};

use super::model::Look;
use super::rows::empty_row;

/// What happens next.
#[derive(Debug, Clone)]
pub(super) enum Event {
    Pass(i64),
    Use {
        who: usize,
        input: u64,
        output: u64,
    },
    Send {
        who: usize,
        kind: Kind,
        fate: Fate,
    },
    /// What was late arrives, the last first.
    Arrive,
    /// The router of this session restarts.
    Reboot {
        who: usize,
    },
    Delete {
        who: usize,
    },
    /// By us.
    Close {
        who: usize,
    },
    Reopen {
        who: usize,
    },
    Null {
        who: usize,
    },
    /// Our clock is set.
    Step(i64),
    Look,
    /// We start again, and do not know when we looked.
    Forget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Start,
    Interim,
    Stop,
    Glitch,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Fate {
    Arrives,
    Twice,
    Late,
    Lost,
}

/// How a router is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Router {
    /// What its clock shows beside the time.
    pub(super) clock: i64,
    /// Whether it counts to 32 bits.
    pub(super) narrow: bool,
}

/// What we see of a session, one after the other.
pub(super) enum Seen {
    Row(Look),
    Gone(i64),
}

/// Whose sessions there are, each at its own router.
pub(super) const USERS: [&str; 3] = ["alice", "alice", "bob"];

/// A packet of accounting.
#[derive(Debug, Clone, Copy)]
struct Packet {
    who: usize,
    kind: Kind,
    start: i64,
    time: i64,
    input: u64,
    output: u64,
}

/// The session, as its router has it.
#[derive(Debug, Clone, Copy)]
struct Session {
    start: i64,
    input: u64,
    output: u64,
}

struct World<'a> {
    routers: &'a [Router; 3],
    time: i64,
    our_clock: i64,
    sessions: [Session; 3],
    rows: [Option<Sighting>; 3],
    made: i64,
    late: Vec<Packet>,
    seen: [Vec<Seen>; 3],
    looked_at: [Option<i64>; 3],
}

pub(super) fn router() -> impl Strategy<Value = Router> {
    let clock = prop_oneof![4 => Just(0_i64), 1 => select(vec![86400, -86400, 3600, -3600, 30, -30, -1_700_000_000])];
    (clock, prop::bool::weighted(0.2)).prop_map(|(clock, narrow)| Router { clock, narrow })
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![6 => Just(Fate::Arrives), 1 => Just(Fate::Twice), 1 => Just(Fate::Late), 1 => Just(Fate::Lost)]
}

pub(super) fn event() -> impl Strategy<Value = Event> {
    let who = 0..USERS.len();
    let octets = || prop_oneof![3 => 0_u64..100_000_000, 1 => 0_u64..4_000_000_000];
    let kind = prop_oneof![6 => Just(Kind::Interim), 2 => Just(Kind::Start), 2 => Just(Kind::Stop)];
    prop_oneof![
        6 => prop_oneof![1_i64..600, Just(3600), Just(86400)].prop_map(Event::Pass),
        6 => (who.clone(), octets(), octets()).prop_map(|(who, input, output)| Event::Use { who, input, output }),
        8 => (who.clone(), kind, fate()).prop_map(|(who, kind, fate)| Event::Send { who, kind, fate }),
        8 => Just(Event::Look),
        2 => Just(Event::Arrive),
        1 => who.clone().prop_map(|who| Event::Send { who, kind: Kind::Glitch, fate: Fate::Arrives }),
        1 => who.clone().prop_map(|who| Event::Reboot { who }),
        1 => who.clone().prop_map(|who| Event::Delete { who }),
        1 => who.clone().prop_map(|who| Event::Close { who }),
        1 => who.clone().prop_map(|who| Event::Reopen { who }),
        1 => who.prop_map(|who| Event::Null { who }),
        1 => select(vec![3600, -3600]).prop_map(Event::Step),
        1 => Just(Event::Forget),
    ]
}

/// What there is to see of each session, when these things happen from `time` on.
pub(super) fn tell(time: i64, routers: &[Router; 3], events: &[Event]) -> [Vec<Seen>; 3] {
    let session = |who: usize| Session { start: time + routers[who].clock, input: 0, output: 0 };
    let mut world = World {
        routers,
        time,
        our_clock: 0,
        sessions: [session(0), session(1), session(2)],
        rows: [None, None, None],
        made: 0,
        late: Vec::new(),
        seen: [Vec::new(), Vec::new(), Vec::new()],
        looked_at: [None; 3],
    };
    events.iter().for_each(|event| world.happen(event));
    world.happen(&Event::Look);
    world.seen
}

impl World<'_> {
    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Pass(seconds) => self.time += seconds,
            Event::Use { who, input, output } => {
                self.sessions[who].input += input;
                self.sessions[who].output += output;
            }
            Event::Send { who, kind, fate } => self.send(who, kind, fate),
            Event::Arrive => {
                while let Some(packet) = self.late.pop() {
                    self.receive(packet);
                }
            }
            Event::Reboot { who } => {
                self.sessions[who] = Session { start: self.time + self.routers[who].clock, input: 0, output: 0 };
                self.send(who, Kind::Start, Fate::Arrives);
            }
            Event::Delete { who } => self.rows[who] = None,
            Event::Close { who } => self.change(who, |row, now| row.stop = row.stop.or(Some(now))),
            Event::Reopen { who } => self.change(who, |row, _| row.stop = None),
            Event::Null { who } => self.change(who, |row, _| (row.input, row.seconds) = (None, None)),
            Event::Step(seconds) => self.our_clock += seconds,
            Event::Look => (0..USERS.len()).for_each(|who| self.look(who)),
            Event::Forget => self.looked_at = [None; 3],
        }
    }

    fn change(&mut self, who: usize, how: impl Fn(&mut Sighting, i64)) {
        let now = self.time + self.our_clock;
        self.rows[who].iter_mut().for_each(|row| how(row, now));
    }

    fn send(&mut self, who: usize, kind: Kind, fate: Fate) {
        let Session { start, input, output } = self.sessions[who];
        let time = self.time + self.routers[who].clock;
        let garbage = if kind == Kind::Glitch { 1 << 50 } else { 0 };
        let packet = Packet { who, kind, start, time, input: input + garbage, output };
        match fate {
            Fate::Arrives => self.receive(packet),
            Fate::Twice => [packet; 2].into_iter().for_each(|packet| self.receive(packet)),
            Fate::Late => self.late.push(packet),
            Fate::Lost => {}
        }
    }

    /// As FreeRADIUS on MySQL does: a Start changes the times alone, what comes after a Stop still counts.
    fn receive(&mut self, packet: Packet) {
        let narrow = self.routers[packet.who].narrow && packet.kind != Kind::Glitch;
        let shown = |octets: u64| if narrow { octets % (1 << 32) } else { octets };
        let is_new = self.rows[packet.who].is_none();
        self.made += i64::from(is_new);
        let row_id = self.made;
        let row = self.rows[packet.who].get_or_insert_with(|| Sighting {
            row_id,
            acct_unique_id: format!("session {}", packet.who),
            user: UserName::new(USERS[packet.who]),
            start: Some(packet.start),
            ..empty_row()
        });
        row.update = Some(packet.time);
        if packet.kind == Kind::Start && !is_new {
            row.start = Some(packet.start);
            return;
        }
        row.input = Some(shown(packet.input));
        row.output = Some(shown(packet.output));
        row.seconds = u64::try_from(packet.time - packet.start).ok();
        if packet.kind == Kind::Stop {
            row.stop = Some(packet.time);
        }
    }

    fn look(&mut self, who: usize) {
        let now = self.time + self.our_clock;
        let looked_at = self.looked_at[who];
        match &self.rows[who] {
            Some(row) => {
                let look = Look { sighting: row.clone(), now, looked_at, since: None, counted_before: false };
                self.seen[who].push(Seen::Row(look));
                self.looked_at[who] = Some(now);
            }
            None if !self.seen[who].is_empty() => {
                self.seen[who].push(Seen::Gone(now));
                self.looked_at[who] = None;
            }
            None => {}
        }
    }
}

impl Seen {
    pub(super) fn row(&self) -> Option<&Look> {
        match self {
            Self::Row(look) => Some(look),
            Self::Gone(_) => None,
        }
    }
}
