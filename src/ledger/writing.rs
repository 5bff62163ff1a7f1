//! How pages are written: in a task that goes on to its end, while whoever counted goes on with something else.

use tokio::task::JoinHandle;

use crate::quota::{Increment, SessionAccount, UserName};
use crate::store::{FeedRecord, Origin, StoreError};

use super::at_hand::add;
use super::book::{Book, Entry};
use super::reading::joined;

/// How many rows go into one transaction.
const BATCH: usize = 1000;

/// What is being written.
#[derive(Debug)]
pub(super) struct Writing {
    task: JoinHandle<Result<bool, StoreError>>,
    /// When it was begun.
    at: i64,
}

/// Accounts and what is to be counted, as one transaction writes them.
type Page = (Vec<SessionAccount>, Vec<(Increment, Origin)>);

impl Book {
    /// Counts entries and begins to write them, those of sessions that only went on later; and how far the feed has come.
    /// `whole` is whether they are of a look of all open rows. [`Book::written`] tells what came of it.
    pub(super) fn write(
        &mut self,
        entries: Vec<Entry>,
        (before, after): (&FeedRecord, &FeedRecord),
        (whole, now): (bool, i64),
    ) {
        let last = (whole && self.lease.is_some()).then_some(before.read_at);
        let entries = self.pending.sift(entries, &mut self.at_hand, last);
        self.begin(batches(entries), (before, after), now);
    }

    /// Begins to write what has waited long enough when the look of this number begins.
    pub(super) fn write_turn(&mut self, look: u32, feed: &FeedRecord, now: i64) {
        let entries = self.pending.turn(look, &self.at_hand);
        if !entries.is_empty() {
            self.begin(batches(entries), (feed, feed), now);
        }
    }

    /// Writes what waits: all of it, or that of these users. `false` as below.
    pub(super) async fn write_waiting(
        &mut self,
        users: Option<&[UserName]>,
        feed: &FeedRecord,
        now: i64,
    ) -> Result<bool, StoreError> {
        let users = users.map(|users| users.iter().collect());
        let entries = self.pending.of(users.as_ref(), &self.at_hand);
        if entries.is_empty() {
            return Ok(true);
        }
        self.begin(batches(entries), (feed, feed), now);
        self.written().await
    }

    /// Counts entries and writes all of them in one transaction: `feed` says that it has come so far. `false` as below.
    pub(super) async fn write_at_once(
        &mut self,
        entries: Vec<Entry>,
        feed: &FeedRecord,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.begin(vec![entries], (feed, feed), now);
        self.written().await
    }

    /// Waits for what is being written. `false` when another took the lease: then, as with an error, what stands at hand is
    /// not what stands in our tables.
    pub(super) async fn written(&mut self) -> Result<bool, StoreError> {
        let Some(Writing { task, at }) = &mut self.writing else { return Ok(true) };
        let (at, written) = (*at, joined(task).await);
        self.writing = None;
        if matches!(written, Ok(true)) {
            self.renewed_at = at;
        }
        written
    }

    /// Counts entries in memory and begins to write them, a transaction each batch and the feed `after` it with the last, after
    /// what is being written: in a task that goes on to its end whatever becomes of whoever waits for it.
    fn begin(&mut self, batches: Vec<Vec<Entry>>, (before, after): (&FeedRecord, &FeedRecord), now: i64) {
        let behind_since = self.pending.behind_since();
        let was_behind = std::mem::replace(&mut self.behind_since, behind_since);
        let after = FeedRecord { behind_since, ..after.clone() };
        // Until all of it is written the rest is as far behind as it was
        let behind_since = was_behind.into_iter().chain(behind_since).min();
        let before = FeedRecord { behind_since, ..before.clone() };
        let pages: Vec<Page> = batches.into_iter().map(|batch| self.enter(batch)).collect();
        let Some((state, lease)) = self.state.clone().zip(self.lease.clone()) else { return };
        let earlier = self.writing.take();
        let write = async move {
            if let Some(earlier) = earlier
                && !joined(earlier.task).await?
            {
                return Ok(false);
            }
            let last = pages.len() - 1;
            for (place, (accounts, increments)) in pages.into_iter().enumerate() {
                let feed = if place == last { &after } else { &before };
                if !state.record(&lease, feed, &accounts, &increments, now).await? {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        self.writing = Some(Writing { task: tokio::spawn(write), at: now });
    }

    /// Has entries stand as counted, at hand or in memory; what of them is to be written.
    fn enter(&mut self, entries: Vec<Entry>) -> Page {
        let (mut accounts, mut increments, mut waited) = (Vec::new(), Vec::new(), Vec::new());
        for entry in entries {
            accounts.extend(entry.account);
            increments.extend(entry.increment);
            waited.extend(entry.waited.map(|increment| (increment, Origin::Observed)));
        }
        if self.state.is_none() || self.lease.is_none() {
            self.keep(accounts, increments);
            return Page::default();
        }
        for account in &accounts {
            self.at_hand.keep(account);
        }
        for (increment, origin) in &increments {
            self.at_hand.add(increment, *origin);
        }
        // What waited stands at hand as counted
        increments.extend(waited);
        (accounts, increments)
    }

    fn keep(&mut self, accounts: Vec<SessionAccount>, increments: Vec<(Increment, Origin)>) {
        self.accounts.extend(accounts.into_iter().map(|account| (account.acct_unique_id.clone(), account)));
        for (increment, origin) in increments {
            add(self.usage.entry(increment.user.clone()).or_default(), &increment, origin);
        }
    }
}

/// So many at a time, at least one batch.
fn batches(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut batches = Vec::new();
    let mut rest = entries;
    while rest.len() > BATCH {
        let later = rest.split_off(BATCH);
        batches.push(std::mem::replace(&mut rest, later));
    }
    batches.push(rest);
    batches
}
