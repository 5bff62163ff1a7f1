//! The usage ledger: what each session was seen to use, and to which stretch of time it counts.
//!
//! radacct holds the last counters of a session and nothing of when they grew. So every look at a row is a [`Sighting`]; what
//! it adds to the [`SessionAccount`] of the session is counted once, to the slot of time in which the look before it fell:
//! **octets of a gap between two looks count to the older period**. A slot begins where any period begins that a limit of
//! the site may ask for ([`Slots`]), so that the sum of the slots since a period's start is the use in that period.
//!
//! Invariants: what was counted once stays counted, whatever becomes of the row (closed, opened again, deleted, its
//! counters back at 0); octets are counted for a session at most as often as its counters grew; nothing is counted
//! that no line could have carried. All arithmetic saturates.

mod account;
mod counters;
mod growth;
mod look;
mod observe;
mod sighting;
mod slots;

pub use account::{SessionAccount, Share, Suspect};
pub use counters::Counters;
pub use look::{Context, Increment, Observed, Oddity};
pub use sighting::Sighting;
pub use slots::Slots;

#[cfg(test)]
mod tests;
