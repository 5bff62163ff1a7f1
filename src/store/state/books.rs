//! The usage ledger's books, allowances, and what is old enough to be forgotten.

use crate::quota::{Increment, SessionAccount, UserName};
use crate::store::StoreError;

use super::rows::Step;
use super::{
    Backend, FeedLease, FeedRecord, JournalEntry, JournalRecord, Origin, QuotaRow, State, UsageRow, each_dialect,
};

impl State {
    /// How far the ledger has read radacct; `None` before its first step.
    ///
    /// # Errors
    /// When the database cannot be asked; so for every method below.
    pub async fn feed(&self) -> Result<Option<FeedRecord>, StoreError> {
        each_dialect!(self.feed())
    }

    /// Takes the lease of the ledger, or renews `holder`'s own, whose token stays: `None` when `holder` may not have it
    /// yet. It is free when nobody has it, when it has run out at `now`, or when it is still `abandoned`'s (a holder known to
    /// be dead). It holds for 120 s from `now`.
    ///
    /// # Errors
    /// As above.
    pub async fn claim_feed(
        &self,
        holder: &str,
        abandoned: Option<&str>,
        now: i64,
    ) -> Result<Option<FeedLease>, StoreError> {
        each_dialect!(self.claim_feed(holder, abandoned, now))
    }

    /// Who has the lease of the ledger, whether or not it has run out.
    ///
    /// # Errors
    /// As above.
    pub async fn feed_holder(&self) -> Result<Option<String>, StoreError> {
        each_dialect!(self.feed_holder())
    }

    /// Gives the lease back, if it is still held; the token stays, so that an old holder writes nothing.
    ///
    /// # Errors
    /// When the database cannot be asked: then the lease runs out by itself.
    pub async fn release_feed(&self, lease: &FeedLease) -> Result<(), StoreError> {
        each_dialect!(self.release_feed(lease))
    }

    /// The latest lines of the journal about a user, latest first.
    ///
    /// # Errors
    /// As above.
    pub async fn journal_of(&self, user: &UserName, limit: u32) -> Result<Vec<JournalRecord>, StoreError> {
        each_dialect!(self.journal_of(user, limit))
    }

    /// Writes a step of the ledger whole and renews the lease; `false`, and nothing is written, when the lease is lost. An
    /// account replaces the one of its acctuniqueid, an increment is added to what stands in its slot. Sums stay at 2^63 - 1
    /// rather than fail. A name or id of more than 1012 octets, which no NAS can have sent, is left out with what
    /// belongs to it.
    ///
    /// # Errors
    /// As above.
    #[expect(clippy::too_many_arguments, reason = "a step is written whole")]
    pub async fn record(
        &self,
        lease: &FeedLease,
        feed: &FeedRecord,
        accounts: &[SessionAccount],
        increments: &[(Increment, Origin)],
        now: i64,
    ) -> Result<bool, StoreError> {
        let step = Step { lease, feed, accounts, increments, now };
        each_dialect!(self.record(&step))
    }

    /// The next accounts of open sessions behind `after`, in the order of acctuniqueid's octets; the first for "".
    ///
    /// # Errors
    /// As above.
    pub async fn open_accounts(&self, after: &str, limit: u32) -> Result<Vec<SessionAccount>, StoreError> {
        each_dialect!(self.open_accounts(after, limit))
    }

    /// The accounts of these acctuniqueids, as far as there are any, in no order.
    ///
    /// # Errors
    /// As above.
    pub async fn accounts(&self, ids: &[String]) -> Result<Vec<SessionAccount>, StoreError> {
        each_dialect!(self.accounts(ids))
    }

    /// The accounts of these users, in no order.
    ///
    /// # Errors
    /// As above.
    pub async fn accounts_of(&self, users: &[UserName], only_open: bool) -> Result<Vec<SessionAccount>, StoreError> {
        each_dialect!(self.accounts_of(users, only_open))
    }

    /// The next accounts that were closed at `since` or later, behind `after`, in the order of time and acctuniqueid's
    /// octets.
    ///
    /// # Errors
    /// As above.
    pub async fn closed_accounts(
        &self,
        since: i64,
        after: (i64, &str),
        limit: u32,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        each_dialect!(self.closed_accounts(since, after, limit))
    }

