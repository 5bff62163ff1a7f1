//! What changed in radacct since the last look.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::quota::{Sighting, UserName};
use crate::store::{FeedRecord, OpenCursor, OpenPage, StoreError};

use super::Ledger;
use super::feed::{MARGIN, PAGE};
use super::open::{self, Sight};
use super::reading::Reading;
use super::silence::{self, Silence, Stale};

/// How long closed rows are looked at again, in seconds: a Stop may come after the row was closed by another.
const ROTATION: i64 = 24 * 3600;

/// How many of them in one look.
const AGAIN: u32 = 250;

/// How many rows are read whole at a time.
const AT_ONCE: usize = 10_000;

/// What going over the open rows found: the first half of a look.
#[derive(Debug)]
pub struct Skimmed {
    /// Rows that went on.
    grown: Vec<Sighting>,
    /// Radacctids of rows that are new, or changed otherwise, or may have: to be read whole.
    news: Vec<i64>,
    /// Radacctids above the mark that have not been read, and the highest that there is.
    above: (Vec<i64>, i64),
    /// Closed rows that have changed all the same, and which are the next to be looked at again.
    again: (Vec<Sighting>, String),
    /// When.
    now: i64,
}

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
    /// Whether all open rows were looked at, and not those of some sessions alone.
    pub(super) whole: bool,
    /// The users concerned, by their names in the ledger.
    pub users: HashSet<UserName>,
    /// NAS of which nothing has come for too long.
    pub silence: Silence,
    /// Open rows that were updated no more while their NAS goes on reporting.
    pub stale: Vec<Stale>,
}

impl Ledger {
    /// Looks at what changed: open rows, those that vanished from them, new ones, and some closed ones again. Nothing is
    /// counted yet. The ledger must have been begun ([`Ledger::begin`]).
    ///
    /// # Errors
    /// When a database cannot be asked.
    pub async fn look(&mut self, now: i64) -> Result<Looked, StoreError> {
        let skimmed = self.skim(now).await?;
        self.look_closer(skimmed).await
    }

    /// The first half of a look: which of the open rows changed.
    ///
    /// # Errors
    /// As [`Ledger::look`].
    pub async fn skim(&mut self, now: i64) -> Result<Skimmed, StoreError> {
        self.looks = self.looks.wrapping_add(1);
        // Until it is counted: a row that is remembered and was not counted would never be
        self.unsee();
        let mut reading = Reading::begin(&self.accounting, self.cursors());
        let (again, above) = tokio::join!(self.look_again(now), self.look_above());
        let (mut grown, mut news) = (Vec::new(), Vec::new());
        while let Some(page) = reading.page().await {
            self.look_at(page, &mut grown, &mut news);
        }
        self.open.mark = reading.end().await?;
        Ok(Skimmed { grown, news, above: above?, again: again?, now })
    }

    /// How the open rows are read: in two halves side by side, where there are enough of them.
    fn cursors(&self) -> Vec<OpenCursor> {
        let all = OpenCursor::new(self.open.len()).after(self.open.mark);
        self.accounting.side_by_side(all, |rows| self.open.ends(rows))
    }

    /// The users of rows that changed or are open no more, as far as they were known before, by their names in the ledger.
    #[must_use]
    pub fn users_of(&self, skimmed: &Skimmed) -> HashSet<UserName> {
        let grown = skimmed.grown.iter().map(|row| &row.user);
        let news = skimmed.news.iter().filter_map(|row_id| self.open.user(*row_id));
        grown.chain(news).chain(self.open.users_unseen(self.looks)).cloned().collect()
    }

    /// The second half of a look: what the rows hold.
    ///
    /// # Errors
    /// As [`Ledger::look`].
    pub async fn look_closer(&mut self, skimmed: Skimmed) -> Result<Looked, StoreError> {
        let Skimmed { grown, news, above, again: (again, rotation), now } = skimmed;
        let mut found = Looked { feed: self.feed.clone(), changed: grown, now, whole: true, ..Looked::default() };
        self.look_at_new(&news, above, &mut found).await?;
        let open_nas = self.mind_stale(&mut found);
        self.look_for_vanished(&mut found).await?;
        found.changed.extend(again);
        found.feed.rotation = rotation;
        // Who has just written something is not silent, however long nobody was here to hear it
        let heard: HashSet<&str> = found.changed.iter().map(|row| &*row.nas_ip_address).collect();
        found.silence = silence::silence(&found.feed, (&open_nas, &heard), self.rules.interval, now);
        // Where the whole NAS is silent, its rows are not forgotten
        found.stale.retain(|stale| !found.silence.nas.contains_key(&*stale.nas_ip_address));
        found.users = found.changed.iter().map(|row| row.user.clone()).collect();
        found.feed.read_at = now;
        Ok(found)
    }

    /// Which of these users are online, by their names in the ledger, and how many users are: as of the last look.
    #[must_use]
    pub fn online(&self, users: &[UserName]) -> (BTreeSet<UserName>, usize) {
        (users.iter().filter(|user| self.open.has(user)).cloned().collect(), self.open.users())
    }

    /// A row whose user goes by the name that the ledger has for it.
    pub(super) fn named(&self, row: Sighting) -> Sighting {
        Sighting { user: self.accounting.ledger_name(&row.user), ..row }
    }

    /// Sees the rows of a page; which of them went on, and which are news.
    fn look_at(&mut self, page: OpenPage, grown: &mut Vec<Sighting>, news: &mut Vec<i64>) {
        for row in &page.looks {
            match self.open.look_at(row, self.looks) {
                Sight::Same => {}
                Sight::Grown(row) => grown.push(row),
                Sight::News => news.push(row.row_id),
            }
        }
        news.extend(page.untouched.into_iter().filter(|row_id| !self.open.see(*row_id, self.looks)));
    }

