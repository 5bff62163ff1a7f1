//! `[accounting]`: how the rows of radacct are to be read.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::DatabaseUrl;
use super::section::Section;
use super::value::{parse_duration, parse_window};

/// `[accounting]`.
#[derive(Debug, Clone)]
pub struct Accounting {
    /// `interim_interval`, `"auto"` or 30 s to 24 h. Default auto.
    pub interim_interval: InterimInterval,
    /// `time_zone`, the zone of the times in radacct and of quota periods: a name as `Africa/Lagos`, `UTC`, or `system`.
    /// Default `system`.
    pub time_zone: TimeZone,
    /// `username_case`. Default auto.
    pub username_case: UsernameCase,
    /// `close_rows`. Default: never on PostgreSQL, whose stock Stop query updates only open rows; else proven.
    pub close_rows: CloseRows,
    /// `stop_grace`, how long after the proof a Stop may still come before the row is closed. 0 s to 1 h, default 1 min.
    pub stop_grace: Duration,
    /// `close_stale`, after how long without an update an open row is closed whose NAS goes on reporting others, at the
    /// time of its last update: 10 min to 30 days, or `"never"`. Default never.
    pub close_stale: Option<Duration>,
}

/// How often the NAS report a session that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterimInterval {
    /// Learnt from the rows.
    Auto,
    /// As told.
    Every(Duration),
}

/// Whether `Bob` and `bob` are one user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsernameCase {
    /// As the database compares.
    Auto,
    /// They are two.
    Exact,
    /// They are one.
    Ignore,
}

/// Whether radkick writes the stop time into a row whose session it ended and whose Stop never came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseRows {
    /// It does not.
    Never,
    /// It does once the end is proven.
    Proven,
}

impl Accounting {
    pub(super) fn read(section: &mut Section<'_, '_>, database: Option<&DatabaseUrl>) -> Self {
        let close_rows = match database {
            Some(DatabaseUrl::Postgres(_)) => CloseRows::Never,
            _ => CloseRows::Proven,
        };
        let cases = [("auto", UsernameCase::Auto), ("exact", UsernameCase::Exact), ("ignore", UsernameCase::Ignore)];
        let closing = [("never", CloseRows::Never), ("proven", CloseRows::Proven)];
        let minute = Duration::from_mins(1);
        Self {
            interim_interval: section.parsed("interim_interval", INTERVALS, interval).unwrap_or(InterimInterval::Auto),
            time_zone: section.parsed("time_zone", ZONES, zone).unwrap_or_else(TimeZone::system),
            username_case: section.choice("username_case", &cases).unwrap_or(UsernameCase::Auto),
            close_rows: section.choice("close_rows", &closing).unwrap_or(close_rows),
            stop_grace: section.duration("stop_grace", Duration::ZERO..=minute * 60).unwrap_or(minute),
            close_stale: section.parsed("close_stale", STALE, stale).flatten(),
        }
    }
}

const INTERVALS: &str = "write \"auto\", or a duration with its unit from 30s to 24h, as \"5m\"";
const STALE: &str = "write \"never\", or a duration with its unit from 10m to 30d, as \"6h\"";
pub(super) const ZONES: &str = "write \"system\", \"UTC\", or the name of a zone, as \"Africa/Lagos\"";

fn interval(text: &str) -> Option<InterimInterval> {
    if text == "auto" {
        return Some(InterimInterval::Auto);
    }
    let range = Duration::from_secs(30)..=Duration::from_hours(24);
    parse_duration(text).filter(|duration| range.contains(duration)).map(InterimInterval::Every)
}

#[expect(clippy::option_option, reason = "the outer one is whether the text can be read")]
fn stale(text: &str) -> Option<Option<Duration>> {
    if text == "never" {
        return Some(None);
    }
    let duration = parse_window(text).map(|seconds| Duration::from_secs(seconds.into()));
    let duration = duration.or_else(|| parse_duration(text));
    let range = Duration::from_mins(10)..=Duration::from_hours(24 * 30);
    duration.filter(|duration| range.contains(duration)).map(Some)
}

pub(super) fn zone(text: &str) -> Option<TimeZone> {
    if text == "system" { Some(TimeZone::system()) } else { TimeZone::get(text).ok() }
}
