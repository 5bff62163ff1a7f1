use super::*;

const JUMP: u64 = 1 << 40;

/// A session since noon, with 5000 octets counted at 12:10 and a jump at 12:20.
fn jumped() -> Watched {
    let mut session = Watched::from(SUNDAY + 12 * HOUR);
    session.update(at(10), 5000).look(at(10));
    assert_eq!(session.update(at(20), JUMP).look(at(20)), 0);
    assert_eq!(session.oddity, Some(Oddity::Held(JUMP - 5000)));
    assert_eq!(session.account().all_held().octets(), JUMP - 5000);
    session
}

fn at(minutes: i64) -> i64 {
    SUNDAY + 12 * HOUR + minutes * MINUTE
}

#[test]
fn as_much_as_the_line_carries_in_the_gap_is_believed() {
    for (octets, counted) in [(RATE * (600 + 60), RATE * 660), (RATE * 660 + 1, 0)] {
        let mut session = Watched::from(at(0));
        session.update(at(10), 5000).look(at(10));
        assert_eq!(session.update(at(20), 5000 + octets).look(at(20)), counted);
    }
}

#[test]
fn a_jump_that_was_real_stays_held_and_what_follows_counts() {
    let mut session = jumped();
    assert_eq!(session.update(at(30), JUMP + 9).look(at(30)), 9);
    assert_eq!(session.counted.last(), Some(&(SUNDAY, 9, false)));
    assert_eq!(session.update(at(40), JUMP + 10).look(at(40)), 1);
    assert_eq!(session.account().all_held().octets(), JUMP - 5000);
    assert_eq!(session.account().counted.octets(), 5010);
}

#[test]
fn what_follows_a_jump_was_used_since_the_jump() {
    let mut session = jumped();
    session.update(MONDAY + HOUR, 2 * JUMP).look(MONDAY + HOUR);
    assert_eq!(session.update(MONDAY + 25 * HOUR, 2 * JUMP + 9).look(MONDAY + 25 * HOUR), 9);
    assert_eq!(session.counted.last(), Some(&(MONDAY, 9, true)));
}

#[test]
fn a_jump_is_not_undone_when_our_clock_is_set_back() {
    let mut session = jumped();
    assert_eq!(session.update(at(30), JUMP + 9).look(at(5)), 9);
    assert_eq!(session.account().at, at(20));
}

#[test]
fn what_another_session_jumped_by_before_stays_held() {
    let mut session = jumped();
    session.row.start = Some(at(29));
    assert_eq!(session.update(at(30), 70).look(at(30)), 70);
    assert_eq!(session.account().suspect, None);
    assert_eq!(session.account().held.octets(), JUMP - 5000);
    session.row.start = Some(at(39));
    session.update(at(40), 0).look(at(40));
    assert_eq!(session.account().held.octets(), JUMP - 5000);
}

#[test]
fn a_jump_that_was_a_glitch_is_forgotten() {
    let mut session = jumped();
    assert_eq!(session.update(at(30), 5009).look(at(30)), 9);
    assert_eq!(session.account().all_held(), Counters::ZERO);
    assert_eq!(session.account().counted, Counters { input: 5009, output: 0, seconds: 1800 });
}

#[test]
fn a_jump_does_not_become_real_by_waiting() {
    let mut session = jumped();
    let held = session.account().clone();
    for day in 0..100 {
        session.look(MONDAY + day * DAY);
        assert_eq!(*session.account(), held);
    }
    assert_eq!(session.update(at(30), 5009).look(MONDAY + 101 * DAY), 9);
}

#[test]
fn while_nothing_more_is_used_it_stays_open_whether_a_jump_was_real() {
    let mut session = jumped();
    session.row.update = Some(MONDAY);
    assert_eq!(session.look(MONDAY), 0);
    assert!(session.account().suspect.is_some());
    let mut glitch = jumped();
    glitch.row.update = Some(MONDAY);
    glitch.look(MONDAY);
    assert_eq!(glitch.update(MONDAY + MINUTE, 5009).look(MONDAY + MINUTE), 9);
    session.row.input = Some(JUMP + 9);
    session.row.update = Some(MONDAY + MINUTE);
    assert_eq!(session.look(MONDAY + MINUTE), 9);
    assert_eq!(session.counted.last(), Some(&(MONDAY, 9, false)), "since the update without growth");
}

#[test]
fn time_online_goes_on_after_a_jump() {
    let mut session = jumped();
    session.update(at(30), JUMP).look(at(30));
    assert_eq!(session.account().counted.seconds, 600 + 600, "not that of the jump");
    assert_eq!(session.account().suspect, None);
}

#[test]
fn a_jump_after_a_jump_is_held_as_well() {
    let mut session = jumped();
    assert_eq!(session.update(at(30), 3 * JUMP).look(at(30)), 0);
    assert_eq!(session.oddity, Some(Oddity::Held(3 * JUMP - 5000)));
    assert_eq!(session.update(at(40), 3 * JUMP + 4).look(at(40)), 4);
    assert_eq!(session.account().all_held().octets(), 3 * JUMP - 5000);
    assert_eq!(session.update(at(50), 4 * JUMP).look(at(50)), 0);
    assert_eq!(session.account().all_held().octets(), 4 * JUMP - 5000 - 4);
}

#[test]
fn a_late_packet_after_a_jump_settles_nothing_wrongly() {
    let mut session = jumped();
    assert_eq!(session.update(at(5), 4000).look(at(21)), 0);
    assert_eq!(session.update(at(30), JUMP + 9).look(at(30)), 0, "a jump again");
    assert_eq!(session.update(at(40), JUMP + 19).look(at(40)), 10);
}

#[test]
fn a_jump_at_first_sight_is_held() {
    let mut session = Watched::from(at(0));
    assert_eq!(session.update(at(10), JUMP).look(at(10)), 0);
    assert_eq!(session.oddity, Some(Oddity::Held(JUMP)));
    assert_eq!(session.update(at(20), 700).look(at(20)), 700);
    assert_eq!(session.counted, [(SUNDAY, 700, false)]);
}

#[test]
fn the_jump_of_a_session_that_began_again_is_held_once() {
    let mut session = Watched::from(at(0));
    session.update(at(10), 2 * JUMP).account = None;
    session.counted_before = true;
    session.look(at(10));
    session.row.start = Some(at(19));
    assert_eq!(session.update(at(20), JUMP).look(at(20)), 0);
    assert_eq!(session.oddity, Some(Oddity::Held(JUMP)));
    assert_eq!(session.account().all_held().octets(), JUMP);
    assert_eq!(session.update(at(30), JUMP + 9).look(at(30)), 9);
    assert_eq!(session.update(at(40), JUMP + 10).look(at(40)), 1);
}

#[test]
fn without_a_rate_everything_is_believed() {
    let mut session = Watched::from(at(0));
    session.update(at(1), JUMP);
    let slots = Slots::new([]);
    let context = Context {
        now: at(1),
        looked_at: None,
        max_rate: None,
        zone: (&"UTC".into(), &TimeZone::UTC),
        slots: &slots,
        since: None,
        counted_before: false,
    };
    let counted = SessionAccount::observe(None, &session.row, &context).account.counted;
    assert_eq!(counted.octets(), JUMP);
}
