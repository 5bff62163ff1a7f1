//! Who has used what, who is over, and why. Pure: rows and the time in, a verdict out.
//!
//! Invariants: no database, no clock. The worker, the guard before every attempt and what is printed for people all
//! ask [`judge`], so that they cannot disagree.

mod allowance;
mod expiry;
mod ledger;
mod limit;
mod period;
mod rules;
mod usage;
mod user_name;
mod verdict;

pub use allowance::{Allowance, Limited, share};
pub use expiry::{ExpiryError, parse_expiration};
pub use ledger::{Context, Counters, Increment, Observed, Oddity, SessionAccount, Share, Sighting, Slots, Suspect};
pub use limit::{CheckItem, Limit, LimitProblem, Limits, Place};
pub use period::Period;
pub use rules::{Direction, Meaning, QuotaAttribute, QuotaRules, Unit};
pub use usage::{SlotUse, Usage, ZoneUsage};
pub use user_name::{UserName, unescape};
pub use verdict::{Over, Reason, judge};

#[cfg(test)]
mod tests;
