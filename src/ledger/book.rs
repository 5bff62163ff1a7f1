//! The pages of the ledger: our tables, and what is counted on top of them in memory by those who may not write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashMap;

use crate::quota::{Increment, SessionAccount, UserName};
use crate::store::{FeedLease, FeedRecord, Origin, State, StoreError, UsageRow};

use super::at_hand::{AtHand, add};
use super::pending::Pending;

/// How many rows go into one transaction.
const BATCH: usize = 1000;

/// The pages of the ledger.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// Our tables; `None` where there are none yet and none may be made.
    pub(super) state: Option<State>,
    /// The right to write them.
    pub(super) lease: Option<FeedLease>,
    /// When that was taken, or renewed by a write.
    pub(super) renewed_at: i64,
    /// What stands in our tables, but for what is to be written later; empty without a lease.
    pub(super) at_hand: AtHand,
    pending: Pending,
    accounts: BTreeMap<Arc<str>, SessionAccount>,
    usage: BTreeMap<UserName, Vec<UsageRow>>,
}

/// What a sighting came to: written together, so that what is counted once is known to be counted.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// The account as it now is; `None` for history, of which only the sum is kept.
    pub(super) account: Option<SessionAccount>,
    /// What is to be counted.
    pub(super) increment: Option<(Increment, Origin)>,
    /// What has been counted of the session and was to be written later.
    pub(super) waited: Option<Increment>,
}

/// Accounts that were read for a moment.
#[derive(Debug)]
pub(super) struct Known(HashMap<Arc<str>, SessionAccount>);

impl Book {
    /// Pages that are read and, with a lease, written.
    pub(super) fn new(state: Option<State>) -> Self {
        Self { state, ..Self::default() }
    }

    /// Goes on in memory alone: what our tables hold is not a whole ledger yet.
    pub(super) fn set_aside(&mut self) {
        self.state = None;
        self.lease = None;
    }

    /// The accounts of these sessions, as far as there are any, by Acct-Unique-Id.
    pub(super) async fn accounts(&self, ids: &[String]) -> Result<BTreeMap<Arc<str>, SessionAccount>, StoreError> {
        let known = self.known(ids.iter().map(String::as_str)).await?;
        let found = ids.iter().filter_map(|id| self.account(&known, id));
        Ok(found.map(|account| (account.acct_unique_id.clone(), account.clone())).collect())
    }

    /// Those of these accounts that are not at hand; [`Book::account`] finds both.
    pub(super) async fn known(&self, ids: impl Iterator<Item = &str>) -> Result<Known, StoreError> {
        let is_at_hand = |id: &str| self.accounts.contains_key(id) || self.at_hand.account(id).is_some();
        let unknown: Vec<String> = ids.filter(|id| !is_at_hand(id)).map(str::to_owned).collect();
        let read = match &self.state {
            Some(state) if !unknown.is_empty() => state.accounts(&unknown).await?,
            Some(_) | None => Vec::new(),
        };
        Ok(Known(read.into_iter().map(|account| (account.acct_unique_id.clone(), account)).collect()))
    }

    /// The account of a session: from memory, at hand, or among those `known`.
    pub(super) fn account<'a>(&'a self, known: &'a Known, id: &str) -> Option<&'a SessionAccount> {
        self.accounts.get(id).or_else(|| self.at_hand.account(id)).or_else(|| known.0.get(id))
    }

    /// The accounts of these users: all, or those of open sessions.
    pub(super) async fn accounts_of(
        &self,
        users: &[UserName],
        only_open: bool,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        let mut found = match &self.state {
            Some(state) => state.accounts_of(users, only_open).await?,
            None => Vec::new(),
        };
        found.retain(|account| !self.accounts.contains_key(&account.acct_unique_id));
        for account in &mut found {
            // What is at hand may be written later
            if let Some(newer) = self.at_hand.account(&account.acct_unique_id) {
                account.clone_from(newer);
            }
        }
        let wanted: BTreeSet<&UserName> = users.iter().collect();
        let in_memory = self.accounts.values().filter(|account| wanted.contains(&account.user));
        found.extend(in_memory.filter(|account| !only_open || account.closed_at.is_none()).cloned());
        Ok(found)
    }

    /// Reads the use of these users where it is not at hand, for [`Book::usage`]. Unless it is to be kept, the next call
    /// forgets it.
    pub(super) async fn read_usage(&mut self, users: &[UserName], keep: bool) -> Result<(), StoreError> {
        let Some(state) = &self.state else { return Ok(()) };
        let stays = keep && self.lease.is_some();
        if self.at_hand.make_room(if stays { users.len() } else { 0 }) {
            self.pending.part();
        }
        let unknown = users.iter().filter(|user| self.at_hand.usage(user).is_none());
        let unknown: Vec<UserName> = unknown.cloned().collect();
        if !unknown.is_empty() {
            let mut rows = state.usage(&unknown).await?;
            rows.extend(self.pending.usage(&unknown, stays));
            self.at_hand.keep_usage(unknown, rows, stays);
        }
        Ok(())
    }

