//! The pages of the ledger: our tables, and what is counted on top of them in memory by those who may not write.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashMap;

use crate::quota::{Increment, SessionAccount, UserName};
use crate::store::{FeedLease, Origin, State, StoreError, UsageRow};

use super::at_hand::AtHand;
use super::pending::Pending;
use super::writing::Writing;

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
    pub(super) pending: Pending,
    pub(super) writing: Option<Writing>,
    /// Since when our tables are behind, once that is written.
    pub(super) behind_since: Option<i64>,
    pub(super) accounts: BTreeMap<Arc<str>, SessionAccount>,
    pub(super) usage: BTreeMap<UserName, Vec<UsageRow>>,
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
                self.at_hand.keep(account);
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
}
