use jiff::tz::db;
use proptest::prelude::*;

use super::*;

/// 1970 to 2100.
const YEARS: std::ops::Range<i64> = 0..4_102_444_800;

/// When the period that holds a moment of a zone begins and ends, as the clock on the wall shows it there.
fn bounds(period: Period, name: &str, moment: &str) -> (String, String) {
    let zone = TimeZone::get(name).unwrap();
    let moment: Timestamp = moment.parse().unwrap();
    let shown = |at: i64| timestamp(at).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %:z").to_string();
    let now = moment.as_second();
    (shown(period.slot(now, &zone)), period.end(now, &zone).map_or_else(String::new, shown))
}

fn check(period: Period, name: &str, moment: &str, (start, end): (&str, &str)) {
    assert_eq!(bounds(period, name, moment), (start.to_owned(), end.to_owned()), "{period:?} {name} {moment}");
}

fn days_of_the_year(year: i16) -> impl Iterator<Item = Date> {
    let first = Date::new(year, 1, 1).unwrap();
    (0..i64::from(first.days_in_year())).map(move |days| first.saturating_add(days.days()))
}

#[test]
fn a_month_begins_on_its_day_or_where_it_is_shorter_on_its_last() {
    for (year, february) in [(2023, 28), (2024, 29), (2100, 28), (2000, 29)] {
        for day in 1..=31 {
            let begins = |date: &Date| month_start(*date, day) == *date;
            let days: Vec<i8> = days_of_the_year(year).filter(begins).map(Date::day).collect();
            let of = |last: i8| i8::try_from(day).unwrap().min(last);
            assert_eq!(days, [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].map(of), "{year}, day {day}");
        }
    }
    check(Period::Monthly(31), "UTC", "2026-03-30T23:59:59Z", ("2026-02-28 00:00 +00:00", "2026-03-31 00:00 +00:00"));
    check(Period::Monthly(30), "UTC", "2024-02-29T00:00:00Z", ("2024-02-29 00:00 +00:00", "2024-03-30 00:00 +00:00"));
    check(Period::Monthly(29), "UTC", "2023-02-28T00:00:00Z", ("2023-02-28 00:00 +00:00", "2023-03-29 00:00 +00:00"));
    check(Period::Monthly(1), "UTC", "2026-12-31T23:59:59Z", ("2026-12-01 00:00 +00:00", "2027-01-01 00:00 +00:00"));
}

#[test]
fn a_week_begins_before_monday() {
    check(Period::Weekly, "UTC", "2026-11-22T23:59:59Z", ("2026-11-16 00:00 +00:00", "2026-11-23 00:00 +00:00"));
    check(Period::Weekly, "UTC", "2026-11-23T00:00:00Z", ("2026-11-23 00:00 +00:00", "2026-11-30 00:00 +00:00"));
    let (start, end) = ("2026-10-19 00:00 +02:00", "2026-10-26 00:00 +01:00");
    check(Period::Weekly, "Europe/Berlin", "2026-10-25T22:59:59Z", (start, end));
}

#[test]
fn a_day_without_a_midnight_begins_when_it_begins() {
    for (zone, moment, (start, end)) in [
        ("America/Sao_Paulo", "2018-11-04T12:00:00Z", ("2018-11-04 01:00 -02:00", "2018-11-05 00:00 -02:00")),
        ("America/Sao_Paulo", "2018-11-04T02:59:59Z", ("2018-11-03 00:00 -03:00", "2018-11-04 01:00 -02:00")),
        ("Asia/Beirut", "2026-03-29T12:00:00Z", ("2026-03-29 01:00 +03:00", "2026-03-30 00:00 +03:00")),
        ("America/Asuncion", "2023-10-01T12:00:00Z", ("2023-10-01 01:00 -03:00", "2023-10-02 00:00 -03:00")),
        ("Asia/Kathmandu", "1985-12-31T18:30:00Z", ("1986-01-01 00:15 +05:45", "1986-01-02 00:00 +05:45")),
    ] {
        check(Period::Daily, zone, moment, (start, end));
    }
    let (start, end) = ("2018-10-04 00:00 -03:00", "2018-11-04 01:00 -02:00");
    check(Period::Monthly(4), "America/Sao_Paulo", "2018-11-04T02:59:59Z", (start, end));
}

#[test]
fn a_day_that_never_was_is_passed_over() {
    let (start, end) = ("2011-12-29 00:00 -10:00", "2011-12-31 00:00 +14:00");
    check(Period::Daily, "Pacific/Apia", "2011-12-30T09:59:59Z", (start, end));
    check(Period::Monthly(30), "Pacific/Apia", "2011-12-30T10:00:00Z", (end, "2012-01-30 00:00 +14:00"));
}

#[test]
fn a_midnight_that_comes_twice_begins_one_day() {
    let (start, end) = ("2026-11-01 00:00 -04:00", "2026-11-02 00:00 -05:00");
    for moment in ["2026-11-01T04:30:00Z", "2026-11-01T05:30:00Z"] {
        check(Period::Daily, "America/Havana", moment, (start, end));
    }
    // Back from 00:01 to 23:01 of the day before
    let (start, end) = ("2010-11-07 00:00 -02:30", "2010-11-08 00:00 -03:30");
    for moment in ["2010-11-07T02:30:00Z", "2010-11-07T02:31:00Z", "2010-11-07T03:29:59Z", "2010-11-07T03:30:00Z"] {
        check(Period::Daily, "America/St_Johns", moment, (start, end));
    }
    let (start, end) = ("2019-02-16 00:00 -02:00", "2019-02-17 00:00 -03:00");
    check(Period::Daily, "America/Sao_Paulo", "2019-02-17T02:30:00Z", (start, end));
}