    /// All rows of use of a user: as last read, and as counted in memory.
    pub(super) fn usage(&self, user: &UserName) -> impl Iterator<Item = &UsageRow> {
        let in_memory = self.usage.get(user).into_iter().flatten();
        self.at_hand.usage(user).into_iter().flatten().chain(in_memory)
    }

    /// One page of the sessions that were open when they were last seen, after an Acct-Unique-Id.
    pub(super) async fn open_accounts(&mut self, after: &str, limit: u32) -> Result<Vec<SessionAccount>, StoreError> {
        let Some(state) = &self.state else { return Ok(Vec::new()) };
        let page = state.open_accounts(after, limit).await?;
        if self.lease.is_some() {
            for account in &page {
                self.at_hand.keep(account.clone());
            }
        }
        Ok(page)
    }

    /// One page of the sessions that were closed at `since` or later.
    pub(super) async fn closed_accounts(
        &self,
        since: i64,
        (closed_at, id): (i64, &str),
        limit: u32,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        if let Some(state) = &self.state {
            return state.closed_accounts(since, (closed_at, id), limit).await;
        }
        let key = |account: &SessionAccount| (account.closed_at.unwrap_or(0), account.acct_unique_id.clone());
        let closed = self.accounts.values().filter(|account| account.closed_at.is_some_and(|at| at >= since));
        let mut later: Vec<_> = closed.filter(|account| key(account) > (closed_at, id.into())).cloned().collect();
        later.sort_by_key(key);
        later.truncate(limit as usize);
        Ok(later)
    }

    /// Counts entries and writes them, those of sessions that only went on later; and how far the feed has come. `look` is
    /// the number of the look that they are of, if it was one of all open rows. `false` when another took the lease.
    pub(super) async fn write(
        &mut self,
        entries: Vec<Entry>,
        (before, after): (&FeedRecord, &FeedRecord),
        (look, now): (Option<u32>, i64),
    ) -> Result<bool, StoreError> {
        let look = look.filter(|_| self.lease.is_some()).map(|look| (look, before.read_at));
        let entries = self.pending.sift(entries, &mut self.at_hand, look);
        self.write_now(entries, (before, after), now).await
    }

    /// Writes what waits: all of it, or that of these users. `false` as above.
    pub(super) async fn write_waiting(
        &mut self,
        users: Option<&[UserName]>,
        feed: &FeedRecord,
        now: i64,
    ) -> Result<bool, StoreError> {
        let users = users.map(|users| users.iter().collect());
        let entries = self.pending.of(users.as_ref(), &self.at_hand);
        if entries.is_empty() { Ok(true) } else { self.write_now(entries, (feed, feed), now).await }
    }

    async fn write_now(
        &mut self,
        entries: Vec<Entry>,
        (before, after): (&FeedRecord, &FeedRecord),
        now: i64,
    ) -> Result<bool, StoreError> {
        let behind_since = self.pending.behind_since();
        let [before, after] = [before, after].map(|feed| FeedRecord { behind_since, ..feed.clone() });
        let mut rest = entries;
        loop {
            let later = if rest.len() > BATCH { rest.split_off(BATCH) } else { Vec::new() };
            let feed = if later.is_empty() { &after } else { &before };
            if !self.write_at_once(rest, feed, now).await? {
                return Ok(false);
            }
            if later.is_empty() {
                return Ok(true);
            }
            rest = later;
        }
    }

    /// Writes entries in one transaction.
    pub(super) async fn write_at_once(
        &mut self,
        entries: Vec<Entry>,
        feed: &FeedRecord,
        now: i64,
    ) -> Result<bool, StoreError> {
        let (mut accounts, mut increments, mut waited) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            accounts.extend(entry.account);
            increments.extend(entry.increment);
            waited.extend(entry.waited.map(|increment| (increment, Origin::Observed)));
        }
        if let (Some(state), Some(lease)) = (&self.state, &self.lease) {
            // What waited stands at hand as counted
            let own = increments.len();
            increments.extend(waited);
            let written = state.record(lease, feed, &accounts, &increments, now).await?;
            if written {
                self.renewed_at = now;
                for account in accounts {
                    self.at_hand.keep(account);
                }
                for (increment, origin) in &increments[..own] {
                    self.at_hand.add(increment, *origin);
                }
            }
            return Ok(written);
        }
        self.keep(accounts, increments);
        Ok(true)
    }

    fn keep(&mut self, accounts: Vec<SessionAccount>, increments: Vec<(Increment, Origin)>) {
        self.accounts.extend(accounts.into_iter().map(|account| (account.acct_unique_id.clone(), account)));
        for (increment, origin) in increments {
            add(self.usage.entry(increment.user.clone()).or_default(), &increment, origin);
        }
    }
}
