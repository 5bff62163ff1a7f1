//! Sessions at routers, as accounting tells of them: packets lost, doubled, late, out of order, clocks that are wrong,
//! rows that are deleted, closed, opened again; and looks at the rows now and then.

use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::sample::select;

use super::model::Site;
use super::rows;
use super::world::{Seen, tell};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// Whose sessions there are, each at its own router.
pub(super) const USERS: [&str; 3] = ["alice", "alice", "bob"];

/// Where, since when, the routers' clocks and counters, and what happens.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) site: Site,
    pub(super) time: i64,
    /// Of each session.
    pub(super) zones: [TimeZone; 3],
    routers: [Router; 3],
    events: Vec<Event>,
}

pub(super) fn story() -> impl Strategy<Value = Story> {
    let routers = [router(), router(), router()];
    let events = prop::collection::vec(event(), 1..60);
    (rows::site(), rows::place(), routers, events).prop_map(|((site, time), (other, _), routers, events)| {
        let other = TimeZone::get(other).expect("a zone");
        Story { time, zones: [site.zone.clone(), other, site.zone.clone()], site, routers, events }
    })
}

impl Story {
    pub(super) fn tell(&self) -> [Vec<Seen>; 3] {
        tell(self.time, &self.routers, &self.events)
    }

    /// What came in.
    pub(super) fn used(&self, session: usize) -> u64 {
        let used = |event: &Event| {
            if let Event::Use { who, input, .. } = event { u64::from(*who == session) * input } else { 0 }
        };
        self.events.iter().map(used).sum()
    }

    /// Whether rows hold what was used, or less; where nothing looks as a counter of 32 bits that ran over, and no row is
    /// behind already when its router restarts.
    pub(super) fn is_true(&self, session: usize) -> bool {
        let spoils = |event: &Event| {
            matches!(event, Event::Send { who, kind, fate }
                if *who == session && (*kind == Kind::Glitch || *fate == Fate::Late))
        };
        let restarts = self.events.iter().filter(|event| matches!(event, Event::Reboot { who } if *who == session));
        let wide = !self.routers[session].narrow && self.used(session) < 1 << 31;
        wide && restarts.count() < 2 && !self.events.iter().any(spoils)
    }

    /// Whether nothing happens but what leaves the highest counters what was used.
    pub(super) fn is_plain(&self, session: usize) -> bool {
        let spoils = |event: &Event| matches!(event, Event::Reboot { who } | Event::Send { who, kind: Kind::Glitch, .. } if *who == session);
        !self.routers[session].narrow && self.site.max_rate.is_none() && !self.events.iter().any(spoils)
    }
}

fn router() -> impl Strategy<Value = Router> {
    let clock = prop_oneof![4 => Just(0_i64), 1 => select(vec![86400, -86400, 3600, -3600, 30, -30, -1_700_000_000])];
    (clock, prop::bool::weighted(0.2)).prop_map(|(clock, narrow)| Router { clock, narrow })
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![6 => Just(Fate::Arrives), 1 => Just(Fate::Twice), 1 => Just(Fate::Late), 1 => Just(Fate::Lost)]
}

fn event() -> impl Strategy<Value = Event> {
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
