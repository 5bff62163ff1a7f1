//! What changed in radacct since the last look.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};

use crate::quota::{Sighting, UserName};
use crate::store::{FeedRecord, StoreError};

use super::Ledger;
use super::feed::MARGIN;
use super::silence::{self, Silence, Stale};
use super::skim::Skimmed;

/// How many rows are read whole at a time.
const AT_ONCE: usize = 10_000;

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

    /// The second half of a look: what the rows hold.
    ///
    /// # Errors
    /// As [`Ledger::look`].
    pub async fn look_closer(&mut self, skimmed: Skimmed) -> Result<Looked, StoreError> {
        let Skimmed { grown, news, above, again: (again, rotation), now } = skimmed;
        let mut found = Looked { feed: self.feed.clone(), changed: grown, now, whole: true, ..Looked::default() };
        let above = self.look_above_mark(above, &mut found);
        let vanished = self.open.unseen(self.looks, |row| !news.contains_key(&row.row_id));
        let (new, of_vanished) =
            tokio::try_join!(self.read_whole(&news, &above), self.accounting.rows_by_id(&vanished))?;
        self.note_new(new, &news, &above, &mut found);
        let open_nas = self.mind_stale(&mut found);
        self.note_vanished(&vanished, of_vanished, &mut found);
        // Closed, or another session's, since they were seen among the open ones
        let known: HashSet<&String> = vanished.iter().collect();
        let mut others = self.open.unseen(self.looks, |_| true);
        others.retain(|id| !known.contains(id));
        if !others.is_empty() {
            let rows = self.accounting.rows_by_id(&others).await?;
            self.note_vanished(&others, rows, &mut found);
        }
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

    /// Reads whole what is new among the open rows and `above` the mark.
    async fn read_whole(
        &self,
        open: &HashMap<i64, Option<i64>>,
        above: &HashSet<i64>,
    ) -> Result<Vec<Sighting>, StoreError> {
        let all: Vec<i64> = open.keys().chain(above).copied().collect();
        let mut rows = Vec::new();
        for some in all.chunks(AT_ONCE) {
            rows.extend(self.accounting.rows_numbered(some).await?);
        }
        Ok(rows)
    }

    /// Notes what was read whole. Of it, rows `above` the mark that came and went between two looks are closed.
    fn note_new(
        &mut self,
        rows: Vec<Sighting>,
        open: &HashMap<i64, Option<i64>>,
        above: &HashSet<i64>,
        found: &mut Looked,
    ) {
        for row in rows {
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
                self.open.note(&row, self.looks, open.get(&row.row_id).copied().flatten());
            }
            found.changed.push(row);
        }
    }

    /// Finds rows that were updated no more; the NAS with open rows.
    fn mind_stale(&self, found: &mut Looked) -> BTreeSet<Arc<str>> {
        let every = self.open.nas().iter().map(|nas| silence::interval(&found.feed, nas, self.rules.interval));
        let every: Vec<Option<i64>> = every.collect();
        let mut is_open = vec![false; every.len()];
        let mut overdue = Vec::new();
        for (place, seen) in self.open.seen(self.looks) {
            is_open[seen.nas as usize] = true;
            let silent = silence::overdue(every[seen.nas as usize], seen.heard, found.now);
            overdue.extend(silent.map(|silent| (place, seen.nas, silent)));
        }
        found.stale.reserve_exact(overdue.len());
        found.stale.extend(overdue.into_iter().filter_map(|(place, nas, silent)| {
            let row = self.open.at(place)?;
            let nas_ip_address = self.open.nas().get(nas);
            Some(Stale { acct_unique_id: row.acct_unique_id.clone(), nas_ip_address, update: row.update, silent })
        }));
        self.open.nas().iter().zip(is_open).filter(|(_, open)| *open).map(|(nas, _)| nas.clone()).collect()
    }

    /// Notes the rows that were open and are so no more: closed, or gone.
    fn note_vanished(&self, vanished: &[String], rows: Vec<Sighting>, found: &mut Looked) {
        let there: HashSet<&str> = rows.iter().map(|row| &*row.acct_unique_id).collect();
        found.gone.extend(vanished.iter().filter(|id| !there.contains(id.as_str())).cloned());
        // Opened again between two pages: the next look sees it
        let closed = rows.into_iter().filter(|row| row.stop.is_some());
        found.changed.extend(closed.map(|row| self.named(row)));
    }

    /// Moves the mark to the last of the rows above it; those of them that have not been read.
    fn look_above_mark(&mut self, (above, highest): (Vec<i64>, i64), found: &mut Looked) -> HashSet<i64> {
        self.move_mark(highest, &above, found);
        above.into_iter().filter(|id| self.recent.insert(*id) && !self.open.saw(*id, self.looks)).collect()
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
}
