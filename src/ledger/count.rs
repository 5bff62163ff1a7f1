//! From what a look found to the pages of the ledger.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use foldhash::HashSet;

use crate::quota::{Context, Counters, Observed, Oddity, SessionAccount, Sighting, SlotUse, Usage, UserName};
use crate::store::{FeedRecord, Origin, StoreError, UsageRow};

use super::book::{Entry, Known};
use super::feed::MARGIN;
use super::{Ledger, LedgerRules, Looked, silence};

/// The start of a user's own allowance, by the user's name in the ledger.
pub(super) type Since<'a> = &'a (dyn Fn(&UserName) -> Option<i64> + Sync);

/// Sessions that ended within so many seconds keep an account, whatever becomes of older ones.
pub(super) const LATELY: i64 = 24 * 3600;

/// Whether a row that has no account was counted all the same: as history, or in an account that is no longer kept. One
/// that began lately was not: its id is low because the table was emptied and its ids begin anew.
pub(super) fn counted_before(feed: &FeedRecord, row: &Sighting) -> bool {
    let began_lately = row.start.is_some_and(|start| start >= feed.read_at.saturating_sub(LATELY));
    feed.imported_to.is_some() && row.row_id <= feed.mark.saturating_sub(MARGIN) && !began_lately
}

/// The accounts of those sessions of a page that have several rows on it, for want of a unique key: of these the second is
/// looked at on top of the first.
#[derive(Debug, Default)]
pub(super) struct Doubles {
    ids: HashSet<Arc<str>>,
    accounts: BTreeMap<Arc<str>, SessionAccount>,
}

impl Doubles {
    /// Those of a page.
    pub(super) fn of(page: &[Sighting]) -> Self {
        let mut seen = HashSet::default();
        let again = page.iter().map(|row| &*row.acct_unique_id).filter(|id| !seen.insert(*id));
        Self { ids: again.map(Arc::from).collect(), accounts: BTreeMap::new() }
    }

    /// Whether the row is one of several of its session.
    pub(super) fn holds(&self, row: &Sighting) -> bool {
        self.ids.contains(&row.acct_unique_id)
    }

    /// As the rows of the page before this one left the account of a session.
    pub(super) fn before(&self, row: &Sighting) -> Option<&SessionAccount> {
        self.accounts.get(&row.acct_unique_id)
    }

    /// Remembers the account after a row.
    pub(super) fn note(&mut self, account: &SessionAccount) {
        if self.ids.contains(&account.acct_unique_id) {
            self.accounts.insert(account.acct_unique_id.clone(), account.clone());
        }
    }
}

/// What has been counted and is being written.
#[derive(Debug)]
#[must_use]
pub struct Counting {
    /// The feed after it.
    feed: FeedRecord,
    /// Whether it is of all open rows.
    whole: bool,
}

/// Looks at one row on behalf of its account. `None` where nothing changes.
pub(super) fn observe(
    rules: &LedgerRules,
    before: Option<&SessionAccount>,
    row: &Sighting,
    (looked_at, now): (Option<i64>, i64),
    (since, counted_before): (Option<i64>, bool),
) -> Option<Observed> {
    // Of two rows under one id the younger is the session's
    if before.is_some_and(|account| account.row_id > row.row_id) {
        return None;
    }
    let zone = rules.zones.of(row);
    let max_rate = rules.max_rate;
    let context = Context { now, looked_at, max_rate, zone, slots: &rules.slots, since, counted_before };
    let observed = SessionAccount::observe(before, row, &context);
    (before != Some(&observed.account)).then_some(observed)
}

impl Ledger {
    /// Counts what a look found, and writes it. `false` when another process has taken the ledger over meanwhile: then nothing
    /// of the rest was counted, by this one.
    ///
    /// # Errors
    /// When our database cannot be asked. What was written by then stays, and the next look finds the rest again.
    pub async fn count(&mut self, looked: Looked, since: Since<'_>) -> Result<bool, StoreError> {
        let counting = self.begin_count(looked, since).await?;
        self.end_count(counting).await
    }

    /// Counts what a look found and begins to write it. [`Ledger::end_count`] waits for the end; until then use that is at
    /// hand may be asked for, nothing else.
    ///
    /// # Errors
    /// As [`Ledger::count`].
    pub async fn begin_count(&mut self, looked: Looked, since: Since<'_>) -> Result<Counting, StoreError> {
        // Until it is written: what stands at hand by then stands nowhere else
        self.unsee();
        let Looked { changed, gone, mut feed, now, whole, .. } = looked;
        let ids: Vec<&str> = changed.iter().map(|row| &*row.acct_unique_id).collect();
        let known = self.book.known(ids.into_iter().chain(gone.iter().map(String::as_str))).await?;
        let mut entries = self.entries(&changed, &known, (&mut feed, now), since);
        let gone = gone.iter().filter_map(|id| self.book.account(&known, id));
        let gone = gone.filter(|account| account.closed_at.is_none());
        entries.extend(gone.map(|account| Entry { account: Some(account.gone(now)), ..Entry::default() }));
        self.book.write(entries, (&self.feed, &feed), (whole, now));
        Ok(Counting { feed, whole })
    }

