//! What a CoA-Request may change of a session, checked before anything is sent. Pure.
//!
//! RouterOS answers a CoA-Request as a whole and rarely says what it did not like; some things it never changes (RouterOS
//! manual, RADIUS). So what is wrong by its rules is refused here, by name, with what would be right.
//!
//! Invariants: no clock, no socket, no log; nothing that names a session is among the changes, because which session is
//! meant is told by its row alone. Start reading at [`Change::parse`].

mod change;
mod never;
mod rate_limit;

pub use change::{Change, ChangeProblem, GIGAWORD, Shown, limit_pairs};
pub use rate_limit::{RateLimit, RateLimitError, RateLimitProblem, Rates};

#[cfg(test)]
mod tests;
