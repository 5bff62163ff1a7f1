//! The beginning of the ledger: the history that is there, summed up once.

use crate::quota::{SessionAccount, Sighting};
use crate::store::{FeedRecord, Origin, StoreError};

use super::book::Entry;
use super::count::{Doubles, LATELY, Since, observe};
use super::feed::MARGIN;
use super::{Ledger, LedgerRules};

/// Rows of a slice, which is one transaction of ours.
const SLICE: u32 = 5000;

/// Reads all rows that are there, slice by slice; how far it has come is written with what it counted, so that it goes on
/// from there after a crash. `false` when another process took the ledger over.
pub(super) async fn begin(ledger: &mut Ledger, since: Since<'_>, now: i64) -> Result<bool, StoreError> {
    if ledger.feed.imported_to.is_none() {
        let last = ledger.accounting.last_row_id().await?;
        let feed = ledger.feed.clone();
        ledger.feed = FeedRecord { imported_to: Some(last), import_at: Some(0), mark: last, ..feed };
    }
    while let (Some(after), Some(to)) = (ledger.feed.import_at, ledger.feed.imported_to) {
        let mut page = ledger.accounting.rows_above(after, SLICE).await?;
        let is_last = page.len() < SLICE as usize || page.last().is_some_and(|row| row.row_id >= to);
        page.retain(|row| row.row_id <= to);
        let mut feed = ledger.feed.clone();
        feed.import_at = page.last().map(|row| row.row_id).filter(|_| !is_last);
        let names = &ledger.accounting;
        let mut doubles = Doubles::of(&page);
        let page = page.into_iter().map(|row| Sighting { user: names.ledger_name(&row.user), ..row });
        let entries = page.filter_map(|row| entry(&ledger.rules, &mut doubles, &row, since, (to, now))).collect();
        if !ledger.book.write_at_once(entries, &feed, now).await? {
            ledger.unsee();
            return Ok(false);
        }
        tracing::debug!(at = feed.import_at, to, "reading the history of radacct, once");
        ledger.feed = feed;
    }
    Ok(true)
}

/// What a row of history comes to. Sessions that may still change, and rows near the mark, keep an account.
fn entry(
    rules: &LedgerRules,
    doubles: &mut Doubles,
    row: &Sighting,
    since: Since<'_>,
    (to, now): (i64, i64),
) -> Option<Entry> {
    let observed = observe(rules, doubles.before(row), row, (None, now), (since(&row.user), false))?;
    doubles.note(&observed.account);
    let is_past = row.stop.is_some_and(|stop| stop < now.saturating_sub(LATELY));
    if is_past && row.row_id <= to.saturating_sub(MARGIN) {
        let increment = observed.increment.map(|increment| (increment, Origin::History));
        return increment.map(|increment| Entry { increment: Some(increment), ..Entry::default() });
    }
    // Closed when its row says so, not now: only what was closed lately is looked at again
    let closed_at = observed.account.closed_at.and(row.stop);
    let account = SessionAccount { closed_at, ..observed.account };
    let increment = observed.increment.map(|increment| (increment, Origin::Observed));
    Some(Entry { account: Some(account), increment, ..Entry::default() })
}
