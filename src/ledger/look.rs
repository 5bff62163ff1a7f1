//! What changed in radacct since the last look.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::quota::{Sighting, UserName};
use crate::store::{FeedRecord, StoreError};

use super::Ledger;
use super::feed::{MARGIN, PAGE, looked};
use super::silence::{self, Silence, Stale};

/// How long closed rows are looked at again, in seconds: a Stop may come after the row was closed by another.
const ROTATION: i64 = 24 * 3600;

/// What a look found.
#[derive(Debug, Default)]
pub struct Looked {
    /// Rows that changed, or are new.
    pub(super) changed: Vec<Sighting>,
    /// Acct-Unique-Ids of rows that are gone.
    pub(super) gone: Vec<String>,
    /// The feed after it.
    pub(super) feed: FeedRecord,
    /// When.
    pub(super) now: i64,
    /// The users concerned, by their names in the ledger.
    pub users: BTreeSet<UserName>,
    /// NAS of which nothing has come for too long.
    pub silence: Silence,
    /// Open rows that were updated no more while their NAS goes on reporting.
    pub stale: Vec<Stale>,
    /// How many sessions are open.
    pub open: usize,
}

/// How a row looks: another number, another look.
fn looks(row: &Sighting) -> u64 {
    let mut hasher = DefaultHasher::new();
    let octets = (row.input.unwrap_or(0), row.output.unwrap_or(0), row.seconds.unwrap_or(0));
    (row.start, row.update, row.stop, octets).hash(&mut hasher);
    hasher.finish()
}

impl Ledger {
    /// Looks at what changed: open rows, those that vanished from them, new ones, and some closed ones again. Nothing is
    /// counted yet. The ledger must have been begun ([`Ledger::begin`]).
    ///
    /// # Errors
    /// When a database cannot be asked.
    pub async fn look(&mut self, now: i64) -> Result<Looked, StoreError> {
        self.looks = self.looks.wrapping_add(1);
        let mut found = Looked { feed: self.feed.clone(), now, ..Looked::default() };
        let open_nas = self.look_at_open(&mut found).await?;
        self.look_for_vanished(&mut found).await?;
        self.look_for_new(&mut found).await?;
        self.look_again(&mut found).await?;
        // Who has just written something is not silent, however long nobody was here to hear it
        let heard: HashSet<&str> = found.changed.iter().map(|row| row.nas_ip_address.as_str()).collect();
        found.silence = silence::silence(&found.feed, (&open_nas, &heard), self.rules.interval, now);
        // Where the whole NAS is silent, its rows are not forgotten
        found.stale.retain(|stale| !found.silence.nas.contains_key(&stale.nas_ip_address));
        found.users = found.changed.iter().map(|row| row.user.clone()).collect();
        found.feed.read_at = now;
        found.open = self.open.len();
        Ok(found)
    }

    /// A row whose user goes by the name that the ledger has for it.
    fn named(&self, row: Sighting) -> Sighting {
        Sighting { user: self.accounting.ledger_name(&row.user), ..row }
    }

    async fn look_at_open(&mut self, found: &mut Looked) -> Result<BTreeSet<String>, StoreError> {
        let mut open_nas = BTreeSet::new();
        let mut last: Option<Sighting> = None;
        loop {
            let page = self.accounting.open_rows(last.as_ref(), PAGE).await?;
            last = page.last().cloned();
            let is_last = page.len() < PAGE as usize;
            for row in page {
                if !open_nas.contains(&row.nas_ip_address) {
                    open_nas.insert(row.nas_ip_address.clone());
                }
                found.stale.extend(silence::stale(&found.feed, &row, self.rules.interval, found.now));
                self.see(row, found);
            }
            if is_last {
                return Ok(open_nas);
            }
        }
    }

    /// Sees an open row: whether it changed.
    fn see(&mut self, row: Sighting, found: &mut Looked) {
        let look = looks(&row);
        match self.open.get_mut(row.acct_unique_id.as_str()) {
            Some((before, seen)) => {
                *seen = self.looks;
                if *before == look {
                    return;
                }
                *before = look;
            }
            None => {
                self.open.insert(row.acct_unique_id.as_str().into(), (look, self.looks));
            }
        }
        found.changed.push(self.named(row));
    }

    /// The rows that were open and are so no more: closed, or gone.
    async fn look_for_vanished(&mut self, found: &mut Looked) -> Result<(), StoreError> {
        let unseen = self.open.iter().filter(|(_, (_, seen))| *seen != self.looks);
        let mut vanished: Vec<String> = unseen.map(|(id, _)| id.to_string()).collect();
        vanished.sort_unstable();
        let rows = self.accounting.rows_by_id(&vanished).await?;
        let there: HashSet<&str> = rows.iter().map(|row| row.acct_unique_id.as_str()).collect();
        found.gone.extend(vanished.iter().filter(|id| !there.contains(id.as_str())).cloned());
        for row in rows {
            // Opened again between two pages: the next look sees it
            if row.stop.is_some() {
                found.changed.push(self.named(row));
            }
        }
        Ok(())
    }

    /// Rows above the mark, less a margin: those that came and went between two looks.
    async fn look_for_new(&mut self, found: &mut Looked) -> Result<(), StoreError> {
        let highest = self.accounting.last_row_id().await?;
        if highest < found.feed.mark {
            tracing::warn!(highest, mark = found.feed.mark, "radacct ends earlier than it did: rows were deleted");
            found.feed.mark = highest;
            found.feed.imported_to = found.feed.imported_to.map(|to| to.min(highest));
            self.recent.clear();
        }
        let mut after = found.feed.mark.saturating_sub(MARGIN);
        self.recent.retain(|id| *id > after);
        loop {
            let page = self.accounting.rows_above(after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            for row in page {
                after = row.row_id;
                if self.recent.insert(row.row_id) && !self.open.contains_key(row.acct_unique_id.as_str()) {
                    found.changed.push(self.named(row));
                }
            }
            if is_last {
                break;
            }
        }
        found.feed.mark = found.feed.mark.max(after);
        Ok(())
    }

    /// Closed rows that may have changed all the same, some at each look.
    async fn look_again(&mut self, found: &mut Looked) -> Result<(), StoreError> {
        let (at, id) = found.feed.rotation.split_once(' ').unwrap_or(("0", ""));
        let after = (at.parse().unwrap_or(0), id);
        let accounts = self.book.closed_accounts(found.now.saturating_sub(ROTATION), after, PAGE).await?;
        found.feed.rotation = match accounts.last() {
            Some(last) if accounts.len() == PAGE as usize => {
                format!("{} {}", last.closed_at.unwrap_or(0), last.acct_unique_id)
            }
            _ => String::new(),
        };
        let ids: Vec<String> = accounts.iter().map(|account| account.acct_unique_id.clone()).collect();
        let before: HashMap<&str, u64> =
            accounts.iter().map(|account| (account.acct_unique_id.as_str(), looked(account))).collect();
        for row in self.accounting.rows_by_id(&ids).await? {
            if row.stop.is_some() && before.get(row.acct_unique_id.as_str()) != Some(&looks(&row)) {
                found.changed.push(self.named(row));
            }
        }
        Ok(())
    }
}
