//! The verdict: over or not.

use jiff::tz::TimeZone;

use super::{Limits, Period, Unit, Usage};

/// Why a user is to be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The octets are used up.
    Quota,
    /// The time online is used up.
    Time,
    /// The login has expired.
    Expiry,
}

impl Reason {
    /// The word that stands in JSON and in our tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Time => "time",
            Self::Expiry => "expiry",
        }
    }

    /// Whether a word is one of these: a block or a job of the worker's own.
    #[must_use]
    pub fn is_word(word: &str) -> bool {
        [Self::Quota, Self::Time, Self::Expiry].iter().any(|reason| reason.as_str() == word)
    }
}

/// A user who is over, and what makes it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// Why.
    pub reason: Reason,
    /// What counts against the limit: octets, for [`Reason::Time`] seconds.
    pub used: u64,
    /// The limit, in the same unit; `None` for an expiry.
    pub limit: Option<u64>,
    /// Where the limit stands.
    pub source: String,
    /// When the limit starts again.
    pub period: Period,
    /// The start of the user's own allowance, if that is what the limit counts from.
    pub since: Option<i64>,
}

impl Over {
    /// The start of the period that the limit is for, at `now`.
    #[must_use]
    pub fn start(&self, now: i64, zone: &TimeZone) -> i64 {
        self.since.unwrap_or_else(|| self.period.start(now, zone))
    }
}

/// Whether a user is over: used ≥ limit, as FreeRADIUS' sqlcounter has it, or expired at `now` (seconds since 1970).
/// Of several limits that are reached the tightest is named, octets before time; expiry before all.
#[must_use]
pub fn judge(limits: &Limits, usage: &Usage, now: i64) -> Option<Over> {
    if let Some((at, source)) = &limits.expires_at
        && *at <= now
    {
        let used = usage.total().octets();
        let (source, period) = (source.clone(), Period::Total);
        return Some(Over { reason: Reason::Expiry, used, limit: None, source, period, since: None });
    }
    let counted = limits.amounts.iter().map(|limit| (limit, usage.against(limit, now)));
    let reached = counted.filter(|(limit, used)| *used >= limit.amount);
    reached.min_by_key(|(limit, _)| (limit.unit, limit.amount)).map(|(limit, used)| Over {
        reason: match limit.unit {
            Unit::Octets => Reason::Quota,
            Unit::Seconds => Reason::Time,
        },
        used,
        limit: Some(limit.amount),
        source: limit.source.clone(),
        period: limit.period,
        since: limit.since,
    })
}
