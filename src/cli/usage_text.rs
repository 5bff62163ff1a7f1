//! A limit and what was used of it: JSON for programs, words for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::quota::{Limit, Limits, Period, Unit, Usage, UserName};

use super::person::{duration, octets};

/// How a user stands with one limit.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) used: u64,
    pub(super) limit: Option<Limit>,
    pub(super) estimated: u64,
    /// Start and end of the period in force.
    pub(super) period: (Option<i64>, Option<i64>),
}

impl Standing {
    /// With each limit, in turn; one for a user who has none.
    pub(super) fn all(limits: &Limits, usage: &Usage, zone: &TimeZone, now: i64) -> Vec<Self> {
        if limits.amounts.is_empty() {
            return vec![Self { used: usage.total().octets(), limit: None, estimated: 0, period: (None, None) }];
        }
        let standing = |limit: &Limit| {
            let start = limit.start(now, zone);
            let end = if limit.since.is_some() { None } else { limit.period.end(now, zone) };
            Self {
                used: usage.against(limit, now),
                estimated: usage.estimated(limit, now),
                period: ((start > 0).then_some(start), end),
                limit: Some(limit.clone()),
            }
        };
        limits.amounts.iter().map(standing).collect()
    }

    pub(super) fn is_reached(&self) -> bool {
        self.limit.as_ref().is_some_and(|limit| self.used >= limit.amount)
    }

    /// The keys of the contract that are about the limit.
    pub(super) fn object(&self, user: &UserName, limits: &Limits) -> serde_json::Map<String, serde_json::Value> {
        let of_unit = |unit: Unit, amount: Option<u64>| amount.filter(|_| self.unit() == unit);
        let amount = self.limit.as_ref().map(|limit| limit.amount);
        let object = serde_json::json!({
            "user": user.as_str(),
            "subject": limits.subject.as_deref().unwrap_or(user.as_str()),
            "period": self.word(),
            "period_start": self.period.0,
            "period_end": self.period.1,
            "used_octets": of_unit(Unit::Octets, Some(self.used)),
            "limit_octets": of_unit(Unit::Octets, amount),
            "used_seconds": of_unit(Unit::Seconds, Some(self.used)),
            "limit_seconds": of_unit(Unit::Seconds, amount),
            "limit_source": self.limit.as_ref().map(|limit| &limit.source),
            "estimated_octets": self.estimated,
        });
        if let serde_json::Value::Object(object) = object { object } else { serde_json::Map::new() }
    }

    pub(super) fn unit(&self) -> Unit {
        self.limit.as_ref().map_or(Unit::Octets, |limit| limit.unit)
    }

    /// The period in a word.
    pub(super) fn word(&self) -> &'static str {
        match &self.limit {
            Some(limit) if limit.since.is_some() => "since",
            Some(limit) => limit.period.as_str(),
            None => Period::Total.as_str(),
        }
    }

    pub(super) fn used_text(&self) -> String {
        amount(self.unit(), self.used)
    }

    pub(super) fn limit_text(&self) -> String {
        self.limit.as_ref().map_or_else(|| "none".to_owned(), |limit| amount(limit.unit, limit.amount))
    }
}

/// Octets or a time online.
pub(super) fn amount(unit: Unit, amount: u64) -> String {
    match unit {
        Unit::Octets => octets(amount),
        Unit::Seconds => duration(i64::try_from(amount).unwrap_or(i64::MAX)),
    }
}

/// A time as `2026-11-22 13:00 CET`.
pub(super) fn time(at: i64, zone: &TimeZone) -> String {
    match Timestamp::from_second(at) {
        Ok(at) => at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string(),
        Err(_) => at.to_string(),
    }
}
