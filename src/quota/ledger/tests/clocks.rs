use super::*;

const NOON: i64 = SUNDAY + 12 * HOUR;

#[test]
fn octets_of_a_gap_over_midnight_count_to_the_older_day() {
    let mut session = Watched::from(SUNDAY + 23 * HOUR);
    session.update(MONDAY - 5 * MINUTE, 100).look(MONDAY - 5 * MINUTE);
    session.update(MONDAY + 5 * MINUTE, 300).look(MONDAY + 5 * MINUTE);
    session.update(MONDAY + 15 * MINUTE, 700).look(MONDAY + 15 * MINUTE);
    assert_eq!(session.counted, [(SUNDAY, 100, false), (SUNDAY, 200, true), (MONDAY, 400, false)]);
    assert_eq!(session.account().used_since(MONDAY).input, 400);
    assert_eq!(session.account().used_since(SUNDAY).input, 700);
}

#[test]
fn a_snapshot_at_midnight_parts_the_days() {
    let mut session = Watched::from(SUNDAY + 23 * HOUR);
    session.update(MONDAY - 1, 100).look(MONDAY);
    session.update(MONDAY, 101).look(MONDAY);
    session.update(MONDAY + 1, 103).look(MONDAY + 1);
    assert_eq!(session.counted, [(SUNDAY, 100, false), (SUNDAY, 1, true), (MONDAY, 2, false)]);
}

#[test]
fn an_update_without_growth_moves_the_time_on_and_a_look_does_not() {
    let mut idle = Watched::from(SUNDAY + 23 * HOUR);
    idle.row.seconds = None;
    idle.look(SUNDAY + 23 * HOUR);
    idle.row.update = Some(MONDAY + MINUTE);
    idle.look(MONDAY + MINUTE);
    idle.row.input = Some(7);
    idle.row.update = Some(MONDAY + 2 * MINUTE);
    idle.look(MONDAY + 2 * MINUTE);
    assert_eq!(idle.counted, [(MONDAY, 7, false)]);
    let mut silent = Watched::from(SUNDAY + 23 * HOUR);
    silent.look(SUNDAY + 23 * HOUR);
    silent.look(MONDAY + MINUTE);
    silent.update(MONDAY + 2 * MINUTE, 7).look(MONDAY + 2 * MINUTE);
    assert_eq!(silent.counted, [(SUNDAY, 7, true)]);
}

#[test]
fn at_first_sight_octets_count_from_the_start_on_and_without_one_to_the_look() {
    let mut session = Watched::from(SUNDAY - HOUR);
    session.update(MONDAY + HOUR, 7).look(MONDAY + HOUR);
    assert_eq!(session.counted, [(SUNDAY - DAY, 7, true)]);
    let mut unknown = Watched::from(SUNDAY - HOUR);
    (unknown.row.start, unknown.row.update) = (None, None);
    unknown.row.input = Some(1 << 40);
    unknown.look(MONDAY + HOUR);
    assert_eq!(unknown.counted, [(MONDAY, 1 << 40, false)], "any gap is long enough where it is not known");
    unknown.row.input = Some((1 << 40) + 1);
    unknown.look(MONDAY + DAY);
    assert_eq!(unknown.counted[1], (MONDAY, 1, true));
}

#[test]
fn a_session_without_a_start_that_used_nothing_counts_from_the_first_look_on() {
    let mut session = Watched::from(SUNDAY);
    (session.row.start, session.row.update) = (None, None);
    session.look(SUNDAY + HOUR);
    session.row.input = Some(7);
    session.look(MONDAY + HOUR);
    assert_eq!(session.counted, [(SUNDAY, 7, true)]);
}

#[test]
fn a_row_without_times_of_its_own_goes_by_our_looks() {
    let mut session = Watched::from(SUNDAY + HOUR);
    session.row.update = None;
    session.row.input = Some(10);
    session.look(MONDAY + HOUR);
    session.row.input = Some(11);
    session.look(MONDAY + 2 * HOUR);
    assert_eq!(session.counted, [(SUNDAY, 10, true), (MONDAY, 1, false)]);
}

