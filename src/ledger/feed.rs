//! The ledger as a process keeps it: how far it has read, and whether it may write.

use foldhash::HashSet;

use crate::quota::{Period, UserName};
use crate::store::{Accounting, FeedRecord, State, StoreError};

use super::book::Book;
use super::open::OpenRows;
use super::{LedgerRules, Looked, import};

/// Rows of a page: few enough for a read of some milliseconds.
pub(super) const PAGE: u32 = 2000;
/// Rows so far below the mark are read again: ids are given before rows are committed.
pub(super) const MARGIN: i64 = 1000;

/// For so many seconds the right to write is not asked for again. It holds for 120.
const FRESH: i64 = 30;

/// The ledger, as one process keeps it.
#[derive(Debug)]
pub struct Ledger {
    pub(super) accounting: Accounting,
    pub(super) state: Option<State>,
    pub(super) rules: LedgerRules,
    pub(super) book: Book,
    pub(super) feed: FeedRecord,
    /// The open rows, as they were last seen.
    pub(super) open: OpenRows,
    /// Ids of rows near the mark that have been read.
    pub(super) recent: HashSet<i64>,
    pub(super) looks: u32,
    pub(super) loaded: bool,
}

fn is_begun(feed: &FeedRecord) -> bool {
    feed.imported_to.is_some() && feed.import_at.is_none()
}

impl Ledger {
    /// The ledger in our tables. `None` where there are none and none may be made: then it is kept in memory.
    #[must_use]
    pub fn new(accounting: Accounting, state: Option<State>, rules: LedgerRules) -> Self {
        Self {
            accounting,
            rules,
            book: Book::new(state.clone()),
            state,
            feed: FeedRecord::default(),
            open: OpenRows::default(),
            recent: HashSet::default(),
            looks: 0,
            loaded: false,
        }
    }

    /// Takes the right to write, for `holder`. `false` when another has it: then it counts in memory.
    ///
    /// # Errors
    /// When our database cannot be asked.
    pub async fn take(&mut self, holder: &str, abandoned: Option<&str>, now: i64) -> Result<bool, StoreError> {
        let Some(state) = &self.state else { return Ok(false) };
        let lease = state.claim_feed(holder, abandoned, now).await?;
        if lease != self.book.lease {
            self.loaded = false;
        }
        (self.book.lease, self.book.renewed_at) = (lease, now);
        Ok(self.book.lease.is_some())
    }

    /// Whether this process has the right to write and took it, or wrote, just now: nobody else can have it yet, unless our
    /// clock was put, and that the next write tells.
    #[must_use]
    pub fn holds(&self, now: i64) -> bool {
        self.book.lease.is_some() && (0..FRESH).contains(&now.saturating_sub(self.book.renewed_at))
    }

    /// Who has the right to write.
    ///
    /// # Errors
    /// As [`Ledger::take`].
    pub async fn holder(&self) -> Result<Option<String>, StoreError> {
        match &self.state {
            Some(state) => state.feed_holder().await,
            None => Ok(None),
        }
    }

    /// Counts from now on to slots of these periods as well: those that allowances of our table have beside the
    /// configured ones.
    pub fn widen(&mut self, periods: impl IntoIterator<Item = Period>) {
        self.rules.slots.widen(periods);
    }

