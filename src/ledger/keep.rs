//! What is kept, and for how long.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::quota::{Counters, UserName};
use crate::store::{Origin, StoreError, UsageRow};

use super::Ledger;
use super::count::Since;
use super::feed::MARGIN;

/// Rows that go at a time.
const SLICE: u32 = 1000;
/// Slots before the horizon that a user may have before they are put together.
const SLOTS: u32 = 8;

impl Ledger {
    /// Lets go of what has ended long ago, and puts slots together that no limit asks for any more: a bounded piece at
    /// each call. Sums stay the same.
    ///
    /// # Errors
    /// When our database cannot be asked.
    pub async fn keep(&mut self, since: Since<'_>, now: i64) -> Result<(), StoreError> {
        let (Some(state), Some(lease)) = (self.book.state.clone(), self.book.lease.clone()) else { return Ok(()) };
        let before = now.saturating_sub(self.rules.keep);
        let history = self.feed.imported_to.unwrap_or(0);
        let near_the_mark = self.feed.mark.saturating_sub(MARGIN);
        state.prune_journal(before, SLICE).await?;
        state.prune_jobs(before, SLICE).await?;
        state.prune_blocks(before, SLICE).await?;
        state.forget_accounts(&lease, before, (history, near_the_mark), SLICE).await?;
        let horizon = self.rules.slots.horizon(now);
        let users = state.users_with_slots_before(horizon, SLOTS, SLICE).await?;
        if !self.write_waiting(Some(&users), now).await? {
            return Ok(());
        }
        let mut by_user = BTreeMap::<UserName, Vec<UsageRow>>::new();
        for row in state.usage(&users).await? {
            by_user.entry(row.user.clone()).or_default().push(row);
        }
        for (user, rows) in by_user {
            let rows = together(rows, horizon, since(&user));
            if !state.put_usage(&lease, &user, &rows).await? {
                break;
            }
            self.book.at_hand.forget(&user);
        }
        Ok(())
    }
}

/// The same sums in fewer rows: slots before the horizon go into the one before all others, those since the start of the
/// user's own allowance into that.
fn together(rows: Vec<UsageRow>, horizon: i64, since: Option<i64>) -> Vec<UsageRow> {
    let slot_of = |slot: i64| match since {
        _ if slot >= horizon => slot,
        Some(since) if slot >= since => since,
        _ => 0,
    };
    let mut sums = BTreeMap::<(Arc<str>, i64, Origin), (Counters, u64)>::new();
    let user = rows.first().map(|row| row.user.clone());
    for row in rows {
        let (used, estimated) = sums.entry((row.zone, slot_of(row.slot), row.origin)).or_default();
        *used = used.plus(row.used);
        *estimated = estimated.saturating_add(row.estimated);
    }
    let row = |((zone, slot, origin), (used, estimated))| {
        Some(UsageRow { user: user.clone()?, zone, slot, origin, used, estimated })
    };
    sums.into_iter().filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(slot: i64, input: u64) -> UsageRow {
        let used = Counters { input, ..Counters::ZERO };
        let (user, zone) = (UserName::new("alice"), "UTC".into());
        UsageRow { user, zone, slot, origin: Origin::Observed, used, estimated: 0 }
    }

    #[test]
    fn old_slots_go_together_and_what_counts_stays_apart() {
        let rows = vec![row(0, 1), row(10, 2), row(20, 4), row(30, 8), row(40, 16)];
        let sums = |rows: &[UsageRow]| rows.iter().map(|row| (row.slot, row.used.input)).collect::<Vec<_>>();
        assert_eq!(sums(&together(rows.clone(), 30, None)), [(0, 7), (30, 8), (40, 16)]);
        assert_eq!(sums(&together(rows.clone(), 30, Some(20))), [(0, 3), (20, 4), (30, 8), (40, 16)]);
        assert_eq!(sums(&together(rows, 100, Some(20))), [(0, 3), (20, 28)]);
    }
}
