//! What a look depends on, and what it comes to.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{Counters, SessionAccount, Slots};
use crate::quota::UserName;

/// What is counted to a user now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Increment {
    /// Whose use.
    pub user: UserName,
    /// The zone of the slot.
    pub zone: Arc<str>,
    /// The slot's start.
    pub slot: i64,
    /// How much.
    pub used: Counters,
    /// Whether the gap that it was used in reaches over the slot's end, so that the slot is a rule and not a fact.
    pub estimated: bool,
}

/// What was odd about a sighting, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// More octets than a line can carry in that time: not counted.
    Held(u64),
    /// Counters lower than before, of the same session: not counted until they have caught up.
    RanBackwards,
    /// A counter ran past the end of 32 bits.
    Wrapped,
    /// Another session under the same id.
    BeganAgain,
}

/// Everything but the row that a look depends on.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The present time.
    pub now: i64,
    /// When the row was last looked at and was as the account has it; `None` when that is not known.
    pub looked_at: Option<i64>,
    /// Octets a second that no line carries more than; `None` believes everything.
    pub max_rate: Option<u64>,
    /// The zone that days begin in, with its name.
    pub zone: (&'a Arc<str>, &'a TimeZone),
    /// Where slots begin.
    pub slots: &'a Slots,
    /// The start of the user's own allowance, if it has one.
    pub since: Option<i64>,
    /// Whether the row, unknown to the ledger, was counted before: then only what it grows by from now on counts.
    pub counted_before: bool,
}

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The account after it.
    pub account: SessionAccount,
    /// What is to be counted.
    pub increment: Option<Increment>,
    /// What was odd.
    pub oddity: Option<Oddity>,
}

/// What a line is given on top of its rate times the gap, in seconds: the clocks of routers are not ours.
const SLACK: u64 = 60;

impl Context<'_> {
    /// Whether a line could have carried so many octets in so many seconds.
    pub(super) fn carried(&self, octets: u64, seconds: i64) -> bool {
        let seconds = u64::try_from(seconds).unwrap_or(0).saturating_add(SLACK);
        self.max_rate.is_none_or(|rate| octets <= rate.saturating_mul(seconds))
    }
}
