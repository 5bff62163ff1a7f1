//! The first half of a look: which rows are worth a closer one.

use foldhash::{HashMap, HashSet};

use crate::quota::{Sighting, UserName};
use crate::store::{OpenCursor, OpenPage, StoreError};

use super::Ledger;
use super::digest::{of_account, of_row};
use super::feed::{MARGIN, PAGE};
use super::open_row::Sight;
use super::reading::Reading;

/// How long closed rows are looked at again, in seconds: a Stop may come after the row was closed by another.
const ROTATION: i64 = 24 * 3600;

/// How many of them in one look.
const AGAIN: u32 = 250;

/// What going over the open rows found: the first half of a look.
#[derive(Debug)]
pub struct Skimmed {
    /// Rows that went on.
    pub(super) grown: Vec<Sighting>,
    /// Radacctids of rows that are new, or changed otherwise, or may have: to be read whole. With what a look told of
    /// their names ([`OpenLook::name`](crate::store::OpenLook::name)).
    pub(super) news: HashMap<i64, Option<i64>>,
    /// Radacctids above the mark that have not been read, and the highest that there is.
    pub(super) above: (Vec<i64>, i64),
    /// Closed rows that have changed all the same, and which are the next to be looked at again.
    pub(super) again: (Vec<Sighting>, String),
    /// When.
    pub(super) now: i64,
}

impl Ledger {
    /// The first half of a look: which of the open rows changed.
    ///
    /// # Errors
    /// As [`Ledger::look`].
    pub async fn skim(&mut self, now: i64) -> Result<Skimmed, StoreError> {
        self.looks = self.looks.wrapping_add(1);
        // Until it is counted: a row that is remembered and was not counted would never be
        self.unsee();
        let mut reading = Reading::begin(&self.accounting, self.cursors());
        self.book.write_turn(self.looks, &self.feed, now);
        let (again, above) = tokio::join!(self.look_again(now), self.look_above());
        let (mut grown, mut news) = (Vec::new(), HashMap::default());
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
        let news = skimmed.news.keys().filter_map(|row_id| self.open.user(*row_id));
        grown.chain(news).chain(self.open.users_unseen(self.looks)).cloned().collect()
    }

    /// Sees the rows of a page; which of them went on, and which are news.
    fn look_at(&mut self, page: OpenPage, grown: &mut Vec<Sighting>, news: &mut HashMap<i64, Option<i64>>) {
        for row in &page.looks {
            match self.open.look_at(row, self.looks) {
                Sight::Same => {}
                Sight::Grown(row) => grown.push(row),
                Sight::News => {
                    news.insert(row.row_id, Some(row.name));
                }
            }
        }
        let unknown = page.untouched.into_iter().filter(|row_id| !self.open.see(*row_id, self.looks));
        news.extend(unknown.map(|row_id| (row_id, None)));
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
            accounts.iter().map(|account| (&*account.acct_unique_id, of_account(account))).collect();
        let rows = self.accounting.rows_by_id(&ids).await?.into_iter();
        let changed = |row: &Sighting| row.stop.is_some() && before.get(&*row.acct_unique_id) != Some(&of_row(row));
        Ok((rows.filter(changed).map(|row| self.named(row)).collect(), rotation))
    }
}