    /// Reads whole what is new among the open rows and `above` the mark. Of these, rows that came and went between two looks
    /// are closed.
    async fn look_at_new(
        &mut self,
        open: &[i64],
        (above, highest): (Vec<i64>, i64),
        found: &mut Looked,
    ) -> Result<(), StoreError> {
        self.move_mark(highest, &above, found);
        let above: HashSet<i64> =
            above.into_iter().filter(|id| self.recent.insert(*id) && !self.open.saw(*id, self.looks)).collect();
        let all: Vec<i64> = open.iter().chain(&above).copied().collect();
        for some in all.chunks(AT_ONCE) {
            for row in self.accounting.rows_numbered(some).await? {
                // One that was open and was closed meanwhile is found among those that vanished
                if row.stop.is_some() && !above.contains(&row.row_id) {
                    continue;
                }
                // Written as it was
                if row.stop.is_none() && self.open.is_known(&row) && self.open.see(row.row_id, self.looks) {
                    continue;
                }
                let row = self.named(row);
                if row.stop.is_none() {
                    self.open.note(&row, self.looks);
                }
                found.changed.push(row);
            }
        }
        Ok(())
    }

    /// Finds rows that were updated no more; the NAS with open rows.
    fn mind_stale(&self, found: &mut Looked) -> BTreeSet<Arc<str>> {
        let every = self.open.nas().iter().map(|nas| silence::interval(&found.feed, nas, self.rules.interval));
        let every: Vec<Option<i64>> = every.collect();
        let mut is_open = vec![false; every.len()];
        for (nas, row) in self.open.seen(self.looks) {
            is_open[nas as usize] = true;
            let silent = silence::overdue(every[nas as usize], row.update.or(row.start), found.now);
            found.stale.extend(silent.map(|silent| Stale {
                acct_unique_id: row.acct_unique_id.clone(),
                nas_ip_address: self.open.nas().get(nas),
                update: row.update,
                silent,
            }));
        }
        self.open.nas().iter().zip(is_open).filter(|(_, open)| *open).map(|(nas, _)| nas.clone()).collect()
    }

    /// The rows that were open and are so no more: closed, or gone.
    async fn look_for_vanished(&mut self, found: &mut Looked) -> Result<(), StoreError> {
        let vanished = self.open.unseen(self.looks);
        let rows = self.accounting.rows_by_id(&vanished).await?;
        let there: HashSet<&str> = rows.iter().map(|row| &*row.acct_unique_id).collect();
        found.gone.extend(vanished.iter().filter(|id| !there.contains(id.as_str())).cloned());
        for row in rows {
            // Opened again between two pages: the next look sees it
            if row.stop.is_some() {
                found.changed.push(self.named(row));
            }
        }
        Ok(())
    }

    /// Rows above the mark, less a margin, by their ids; and the highest id. Among those that have not been read are rows that
    /// came and went between two looks.
    async fn look_above(&self) -> Result<(Vec<i64>, i64), StoreError> {
        let highest = self.accounting.last_row_id().await?;
        let mut after = self.feed.mark.min(highest).saturating_sub(MARGIN);
        let mut found = Vec::new();
        loop {
            let page = self.accounting.row_ids_above(after, PAGE).await?;
            after = page.last().copied().unwrap_or(after);
            let is_last = page.len() < PAGE as usize;
            found.extend(page);
            if is_last {
                return Ok((found, highest));
            }
        }
    }

    /// Moves the mark to the last of the rows `above` it.
    fn move_mark(&mut self, highest: i64, above: &[i64], found: &mut Looked) {
        if highest < found.feed.mark {
            tracing::warn!(highest, mark = found.feed.mark, "radacct ends earlier than it did: rows were deleted");
            found.feed.mark = highest;
            found.feed.imported_to = found.feed.imported_to.map(|to| to.min(highest));
            self.recent.clear();
        }
        let after = found.feed.mark.saturating_sub(MARGIN);
        self.recent.retain(|id| *id > after);
        found.feed.mark = above.last().map_or(found.feed.mark, |last| found.feed.mark.max(*last));
    }

    /// Closed rows that have changed all the same, of some at each look; and which are the next.
    async fn look_again(&self, now: i64) -> Result<(Vec<Sighting>, String), StoreError> {
        let (at, id) = self.feed.rotation.split_once(' ').unwrap_or(("0", ""));
        let after = (at.parse().unwrap_or(0), id);
        let accounts = self.book.closed_accounts(now.saturating_sub(ROTATION), after, AGAIN).await?;
        let rotation = match accounts.last() {
            Some(last) if accounts.len() == AGAIN as usize => {
                format!("{} {}", last.closed_at.unwrap_or(0), last.acct_unique_id)
            }
            _ => String::new(),
        };
        let ids: Vec<String> = accounts.iter().map(|account| account.acct_unique_id.to_string()).collect();
        let before: HashMap<&str, u64> =
            accounts.iter().map(|account| (&*account.acct_unique_id, open::of_account(account))).collect();
        let rows = self.accounting.rows_by_id(&ids).await?.into_iter();
        let changed =
            |row: &Sighting| row.stop.is_some() && before.get(&*row.acct_unique_id) != Some(&open::of_row(row));
        Ok((rows.filter(changed).map(|row| self.named(row)).collect(), rotation))
    }
}
