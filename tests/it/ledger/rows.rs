//! Rows of radacct that change as rows may: counters that grow, fall, wrap, jump or are NULL, times of any clock.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use proptest::sample::select;
use radkick::quota::{Period, Sighting, UserName};

use super::model::{Look, Site};

/// Zones, each with moments at which something happens to its clocks.
const PLACES: &[(&str, &[&str])] = &[
    ("Europe/Berlin", &["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2025-12-31T23:00:00Z"]),
    ("America/New_York", &["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z", "2024-03-01T05:00:00Z"]),
    ("Africa/Lagos", &["2026-02-28T23:00:00Z"]),
    ("Asia/Kathmandu", &["1985-12-31T18:30:00Z", "2026-05-31T18:15:00Z"]),
    ("Australia/Lord_Howe", &["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"]),
    ("America/Sao_Paulo", &["2018-11-04T03:00:00Z", "2019-02-17T02:00:00Z"]),
    ("America/St_Johns", &["2010-11-07T02:31:00Z", "2011-03-13T03:31:00Z"]),
    ("America/Caracas", &["2016-05-01T07:00:00Z"]),
];

/// How a row differs from how it was at the look before.
#[derive(Debug, Clone)]
pub(super) struct Change {
    pass: i64,
    input: Octets,
    output: Octets,
    online: Octets,
    update: Time,
    stop: Time,
    start: Time,
    looked: bool,
    since: bool,
}

#[derive(Debug, Clone, Copy)]
enum Octets {
    Same,
    Grow(u64),
    Null,
    Fall(u64),
    Set(u64),
}

#[derive(Debug, Clone, Copy)]
enum Time {
    Same,
    Null,
    /// So many seconds beside our clock.
    Beside(i64),
    Later(i64),
}

pub(super) fn place() -> impl Strategy<Value = (&'static str, i64)> {
    let places = PLACES.iter().flat_map(|(zone, moments)| moments.iter().map(|moment| (*zone, *moment)));
    let moment = |text: &str| text.parse::<Timestamp>().expect("a moment").as_second();
    select(places.collect::<Vec<_>>()).prop_map(move |(zone, text)| (zone, moment(text)))
}

/// A site, and a moment there.
pub(super) fn site() -> impl Strategy<Value = (Site, i64)> {
    let period = prop_oneof![
        Just(Period::Total),
        Just(Period::Daily),
        Just(Period::Hourly),
        Just(Period::Weekly),
        (1_u8..=31).prop_map(Period::Monthly),
        select(vec![3600, 7 * 86400, 7 * 86400 + 1]).prop_map(Period::Rolling),
    ];
    let max_rate = prop_oneof![Just(None), Just(Some(1000)), Just(Some(100_000_000))];
    let before = prop_oneof![0_i64..7200, 0_i64..86400];
    (place(), before, prop::collection::vec(period, 0..3), max_rate).prop_map(
        |((zone, moment), before, periods, max_rate)| {
            (Site { periods, max_rate, zone: TimeZone::get(zone).expect("a zone") }, moment - before)
        },
    )
}

fn octets() -> impl Strategy<Value = Octets> {
    prop_oneof![
        3 => Just(Octets::Same),
        6 => prop_oneof![0_u64..100, 0_u64..1_000_000, Just(1 << 31), 0_u64..1 << 40].prop_map(Octets::Grow),
        1 => Just(Octets::Null),
        2 => prop_oneof![0_u64..100, 0_u64..1_000_000, Just(1 << 31), Just(1 << 32)].prop_map(Octets::Fall),
        2 => prop_oneof![0_u64..100, (1_u64 << 32) - 1000..1 << 32, 1_u64 << 32..1 << 33, Just(0)].prop_map(Octets::Set),
    ]
}

fn online() -> impl Strategy<Value = Octets> {
    prop_oneof![
        5 => (0_u64..400).prop_map(Octets::Grow),
        2 => Just(Octets::Same),
        1 => Just(Octets::Null),
        1 => (0_u64..4000).prop_map(Octets::Fall),
        1 => (0_u64..100).prop_map(Octets::Set),
    ]
}

fn update() -> impl Strategy<Value = Time> {
    let skew = prop_oneof![5 => Just(0_i64), 3 => -400_i64..400, 1 => select(vec![-86400, 86400, -3600, 3600, -1_700_000_000])];
    prop_oneof![6 => skew.prop_map(Time::Beside), 3 => Just(Time::Same), 1 => Just(Time::Null)]
}

fn stop() -> impl Strategy<Value = Time> {
    prop_oneof![8 => Just(Time::Same), 1 => (-400_i64..400).prop_map(Time::Beside), 1 => Just(Time::Null)]
}

fn start() -> impl Strategy<Value = Time> {
    prop_oneof![
        8 => Just(Time::Same),
        1 => (-4000_i64..400).prop_map(Time::Beside),
        1 => (-400_i64..400).prop_map(Time::Later),
        1 => Just(Time::Null)
    ]
}

fn pass() -> impl Strategy<Value = i64> {
    prop_oneof![
        2 => Just(0_i64),
        6 => 1_i64..700,
        2 => select(vec![3600, -3600, 86400, 40 * 86400]),
        1 => -10_i64..0,
    ]
}

pub(super) fn change() -> impl Strategy<Value = Change> {
    let counters = (octets(), octets(), online());
    let times = (update(), stop(), start());
    (pass(), counters, times, prop::bool::weighted(0.9), prop::bool::weighted(0.1)).prop_map(
        |(pass, (input, output, online), (update, stop, start), looked, since)| Change {
            pass,
            input,
            output,
            online,
            update,
            stop,
            start,
            looked,
            since,
        },
    )
}

/// Looks at a row that changes so, from `now` on.
pub(super) fn looks(mut now: i64, counted_before: bool, changes: &[Change]) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::new();
    let mut row = empty_row();
    // What a NULL hides
    let mut hidden = (0, 0, 0);
    let mut since = None;
    for change in changes {
        let looked_at = looks.last().map(|last| last.now).filter(|_| change.looked);
        now += change.pass;
        row.input = change.input.of(&mut hidden.0);
        row.output = change.output.of(&mut hidden.1);
        row.seconds = change.online.of(&mut hidden.2);
        row.update = change.update.of(row.update, now);
        row.stop = change.stop.of(row.stop, now);
        row.start = change.start.of(row.start, now);
        since = if change.since { Some(now - 100) } else { since };
        looks.push(Look { sighting: row.clone(), now, looked_at, since, counted_before });
    }
    looks
}

pub(super) fn empty_row() -> Sighting {
    Sighting {
        row_id: 1,
        acct_unique_id: "a1".into(),
        user: UserName::new("alice"),
        nas_ip_address: "192.0.2.1".into(),
        called_station_id: "".into(),
        start: None,
        update: None,
        stop: None,
        input: None,
        output: None,
        seconds: None,
    }
}

impl Octets {
    fn of(self, hidden: &mut u64) -> Option<u64> {
        *hidden = match self {
            Self::Same | Self::Null => *hidden,
            Self::Grow(by) => hidden.saturating_add(by),
            Self::Fall(by) => hidden.saturating_sub(by),
            Self::Set(to) => to,
        };
        (!matches!(self, Self::Null)).then_some(*hidden)
    }
}

impl Time {
    fn of(self, before: Option<i64>, now: i64) -> Option<i64> {
        match self {
            Self::Same => before,
            Self::Null => None,
            Self::Beside(by) => Some(now + by),
            Self::Later(by) => before.map(|before| before + by),
        }
    }
}
