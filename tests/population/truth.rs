//! The truth about a population.

use serde::Serialize;

use super::Population;
use super::accounts::expires_at;
use super::limit::{Limit, group_name};
use super::seats::Role;

/// The truth about one user. Octets are those of both ways together; periods are UTC's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct UserTruth {
    /// As a NAS knows the name.
    pub(crate) user: String,
    /// Null for no limit.
    pub(crate) limit_octets: Option<u64>,
    /// The group that limits the user, if one does.
    pub(crate) limit_group: Option<String>,
    pub(crate) used_octets: u64,
    /// Of these, what closed sessions used.
    pub(crate) closed_octets: u64,
    /// Counted to the present day.
    pub(crate) used_day: u64,
    /// Counted to the present week, which began on Monday.
    pub(crate) used_week: u64,
    /// Counted to the present month.
    pub(crate) used_month: u64,
    pub(crate) open_sessions: u32,
    /// Whether the limit is reached.
    pub(crate) over: bool,
    /// When the login ends, in seconds since 1970.
    pub(crate) expires_at: Option<i64>,
    /// Whether it has ended.
    pub(crate) expired: bool,
    /// Which edge case it is, if any.
    pub(crate) edge: Option<&'static str>,
}

/// The truth about those who share an allowance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct FamilyTruth {
    pub(crate) family: Vec<UserTruth>,
    /// All members' together.
    pub(crate) used_octets: u64,
}

impl Population {
    /// The truth about every user, in the order in which they stand in radcheck.
    pub(crate) fn truth(&self) -> impl Iterator<Item = UserTruth> {
        (0..self.plan.users).map(|user| self.truth_of(user))
    }

    /// The truth about the family; without members where there are too few users for one.
    pub(crate) fn family(&self) -> FamilyTruth {
        let members = self.seats.taken().filter(|(_, role)| *role == Role::Family);
        let family: Vec<UserTruth> = members.map(|(user, _)| self.truth_of(user)).collect();
        let used_octets = family.iter().map(|member| member.used_octets).sum();
        FamilyTruth { family, used_octets }
    }

    /// The present time of the population, in seconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        self.calendar.now
    }

    /// How many sessions are open.
    pub(crate) fn open_sessions(&self) -> usize {
        self.open.len()
    }

    fn truth_of(&self, user: usize) -> UserTruth {
        let (tally, limit, role) = (self.tallies[user], self.limits[user], self.seats.role(user));
        let expires_at = expires_at(&self.plan, user, role);
        let limit_group = match limit {
            Limit::Group(number) => Some(group_name(number)),
            Limit::None | Limit::Own(_) => None,
        };
        UserTruth {
            user: self.names.plain(user, self.seats.odd_name(user)),
            limit_octets: limit.octets(),
            limit_group,
            used_octets: tally.total(),
            closed_octets: tally.closed,
            used_day: tally.day,
            used_week: tally.week,
            used_month: tally.month,
            open_sessions: tally.open_sessions,
            over: limit.octets().is_some_and(|limit| tally.total() >= limit),
            expires_at,
            expired: expires_at.is_some_and(|at| at <= self.calendar.now),
            edge: role.edge(),
        }
    }
}

impl Role {
    /// The word for an edge case.
    const fn edge(self) -> Option<&'static str> {
        match self {
            Self::OneLeft => Some("one_octet_left"),
            Self::Exact => Some("at_the_limit"),
            Self::OverOffline => Some("over_without_session"),
            Self::OverTwice => Some("over_with_two_sessions"),
            Self::OverByClosed => Some("over_by_closed_sessions"),
            Self::Beyond32 => Some("beyond_32_bits"),
            Self::Beyond40 => Some("beyond_40_bits"),
            Self::Family => Some("family"),
            Self::Over | Self::Grouped | Self::Unlimited | Self::Expiring | Self::Expired | Self::Limited => None,
        }
    }
}
