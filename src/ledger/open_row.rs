//! An open row as it was last seen, and what a look at it tells.

use std::sync::Arc;

use crate::quota::{Sighting, UserName};

/// An open row as it was last seen.
#[derive(Debug)]
pub(super) struct OpenRow {
    /// FreeRADIUS' own id of the session.
    pub(super) acct_unique_id: Arc<str>,
    /// Whose, by the name in the ledger.
    pub(super) user: UserName,
    /// When it started.
    pub(super) start: Option<i64>,
    /// When accounting last updated it.
    pub(super) update: Option<i64>,
    /// A digest of what a look tells.
    pub(super) look: u64,
    /// Its radacctid.
    pub(super) row_id: i64,
    /// How it was when it was last read whole; `None` where that was by another process.
    pub(super) whole: Option<Whole>,
}

impl OpenRow {
    /// When accounting last wrote it, or else when it started; [`i64::MAX`] where it says neither.
    pub(super) fn heard(&self) -> i64 {
        self.update.or(self.start).unwrap_or(i64::MAX)
    }
}

/// What of a row is known that was read whole, beside what a look tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    /// In which look.
    pub(super) look: u32,
    /// Its Called-Station-Id.
    pub(super) station: u32,
    /// Its [`OpenLook::name`](crate::store::OpenLook::name) just before.
    pub(super) name: i64,
}

/// What a look at a row tells.
#[derive(Debug)]
pub(super) enum Sight {
    /// It is as it was.
    Same,
    /// It went on: so it stands now.
    Grown(Sighting),
    /// It is new, or may be another session's by now: to be read whole.
    News,
}

/// What every look asks of a row.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// The look in which it was last seen.
    pub(super) look: u32,
    /// The number of its NAS.
    pub(super) nas: u32,
    /// [`OpenRow::heard`], in seconds since 1970.
    pub(super) heard: i64,
}
