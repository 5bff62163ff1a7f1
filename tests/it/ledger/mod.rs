//! The usage ledger against a plain model of what it is to count.
//!
//! Invariant: the model knows the promises of the ledger and nothing of how they are kept.

mod calendar;
mod model;
mod rows;
mod story;
mod world;

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use model::{Look, Piece, Site, replay};
use proptest::prelude::*;
use radkick::quota::{
    Context, Counters, Direction, Increment, Limit, Meaning, Period, SessionAccount, SlotUse, Slots, Unit, Usage,
};
use story::USERS;
use world::Seen;

const ZONE: &str = "the zone";

/// Shows a session to the ledger: what each look counted, and the account at the end.
fn observe(site: &Site, seen: &[Seen]) -> (Vec<Option<Increment>>, Option<SessionAccount>) {
    let slots = Slots::new(site.periods.iter().copied());
    let mut account: Option<SessionAccount> = None;
    let mut increments = Vec::new();
    for seen in seen {
        let look = match seen {
            Seen::Row(look) => look,
            Seen::Gone(now) => {
                account = account.map(|account| account.gone(*now));
                continue;
            }
        };
        let context = Context {
            now: look.now,
            looked_at: look.looked_at,
            max_rate: site.max_rate,
            zone: (&ZONE.into(), &site.zone),
            slots: &slots,
            since: look.since,
            counted_before: look.counted_before,
        };
        let observed = SessionAccount::observe(account.as_ref(), &look.sighting, &context);
        let later = Context { now: look.now + 1000, looked_at: Some(look.now), ..context };
        let again = SessionAccount::observe(Some(&observed.account), &look.sighting, &later);
        assert_eq!((&again.account, again.increment), (&observed.account, None), "the same row again");
        increments.push(observed.increment);
        account = Some(observed.account);
    }
    (increments, account)
}

fn piece(increment: &Increment) -> Piece {
    Piece { slot: increment.slot, used: increment.used, estimated: increment.estimated }
}

fn sum<'a>(used: impl IntoIterator<Item = &'a Counters>) -> Counters {
    used.into_iter().fold(Counters::ZERO, |sum, used| sum.plus(*used))
}

/// The ledger and the model count the same at every look, and the account is their sum. What was counted.
fn agree(site: &Site, seen: &[Seen]) -> Result<Vec<Increment>, TestCaseError> {
    let (increments, account) = observe(site, seen);
    let looks: Vec<Look> = seen.iter().filter_map(Seen::row).cloned().collect();
    let pieces = replay(site, &looks);
    let counted: Vec<_> = increments.iter().map(|increment| increment.as_ref().map(piece)).collect();
    prop_assert_eq!(&counted, &pieces);
    let mut by_slot = BTreeMap::<i64, Counters>::new();
    for piece in pieces.iter().flatten() {
        let of_slot = by_slot.entry(piece.slot).or_default();
        *of_slot = of_slot.plus(piece.used);
    }
    if let Some(account) = account {
        prop_assert_eq!(account.counted, sum(by_slot.values()));
        let shares: Vec<_> = account.shares.iter().map(|share| (share.slot, share.used)).collect();
        prop_assert_eq!(shares, by_slot.into_iter().collect::<Vec<_>>());
    }
    Ok(increments.into_iter().flatten().collect())
}

/// What a user used counts from the period's start at each place.
fn usage_agrees(
    site: &Site,
    zones: &[TimeZone; 3],
    increments: &[Vec<Increment>; 3],
    now: i64,
) -> Result<(), TestCaseError> {
    for period in &site.periods {
        let mut usage = Usage::default();
        let mut expected = 0_u64;
        for (zone, increments) in zones.iter().zip(increments) {
            let start = match period {
                Period::Rolling(seconds) => now - i64::from(*seconds),
                Period::Total | Period::Hourly | Period::Daily | Period::Weekly | Period::Monthly(_) => {
                    calendar::begin(*period, now, zone)
                }
            };
            for increment in increments.iter().filter(|increment| increment.user.as_str() == "alice") {
                usage.add(zone, SlotUse { start: increment.slot, used: increment.used, estimated: 0 });
                expected += if increment.slot >= start { increment.used.octets() } else { 0 };
            }
        }
        prop_assert_eq!(usage.against(&limit(*period), now), expected);
    }
    Ok(())
}

fn limit(period: Period) -> Limit {
    let (unit, direction, meaning) = (Unit::Octets, Direction::Both, Meaning::Total);
    Limit { amount: 1, unit, direction, meaning, period, since: None, offset: 0, source: String::new() }
}

fn rows() -> impl Strategy<Value = (Site, Vec<Look>)> {
    let changes = prop::collection::vec(rows::change(), 1..20);
    (rows::site(), prop::bool::weighted(0.1), changes)
        .prop_map(|((site, time), counted_before, changes)| (site, rows::looks(time, counted_before, &changes)))
}

proptest! {
    #[test]
    fn whatever_becomes_of_a_row_the_ledger_counts_as_the_model((site, looks) in rows()) {
        agree(&site, &looks.into_iter().map(|look| Seen::Row(Box::new(look))).collect::<Vec<_>>())?;
    }

    #[test]
    fn whatever_happens_to_accounting_the_ledger_counts_as_the_model(story in story::story()) {
        let seen = story.tell();
        let now = seen.iter().flatten().filter_map(Seen::row).map(|look| look.now).max();
        let mut increments: [Vec<Increment>; 3] = Default::default();
        for who in 0..USERS.len() {
            let site = Site { zone: story.zones[who].clone(), ..story.site.clone() };
            increments[who] = agree(&site, &seen[who])?;
            let counted = sum(increments[who].iter().map(|increment| &increment.used)).input;
            if story.is_true(who) {
                prop_assert!(counted <= story.used(who));
            }
            if story.is_plain(who) {
                let highest = seen[who].iter().filter_map(Seen::row).map(|look| look.sighting.input).max().flatten();
                prop_assert_eq!(counted, highest.unwrap_or(0));
            }
        }
        usage_agrees(&story.site, &story.zones, &increments, now.unwrap_or(story.time))?;
    }

    #[test]
    fn a_slot_begins_where_the_calendar_says((zone, moment) in rows::place(), by in -100_000_i64..100_000, day in 1_u8..=31) {
        let zone = TimeZone::get(zone).expect("a zone");
        for period in [Period::Hourly, Period::Daily, Period::Weekly, Period::Monthly(day)] {
            prop_assert_eq!(period.slot(moment + by, &zone), calendar::begin(period, moment + by, &zone), "{:?}", period);
        }
    }
}