    /// What these users used, in no order.
    ///
    /// # Errors
    /// As above.
    pub async fn usage(&self, users: &[UserName]) -> Result<Vec<UsageRow>, StoreError> {
        each_dialect!(self.usage(users))
    }

    /// Puts these rows in the place of all that stand for the user, whatever user they name; `false`, and nothing is
    /// written, when the lease is lost. What is recorded between the caller's look at the old rows and this is lost.
    ///
    /// # Errors
    /// As above.
    pub async fn put_usage(&self, lease: &FeedLease, user: &UserName, rows: &[UsageRow]) -> Result<bool, StoreError> {
        each_dialect!(self.put_usage(lease, user, rows))
    }

    /// Some users who have more than `more_than` rows of usage in slots that began before `slot`, the slot before all others
    /// left out. It reads all of them.
    ///
    /// # Errors
    /// As above.
    pub async fn users_with_slots_before(
        &self,
        slot: i64,
        more_than: u32,
        limit: u32,
    ) -> Result<Vec<UserName>, StoreError> {
        each_dialect!(self.users_with_slots_before(slot, more_than, limit))
    }

    /// Forgets accounts that were closed before `closed_before` and whose radacctid is above the first of `rows` and not
    /// above the second, oldest first, at most `limit`; how many. None when the lease is lost.
    ///
    /// # Errors
    /// As above.
    pub async fn forget_accounts(
        &self,
        lease: &FeedLease,
        closed_before: i64,
        rows: (i64, i64),
        limit: u32,
    ) -> Result<u64, StoreError> {
        each_dialect!(self.forget_accounts(lease, (closed_before, rows.0, rows.1), limit))
    }

    /// Forgets lines of the journal from before `before` among the `limit` oldest; how many.
    ///
    /// # Errors
    /// As above.
    pub async fn prune_journal(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        each_dialect!(self.prune_journal(before, limit))
    }

    /// Forgets jobs that ended before `before`, with their targets, oldest first, at most `limit`; how many. Kept are the
    /// worker's last of each user and reason, those with a row still to be closed, and those that prove a session absent,
    /// unless the ledger saw that session closed before `before`: so forget accounts later than jobs.
    ///
    /// # Errors
    /// As above.
    pub async fn prune_jobs(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        each_dialect!(self.prune_jobs(before, limit))
    }

    /// Forgets blocks that were released before `before`, with their rows, oldest first, at most `limit`; how many.
    ///
    /// # Errors
    /// As above.
    pub async fn prune_blocks(&self, before: i64, limit: u32) -> Result<u64, StoreError> {
        each_dialect!(self.prune_blocks(before, limit))
    }

    /// Allowances in our own table: all of them, or those of these users and of everybody who shares one with them.
    ///
    /// # Errors
    /// As above.
    pub async fn quota_rows(&self, users: Option<&[UserName]>) -> Result<Vec<QuotaRow>, StoreError> {
        each_dialect!(self.quota_rows(users))
    }

    /// Whether there is any allowance in our own table.
    ///
    /// # Errors
    /// As above.
    pub async fn has_quota_rows(&self) -> Result<bool, StoreError> {
        each_dialect!(self.has_quota_rows())
    }

    /// Puts an allowance in the place of the user's, and its line into the journal. Octets above 2^63 - 1 become that.
    ///
    /// # Errors
    /// As above.
    pub async fn put_quota(&self, row: &QuotaRow, entry: &JournalEntry) -> Result<(), StoreError> {
        each_dialect!(self.put_quota(row, entry))
    }

    /// Adds octets to the user's top-up for the period that starts at `period_start`; one for another period is replaced.
    /// The allowance as it stands then, changed when and by whom the line of the journal says; `None`, and nothing is
    /// written, when the user has none.
    ///
    /// # Errors
    /// As above.
    pub async fn top_up(
        &self,
        user: &UserName,
        octets: u64,
        period_start: i64,
        entry: &JournalEntry,
    ) -> Result<Option<QuotaRow>, StoreError> {
        each_dialect!(self.top_up(user, (octets, period_start), entry))
    }

    /// Removes the user's allowance and writes the line of the journal; `false`, and nothing is written, when there is none.
    ///
    /// # Errors
    /// As above.
    pub async fn remove_quota(&self, user: &UserName, entry: &JournalEntry) -> Result<bool, StoreError> {
        each_dialect!(self.remove_quota(user, entry))
    }
}
