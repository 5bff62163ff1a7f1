use jiff::tz::db;
use proptest::prelude::*;

use super::*;

/// 1970 and 2100.
const YEARS: std::ops::Range<i64> = 0..4_102_444_800;

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn at(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

/// As the clock on the wall shows it.
fn shown(at: i64, zone: &TimeZone) -> String {
    timestamp(at).to_zoned(zone.clone()).to_string()
}

fn every_period() -> impl Strategy<Value = Period> {
    prop_oneof![
        Just(Period::Hourly),
        Just(Period::Daily),
        Just(Period::Weekly),
        (0_u8..=40).prop_map(Period::Monthly),
        any::<u32>().prop_map(Period::Rolling),
    ]
}

/// A zone, and a moment at or near to a change of its clocks.
fn near_a_change() -> impl Strategy<Value = (TimeZone, i64)> {
    let names: Vec<String> = db().available().map(|name| name.to_string()).collect();
    (proptest::sample::select(names), YEARS, -100_000_i64..100_000, any::<bool>()).prop_map(|(name, at, by, near)| {
        let zone = TimeZone::get(&name).unwrap();
        let change = zone.following(timestamp(at)).next().map(|change| change.timestamp().as_second());
        let moment = change.filter(|change| near && YEARS.contains(change)).map_or(at, |change| change + by);
        (zone, moment)
    })
}

proptest! {
    #[test]
    fn a_period_holds_its_moment_and_the_next_begins_at_its_end((zone, now) in near_a_change(), period in every_period()) {
        let start = period.slot(now, &zone);
        prop_assert!(start <= now, "{start} {now} {zone:?}");
        prop_assert_eq!(period.slot(start, &zone), start, "{} {}", shown(start, &zone), shown(now, &zone));
        if let Some(end) = period.end(now, &zone) {
            prop_assert!(now < end, "{} {}", shown(now, &zone), shown(end, &zone));
            prop_assert_eq!(period.slot(end, &zone), end, "{} {}", shown(now, &zone), shown(end, &zone));
            prop_assert_eq!(period.slot(end - 1, &zone), start, "{} {}", shown(start, &zone), shown(end, &zone));
            prop_assert!(end - start <= period.longest(), "{} {}", shown(start, &zone), shown(end, &zone));
        }
    }
}
