//! `[accounting]`: how the rows of radacct are to be read.

use std::time::Duration;

use jiff::tz::TimeZone;

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
