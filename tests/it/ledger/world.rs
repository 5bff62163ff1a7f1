//! Routers, packets and the table that they end in.

use radkick::quota::{Sighting, UserName};

use super::model::Look;
use super::rows::empty_row;
use super::story::{Event, Fate, Kind, Router, USERS};

/// What we see of a session, one after the other.
pub(super) enum Seen {
    Row(Box<Look>),
    Gone(i64),
}

impl Seen {
    pub(super) fn row(&self) -> Option<&Look> {
        match self {
            Self::Row(look) => Some(look),
            Self::Gone(_) => None,
        }
    }
}

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
    for event in events {
        world.happen(event);
    }
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
            Event::Look => {
                for who in 0..USERS.len() {
                    self.look(who);
                }
            }
            Event::Forget => self.looked_at = [None; 3],
        }
    }

    fn change(&mut self, who: usize, how: impl Fn(&mut Sighting, i64)) {
        let now = self.time + self.our_clock;
        if let Some(row) = &mut self.rows[who] {
            how(row, now);
        }
    }

    fn send(&mut self, who: usize, kind: Kind, fate: Fate) {
        let Session { start, input, output } = self.sessions[who];
        let time = self.time + self.routers[who].clock;
        let garbage = if kind == Kind::Glitch { 1 << 50 } else { 0 };
        let packet = Packet { who, kind, start, time, input: input + garbage, output };
        match fate {
            Fate::Arrives => self.receive(packet),
            Fate::Twice => {
                self.receive(packet);
                self.receive(packet);
            }
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
            acct_unique_id: format!("session {}", packet.who).into(),
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
                self.seen[who].push(Seen::Row(Box::new(look)));
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
