//! Where periods begin, found by trying: every moment near by at which one could begin, and of those the last.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use radkick::quota::Period;

/// The start of the slot that holds `at`.
pub(super) fn slot(periods: &[Period], at: i64, zone: &TimeZone, since: Option<i64>) -> i64 {
    let starts = periods.iter().map(|period| begin(*period, at, zone));
    starts.chain(since.filter(|since| *since <= at)).fold(0, i64::max)
}

/// When the period that holds `at` began.
pub(super) fn begin(period: Period, at: i64, zone: &TimeZone) -> i64 {
    match period {
        Period::Total => 0,
        Period::Hourly => hour(at, zone),
        Period::Daily => last_day(at, zone, 3, |_| true),
        Period::Weekly => last_day(at, zone, 9, |date| date.weekday() == Weekday::Monday),
        Period::Monthly(day) => {
            last_day(at, zone, 33, |date| date.day() == i8::try_from(day).unwrap_or(31).min(date.days_in_month()))
        }
        Period::Rolling(seconds) if seconds <= 7 * 24 * 3600 => hour(at, zone),
        Period::Rolling(_) => last_day(at, zone, 3, |_| true),
    }
}

/// The last of the `days` before `at` that begins a period and has begun.
fn last_day(at: i64, zone: &TimeZone, days: i64, begins: impl Fn(Date) -> bool) -> i64 {
    let tomorrow = local(at, zone).date().saturating_add(1.day());
    let dates = (0..days).map(|back| tomorrow.saturating_sub(back.days())).filter(|date| begins(*date));
    let starts = dates.filter_map(|date| Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_second()));
    starts.filter(|start| *start <= at).max().expect("a day that has begun")
}

/// Back minute by minute, until the clock on the wall shows a full hour or was just set.
fn hour(at: i64, zone: &TimeZone) -> i64 {
    let mut start = at - i64::from(local(at, zone).second());
    loop {
        let shown = local(start, zone);
        if shown.minute() == 0 || local(start - 1, zone).offset() != shown.offset() {
            return start;
        }
        start -= 60;
    }
}

fn local(at: i64, zone: &TimeZone) -> Zoned {
    Timestamp::from_second(at).expect("a time of ours").to_zoned(zone.clone())
}