    /// Whether the ledger has been begun, so that [`Ledger::look`] reads no history.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        is_begun(&self.feed)
    }

    /// Reads how the ledger stands, as this process does not know it yet, or as another has gone on with it.
    ///
    /// # Errors
    /// When our database cannot be asked.
    pub async fn load(&mut self) -> Result<(), StoreError> {
        if self.loaded && self.book.lease.is_some() {
            return Ok(());
        }
        // Whatever became of it, it is to be over before our tables are read
        self.book.written().await.ok();
        let feed = match &self.state {
            Some(state) => state.feed().await?.unwrap_or_default(),
            None => FeedRecord::default(),
        };
        if self.book.lease.is_none() && !is_begun(&feed) {
            // Our tables hold no whole ledger: the one in memory goes on, or is begun
            if !self.loaded || self.book.state.is_some() {
                self.start_over(None, FeedRecord::default());
            }
            self.loaded = true;
            return Ok(());
        }
        let (read_at, behind_since) = (feed.accounts_at(), None);
        self.start_over(self.state.clone(), FeedRecord { read_at, behind_since, ..feed });
        let mut after = String::new();
        loop {
            let page = self.book.open_accounts(&after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.acct_unique_id.to_string();
            for account in &page {
                self.open.recall(account);
            }
        }
        self.loaded = true;
        Ok(())
    }

    fn start_over(&mut self, state: Option<State>, feed: FeedRecord) {
        let (lease, renewed_at) = (self.book.lease.take().filter(|_| state.is_some()), self.book.renewed_at);
        self.book = Book::new(state);
        (self.book.lease, self.book.renewed_at) = (lease, renewed_at);
        self.feed = feed;
        self.open.clear();
        self.recent.clear();
    }

    /// Begins the ledger where that has not been done: sums up the history that is there, once. `since` are the starts of
    /// users' own allowances.
    ///
    /// # Errors
    /// When a database cannot be asked. What was read by then stays.
    pub async fn begin(
        &mut self,
        since: &(dyn Fn(&UserName) -> Option<i64> + Sync),
        now: i64,
    ) -> Result<bool, StoreError> {
        let was_begun = self.is_begun();
        let begun = import::begin(self, since, now).await;
        if begun.is_err() {
            // Whether a slice was written whose answer is lost, our tables alone know
            self.unsee();
        }
        if matches!(begun, Ok(true)) && !was_begun && self.book.lease.is_some() {
            // The sessions that were read just now need not be read again by the first look
            self.unsee();
            self.load().await?;
            for nas in self.open.nas().iter() {
                self.feed.rhythms.entry(nas.to_string()).or_default().heard_at = now;
            }
        }
        begun
    }

    /// The sessions that were open at the last look and are no longer need not be remembered.
    pub(super) fn settle(&mut self) {
        self.open.settle(self.looks);
    }

    /// What was looked at is written down.
    pub(super) const fn see(&mut self) {
        self.loaded = true;
    }

    /// A look that was not written down never happened.
    pub(super) fn unsee(&mut self) {
        self.loaded = false;
    }

    /// Leaves what a look found for the next one.
    ///
    /// # Errors
    /// When what had waited long enough to be written cannot be.
    pub async fn leave(&mut self, _looked: Looked) -> Result<(), StoreError> {
        self.open.clear();
        self.recent.clear();
        self.unsee();
        self.book.written().await.map(|_| ())
    }

    /// Whether this process has the right to write.
    #[must_use]
    pub const fn may_write(&self) -> bool {
        self.book.lease.is_some()
    }

    /// Writes no more: another process does.
    pub fn stand_back(&mut self) {
        self.book.lease = None;
        self.unsee();
    }

    /// Gives the right to write back.
    ///
    /// # Errors
    /// When our database cannot be asked: then the right runs out by itself.
    pub async fn give_back(&mut self) -> Result<(), StoreError> {
        let written = if self.loaded { self.write_waiting(None, self.feed.read_at).await } else { Ok(true) };
        self.unsee();
        if let (Some(state), Some(lease)) = (&self.state, self.book.lease.take()) {
            state.release_feed(&lease).await?;
        }
        written.map(|_| ())
    }

    /// Writes what waits: all of it, or that of these users. `false` when another took the lease.
    pub(super) async fn write_waiting(&mut self, users: Option<&[UserName]>, now: i64) -> Result<bool, StoreError> {
        // Until it is written: what is to be written waits no more, and stands in no table yet
        let was_loaded = std::mem::take(&mut self.loaded);
        let written = self.book.write_waiting(users, &self.feed, now).await?;
        self.loaded = was_loaded && written;
        Ok(written)
    }

    /// How many rows the operator's query gave when its result was last taken.
    #[must_use]
    pub const fn query_rows(&self) -> usize {
        self.feed.query_rows
    }

    /// Notes how many rows the operator's query gave; written with the next count.
    pub const fn note_query_rows(&mut self, rows: usize) {
        self.feed.query_rows = rows;
    }
}
