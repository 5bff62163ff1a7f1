//! Who is over, and why. Pure: rows and the time in, a verdict out.
//!
//! Invariants: no database, no clock. The worker, the guard before every attempt and what is printed for people all
//! ask [`judge`], so that they cannot disagree.

mod expiry;
mod limit;
mod user_name;
mod verdict;

pub use expiry::{ExpiryError, parse_expiration};
pub use limit::{CheckItem, Limit, LimitProblem, Limits, Meaning, Place, QuotaAttribute, QuotaRules};
pub use user_name::{UserName, unescape};
pub use verdict::{Over, Reason, Usage, judge};

#[cfg(test)]
mod tests;