#[test]
fn an_hour_that_comes_twice_counts_twice() {
    let berlin = |moment, bounds| check(Period::Hourly, "Europe/Berlin", moment, bounds);
    berlin("2026-10-25T00:30:00Z", ("2026-10-25 02:00 +02:00", "2026-10-25 02:00 +01:00"));
    berlin("2026-10-25T01:30:00Z", ("2026-10-25 02:00 +01:00", "2026-10-25 03:00 +01:00"));
    berlin("2026-03-29T00:30:00Z", ("2026-03-29 01:00 +01:00", "2026-03-29 03:00 +02:00"));
}

#[test]
fn an_hour_ends_where_the_clock_is_set_within_it() {
    for (zone, moment, (start, end)) in [
        ("Australia/Lord_Howe", "2026-04-04T14:45:00Z", ("2026-04-05 01:00 +11:00", "2026-04-05 01:30 +10:30")),
        ("Australia/Lord_Howe", "2026-04-04T15:15:00Z", ("2026-04-05 01:30 +10:30", "2026-04-05 02:00 +10:30")),
        ("Australia/Lord_Howe", "2026-10-03T15:45:00Z", ("2026-10-04 02:30 +11:00", "2026-10-04 03:00 +11:00")),
        ("America/Caracas", "2016-05-01T06:45:00Z", ("2016-05-01 02:00 -04:30", "2016-05-01 03:00 -04:00")),
        ("Asia/Kathmandu", "2026-01-01T00:00:00Z", ("2026-01-01 05:00 +05:45", "2026-01-01 06:00 +05:45")),
    ] {
        check(Period::Hourly, zone, moment, (start, end));
    }
}

#[test]
fn a_rolling_window_is_cut_in_hours_and_above_a_week_in_days() {
    let week = 7 * 24 * 3600;
    for (seconds, start) in [(3600, "12:00"), (week, "12:00"), (week + 1, "00:00"), (u32::MAX, "00:00")] {
        let start = format!("2026-11-22 {start} +00:00");
        check(Period::Rolling(seconds), "UTC", "2026-11-22T12:59:59Z", (&start, ""));
    }
    assert_eq!(Period::Rolling(100).start(1000, &TimeZone::UTC), 900);
}

#[test]
fn all_time_is_one_period() {
    check(Period::Total, "UTC", "2026-11-22T12:59:59Z", ("1970-01-01 00:00 +00:00", ""));
    assert_eq!(Period::Total.start(i64::MAX, &TimeZone::UTC), 0);
}

fn every_period() -> impl Strategy<Value = Period> {
    prop_oneof![
        Just(Period::Total),
        Just(Period::Hourly),
        Just(Period::Daily),
        Just(Period::Weekly),
        any::<u8>().prop_map(Period::Monthly),
        any::<u32>().prop_map(Period::Rolling),
    ]
}

fn every_zone() -> impl Strategy<Value = TimeZone> {
    let names: Vec<String> = db().available().map(|name| name.to_string()).collect();
    proptest::sample::select(names).prop_map(|name| TimeZone::get(&name).unwrap())
}

/// A zone, and a moment, half the time near to a change of its clocks.
fn near_a_change() -> impl Strategy<Value = (TimeZone, i64)> {
    (every_zone(), YEARS, -100_000_i64..100_000, any::<bool>()).prop_map(|(zone, at, by, near)| {
        let change = zone.following(timestamp(at)).next().map(|change| change.timestamp().as_second());
        let moment = change.filter(|change| near && YEARS.contains(change)).map_or(at, |change| change + by);
        (zone, moment)
    })
}

proptest! {
    #[test]
    fn a_period_holds_its_moment_and_the_next_begins_at_its_end((zone, now) in near_a_change(), period in every_period()) {
        let start = period.slot(now, &zone);
        prop_assert!(start <= now || period == Period::Total, "{start} {now}");
        prop_assert_eq!(period.slot(start, &zone), start, "{}", now);
        if let Some(end) = period.end(now, &zone) {
            prop_assert!(now < end, "{now} {end}");
            prop_assert_eq!(period.slot(end, &zone), end, "{}", now);
            prop_assert_eq!(period.slot(end - 1, &zone), start, "{} {}", now, end);
            prop_assert!(end - start <= period.longest(), "{start} {end}");
        }
    }

    #[test]
    fn weeks_and_months_begin_with_a_day_and_days_with_an_hour((zone, now) in near_a_change(), day in 1_u8..=31) {
        let [hourly, daily] = [Period::Hourly, Period::Daily].map(|period| period.slot(now, &zone));
        prop_assert_eq!(Period::Hourly.slot(daily, &zone), daily);
        prop_assert!(daily <= hourly);
        for start in [Period::Weekly, Period::Monthly(day)].map(|period| period.slot(now, &zone)) {
            prop_assert_eq!(Period::Daily.slot(start, &zone), start);
            prop_assert!(start <= daily);
        }
    }

    #[test]
    fn no_time_is_too_early_or_too_late(zone in every_zone(), by in 0_i64..10_000, period in every_period()) {
        for end in [i64::MIN, i64::MAX, Timestamp::MIN.as_second(), Timestamp::MAX.as_second()] {
            for at in [end.saturating_add(by), end.saturating_sub(by)] {
                let start = period.start(at, &zone);
                prop_assert!(start <= at.max(0) || at < Timestamp::MIN.as_second(), "{start} {at}");
                let end = period.end(at, &zone);
                prop_assert!(end.is_none_or(|end| start < end) || at.saturating_abs() > YEARS.end, "{at}");
            }
        }
    }
}
