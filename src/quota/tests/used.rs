//! What of the use counts against a limit.

use super::*;

const DAY: i64 = 24 * 3600;
/// Sunday 2026-11-22 in UTC, at noon.
const NOON: i64 = 1_795_348_800;
const MIDNIGHT: i64 = NOON - DAY / 2;

fn limit(amount: u64, period: Period) -> Limit {
    let (unit, direction, meaning) = (Unit::Octets, Direction::Both, Meaning::Total);
    Limit { amount, unit, direction, meaning, period, since: None, offset: 0, source: "here".into() }
}

fn slot(start: i64, input: u64, output: u64, seconds: u64) -> SlotUse {
    SlotUse { start, used: Counters { input, output, seconds }, estimated: 0 }
}

/// Yesterday 1 in and 2 out in 4 seconds, today 8, 16 and 32; of open sessions 64, 128 and 256.
fn usage() -> Usage {
    let mut usage = Usage { zones: Vec::new(), open: Counters { input: 64, output: 128, seconds: 256 } };
    usage.add(&TimeZone::UTC, slot(MIDNIGHT - DAY, 1, 2, 4));
    usage.add(&TimeZone::UTC, slot(MIDNIGHT, 8, 16, 32));
    usage
}

fn judged(limit: Limit, usage: &Usage) -> Option<Over> {
    judge(&Limits { amounts: vec![limit], ..Limits::default() }, usage, NOON)
}

#[test]
fn a_period_counts_the_slots_that_began_in_it() {
    for (period, used) in [
        (Period::Total, 27),
        (Period::Hourly, 0),
        (Period::Daily, 24),
        (Period::Weekly, 27),
        (Period::Monthly(22), 24),
        (Period::Monthly(23), 27),
        (Period::Rolling(12 * 3600), 24),
        (Period::Rolling(12 * 3600 - 1), 0),
        (Period::Rolling(u32::MAX), 27),
    ] {
        assert_eq!(usage().against(&limit(1, period), NOON), used, "{period:?}");
    }
}

#[test]
fn an_allowance_counts_from_its_own_start() {
    for (since, used) in [(MIDNIGHT - DAY, 27), (MIDNIGHT - DAY + 1, 24), (MIDNIGHT, 24), (NOON + 1, 0), (i64::MIN, 27)]
    {
        let limit = Limit { since: Some(since), ..limit(1, Period::Hourly) };
        assert_eq!(usage().against(&limit, NOON), used, "{since}");
    }
}

#[test]
fn days_begin_at_the_midnight_of_each_nas() {
    let mut usage = usage();
    let kathmandu = TimeZone::get("Asia/Kathmandu").unwrap();
    let midnight = MIDNIGHT - 5 * 3600 - 45 * 60;
    usage.add(&kathmandu, slot(midnight, 1000, 0, 0));
    usage.add(&kathmandu, slot(midnight - DAY, 50_000, 0, 0));
    assert_eq!(usage.against(&limit(1, Period::Daily), NOON), 1024);
    assert_eq!(usage.total().octets(), 51_027);
    // Half past seven in the evening in UTC is the next day there
    assert_eq!(usage.against(&limit(1, Period::Daily), NOON + 7 * 3600 + 1800), 24);
}

#[test]
fn a_direction_counts_its_own_octets_and_time_seconds() {
    let used = |unit, direction| usage().against(&Limit { unit, direction, ..limit(1, Period::Daily) }, NOON);
    assert_eq!(used(Unit::Octets, Direction::Both), 24);
    assert_eq!(used(Unit::Octets, Direction::Download), 16);
    assert_eq!(used(Unit::Octets, Direction::Upload), 8);
    assert_eq!(used(Unit::Seconds, Direction::Download), 32);
}

#[test]
fn against_what_is_left_open_sessions_alone_count() {
    let remaining = Limit { meaning: Meaning::Remaining, offset: 1, ..limit(193, Period::Daily) };
    assert_eq!(usage().against(&remaining, NOON), 193);
    let over = judged(remaining.clone(), &usage()).unwrap();
    assert_eq!((over.used, over.limit), (193, Some(193)));
    assert!(judged(Limit { amount: 194, ..remaining }, &usage()).is_none());
}

