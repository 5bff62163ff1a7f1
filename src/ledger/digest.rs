//! How a row looks, as a number.

use std::hash::BuildHasher as _;

use foldhash::quality::FixedState;

use crate::quota::{Counters, SessionAccount, Sighting};
use crate::store::OpenLook;

/// A number below `of` that differs from row to row.
pub(super) fn phase(row_id: i64, of: u32) -> u32 {
    u32::try_from(row_id.rem_euclid(i64::from(of))).unwrap_or(0)
}

/// How a row looks: another number, another look.
pub(super) fn of_row(row: &Sighting) -> u64 {
    digest((row.start, row.update, row.stop), (row.input, row.output, row.seconds))
}

/// How the row of an account looked when it was last seen.
pub(super) fn of_account(account: &SessionAccount) -> u64 {
    let Counters { input, output, seconds } = account.seen;
    digest((account.start, account.update, account.stop), (Some(input), Some(output), Some(seconds)))
}

/// How a row looks that was not read whole.
pub(super) fn of_look(row: &OpenLook) -> u64 {
    digest((row.start, row.update, None), (row.input, row.output, row.seconds))
}

fn digest(times: (Option<i64>, Option<i64>, Option<i64>), octets: (Option<u64>, Option<u64>, Option<u64>)) -> u64 {
    let octets = (octets.0.unwrap_or(0), octets.1.unwrap_or(0), octets.2.unwrap_or(0));
    FixedState::default().hash_one((times, octets))
}
