//! One look at a row of radacct.

use std::sync::Arc;

use super::Counters;
use crate::quota::UserName;

/// A row of radacct as it was seen. Times are seconds since 1970; `None` is NULL or a time that never was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// radacctid: higher for rows that were made later.
    pub row_id: i64,
    /// FreeRADIUS' own id of the session.
    pub acct_unique_id: Arc<str>,
    /// Whose session.
    pub user: UserName,
    /// NAS-IP-Address, as stored.
    pub nas_ip_address: Arc<str>,
    /// Called-Station-Id, as stored; tells routers behind one address apart.
    pub called_station_id: Arc<str>,
    /// When it started, by the clock of the router or of FreeRADIUS.
    pub start: Option<i64>,
    /// When accounting last updated the row, by the same clock.
    pub update: Option<i64>,
    /// When it stopped; `None` while it is open.
    pub stop: Option<i64>,
    /// Octets from the user; negative ones are 0.
    pub input: Option<u64>,
    /// Octets to the user.
    pub output: Option<u64>,
    /// Seconds online.
    pub seconds: Option<u64>,
}

impl Sighting {
    /// The counters, with those that are NULL as they were `before`.
    #[must_use]
    pub(super) fn counters(&self, before: Counters) -> Counters {
        Counters {
            input: self.input.unwrap_or(before.input),
            output: self.output.unwrap_or(before.output),
            seconds: self.seconds.unwrap_or(before.seconds),
        }
    }

    /// Whether a counter is lower than `before`; NULL is not.
    pub(super) fn is_below(&self, before: Counters) -> bool {
        !self.counters(before).reaches(before)
    }

    /// When the row changed last, by its own clock.
    pub(super) fn clock(&self) -> Option<i64> {
        self.update.max(self.stop)
    }
}