#[test]
fn at_the_limit_is_over_also_with_an_offset_and_in_seconds() {
    for (offset, amount, is_over) in [(0, 24, true), (0, 25, false), (1, 25, true), (u64::MAX, u64::MAX, true)] {
        let limit = Limit { offset, ..limit(amount, Period::Daily) };
        assert_eq!(judged(limit, &usage()).is_some(), is_over, "{offset} {amount}");
    }
    let time = Limit { unit: Unit::Seconds, since: Some(MIDNIGHT), ..limit(32, Period::Weekly) };
    let over = judged(time, &usage()).unwrap();
    assert_eq!((over.reason, over.used, over.limit), (Reason::Time, 32, Some(32)));
    assert_eq!((over.period, over.since, over.source.as_str()), (Period::Weekly, Some(MIDNIGHT), "here"));
}

#[test]
fn of_several_limits_that_are_reached_the_tightest_is_named() {
    let time = Limit { unit: Unit::Seconds, ..limit(1, Period::Total) };
    let amounts = vec![time, limit(20, Period::Daily), limit(10, Period::Total), limit(5, Period::Hourly)];
    let limits = Limits { amounts, ..Limits::default() };
    let over = judge(&limits, &usage(), NOON).unwrap();
    assert_eq!((over.reason, over.limit, over.used), (Reason::Quota, Some(10), 27));
    let expired = Limits { expires_at: Some((NOON, "there".into())), ..limits };
    let over = judge(&expired, &usage(), NOON).unwrap();
    assert_eq!((over.reason, over.limit, over.used, over.source.as_str()), (Reason::Expiry, None, 27, "there"));
}

#[test]
fn the_words_of_reasons_are_known() {
    for (reason, word) in [(Reason::Quota, "quota"), (Reason::Time, "time"), (Reason::Expiry, "expiry")] {
        assert_eq!(reason.as_str(), word);
        assert!(Reason::is_word(word));
    }
    assert!(!Reason::is_word("hand"));
}

#[test]
fn octets_that_may_be_of_a_later_slot_are_told() {
    let mut usage = usage();
    usage.add(&TimeZone::UTC, SlotUse { start: MIDNIGHT, used: Counters::ZERO, estimated: 10 });
    usage.add(&TimeZone::UTC, SlotUse { start: MIDNIGHT - DAY, used: Counters::ZERO, estimated: 3 });
    let estimated = |limit: &Limit| usage.estimated(limit, NOON);
    assert_eq!(estimated(&limit(1, Period::Daily)), 10);
    assert_eq!(estimated(&limit(1, Period::Weekly)), 13);
    assert_eq!(estimated(&limit(1, Period::Total)), 0, "all count, whatever the slot");
    assert_eq!(estimated(&Limit { since: Some(MIDNIGHT), ..limit(1, Period::Total) }), 10);
    let upload = Limit { direction: Direction::Upload, ..limit(1, Period::Daily) };
    assert_eq!(estimated(&upload), 8, "no more than there are");
    assert_eq!(estimated(&Limit { unit: Unit::Seconds, ..limit(1, Period::Daily) }), 0);
    assert_eq!(estimated(&Limit { meaning: Meaning::Remaining, ..limit(1, Period::Daily) }), 0);
}

#[test]
fn use_adds_up_and_stays_at_the_end() {
    let mut all = usage();
    all.join(&usage());
    assert_eq!((all.zones.len(), all.zones[0].slots.len()), (1, 2));
    assert_eq!(all.total(), Counters { input: 18, output: 36, seconds: 72 });
    assert_eq!(all.open, Counters { input: 128, output: 256, seconds: 512 });
    let full = SlotUse { estimated: u64::MAX, ..slot(MIDNIGHT, u64::MAX, u64::MAX, u64::MAX) };
    all.add(&TimeZone::UTC, full);
    all.add(&TimeZone::UTC, full);
    assert_eq!(all.against(&limit(1, Period::Daily), NOON), u64::MAX);
    assert_eq!(all.estimated(&limit(1, Period::Daily), NOON), u64::MAX);
}
