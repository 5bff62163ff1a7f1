//! The usage ledger against a plain model of what it is to count.
//!
//! Invariant: the model knows the promises of the ledger and nothing of how they are kept.

mod calendar;
mod model;
mod rows;

use std::collections::BTreeMap;

use model::{Look, Piece, Site, replay};
use proptest::prelude::*;
use radkick::quota::{Context, Counters, Increment, SessionAccount, Slots};

const ZONE: &str = "the zone";

/// Shows the looks to the ledger: what each counted, and the account at the end.
fn observe(site: &Site, looks: &[Look]) -> (Vec<Option<Increment>>, Option<SessionAccount>) {
    let slots = Slots::new(site.periods.iter().copied());
    let mut account = None;
    let mut increments = Vec::new();
    for look in looks {
        let context = Context {
            now: look.now,
            looked_at: look.looked_at,
            max_rate: site.max_rate,
            zone: (ZONE, &site.zone),
            slots: &slots,
            since: look.since,
            counted_before: look.counted_before,
        };
        let observed = SessionAccount::observe(account.as_ref(), &look.sighting, &context);
        increments.push(observed.increment);
        account = Some(observed.account);
    }
    (increments, account)
}

fn piece(increment: &Increment) -> Piece {
    Piece { slot: increment.slot, used: increment.used, estimated: increment.estimated }
}

/// The ledger and the model count the same at every look, and the account is their sum.
fn agree(site: &Site, looks: &[Look]) -> Result<(), TestCaseError> {
    let (increments, account) = observe(site, looks);
    let pieces = replay(site, looks);
    let counted: Vec<_> = increments.iter().map(|increment| increment.as_ref().map(piece)).collect();
    prop_assert_eq!(&counted, &pieces);
    let Some(account) = account else { return Ok(()) };
    let mut by_slot = BTreeMap::<i64, Counters>::new();
    for piece in pieces.iter().flatten() {
        let of_slot = by_slot.entry(piece.slot).or_default();
        *of_slot = of_slot.plus(piece.used);
    }
    prop_assert_eq!(account.counted, by_slot.values().fold(Counters::ZERO, |sum, used| sum.plus(*used)));
    let shares: Vec<_> = account.shares.iter().map(|share| (share.slot, share.used)).collect();
    prop_assert_eq!(shares, by_slot.into_iter().collect::<Vec<_>>());
    Ok(())
}

fn rows() -> impl Strategy<Value = (Site, Vec<Look>)> {
    rows::place().prop_flat_map(|(zone, moment)| {
        let before = prop_oneof![0_i64..7200, 0_i64..86400];
        let changes = prop::collection::vec(rows::change(), 1..20);
        (rows::site(zone), before, prop::bool::weighted(0.1), changes).prop_map(
            move |(site, before, counted_before, changes)| {
                (site, rows::looks(moment - before, counted_before, &changes))
            },
        )
    })
}

proptest! {
    #[test]
    fn whatever_becomes_of_a_row_the_ledger_counts_as_the_model((site, looks) in rows()) {
        agree(&site, &looks)?;
    }
}
