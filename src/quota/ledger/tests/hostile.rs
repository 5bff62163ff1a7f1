//! What no router sends: nothing of it may make us panic or count twice.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;

const TIMES: [i64; 9] = [i64::MIN, i64::MIN + 1, -DAY, -1, 0, 1, SUNDAY, i64::MAX - 1, i64::MAX];
const OCTETS: [u64; 8] = [0, 1, 1 << 31, (1 << 32) - 1, 1 << 32, i64::MAX.cast_unsigned(), u64::MAX - 1, u64::MAX];

fn time() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(prop_oneof![select(TIMES.to_vec()), any::<i64>()])
}

fn counter() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(prop_oneof![select(OCTETS.to_vec()), any::<u64>()])
}

fn sighting() -> impl Strategy<Value = Sighting> {
    (time(), time(), time(), counter(), counter(), counter()).prop_map(
        |(start, update, stop, input, output, seconds)| Sighting {
            start,
            update,
            stop,
            input,
            output,
            seconds,
            ..Watched::from(SUNDAY).row
        },
    )
}

fn period() -> impl Strategy<Value = Period> {
    prop_oneof![
        Just(Period::Hourly),
        Just(Period::Daily),
        Just(Period::Weekly),
        any::<u8>().prop_map(Period::Monthly),
        any::<u32>().prop_map(Period::Rolling),
        Just(Period::Rolling(u32::MAX)),
    ]
}

proptest! {
    #[test]
    fn any_row_at_any_time_is_taken(
        rows in prop::collection::vec((sighting(), time(), time(), time(), counter(), any::<bool>()), 1..8),
        periods in prop::collection::vec(period(), 0..3),
    ) {
        let (unnamed, zone) = ("".into(), TimeZone::get("America/Sao_Paulo").unwrap());
        let slots = Slots::new(periods);
        let mut account: Option<SessionAccount> = None;
        for (row, now, looked_at, since, max_rate, counted_before) in rows {
            let now = now.unwrap_or(SUNDAY);
            let context = Context { now, looked_at, max_rate, zone: (&unnamed, &zone), slots: &slots, since, counted_before };
            let before = account.as_ref().map_or(Counters::ZERO, |account| account.counted);
            let observed = SessionAccount::observe(account.as_ref(), &row, &context);
            let added = observed.increment.map_or(Counters::ZERO, |increment| increment.used);
            let after = observed.account;
            prop_assert_eq!(after.counted, before.plus(added));
            prop_assert!(after.at <= now || account.is_some());
            let again = SessionAccount::observe(Some(&after), &row, &context);
            prop_assert_eq!((again.increment, &again.account), (None, &after), "the same look again");
            prop_assert_eq!(after.used_since(0), after.counted);
            prop_assert!(slots.horizon(now) <= now && after.all_held().reaches(after.held));
            account = Some(after.gone(now));
        }
    }
}

#[test]
fn counters_at_their_end_stay_there() {
    let mut session = Watched::from(0);
    session.row.output = Some(u64::MAX);
    session.row.input = Some(u64::MAX);
    assert_eq!(session.row.counters(Counters::ZERO).octets(), u64::MAX);
    session.look(SUNDAY);
    assert_eq!(session.oddity, Some(Oddity::Held(u64::MAX)));
    assert_eq!(session.account().counted.octets(), 0);
}

#[test]
fn a_router_in_1970_is_not_before_all_time() {
    let mut session = Watched::from(10);
    session.update(610, 7).look(SUNDAY);
    session.update(1210, 9).look(SUNDAY + 10 * MINUTE);
    session.update(1810, 12).look(SUNDAY + 20 * MINUTE);
    assert_eq!(session.counted, [(0, 7, false), (0, 2, true), (SUNDAY, 3, false)]);
}
