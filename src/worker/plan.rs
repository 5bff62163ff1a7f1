//! Who is over and may be acted on.

use std::collections::{BTreeMap, BTreeSet};

use crate::jobs::Exemptions;
use crate::quota::{LimitProblem, Limits, Meaning, Over, Usage, UserName, judge};
use crate::store::StoreError;

/// A user who is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverUser {
    /// Who.
    pub user: UserName,
    /// By what.
    pub over: Over,
}

/// What judging everybody came to.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Who is over and not exempt, the furthest over first.
    pub(super) over: Vec<OverUser>,
    /// Users whose limit cannot be read: neither cut nor restored.
    pub(super) unreadable: BTreeSet<UserName>,
    /// Users who are not over, and what is left to them by a limit that counts open sessions alone.
    pub(super) left: BTreeMap<UserName, u64>,
    /// What cannot be read.
    pub(super) problems: Vec<LimitProblem>,
}

impl Judgement {
    pub(super) fn is_over(&self, user: &UserName) -> bool {
        self.over.iter().any(|over| over.user == *user)
    }

    /// Whether a block of this user stays: the user is over, or nobody can tell.
    pub(super) fn stands(&self, user: &UserName) -> bool {
        self.is_over(user) || self.unreadable.contains(user)
    }
}

/// Judges everybody who has a limit.
pub(super) async fn judge_all(
    limited: BTreeMap<UserName, (Limits, Usage)>,
    exemptions: &Exemptions<'_>,
    now: i64,
) -> Result<Judgement, StoreError> {
    let mut judgement = Judgement::default();
    for (user, (limits, usage)) in limited {
        if !limits.problems.is_empty() {
            judgement.unreadable.insert(user.clone());
            judgement.problems.extend(limits.problems.clone());
        }
        let Some(over) = judge(&limits, &usage, now) else {
            let left = limits.amounts.iter().find(|limit| limit.meaning == Meaning::Remaining);
            judgement.left.extend(left.map(|limit| (user, limit.amount)));
            continue;
        };
        match exemptions.of(&user).await? {
            None => judgement.over.push(OverUser { user, over }),
            Some(why) => tracing::debug!(%user, why, "over, and exempt"),
        }
    }
    judgement.over.sort_by_key(|over| std::cmp::Reverse(excess(&over.over)));
    Ok(judgement)
}

/// By how many octets; an expired login goes before any quota.
const fn excess(over: &Over) -> u64 {
    match over.limit {
        Some(limit) => over.used.saturating_sub(limit),
        None => u64::MAX,
    }
}
