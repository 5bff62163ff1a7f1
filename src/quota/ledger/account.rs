//! One session's page of the ledger.

use std::sync::Arc;

use super::{Context, Counters, Sighting};
use crate::quota::UserName;

/// What the ledger knows of one session. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionAccount {
    /// FreeRADIUS' own id of the session.
    pub acct_unique_id: Arc<str>,
    /// radacctid of its row.
    pub row_id: i64,
    /// Whose session.
    pub user: UserName,
    /// NAS-IP-Address, as stored.
    pub nas_ip_address: Arc<str>,
    /// The name of the zone that its days begin in; empty for a zone without one.
    pub zone: Arc<str>,
    /// When it started, as the row last said.
    pub start: Option<i64>,
    /// Whether the row's start has become later since the counters last grew.
    pub start_moved: bool,
    /// When accounting last updated the row, as the row says.
    pub update: Option<i64>,
    /// When it stopped; `None` while it is open.
    pub stop: Option<i64>,
    /// When the ledger saw that it was closed, or gone; `None` while it is open.
    pub closed_at: Option<i64>,
    /// The counters up to which it is counted.
    pub seen: Counters,
    /// When the counters stood so, as far as can be told.
    pub at: i64,
    /// What it used, as far as it is counted.
    pub counted: Counters,
    /// What its counters grew by at once and no line could have carried: not counted.
    pub held: Counters,
    /// Counters that no line could have carried, until the next look tells whether they were real.
    pub suspect: Option<Suspect>,
    /// What was counted to each slot, oldest first.
    pub shares: Vec<Share>,
}

/// Counters that no line could have carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspect {
    /// The counters.
    pub seen: Counters,
    /// When they stood so.
    pub at: i64,
}

/// What a session used in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The slot's start.
    pub slot: i64,
    /// What was counted to it.
    pub used: Counters,
}

/// How many slots an account keeps apart.
const SHARES: usize = 64;

impl SessionAccount {
    /// The account of a session whose row was not looked at before.
    pub(super) fn unseen(sighting: &Sighting, context: &Context<'_>) -> Self {
        Self {
            acct_unique_id: sighting.acct_unique_id.clone(),
            row_id: sighting.row_id,
            user: sighting.user.clone(),
            nas_ip_address: sighting.nas_ip_address.clone(),
            zone: context.zone.0.clone(),
            start: sighting.start,
            start_moved: false,
            update: None,
            stop: None,
            closed_at: None,
            seen: Counters::ZERO,
            at: i64::MIN,
            counted: Counters::ZERO,
            held: Counters::ZERO,
            suspect: None,
            shares: Vec::new(),
        }
    }

    /// The account of a session whose row has been deleted: what was counted stays.
    #[must_use]
    pub fn gone(&self, now: i64) -> Self {
        Self { stop: self.stop.or(Some(self.at)), closed_at: self.closed_at.or(Some(now)), ..self.clone() }
    }

    /// What is held: for good, and until the next look.
    #[must_use]
    pub fn all_held(&self) -> Counters {
        self.suspect.map_or(self.held, |suspect| self.held.plus(suspect.seen.beyond(self.seen)))
    }

    /// What it used since the start of a period: the sum of the slots that began then or later.
    #[must_use]
    pub fn used_since(&self, start: i64) -> Counters {
        let slots = self.shares.iter().filter(|share| share.slot >= start);
        slots.fold(Counters::ZERO, |sum, share| sum.plus(share.used))
    }

    /// Keeps what the row says besides its counters.
    pub(super) fn note(&mut self, sighting: &Sighting, context: &Context<'_>) {
        self.row_id = sighting.row_id;
        self.user.clone_from(&sighting.user);
        self.update = sighting.update;
        self.stop = sighting.stop;
        self.closed_at = sighting.stop.map(|_| self.closed_at.unwrap_or(context.now));
    }

    /// Counts to a slot.
    pub(super) fn add(&mut self, slot: i64, used: Counters, context: &Context<'_>) {
        self.counted = self.counted.plus(used);
        match self.shares.binary_search_by_key(&slot, |share| share.slot) {
            Ok(index) => self.shares[index].used = self.shares[index].used.plus(used),
            Err(index) => self.shares.insert(index, Share { slot, used }),
        }
        if self.shares.len() > SHARES {
            self.put_two_together(context);
        }
    }

    /// The oldest two slots between which no limit begins to count now; into the older one, as in a gap.
    fn put_two_together(&mut self, context: &Context<'_>) {
        let is_asked = |pair: &[Share]| context.slots.is_asked_between(pair[0].slot, pair[1].slot, context);
        let older = self.shares.windows(2).position(|pair| !is_asked(pair)).unwrap_or(0);
        let newer = self.shares.remove(older + 1);
        self.shares[older].used = self.shares[older].used.plus(newer.used);
    }
}