    /// Waits until what was counted is written. `false` as for [`Ledger::count`].
    ///
    /// # Errors
    /// As [`Ledger::count`].
    pub async fn end_count(&mut self, Counting { feed, whole }: Counting) -> Result<bool, StoreError> {
        let written = self.book.written().await?;
        if written {
            self.feed = feed;
            // Rows that nobody has looked for are not gone
            if whole {
                self.settle();
            }
            self.see();
        }
        Ok(written)
    }

    /// What rows that changed come to.
    fn entries(
        &self,
        changed: &[Sighting],
        known: &Known,
        (feed, now): (&mut FeedRecord, i64),
        since: Since<'_>,
    ) -> Vec<Entry> {
        let mut entries: Vec<Entry> = Vec::with_capacity(changed.len());
        // Where the account of a session stands that has been looked at just now
        let mut latest = HashMap::<&str, SessionAccount>::new();
        let doubles = Doubles::of(changed);
        for row in changed {
            let before = latest.get(&*row.acct_unique_id).or_else(|| self.book.account(known, &row.acct_unique_id));
            let open_before = before.is_some_and(|account| account.closed_at.is_none());
            let looked_at = open_before.then_some(self.feed.read_at).filter(|at| *at > 0);
            let since = (since(&row.user), counted_before(&self.feed, row));
            silence::learn(feed, before, row, now);
            let Some(observed) = observe(&self.rules, before, row, (looked_at, now), since) else { continue };
            tell(&observed, row);
            if doubles.holds(row) {
                latest.insert(&row.acct_unique_id, observed.account.clone());
            }
            let increment = observed.increment.map(|increment| (increment, Origin::Observed));
            entries.push(Entry { account: Some(observed.account), increment, ..Entry::default() });
        }
        entries
    }

    /// What each of these users has used, by their names in the ledger. `with_open` asks for open sessions as well, for limits
    /// of which they alone count; what is read is kept at hand where the same users will be asked for again.
    ///
    /// # Errors
    /// When our database cannot be asked.
    pub async fn usage(
        &mut self,
        users: &[UserName],
        (with_open, keep): (bool, bool),
    ) -> Result<Vec<Usage>, StoreError> {
        self.book.read_usage(users, keep).await?;
        let mut all: Vec<Usage> = users.iter().map(|user| self.sum(self.book.usage(user))).collect();
        if with_open {
            let mut open = HashMap::<UserName, Counters>::new();
            for account in self.book.accounts_of(users, true).await? {
                let of_user = open.entry(account.user).or_default();
                *of_user = of_user.plus(account.seen);
            }
            for (user, usage) in users.iter().zip(&mut all) {
                usage.open = open.get(user).copied().unwrap_or_default();
            }
        }
        Ok(all)
    }

    /// What a user has used, by the name in the ledger, where that is at hand: also while it is being written.
    #[must_use]
    pub fn usage_at_hand(&self, user: &UserName) -> Option<Usage> {
        self.book.at_hand.lasting(user).map(|rows| self.sum(rows))
    }

    fn sum<'a>(&self, rows: impl IntoIterator<Item = &'a UsageRow>) -> Usage {
        let mut usage = Usage::default();
        for row in rows {
            let slot = SlotUse { start: row.slot, used: row.used, estimated: row.estimated };
            usage.add(&self.rules.zones.named(&row.zone), slot);
        }
        usage
    }

    /// Of these users those who are online at silent NAS alone: nothing can be decided about their use.
    ///
    /// # Errors
    /// When our database cannot be asked.
    pub async fn behind_silence(
        &self,
        users: &[UserName],
        silence: &super::Silence,
    ) -> Result<BTreeSet<UserName>, StoreError> {
        if silence.nas.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut heard = BTreeSet::new();
        let mut unheard = BTreeSet::new();
        for account in self.book.accounts_of(users, true).await? {
            let side = if silence.nas.contains_key(&*account.nas_ip_address) { &mut unheard } else { &mut heard };
            side.insert(account.user);
        }
        Ok(unheard.difference(&heard).cloned().collect())
    }
}

/// Says what was odd about a row, once: it is the change that is odd, not the row.
fn tell(observed: &Observed, row: &Sighting) {
    let (user, session) = (&row.user, &*row.acct_unique_id);
    match observed.oddity {
        Some(Oddity::Held(octets)) => tracing::warn!(
            %user, session, octets,
            "held: more octets than a line carries in that time; not counted (quota.max_rate)"
        ),
        Some(Oddity::BeganAgain) => tracing::info!(%user, session, "another session under the same id"),
        Some(Oddity::Wrapped) => tracing::info!(%user, session, "a counter ran past 32 bits"),
        Some(Oddity::RanBackwards) => tracing::debug!(%user, session, "counters ran backwards; not counted again"),
        None => {}
    }
}