#[test]
fn a_row_as_its_start_left_it_counts_from_there() {
    let mut session = Watched::from(MONDAY - MINUTE);
    session.row.update = None;
    session.look(MONDAY + MINUTE);
    session.update(MONDAY + 5 * MINUTE, 7).look(MONDAY + 5 * MINUTE);
    assert_eq!(session.counted, [(SUNDAY, 7, true)]);
}

#[test]
fn when_a_routers_clock_is_set_back_the_gap_is_as_long_as_ours() {
    let mut session = Watched::from(NOON + DAY);
    session.update(NOON + DAY + HOUR, 0).look(NOON + HOUR);
    assert_eq!(session.update(NOON + 2 * HOUR, RATE * 3600).look(NOON + 2 * HOUR), RATE * 3600);
}

#[test]
fn a_router_a_day_behind_counts_to_the_day_of_our_look() {
    let mut session = Watched::from(NOON - DAY);
    session.look(NOON);
    session.update(NOON - DAY + 10 * MINUTE, 100).look(NOON + 10 * MINUTE);
    session.update(NOON - DAY + 20 * MINUTE, 300).look(NOON + 20 * MINUTE);
    // Until the second look nothing tells its clock from a packet of yesterday
    assert_eq!(session.counted, [(SUNDAY - DAY, 100, true), (SUNDAY, 200, false)]);
}

#[test]
fn a_router_a_day_ahead_counts_nothing_to_tomorrow() {
    let mut session = Watched::from(NOON + DAY);
    session.look(NOON);
    session.update(NOON + DAY + 10 * MINUTE, 100).look(NOON + 10 * MINUTE);
    session.update(NOON + DAY + 20 * MINUTE, 300).look(NOON + 20 * MINUTE);
    assert_eq!(session.counted, [(SUNDAY, 100, false), (SUNDAY, 200, false)]);
}

#[test]
fn the_gap_of_a_router_with_a_wrong_clock_is_as_long_by_that_clock() {
    for wrong in [DAY, -DAY] {
        let mut session = Watched::from(NOON + wrong);
        assert_eq!(session.update(NOON + wrong + HOUR, RATE * 3600).look(NOON + HOUR), RATE * 3600, "first sight");
        // We were not there for three hours
        let octets = RATE * 4 * 3600;
        assert_eq!(session.update(NOON + wrong + 4 * HOUR, octets).look(NOON + 4 * HOUR), RATE * 3 * 3600, "{wrong}");
    }
}

#[test]
fn when_our_clock_is_set_the_routers_goes_on() {
    for step in [HOUR, -HOUR] {
        let mut session = Watched::from(NOON);
        session.update(NOON + 10 * MINUTE, 100).look(NOON + 10 * MINUTE);
        session.update(NOON + 20 * MINUTE, 300).look(NOON + 20 * MINUTE + step);
        session.update(NOON + 30 * MINUTE, 700).look(NOON + 30 * MINUTE + step);
        assert_eq!(session.update(NOON + 40 * MINUTE, 1500).look(NOON + 40 * MINUTE), 800);
        assert_eq!(session.account().counted.input, 1500);
        session.update(NOON + 2 * HOUR, 1501).look(NOON + 2 * HOUR);
        assert_eq!(session.account().at, NOON + 2 * HOUR, "{step}");
    }
}

#[test]
fn the_time_of_a_snapshot_never_goes_back() {
    let mut session = Watched::from(NOON);
    session.row.update = None;
    session.row.input = Some(1);
    session.look(NOON + HOUR);
    session.row.input = Some(2);
    session.look(NOON);
    assert_eq!(session.account().at, NOON + HOUR);
}

#[test]
fn growth_is_no_older_than_the_look_that_did_not_see_it() {
    let mut session = Watched::from(NOON);
    session.update(NOON + HOUR, 1).look(NOON + HOUR);
    session.look(MONDAY + HOUR);
    // Written late: the packet is of yesterday, the row was not
    session.update(NOON + 2 * HOUR, 2).look(MONDAY + 2 * HOUR);
    assert_eq!(session.account().at, MONDAY + HOUR);
    assert_eq!(session.counted[1], (SUNDAY, 1, true));
}
