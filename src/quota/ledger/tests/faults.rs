use super::*;

/// A session since noon, with 5000 octets counted at 12:10.
fn counted() -> Watched {
    let mut session = Watched::from(SUNDAY + 12 * HOUR);
    assert_eq!(session.update(SUNDAY + 12 * HOUR + 10 * MINUTE, 5000).look(SUNDAY + 12 * HOUR + 11 * MINUTE), 5000);
    session
}

const TEN_PAST: i64 = SUNDAY + 12 * HOUR + 10 * MINUTE;

#[test]
fn growth_counts_once() {
    let mut session = counted();
    let before = session.account().clone();
    assert_eq!(session.look(TEN_PAST + 5 * MINUTE), 0);
    assert_eq!(*session.account(), before, "nothing changed");
    assert_eq!(session.update(TEN_PAST + 10 * MINUTE, 5001).look(TEN_PAST + 11 * MINUTE), 1);
    assert_eq!(session.account().counted, Counters { input: 5001, output: 0, seconds: 20 * 60 });
}

#[test]
fn a_counter_that_is_null_is_as_it_was() {
    let mut session = counted();
    session.update(TEN_PAST + MINUTE, 0);
    (session.row.input, session.row.output, session.row.seconds) = (None, Some(7), None);
    assert_eq!(session.look(TEN_PAST + MINUTE), 0);
    assert_eq!(session.account().counted, Counters { input: 5000, output: 7, seconds: 600 });
    assert_eq!(session.update(TEN_PAST + 2 * MINUTE, 5010).look(TEN_PAST + 2 * MINUTE), 10);
}

#[test]
fn a_late_packet_counts_nothing_until_its_counters_have_caught_up() {
    let mut session = counted();
    assert_eq!(session.update(TEN_PAST - 5 * MINUTE, 3000).look(TEN_PAST + MINUTE), 0);
    assert_eq!(session.oddity, Some(Oddity::RanBackwards));
    assert_eq!(session.update(TEN_PAST - MINUTE, 4999).look(TEN_PAST + 2 * MINUTE), 0);
    assert_eq!(session.update(TEN_PAST + 3 * MINUTE, 5003).look(TEN_PAST + 3 * MINUTE), 3);
    assert_eq!(session.account().counted.octets(), 5003);
}

#[test]
fn one_counter_that_runs_backwards_does_not_stop_the_other() {
    let mut session = counted();
    session.update(TEN_PAST + MINUTE, 4000).row.output = Some(50);
    assert_eq!(session.look(TEN_PAST + MINUTE), 0);
    assert_eq!(session.account().counted.output, 50);
    assert_eq!(session.update(TEN_PAST + 2 * MINUTE, 5001).look(TEN_PAST + 2 * MINUTE), 1);
}

#[test]
fn a_counter_that_runs_past_32_bits_goes_on() {
    let mut session = counted();
    session.account.as_mut().unwrap().seen.input = u64::from(u32::MAX) - 99;
    assert_eq!(session.update(TEN_PAST + MINUTE, 200).look(TEN_PAST + MINUTE), 300);
    assert_eq!(session.oddity, Some(Oddity::Wrapped));
    assert_eq!(session.update(TEN_PAST + 2 * MINUTE, 201).look(TEN_PAST + 2 * MINUTE), 1);
}

#[test]
fn what_fell_for_another_reason_is_no_wrap() {
    let top = u64::from(u32::MAX) - 99;
    for (seen, seconds, input, why) in [
        (top, 0, 200, "as many seconds as before: a late packet"),
        (top, MINUTE, 500_000, "more octets than the line carries"),
        (1 << 31, 40 * DAY, 0, "fallen by half of 32 bits, not by more"),
        ((1 << 32) + 50, MINUTE, 100, "more than 32 bits"),
    ] {
        let mut session = counted();
        session.account.as_mut().unwrap().seen.input = seen;
        assert_eq!(session.update(TEN_PAST + seconds, input).look(TEN_PAST + seconds), 0, "{why}");
        assert_eq!(session.oddity, Some(Oddity::RanBackwards), "{why}");
        assert_eq!(session.account().seen.input, seen, "{why}");
    }
    let mut session = counted();
    session.account.as_mut().unwrap().seen.input = (1 << 31) + 1;
    assert_eq!(session.update(TEN_PAST + 40 * DAY, 0).look(TEN_PAST + 40 * DAY), (1 << 31) - 1);
}

#[test]
fn after_a_restart_of_the_router_the_same_id_is_another_session() {
    let mut session = counted();
    session.row.start = Some(MONDAY + HOUR);
    assert_eq!(session.update(MONDAY + HOUR + MINUTE, 400).look(MONDAY + HOUR + 2 * MINUTE), 400);
    assert_eq!(session.oddity, Some(Oddity::BeganAgain));
    assert_eq!(session.counted.last(), Some(&(MONDAY, 400, false)), "since the new start");
    assert_eq!(session.account().counted, Counters { input: 5400, output: 0, seconds: 660 });
    assert_eq!(session.update(MONDAY + HOUR + 3 * MINUTE, 450).look(MONDAY + HOUR + 3 * MINUTE), 50);
    assert_eq!(session.update(MONDAY + HOUR + 2 * MINUTE, 420).look(MONDAY + HOUR + 4 * MINUTE), 0, "late, not again");
}

