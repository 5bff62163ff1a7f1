//! One user now: limits, use, sessions. For the guard before every attempt, and for people.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::quota::{Limited, Limits, SessionAccount, Sighting, Usage, UserName, share};
use crate::store::{Accounting, Origin, State, StoreError};

use super::book::Entry;
use super::count::{counted_before, observe};
use super::feed::PAGE;
use super::{Gathered, Ledger, LedgerRules, LimitReader, silence};

/// How much of a user is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What a judgement needs.
    Judgement,
    /// What people ask for: sessions, and what the open ones have used, too.
    Everything,
}

/// One user now.
#[derive(Debug, Default)]
pub struct View {
    /// What limits the user; of a family the family's.
    pub limits: Limits,
    /// What was used; by the whole family, where there is one.
    pub usage: Usage,
    /// The user, or all members of the family.
    pub members: Vec<UserName>,
    /// The sessions that the ledger keeps an account of, of the user alone, oldest first; none for a judgement.
    pub sessions: Vec<SessionAccount>,
    /// Whether the user is online at NAS alone that were silent at the last look, and still are.
    pub unheard: bool,
}

/// Looks at one user: as the ledger has it, with what changed since on top. Nothing is written.
///
/// # Errors
/// When a database cannot be asked, or the operator's query fails: then nobody can tell whether the user is over.
pub async fn view(
    (accounting, state): (&Accounting, Option<&State>),
    (rules, reader): (&LedgerRules, &LimitReader),
    (user, depth): (&UserName, Depth),
    now: i64,
) -> Result<View, StoreError> {
    let mut ledger = Ledger::new(accounting.clone(), state.cloned(), rules.clone());
    let (gathered, ()) = tokio::try_join!(reader.of(std::slice::from_ref(user), false, now), ledger.load_feed())?;
    let Gathered { limits, query_problem, blind } = gathered;
    if let (true, Some(problem)) = (blind, query_problem) {
        return Err(problem);
    }
    ledger.widen(limits.iter().flat_map(|(_, limits)| &limits.amounts).map(|limit| limit.period));
    let own = accounting.ledger_name(user);
    let mut limited = unused(limits, accounting);
    if !limited.iter().any(|one| one.user == own) {
        limited.push(Limited { user: own.clone(), limits: Arc::default(), usage: Usage::default() });
    }
    limited.sort_unstable_by(|a, b| a.user.cmp(&b.user));
    let names: Vec<UserName> = limited.iter().map(|one| one.user.clone()).collect();
    let since = since_of(limited.clone());
    let heard = ledger.glance(&names, &|user| since.get(user).copied(), now).await?;
    let for_people = depth == Depth::Everything;
    let usage = ledger.usage(&names, (for_people || reader.counts_open(), false)).await?;
    for (one, usage) in limited.iter_mut().zip(usage) {
        one.usage = usage;
    }
    share(&mut limited);
    let mut sessions = Vec::new();
    if for_people {
        sessions = ledger.book.accounts_of(std::slice::from_ref(&own), false).await?;
        sessions.sort_by_key(|account| (account.start, account.row_id));
    }
    let unheard = ledger.is_unheard(&own, &heard).await?;
    let of_own = limited.into_iter().find(|one| one.user == own);
    let (limits, usage) = of_own.map(|one| (Arc::unwrap_or_clone(one.limits), one.usage)).unwrap_or_default();
    Ok(View { limits, usage, members: names, sessions, unheard })
}

/// The starts of the users' own allowances; in a family that of the member whose allowance it is.
fn since_of(mut limited: Vec<Limited>) -> BTreeMap<UserName, i64> {
    share(&mut limited);
    let since = |limits: &Limits| limits.amounts.iter().filter_map(|limit| limit.since).max();
    limited.into_iter().filter_map(|one| Some((one.user, since(&one.limits)?))).collect()
}

impl Gathered {
    /// The start of each user's own allowance, by the user's name in the ledger.
    #[must_use]
    pub fn since(mut self, accounting: &Accounting) -> BTreeMap<UserName, i64> {
        let has_since = |limits: &Limits| limits.amounts.iter().any(|limit| limit.since.is_some());
        self.limits.retain(|(_, limits)| limits.subject.is_some() || has_since(limits));
        since_of(unused(self.limits, accounting))
    }
}

/// Users by their names in the ledger, nothing used yet.
fn unused(limits: Vec<(UserName, Arc<Limits>)>, accounting: &Accounting) -> Vec<Limited> {
    let limited = limits.into_iter().map(|(user, limits)| Limited {
        user: accounting.ledger_name(&user),
        limits,
        usage: Usage::default(),
    });
    limited.collect()
}

