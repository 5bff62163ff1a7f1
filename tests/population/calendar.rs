//! Where the present day, week and month began, in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(super) const DAY: i64 = 86_400;

/// The present time and where its periods began, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Calendar {
    pub(super) now: i64,
    pub(super) day: i64,
    /// Monday's midnight.
    pub(super) week: i64,
    /// The first's midnight.
    pub(super) month: i64,
}

impl Calendar {
    pub(super) fn at(now: i64) -> Self {
        let days = now.div_euclid(DAY);
        // 1970 began on a Thursday
        let since_monday = (days + 3).rem_euclid(7);
        let date = Timestamp::from_second(now).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        let since_first = i64::from(date.day()) - 1;
        Self { now, day: days * DAY, week: (days - since_monday) * DAY, month: (days - since_first) * DAY }
    }
}
