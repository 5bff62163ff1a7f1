//! Pages of the ledger that need not be read again: what stands in our tables while nobody else may write there.

use std::sync::Arc;

use foldhash::HashMap;

use crate::quota::{Increment, SessionAccount, UserName};
use crate::store::{Origin, UsageRow};

use super::texts::Texts;

/// How many accounts, and the use of how many users, are kept at hand: some 50 MB of them. Others are read when they change.
const MANY: usize = 100_000;

/// Pages as they stand in our tables.
#[derive(Debug, Default)]
pub(super) struct AtHand {
    /// Of open sessions, by Acct-Unique-Id.
    accounts: HashMap<Arc<str>, SessionAccount>,
    /// What many of them have alike: NAS-IP-Addresses, zones.
    texts: Texts,
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

    /// The account of an open session, and all rows of use of a user, where that stays at hand.
    pub(super) fn page(
        &mut self,
        acct_unique_id: &str,
        user: &UserName,
    ) -> Option<(&mut SessionAccount, Option<&mut Vec<UsageRow>>)> {
        Some((self.accounts.get_mut(acct_unique_id)?, self.usage.get_mut(user)))
    }

    /// Keeps an account as it was read, or is to be written.
    pub(super) fn keep(&mut self, account: &SessionAccount) {
        if account.closed_at.is_some() {
            self.accounts.remove(&account.acct_unique_id);
        } else if let Some(known) = self.accounts.get_mut(&account.acct_unique_id) {
            known.clone_from(account);
        } else if self.accounts.len() < MANY {
            let (nas_ip_address, zone) = (self.texts.one(&account.nas_ip_address), self.texts.one(&account.zone));
            let account = SessionAccount { nas_ip_address, zone, ..account.clone() };
            self.accounts.insert(account.acct_unique_id.clone(), account);
        }
    }

    /// What a user used; `None` where that is to be read.
    pub(super) fn usage(&self, user: &UserName) -> Option<&[UsageRow]> {
        self.usage.get(user).or_else(|| self.passing.get(user)).map(Vec::as_slice)
    }

    /// What a user used, where that stays at hand.
    pub(super) fn lasting(&self, user: &UserName) -> Option<&[UsageRow]> {
        self.usage.get(user).map(Vec::as_slice)
    }

    /// Makes room for the use of so many users; whether that of all others was forgotten for it.
    pub(super) fn make_room(&mut self, users: usize) -> bool {
        self.passing.clear();
        let is_full = self.usage.len() + users > MANY;
        if is_full {
            self.usage.clear();
        }
        is_full
    }

    /// Keeps what was read of users: all of their rows, or none; unless it is `lasting`, until others are read.
    pub(super) fn keep_usage(&mut self, users: Vec<UserName>, rows: Vec<UsageRow>, lasting: bool) {
        let place = if lasting { &mut self.usage } else { &mut self.passing };
        place.extend(users.into_iter().map(|user| (user, Vec::new())));
        for row in rows {
            if let Some(rows) = place.get_mut(&row.user) {
                // Most users have one, and a list that grows would have room for four
                rows.reserve_exact(1);
                rows.push(UsageRow { zone: self.texts.one(&row.zone), ..row });
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
    let new = row(increment, origin);
    let is_same = |row: &&mut UsageRow| row.slot == new.slot && row.zone == new.zone && row.origin == origin;
    if let Some(row) = rows.iter_mut().find(is_same) {
        row.used = row.used.plus(new.used);
        row.estimated = row.estimated.saturating_add(new.estimated);
    } else {
        rows.reserve_exact(1);
        rows.push(new);
    }
}

/// What an increment comes to in a slot of which nothing else is known.
pub(super) fn row(increment: &Increment, origin: Origin) -> UsageRow {
    let Increment { user, zone, slot, used, estimated } = increment;
    let estimated = if *estimated { used.octets() } else { 0 };
    UsageRow { user: user.clone(), zone: zone.clone(), slot: *slot, origin, used: *used, estimated }
}

#[cfg(test)]
mod tests {
    use super::{AtHand, Increment, Origin, UsageRow, UserName};
    use crate::quota::Counters;

    fn used(input: u64) -> Counters {
        Counters { input, ..Counters::ZERO }
    }

    fn octets(pages: &AtHand, user: &UserName) -> Option<Vec<u64>> {
        Some(pages.usage(user)?.iter().map(|row| row.used.input).collect())
    }

    #[test]
    fn what_is_written_is_added_and_what_passes_is_forgotten() {
        let (alice, bob) = (UserName::new("alice"), UserName::new("bob"));
        let increment = |slot, input| {
            let (user, zone) = (alice.clone(), "UTC".into());
            Increment { user, zone, slot, used: used(input), estimated: false }
        };
        let row = |user: &UserName| {
            let (user, zone, origin) = (user.clone(), "UTC".into(), Origin::Observed);
            UsageRow { user, zone, slot: 0, origin, used: used(5), estimated: 0 }
        };
        let mut pages = AtHand::default();
        // Nobody knows what was used before
        pages.add(&increment(0, 1), Origin::Observed);
        assert_eq!(octets(&pages, &alice), None);
        pages.keep_usage(vec![alice.clone()], vec![row(&alice)], true);
        pages.keep_usage(vec![bob.clone()], vec![row(&bob)], false);
        pages.add(&increment(0, 2), Origin::Observed);
        pages.add(&increment(9, 4), Origin::Observed);
        pages.add(&increment(0, 8), Origin::History);
        assert_eq!((octets(&pages, &alice), octets(&pages, &bob)), (Some(vec![7, 4, 8]), Some(vec![5])));
        assert!(!pages.make_room(1));
        assert_eq!((octets(&pages, &alice), octets(&pages, &bob)), (Some(vec![7, 4, 8]), None));
        pages.forget(&alice);
        assert_eq!(octets(&pages, &alice), None);
    }
}
