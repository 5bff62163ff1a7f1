use super::*;

#[test]
fn without_periods_there_is_one_slot() {
    let slots = Slots::new([Period::Total]);
    assert_eq!(slots.of(MONDAY, &TimeZone::UTC, None), 0);
    assert_eq!(slots.of(i64::MIN, &TimeZone::UTC, None), 0);
    assert_eq!(slots, Slots::new([]));
}

#[test]
fn a_slot_begins_where_any_period_does() {
    let zone = TimeZone::UTC;
    let first = MONDAY + 8 * DAY;
    let slots = Slots::new([Period::Weekly, Period::Monthly(1)]);
    assert_eq!(slots.of(first - 1, &zone, None), MONDAY + 7 * DAY);
    assert_eq!(slots.of(first, &zone, None), first);
    assert_eq!(slots.of(MONDAY + 14 * DAY, &zone, None), MONDAY + 14 * DAY);
    let finer = Slots::new([Period::Monthly(1), Period::Rolling(3600), Period::Daily]);
    assert_eq!(finer.of(first + 3 * HOUR + 1, &zone, None), first + 3 * HOUR);
}

#[test]
fn slots_may_become_finer() {
    let mut slots = Slots::new([Period::Weekly]);
    assert_eq!(slots.of(MONDAY + DAY + 5, &TimeZone::UTC, None), MONDAY);
    slots.widen([Period::Total, Period::Monthly(24)]);
    assert_eq!(slots.of(MONDAY + DAY + 5, &TimeZone::UTC, None), MONDAY + DAY);
    assert_eq!(slots, Slots::new([Period::Weekly, Period::Monthly(24), Period::Weekly]));
    slots.widen([Period::Hourly]);
    assert_eq!(slots.of(MONDAY + DAY + HOUR + 5, &TimeZone::UTC, None), MONDAY + DAY + HOUR);
}

#[test]
fn the_allowance_of_a_user_begins_a_slot_once_it_has_begun() {
    let slots = Slots::new([Period::Daily]);
    let of = |at, since| slots.of(at, &TimeZone::UTC, Some(since));
    assert_eq!(of(MONDAY + 5, MONDAY + 3), MONDAY + 3);
    assert_eq!(of(MONDAY + 3, MONDAY + 3), MONDAY + 3);
    assert_eq!(of(MONDAY + 2, MONDAY + 3), MONDAY);
    assert_eq!(of(MONDAY + 2, SUNDAY + 3), MONDAY);
}

#[test]
fn octets_of_a_gap_over_the_start_of_an_allowance_are_the_old_ones() {
    let mut session = Watched::from(SUNDAY);
    session.update(SUNDAY + HOUR, 10).look(SUNDAY + HOUR);
    session.since = Some(SUNDAY + HOUR + MINUTE);
    session.update(SUNDAY + 2 * HOUR, 30).look(SUNDAY + 2 * HOUR);
    session.update(SUNDAY + 3 * HOUR, 70).look(SUNDAY + 3 * HOUR);
    assert_eq!(session.counted, [(SUNDAY, 10, false), (SUNDAY, 20, true), (SUNDAY + HOUR + MINUTE, 40, false)]);
}

#[test]
fn shares_are_in_order_also_when_an_allowance_is_withdrawn() {
    let mut session = Watched::from(SUNDAY);
    session.since = Some(SUNDAY + MINUTE);
    session.update(SUNDAY + HOUR, 10).look(SUNDAY + HOUR);
    session.update(SUNDAY + 2 * HOUR, 30).look(SUNDAY + 2 * HOUR);
    session.since = None;
    session.update(SUNDAY + 3 * HOUR, 70).look(SUNDAY + 3 * HOUR);
    let shares: Vec<_> = session.account().shares.iter().map(|share| (share.slot, share.used.input)).collect();
    assert_eq!(shares, [(SUNDAY, 50), (SUNDAY + MINUTE, 20)]);
}

#[test]
fn a_long_session_keeps_apart_what_its_limits_ask_for() {
    let mut session = Watched::from(SUNDAY);
    session.slots = Slots::new([Period::Hourly, Period::Daily, Period::Monthly(1)]);
    let hours = 39 * 24 + 5;
    for hour in 1..=hours {
        session.update(SUNDAY + hour * HOUR, u64::try_from(hour).unwrap()).look(SUNDAY + hour * HOUR);
    }
    let account = session.account();
    let now = SUNDAY + hours * HOUR;
    assert!(account.shares.len() <= 64);
    assert!(account.shares.is_sorted_by_key(|share| share.slot));
    assert_eq!(account.used_since(0), account.counted);
    for period in [Period::Hourly, Period::Daily, Period::Monthly(1)] {
        let start = period.start(now, &TimeZone::UTC);
        let used = u64::try_from((now - start) / HOUR).unwrap();
        assert_eq!(account.used_since(start).input, used, "{period:?}");
    }
}

#[test]
fn no_limit_asks_for_what_was_before_the_horizon() {
    let periods = [Period::Hourly, Period::Daily, Period::Weekly, Period::Monthly(31), Period::Rolling(90 * 86400)];
    for period in periods {
        let slots = Slots::new([period]);
        for now in (MONDAY..MONDAY + 62 * DAY).step_by(10_000) {
            let start = period.start(now, &TimeZone::UTC);
            assert!(slots.horizon(now) <= period.slot(start, &TimeZone::UTC), "{period:?} {now}");
        }
    }
    assert_eq!(Slots::new([]).horizon(MONDAY), MONDAY);
}
