//! The verdict: over or not.

use super::{Limits, Meaning};

/// What a user has used, in octets, both directions together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// In sessions that have ended.
    pub closed: u64,
    /// In sessions that are open.
    pub open: u64,
}

impl Usage {
    /// Closed and open together; stays at 2^64 - 1 rather than wrap.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.closed.saturating_add(self.open)
    }

    const fn against(self, meaning: Meaning) -> u64 {
        match meaning {
            Meaning::Total => self.total(),
            Meaning::Remaining | Meaning::PerSession => self.open,
        }
    }
}

/// Why a user is to be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The octets are used up.
    Quota,
    /// The login has expired.
    Expiry,
}

impl Reason {
    /// The word that stands in JSON and in our tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Expiry => "expiry",
        }
    }
}

/// A user who is over, and what makes it so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    /// Why.
    pub reason: Reason,
    /// Octets that count against the limit.
    pub used: u64,
    /// The limit in octets; `None` for an expiry.
    pub limit: Option<u64>,
    /// Where the limit stands.
    pub source: String,
}

/// Whether a user is over: used ≥ limit, as FreeRADIUS' sqlcounter has it, or expired at `now` (seconds since 1970).
/// Of several limits that are reached the tightest is named; expiry before quota.
#[must_use]
pub fn judge(limits: &Limits, usage: Usage, now: i64) -> Option<Over> {
    if let Some((at, source)) = &limits.expires_at
        && *at <= now
    {
        return Some(Over { reason: Reason::Expiry, used: usage.total(), limit: None, source: source.clone() });
    }
    let reached = limits.octets.iter().filter(|limit| usage.against(limit.meaning) >= limit.octets);
    reached.min_by_key(|limit| limit.octets).map(|limit| Over {
        reason: Reason::Quota,
        used: usage.against(limit.meaning),
        limit: Some(limit.octets),
        source: limit.source.clone(),
    })
}