#[test]
fn what_is_null_in_the_other_session_is_nothing() {
    let mut session = counted();
    session.row.start = Some(MONDAY);
    session.update(MONDAY, 0).row.input = None;
    assert_eq!(session.look(MONDAY), 0);
    assert_eq!(session.oddity, Some(Oddity::BeganAgain));
    assert!(!session.account().start_moved, "it is known by now");
    assert_eq!(session.update(MONDAY + 2 * MINUTE, 9).look(MONDAY + 2 * MINUTE), 9);
}

#[test]
fn another_session_under_the_id_is_not_older_than_what_is_known() {
    let mut session = Watched::from(SUNDAY);
    session.update(MONDAY + HOUR, 5000).look(MONDAY + HOUR);
    session.row.start = Some(SUNDAY + MINUTE);
    assert_eq!(session.update(MONDAY + 2 * HOUR, 400).look(MONDAY + 2 * HOUR), 400);
    assert_eq!(session.counted.last(), Some(&(MONDAY, 400, false)));
}

#[test]
fn a_late_packet_does_not_move_the_time_on() {
    let mut session = counted();
    session.update(TEN_PAST - 5 * MINUTE, 3000).row.update = Some(MONDAY + MINUTE);
    assert_eq!(session.look(MONDAY + MINUTE), 0);
    assert_eq!(session.update(MONDAY + 2 * MINUTE, 5100).look(MONDAY + 2 * MINUTE), 100);
    assert_eq!(session.counted.last(), Some(&(SUNDAY, 100, true)));
}

#[test]
fn the_start_may_become_later_before_the_counters_fall() {
    let mut session = counted();
    session.row.start = Some(TEN_PAST + HOUR);
    session.row.update = Some(TEN_PAST + HOUR);
    assert_eq!(session.look(TEN_PAST + HOUR), 0, "the Start of the other session");
    assert_eq!(session.oddity, None);
    // A start that is not there for a while is not an earlier one
    session.row.start = None;
    assert_eq!(session.look(TEN_PAST + HOUR + 1), 0);
    session.row.start = Some(TEN_PAST + HOUR);
    assert_eq!(session.update(TEN_PAST + HOUR + MINUTE, 10).look(TEN_PAST + HOUR + MINUTE), 10);
    assert_eq!(session.oddity, Some(Oddity::BeganAgain));
}

#[test]
fn a_start_that_was_set_right_is_no_other_session_once_the_counters_grow() {
    let mut session = counted();
    session.row.start = Some(SUNDAY + 12 * HOUR + MINUTE);
    assert_eq!(session.update(TEN_PAST + MINUTE, 5001).look(TEN_PAST + MINUTE), 1);
    assert_eq!(session.update(TEN_PAST - MINUTE, 4000).look(TEN_PAST + 2 * MINUTE), 0);
    assert_eq!(session.oddity, Some(Oddity::RanBackwards));
}

#[test]
fn a_start_that_is_null_for_a_while_hides_no_restart() {
    let mut session = counted();
    session.row.start = None;
    assert_eq!(session.look(TEN_PAST + MINUTE), 0);
    assert_eq!(session.account().start, Some(SUNDAY + 12 * HOUR));
    session.row.start = Some(MONDAY);
    assert_eq!(session.update(MONDAY + MINUTE, 10).look(MONDAY + MINUTE), 10);
}

#[test]
fn a_row_that_was_closed_goes_on_counting() {
    let mut session = counted();
    session.row.stop = Some(TEN_PAST);
    assert_eq!(session.look(TEN_PAST + MINUTE), 0);
    assert_eq!(session.account().closed_at, Some(TEN_PAST + MINUTE));
    // The Stop that came after we had closed it
    session.row.stop = Some(TEN_PAST + 30);
    assert_eq!(session.update(TEN_PAST, 5100).look(TEN_PAST + 2 * MINUTE), 100);
    assert_eq!(session.account().closed_at, Some(TEN_PAST + MINUTE), "closed since then");
    session.row.stop = None;
    assert_eq!(session.update(TEN_PAST + 3 * MINUTE, 5101).look(TEN_PAST + 3 * MINUTE), 1);
    assert_eq!(session.account().closed_at, None, "open again");
    assert_eq!(session.account().counted.octets(), 5101);
}

#[test]
fn a_row_that_was_deleted_stays_counted_and_is_not_counted_again() {
    let mut session = counted();
    let gone = session.account().gone(TEN_PAST + HOUR);
    assert_eq!((gone.stop, gone.closed_at), (Some(TEN_PAST), Some(TEN_PAST + HOUR)));
    assert_eq!(gone.counted.octets(), 5000);
    assert_eq!(gone.gone(MONDAY), gone);
    (session.account, session.looked_at, session.row.row_id) = (Some(gone), None, 2);
    assert_eq!(session.look(TEN_PAST + 2 * HOUR), 0, "the same row put back");
    assert_eq!(session.update(TEN_PAST + 2 * HOUR, 5002).look(TEN_PAST + 2 * HOUR), 2);
    assert_eq!((session.account().row_id, session.account().closed_at), (2, None));
}

#[test]
fn of_a_row_that_was_counted_before_growth_alone_counts() {
    let mut session = Watched::from(SUNDAY);
    session.counted_before = true;
    assert_eq!(session.update(SUNDAY + HOUR, 5000).look(SUNDAY + HOUR), 0);
    assert_eq!(session.account().counted, Counters::ZERO);
    assert_eq!(session.update(MONDAY, 5001).look(MONDAY), 1);
    assert_eq!(session.counted, [(SUNDAY, 1, true)]);
}
