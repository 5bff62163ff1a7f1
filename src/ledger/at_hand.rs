//! Pages of the ledger that need not be read again: what stands in our tables while nobody else may write there.

use std::collections::HashMap;

use crate::quota::{Increment, SessionAccount, UserName};
use crate::store::{Origin, UsageRow};

/// How many accounts, and the use of how many users, are kept at hand: some 50 MB of them. Others are read when they change.
const MANY: usize = 100_000;

/// Pages as they stand in our tables.
#[derive(Debug, Default)]
pub(super) struct AtHand {
    /// Of open sessions, by Acct-Unique-Id.
    accounts: HashMap<String, SessionAccount>,
    /// All rows of use of a user.
    usage: HashMap<UserName, Vec<UsageRow>>,
    /// The same, until others are read.
    passing: HashMap<UserName, Vec<UsageRow>>,
}

impl AtHand {
    /// The account of an open session.
    pub(super) fn account(&self, acct_unique_id: &str) -> Option<&SessionAccount> {
        self.accounts.get(acct_unique_id)
    }

    /// Keeps an account as it was read or written.
    pub(super) fn keep(&mut self, account: SessionAccount) {
        if account.closed_at.is_some() {
            self.accounts.remove(&account.acct_unique_id);
        } else if self.accounts.len() < MANY || self.accounts.contains_key(&account.acct_unique_id) {
            self.accounts.insert(account.acct_unique_id.clone(), account);
        }
    }

    /// What a user used; `None` where that is to be read.
    pub(super) fn usage(&self, user: &UserName) -> Option<&[UsageRow]> {
        self.usage.get(user).or_else(|| self.passing.get(user)).map(Vec::as_slice)
    }

    /// Makes room for the use of so many users.
    pub(super) fn make_room(&mut self, users: usize) {
        self.passing.clear();
        if self.usage.len() + users > MANY {
            self.usage.clear();
        }
    }

    /// Keeps what was read of users: all of their rows, or none; unless it is `lasting`, until others are read.
    pub(super) fn keep_usage(&mut self, users: Vec<UserName>, rows: Vec<UsageRow>, lasting: bool) {
        let place = if lasting { &mut self.usage } else { &mut self.passing };
        place.extend(users.into_iter().map(|user| (user, Vec::new())));
        for row in rows {
            if let Some(rows) = place.get_mut(&row.user) {
                rows.push(row);
            }
        }
    }

    /// Adds what was written, where the user's use is at hand.
    pub(super) fn add(&mut self, increment: &Increment, origin: Origin) {
        if let Some(rows) = self.usage.get_mut(&increment.user) {
            add(rows, increment, origin);
        }
    }

    /// The use of this user is to be read anew.
    pub(super) fn forget(&mut self, user: &UserName) {
        self.usage.remove(user);
        self.passing.remove(user);
    }
}

/// Adds to the row of its slot.
pub(super) fn add(rows: &mut Vec<UsageRow>, increment: &Increment, origin: Origin) {
    let Increment { user, zone, slot, used, estimated } = increment;
    let estimated = if *estimated { used.octets() } else { 0 };
    let known = rows.iter_mut().find(|row| row.slot == *slot && row.zone == *zone && row.origin == origin);
    if let Some(row) = known {
        row.used = row.used.plus(*used);
        row.estimated = row.estimated.saturating_add(estimated);
    } else {
        let (user, zone) = (user.clone(), zone.clone());
        rows.push(UsageRow { user, zone, slot: *slot, origin, used: *used, estimated });
    }
}
