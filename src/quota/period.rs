//! When a limit starts again.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// When a limit starts again. Days, weeks and months begin at midnight of the zone that is asked for; where a change to
/// summer time skips midnight, when the day begins there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
            Self::Daily => midnight(local(at, zone).date(), zone, at),
            Self::Weekly => {
                let date = local(at, zone).date();
                let back = i64::from(date.weekday().since(Weekday::Monday));
                midnight(date.saturating_sub(back.days()), zone, at)
            }
            Self::Monthly(day) => midnight(month_start(local(at, zone).date(), day), zone, at),
            Self::Rolling(seconds) if i64::from(seconds) <= 7 * DAY => hour(at, zone),
            Self::Rolling(_) => midnight(local(at, zone).date(), zone, at),
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
            Self::Hourly => return Some(hour(now, zone) + HOUR),
            Self::Daily => DAY + DAY / 2,
            Self::Weekly => 7 * DAY + DAY / 2,
            Self::Monthly(_) => 32 * DAY,
        };
        Some(self.slot(self.slot(now, zone).saturating_add(beyond), zone))
    }

    /// At least as many seconds as it ever lasts.
    pub(super) fn longest(self) -> i64 {
        match self {
            Self::Total => 0,
            Self::Hourly => HOUR,
            Self::Daily => DAY + 2 * HOUR,
            Self::Weekly => 7 * DAY + 2 * HOUR,
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

fn local(at: i64, zone: &TimeZone) -> Zoned {
    let at = at.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(at).unwrap_or(Timestamp::UNIX_EPOCH).to_zoned(zone.clone())
}

/// By the clock on the wall, also where it is half an hour beside UTC's; of an hour that happens twice, each of its own.
fn hour(at: i64, zone: &TimeZone) -> i64 {
    let local = local(at, zone);
    at - i64::from(local.minute()) * 60 - i64::from(local.second())
}

/// When this day begins; `otherwise` at the end of all time.
fn midnight(date: Date, zone: &TimeZone, otherwise: i64) -> i64 {
    date.to_zoned(zone.clone()).map_or(otherwise, |start| start.timestamp().as_second())
}

/// The last day on which a month of the plan began, on `date` or before.
fn month_start(date: Date, day: u8) -> Date {
    let begins_in = |month: Date| {
        let last = month.days_in_month();
        month.first_of_month().saturating_add(i64::from(i8::try_from(day).unwrap_or(31).min(last) - 1).days())
    };
    let this = begins_in(date);
    if this <= date { this } else { begins_in(date.first_of_month().saturating_sub(1.day())) }
}
