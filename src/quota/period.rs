//! When a limit starts again.

use jiff::civil::{Date, Weekday};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// When a limit starts again. Days, weeks and months begin at midnight of the zone that is asked for; where a change to
/// summer time skips midnight, when the day begins there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Period {
    /// Never.
    Total,
    /// Each hour.
    Hourly,
    /// At midnight.
    Daily,
    /// At midnight before Monday.
    Weekly,
    /// At midnight before this day of the month, 1 to 31; in a shorter month before its last day.
    Monthly(u8),
    /// All the time: what counts is the use of the last so many seconds, in steps of an hour, above a week of a day. The
    /// step that has only partly passed out of the window counts no more.
    Rolling(u32),
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

impl Period {
    /// The start of the slot that holds `at`, in seconds since 1970; 0 for [`Period::Total`].
    #[must_use]
    pub fn slot(self, at: i64, zone: &TimeZone) -> i64 {
        match self {
            Self::Total => 0,
            Self::Hourly => hour(at, zone),
            Self::Daily => day(at, zone, |date| date),
            Self::Weekly => day(at, zone, week_start),
            Self::Monthly(first) => day(at, zone, |date| month_start(date, first)),
            Self::Rolling(_) => self.step().slot(at, zone),
        }
    }

    /// Use from this time on counts at `now`.
    #[must_use]
    pub fn start(self, now: i64, zone: &TimeZone) -> i64 {
        match self {
            Self::Rolling(seconds) => now.saturating_sub(i64::from(seconds)),
            Self::Total | Self::Hourly | Self::Daily | Self::Weekly | Self::Monthly(_) => self.slot(now, zone),
        }
    }

    /// When it starts again after `now`; `None` for one that never does or that always does.
    #[must_use]
    pub fn end(self, now: i64, zone: &TimeZone) -> Option<i64> {
        // Later than the start of the next one, earlier than that of the one after
        let beyond = match self {
            Self::Total | Self::Rolling(_) => return None,
            Self::Hourly => return Some(next_hour(now, zone)),
            Self::Daily => DAY + DAY / 2,
            Self::Weekly => 7 * DAY + DAY / 2,
            Self::Monthly(_) => 32 * DAY,
        };
        Some(self.slot(self.slot(now, zone).saturating_add(beyond), zone))
    }

    /// In what steps it passes: a rolling window in hours, above a week in days; any other in its own.
    pub(super) fn step(self) -> Self {
        match self {
            Self::Rolling(seconds) if i64::from(seconds) <= 7 * DAY => Self::Hourly,
            Self::Rolling(_) => Self::Daily,
            Self::Total | Self::Hourly | Self::Daily | Self::Weekly | Self::Monthly(_) => self,
        }
    }

    /// At least as many seconds as it ever lasts.
    pub(super) fn longest(self) -> i64 {
        match self {
            Self::Total => 0,
            Self::Hourly => HOUR,
            Self::Daily => 2 * DAY,
            Self::Weekly => 8 * DAY,
            Self::Monthly(_) => 32 * DAY,
            Self::Rolling(seconds) => i64::from(seconds) + DAY,
        }
    }

    /// The word that stands in JSON and for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly(_) => "monthly",
            Self::Rolling(_) => "rolling",
        }
    }
}

fn timestamp(at: i64) -> Timestamp {
    let at = at.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn offset(at: i64, zone: &TimeZone) -> Offset {
    zone.to_offset(timestamp(at))
}

/// By how much the clock on the wall is past a full hour.
fn into_hour(at: i64, zone: &TimeZone) -> i64 {
    at.saturating_add(i64::from(offset(at, zone).seconds())).rem_euclid(HOUR)
}

/// When this hour began by the clock on the wall, also where it is half an hour beside UTC's; of an hour that happens
/// twice, each of its own. Where the clock was set within the hour, it began with that.
fn hour(at: i64, zone: &TimeZone) -> i64 {
    let start = at.saturating_sub(into_hour(at, zone));
    if offset(start, zone) == offset(at, zone) {
        return start;
    }
    let set = zone.preceding(timestamp(at.saturating_add(1))).next();
    set.map_or(start, |set| set.timestamp().as_second().max(start))
}

/// When the next hour begins: the clock on the wall shows it, or is set.
fn next_hour(at: i64, zone: &TimeZone) -> i64 {
    let end = at.saturating_add(HOUR - into_hour(at, zone));
    if offset(end - 1, zone) == offset(at, zone) {
        return end;
    }
    zone.following(timestamp(at)).next().map_or(end, |set| set.timestamp().as_second().min(end))
}

/// The last midnight before a day that `first` says a period of its date began on.
fn day(at: i64, zone: &TimeZone, first: impl Fn(Date) -> Date) -> i64 {
    let local = offset(at, zone).to_datetime(timestamp(at));
    let tomorrow = local.date().saturating_add(1.day());
    // Where the clock was set back over midnight it shows the old day again; the new one has begun all the same
    if local.hour() >= 12 && first(tomorrow) == tomorrow {
        let next = midnight(tomorrow, zone, at);
        if next <= at {
            return next;
        }
    }
    midnight(first(local.date()), zone, at)
}

/// When this day begins; `otherwise` at the end of all time.
fn midnight(date: Date, zone: &TimeZone, otherwise: i64) -> i64 {
    date.to_zoned(zone.clone()).map_or(otherwise, |start| start.timestamp().as_second())
}

fn week_start(date: Date) -> Date {
    date.saturating_sub(i64::from(date.weekday().since(Weekday::Monday)).days())
}

/// The last day on which a month of the plan began, on `date` or before.
fn month_start(date: Date, day: u8) -> Date {
    let begins_in = |month: Date| {
        let last = month.days_in_month();
        month.first_of_month().saturating_add(i64::from(i8::try_from(day).unwrap_or(31).clamp(1, last) - 1).days())
    };
    let this = begins_in(date);
    if this <= date { this } else { begins_in(date.first_of_month().saturating_sub(1.day())) }
}

#[cfg(test)]
mod tests;
