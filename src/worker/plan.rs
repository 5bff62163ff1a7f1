//! Who is over and may be acted on.

use std::collections::{BTreeMap, BTreeSet};

use crate::jobs::Exemptions;
use crate::quota::{LimitProblem, Limited, Meaning, Over, Reason, UserName, judge};
use crate::store::StoreError;

/// A user who is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverUser {
    /// Who.
    pub user: UserName,
    /// Whose allowance it is, where several users share one.
    pub subject: Option<String>,
    /// By what.
    pub over: Over,
}

impl OverUser {
    /// Whose allowance it is: the family's, or the user's own.
    pub(super) fn subject(&self) -> &str {
        self.subject.as_deref().unwrap_or(self.user.as_str())
    }
}

/// What judging came to.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    /// Who is over and not exempt, the furthest over first.
    pub(super) over: Vec<OverUser>,
    /// Their names.
    pub(super) names: BTreeSet<UserName>,
    /// Users whose limit cannot be read: neither cut nor restored.
    pub(super) unreadable: BTreeSet<UserName>,
    /// Users who are not over, and what is left to them by a limit that counts open sessions alone.
    pub(super) left: BTreeMap<UserName, u64>,
    /// What cannot be read.
    pub(super) problems: Vec<LimitProblem>,
    /// Of those who are over or whom we hold, users who are online at silent NAS alone: nothing new is decided about their
    /// use.
    pub(super) unheard: BTreeSet<UserName>,
    /// Whose allowance it is, of users who share one.
    subjects: BTreeMap<UserName, String>,
    /// Whether it is not known whom the operator's query limits: nobody is let in.
    pub(super) blind: bool,
}

impl Judgement {
    pub(super) fn is_over(&self, user: &UserName) -> bool {
        self.names.contains(user)
    }

    /// Whether a block of this user stays: the user is over, or nobody can tell.
    pub(super) fn stands(&self, user: &UserName) -> bool {
        self.blind || self.is_over(user) || self.unreadable.contains(user)
    }

    /// Whether what was decided about a user's use waits for the NAS to speak again. That the login has not expired is known.
    pub(super) fn is_unheard(&self, user: &UserName, reason: &str) -> bool {
        reason != Reason::Expiry.as_str() && self.unheard.contains(user)
    }

    /// Whose allowance it is: the family's, or the user's own.
    pub(super) fn subject_of<'a>(&'a self, user: &'a UserName) -> &'a str {
        self.subjects.get(user).map_or(user.as_str(), String::as_str)
    }

    /// Whether nothing new is to be decided about a user: the NAS is silent, so the use is not known. An expiry is.
    pub(super) fn waits(&self, over: &OverUser) -> bool {
        over.over.reason != Reason::Expiry && self.unheard.contains(&over.user)
    }

    /// Judges these users.
    pub(super) async fn judge(
        &mut self,
        limited: Vec<Limited>,
        exemptions: &Exemptions<'_>,
        now: i64,
    ) -> Result<(), StoreError> {
        for Limited { user, limits, usage } in limited {
            self.subjects.extend(limits.subject.clone().map(|subject| (user.clone(), subject)));
            if !limits.problems.is_empty() {
                self.unreadable.insert(user.clone());
                self.problems.extend(limits.problems.clone());
            }
            let Some(over) = judge(&limits, &usage, now) else {
                let left = limits.amounts.iter().find(|limit| limit.meaning == Meaning::Remaining);
                self.left.extend(left.map(|limit| (user, limit.amount)));
                continue;
            };
            match exemptions.of(&user).await? {
                None => {
                    self.names.insert(user.clone());
                    self.over.push(OverUser { user, subject: limits.subject.clone(), over });
                }
                Some(why) => tracing::debug!(%user, why, "over, and exempt"),
            }
        }
        Ok(())
    }

    /// Takes back what was found about these users, in their order: they are judged anew.
    pub(super) fn take_back(&mut self, users: &[UserName]) {
        for user in users {
            self.names.remove(user);
            self.unreadable.remove(user);
            self.left.remove(user);
            self.subjects.remove(user);
        }
        self.over.retain(|over| self.names.contains(&over.user));
        self.problems.retain(|problem| users.binary_search(problem.user()).is_err());
    }

    /// Takes what judging others came to.
    pub(super) fn join(&mut self, other: Self) {
        self.over.extend(other.over);
        self.names.extend(other.names);
        self.unreadable.extend(other.unreadable);
        self.left.extend(other.left);
        self.problems.extend(other.problems);
        self.unheard.extend(other.unheard);
        self.subjects.extend(other.subjects);
        self.blind |= other.blind;
    }

    /// Puts those who are furthest over first.
    pub(super) fn rank(&mut self) {
        let by_excess = |a: &OverUser, b: &OverUser| excess(&b.over).cmp(&excess(&a.over));
        self.over.sort_unstable_by(|a, b| by_excess(a, b).then_with(|| a.user.cmp(&b.user)));
    }
}

/// By how many octets, or seconds; an expired login goes before any quota.
const fn excess(over: &Over) -> u64 {
    match over.limit {
        Some(limit) => over.used.saturating_sub(limit),
        None => u64::MAX,
    }
}
