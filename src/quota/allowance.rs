//! What a query of the operator's, or our own table, allows a user.

use std::collections::BTreeMap;

use super::{Direction, Limit, Limits, Meaning, Period, Unit, Usage, UserName};

/// What a user is allowed. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// Whose.
    pub user: UserName,
    /// Octets; `None` for no limit.
    pub limit: Option<u64>,
    /// Octets that count as used besides those of the ledger.
    pub used_offset: u64,
    /// When the allowance begins, instead of with a period.
    pub since: Option<i64>,
    /// When the login expires.
    pub expires_at: Option<i64>,
    /// Whose allowance it is, where several users share one.
    pub subject: Option<String>,
    /// When it starts again.
    pub period: Period,
    /// Which octets count.
    pub direction: Direction,
    /// Where it stands: `query` or `radkick_quota`.
    pub source: String,
}

impl Allowance {
    /// As limits of a user.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let limit = self.limit.map(|amount| Limit {
            amount,
            unit: Unit::Octets,
            direction: self.direction,
            meaning: Meaning::Total,
            period: self.period,
            since: self.since,
            offset: self.used_offset,
            source: self.source.clone(),
        });
        Limits {
            amounts: limit.into_iter().collect(),
            expires_at: self.expires_at.map(|at| (at, self.source.clone())),
            subject: self.subject.clone(),
            problems: Vec::new(),
        }
    }
}

/// Makes the members of each family share: all have the usage of all, and the allowance of the member whose name is the
/// subject's, else the greatest. An expiry stays each member's own.
pub fn share(limited: &mut BTreeMap<UserName, (Limits, Usage)>) {
    let mut families = BTreeMap::<String, Vec<UserName>>::new();
    for (user, (limits, _)) in limited.iter() {
        if let Some(subject) = &limits.subject {
            families.entry(subject.clone()).or_default().push(user.clone());
        }
    }
    for (subject, members) in families.into_iter().filter(|(_, members)| members.len() > 1) {
        let of_members: Vec<&(Limits, Usage)> = members.iter().filter_map(|user| limited.get(user)).collect();
        let mut usage = Usage::default();
        for (_, of_member) in &of_members {
            usage.join(of_member);
        }
        let offset = of_members.iter().flat_map(|(limits, _)| &limits.amounts);
        let offset = offset.fold(0_u64, |sum, limit| sum.saturating_add(limit.offset));
        let head = members.iter().position(|user| user.as_str() == subject);
        let head = head.map(|index| of_members[index]).filter(|(limits, _)| !limits.amounts.is_empty());
        let greatest =
            || of_members.iter().copied().max_by_key(|(limits, _)| limits.amounts.first().map(|limit| limit.amount));
        let mut amounts = head.or_else(greatest).map(|(limits, _)| limits.amounts.clone()).unwrap_or_default();
        for limit in &mut amounts {
            limit.offset = offset;
        }
        for user in members {
            if let Some((limits, of_member)) = limited.get_mut(&user) {
                limits.amounts.clone_from(&amounts);
                of_member.clone_from(&usage);
            }
        }
    }
}
