//! History once more: for rows that nobody observed, after the periods of limits were changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::quota::{Counters, Sighting, UserName};
use crate::store::{Origin, StoreError, UsageRow};

use super::Ledger;
use super::count::{Doubles, Since, observe};
use super::feed::PAGE;

/// What became of one user's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Whose.
    pub user: UserName,
    /// Octets of history before.
    pub before: u64,
    /// Octets of history that radacct holds now.
    pub after: u64,
    /// Whether it was taken. It is not where radacct holds less: rows were deleted, and what was counted stays.
    pub taken: bool,
}

type Sums = BTreeMap<UserName, BTreeMap<(Arc<str>, i64), (Counters, u64)>>;

/// Sums up once more the rows that were there when the ledger was begun and that it has observed nothing of, of all users
/// or of one. What it observed stays as it is. `None` when another process took the ledger over.
///
/// # Errors
/// When a database cannot be asked.
pub async fn rebuild(
    ledger: &Ledger,
    only: Option<&UserName>,
    since: Since<'_>,
    now: i64,
) -> Result<Option<Vec<Rebuilt>>, StoreError> {
    let (Some(state), Some(lease)) = (&ledger.book.state, &ledger.book.lease) else { return Ok(None) };
    let sums = history(ledger, only, since, now).await?;
    let mut rebuilt = Vec::new();
    for (user, of_user) in sums {
        let rows = state.usage(std::slice::from_ref(&user)).await?;
        let octets = |rows: &[UsageRow]| rows.iter().fold(0_u64, |sum, row| sum.saturating_add(row.used.octets()));
        let (old, mut kept): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.origin == Origin::History);
        let new: Vec<UsageRow> = of_user.into_iter().map(|(place, sum)| row(&user, place, sum)).collect();
        let (before, after) = (octets(&old), octets(&new));
        let taken = after >= before;
        kept.extend(new);
        if taken && !state.put_usage(lease, &user, &kept).await? {
            return Ok(None);
        }
        rebuilt.push(Rebuilt { user, before, after, taken });
    }
    Ok(Some(rebuilt))
}

fn row(user: &UserName, (zone, slot): (Arc<str>, i64), (used, estimated): (Counters, u64)) -> UsageRow {
    UsageRow { user: user.clone(), zone, slot, origin: Origin::History, used, estimated }
}

/// What the rows of history come to.
async fn history(ledger: &Ledger, only: Option<&UserName>, since: Since<'_>, now: i64) -> Result<Sums, StoreError> {
    let to = ledger.feed.imported_to.unwrap_or(0);
    let mut sums = Sums::new();
    let mut after = 0;
    loop {
        let mut page = match only {
            Some(user) => ledger.accounting.sightings_of(user).await?,
            None => ledger.accounting.rows_above(after, PAGE).await?,
        };
        let is_last = only.is_some() || page.len() < PAGE as usize || page.last().is_some_and(|row| row.row_id >= to);
        after = page.last().map_or(after, |row| row.row_id);
        page.retain(|row| row.row_id <= to);
        add(ledger, &mut sums, page, since, now).await?;
        if is_last {
            return Ok(sums);
        }
    }
}

async fn add(
    ledger: &Ledger,
    sums: &mut Sums,
    rows: Vec<Sighting>,
    since: Since<'_>,
    now: i64,
) -> Result<(), StoreError> {
    let ids: Vec<String> = rows.iter().map(|row| row.acct_unique_id.to_string()).collect();
    let observed = ledger.book.accounts(&ids).await?;
    let mut doubles = Doubles::of(&rows);
    for row in rows.into_iter().filter(|row| !observed.contains_key(&row.acct_unique_id)) {
        let row = Sighting { user: ledger.accounting.ledger_name(&row.user), ..row };
        let (before, known) = (doubles.before(&row), (since(&row.user), false));
        let Some(found) = observe(&ledger.rules, before, &row, (None, now), known) else { continue };
        doubles.note(&found.account);
        let of_user = sums.entry(row.user).or_default();
        if let Some(increment) = found.increment {
            let (used, estimated) = of_user.entry((increment.zone, increment.slot)).or_default();
            *used = used.plus(increment.used);
            let guessed = if increment.estimated { increment.used.octets() } else { 0 };
            *estimated = estimated.saturating_add(guessed);
        }
    }
    Ok(())
}
