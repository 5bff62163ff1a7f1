//! What a query of the operator's, or our own table, allows a user.

use std::collections::BTreeMap;
use std::sync::Arc;

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

/// A user, what limits the user, and what was used.
#[derive(Debug, Clone)]
pub struct Limited {
    /// Who.
    pub user: UserName,
    /// What limits the user.
    pub limits: Arc<Limits>,
    /// What was used.
    pub usage: Usage,
}

/// Makes the members of each family share: all have the usage of all, and the allowance of the member whose name is the
/// subject's, else the greatest. An expiry stays each member's own.
pub fn share(limited: &mut [Limited]) {
    let mut families = BTreeMap::<String, Vec<usize>>::new();
    for (place, one) in limited.iter().enumerate() {
        if let Some(subject) = &one.limits.subject {
            families.entry(subject.clone()).or_default().push(place);
        }
    }
    for (subject, mut members) in families.into_iter().filter(|(_, members)| members.len() > 1) {
        members.sort_unstable_by_key(|place| &limited[*place].user);
        let of_members = || members.iter().map(|place| &limited[*place]);
        let mut usage = Usage::default();
        of_members().for_each(|member| usage.join(&member.usage));
        let offset = of_members().flat_map(|member| &member.limits.amounts);
        let offset = offset.fold(0_u64, |sum, limit| sum.saturating_add(limit.offset));
        let mut amounts = of_family(&subject, of_members()).to_vec();
        for limit in &mut amounts {
            limit.offset = offset;
        }
        for place in members {
            let member = &mut limited[place];
            Arc::make_mut(&mut member.limits).amounts.clone_from(&amounts);
            member.usage.clone_from(&usage);
        }
    }
}

/// The allowance of the member whose name is the subject's, else the greatest.
fn of_family<'a>(subject: &str, members: impl Iterator<Item = &'a Limited> + Clone) -> &'a [Limit] {
    let head = members.clone().find(|member| member.user.as_str() == subject);
    let head = head.filter(|member| !member.limits.amounts.is_empty());
    let greatest = || members.max_by_key(|member| member.limits.amounts.first().map(|limit| limit.amount));
    head.or_else(greatest).map(|member| member.limits.amounts.as_slice()).unwrap_or_default()
}