impl Ledger {
    /// Reads how far the ledger is, and no more.
    async fn load_feed(&mut self) -> Result<(), StoreError> {
        if let Some(state) = &self.book.state {
            self.feed = state.feed().await?.unwrap_or_default();
        }
        Ok(())
    }

    /// Whether a user is online at NAS alone that were silent at the last look, and are none of those `heard` of since.
    async fn is_unheard(&self, user: &UserName, heard: &BTreeSet<Arc<str>>) -> Result<bool, StoreError> {
        let known = self.feed.rhythms.keys().map(|nas| nas.as_str().into()).collect();
        let heard = heard.iter().map(|nas| &**nas).collect();
        let silence = silence::silence(&self.feed, (&known, &heard), self.rules.interval, self.feed.read_at);
        Ok(!self.behind_silence(std::slice::from_ref(user), &silence).await?.is_empty())
    }

    /// Counts in memory what these users' rows hold that the ledger does not: all of them, where it has not been begun. The
    /// NAS whose rows have changed.
    async fn glance(
        &mut self,
        names: &[UserName],
        since: &(dyn Fn(&UserName) -> Option<i64> + Sync),
        now: i64,
    ) -> Result<BTreeSet<Arc<str>>, StoreError> {
        let begun = self.is_begun();
        let (rows, mut accounts) = if begun {
            self.rows_now(names).await?
        } else {
            self.book.set_aside();
            (self.all_rows(names).await?, BTreeMap::new())
        };
        let (mut entries, mut heard) = (Vec::new(), BTreeSet::new());
        for row in rows {
            let row = Sighting { user: self.accounting.ledger_name(&row.user), ..row };
            let before = accounts.get(&row.acct_unique_id);
            let known = (since(&row.user), begun && counted_before(&self.feed, &row));
            let looked_at = before.filter(|account| account.closed_at.is_none()).map(|_| self.feed.accounts_at());
            let Some(observed) = observe(&self.rules, before, &row, (looked_at, now), known) else { continue };
            accounts.insert(row.acct_unique_id.clone(), observed.account.clone());
            heard.insert(row.nas_ip_address);
            let increment = observed.increment.map(|increment| (increment, Origin::Observed));
            entries.push(Entry { account: Some(observed.account), increment, ..Entry::default() });
        }
        let feed = self.feed.clone();
        self.book.write_at_once(entries, &feed, now).await.map(|_| heard)
    }

    /// The open rows of these users, those that came since the last look, and those that the ledger takes for open; and
    /// their accounts.
    async fn rows_now(
        &self,
        names: &[UserName],
    ) -> Result<(Vec<Sighting>, BTreeMap<Arc<str>, SessionAccount>), StoreError> {
        let rows = async {
            // One after the other: a row that is closed meanwhile is found at least once
            let mut rows = self.accounting.open_sightings_of(names).await?;
            rows.extend(self.closed_since(names).await?);
            Ok(rows)
        };
        let (mut rows, accounts) = tokio::try_join!(rows, self.book.accounts_of(names, true))?;
        let seen: BTreeSet<&str> = rows.iter().map(|row| &*row.acct_unique_id).collect();
        let mut accounts: BTreeMap<Arc<str>, SessionAccount> =
            accounts.into_iter().map(|account| (account.acct_unique_id.clone(), account)).collect();
        let closed: Vec<String> =
            accounts.keys().filter(|id| !seen.contains(&***id)).map(ToString::to_string).collect();
        let unknown = seen.into_iter().filter(|id| !accounts.contains_key(*id)).map(str::to_owned);
        let unknown: Vec<String> = unknown.collect();
        let (closed, others) = tokio::try_join!(self.accounting.rows_by_id(&closed), self.book.accounts(&unknown))?;
        rows.extend(closed);
        accounts.extend(others);
        Ok((rows, accounts))
    }

    /// The rows of these users that came since the last look and are closed already.
    async fn closed_since(&self, names: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        let mut rows = Vec::new();
        let mut after = self.feed.mark;
        loop {
            let page = self.accounting.rows_above(after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map_or(after, |row| row.row_id);
            let theirs = |row: &Sighting| row.stop.is_some() && names.contains(&self.accounting.ledger_name(&row.user));
            rows.extend(page.into_iter().filter(theirs));
            if is_last {
                return Ok(rows);
            }
        }
    }

    async fn all_rows(&self, names: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        let mut rows = Vec::new();
        for name in names {
            rows.extend(self.accounting.sightings_of(name).await?);
        }
        Ok(rows)
    }
}
