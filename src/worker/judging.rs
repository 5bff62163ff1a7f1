//! From limits and use to who is over.

use std::collections::BTreeSet;
use std::sync::Arc;

use foldhash::HashSet;

use crate::jobs::Exemptions;
use crate::ledger::Gathered;
use crate::quota::{Limited, Limits, UserName, share};
use crate::store::StoreError;

use super::measured::Measured;
use super::meter::Meter;

/// Users whose limits and use are read at a time: as many as have news, so that they are judged soon.
pub(super) const CHUNK: usize = 10_000;

/// The same of everybody: these are in no hurry, and take less memory.
const OF_ALL: usize = 2_000;

/// Users at a time, where everybody is judged and where some are.
pub(super) const fn chunk(everybody: bool) -> usize {
    if everybody { OF_ALL } else { CHUNK }
}

/// What judging needs besides limits and use: who is exempt, and the time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) exemptions: &'a Exemptions<'a>,
    pub(super) now: i64,
}

impl Meter {
    /// Judges those whose limits have been read and whose use is at hand, while what was counted is being written. Left are
    /// families, which come whole, and all the others.
    pub(super) async fn judge_known(
        &mut self,
        gathered: &mut [Gathered],
        judged: &mut HashSet<UserName>,
        measured: &mut Measured,
        given: Given<'_>,
    ) -> Result<(), StoreError> {
        if self.reader.counts_open() {
            return Ok(());
        }
        for gathered in gathered {
            let (mut known, mut unknown) = (Vec::new(), Vec::new());
            for (user, limits) in std::mem::take(&mut gathered.limits) {
                let name = self.accounting.ledger_name(&user);
                match self.ledger.usage_at_hand(&name).filter(|_| limits.subject.is_none()) {
                    Some(usage) => known.push(Limited { user, limits, usage }),
                    None => unknown.push((user, limits)),
                }
            }
            gathered.limits = unknown;
            self.judge_limited(known, judged, measured, given).await?;
        }
        Ok(())
    }

    /// Judges those whose limits have been read, and the rest, but for those `judged` before.
    pub(super) async fn judge(
        &mut self,
        (first, rest): (impl IntoIterator<Item = Gathered> + Send, &[UserName]),
        mut judged: HashSet<UserName>,
        measured: &mut Measured,
        given: Given<'_>,
    ) -> Result<(), StoreError> {
        let mut rest = rest.chunks(chunk(measured.swept));
        let mut first = first.into_iter();
        let mut read = first.next();
        while let Some(gathered) = read {
            self.judge_these((gathered, &mut judged), measured, given).await?;
            read = first.next();
            if read.is_none()
                && let Some(chunk) = rest.next()
            {
                read = Some(self.reader.of(chunk, measured.swept, given.now).await?);
            }
        }
        if !measured.swept {
            self.make_sure(judged, measured, given).await?;
        }
        measured.judgement.rank();
        Ok(())
    }

    /// Judges those who were `gathered`, but for those `judged` before.
    async fn judge_these(
        &mut self,
        (gathered, judged): (Gathered, &mut HashSet<UserName>),
        measured: &mut Measured,
        given: Given<'_>,
    ) -> Result<(), StoreError> {
        measured.judgement.blind |= gathered.blind;
        if let Some(problem) = gathered.query_problem {
            measured.query_problem.get_or_insert_with(|| problem.to_string());
        }
        let limited = self.with_usage(gathered.limits, !measured.swept).await?;
        self.judge_limited(limited, judged, measured, given).await
    }

    async fn judge_limited(
        &mut self,
        mut limited: Vec<Limited>,
        judged: &mut HashSet<UserName>,
        measured: &mut Measured,
        Given { exemptions, now }: Given<'_>,
    ) -> Result<(), StoreError> {
        // A family comes whole with each of its members
        limited.retain(|one| judged.insert(one.user.clone()));
        let soon = now.saturating_add(2 * self.sweep_every);
        let due = limited.iter().filter_map(|one| Some((&one.user, one.limits.expires_at.as_ref()?.0)));
        self.due.extend(due.filter(|(_, at)| *at > now && *at <= soon).map(|(user, at)| (user.clone(), at)));
        measured.judgement.judge(limited, exemptions, now).await
    }

    /// Judges once more those who went over just now, by limits that are read again where they were remembered: whoever uses
    /// up what is left may have paid for more a moment ago.
    async fn make_sure(
        &mut self,
        mut judged: HashSet<UserName>,
        measured: &mut Measured,
        given: Given<'_>,
    ) -> Result<(), StoreError> {
        let names = &measured.judgement.names;
        let doubtful: Vec<UserName> = names.iter().filter(|user| !self.over.contains(*user)).cloned().collect();
        if doubtful.is_empty() || !self.reader.read_again(&doubtful) {
            return Ok(());
        }
        measured.judgement.take_back(&doubtful);
        for user in &doubtful {
            judged.remove(user);
        }
        for chunk in doubtful.chunks(CHUNK) {
            let gathered = self.reader.of(chunk, false, given.now).await?;
            self.judge_these((gathered, &mut judged), measured, given).await?;
        }
        Ok(())
    }

    /// Finds those who are over, or whom we hold, and are online at silent NAS alone.
    pub(super) async fn mind_silence(
        &self,
        others: &BTreeSet<UserName>,
        measured: &mut Measured,
    ) -> Result<(), StoreError> {
        let over = measured.judgement.over.iter().map(|over| &over.user);
        let concerned: BTreeSet<&UserName> = over.chain(others).collect();
        let names: Vec<UserName> = concerned.iter().map(|user| self.accounting.ledger_name(user)).collect();
        let unheard = self.ledger.behind_silence(&names, &measured.silence).await?;
        let unheard = concerned.into_iter().filter(|user| unheard.contains(&self.accounting.ledger_name(user)));
        measured.judgement.unheard = unheard.cloned().collect();
        Ok(())
    }

    /// Finds out who of those who are over is online.
    pub(super) fn mind_online(&self, measured: &mut Measured) {
        let over = &measured.judgement.over;
        if over.is_empty() {
            return;
        }
        let name = |user: &UserName| self.accounting.ledger_name(user);
        let names: Vec<UserName> = over.iter().map(|over| name(&over.user)).collect();
        let (online, all) = self.ledger.online(&names);
        let online = over.iter().filter(|over| online.contains(&name(&over.user))).map(|over| over.user.clone());
        (measured.online, measured.all_online) = (online.collect(), all);
    }

    async fn with_usage(
        &mut self,
        limits: Vec<(UserName, Arc<Limits>)>,
        keep: bool,
    ) -> Result<Vec<Limited>, StoreError> {
        let names: Vec<UserName> = limits.iter().map(|(user, _)| self.accounting.ledger_name(user)).collect();
        let usage = self.ledger.usage(&names, (self.reader.counts_open(), keep)).await?;
        let limited = limits.into_iter().zip(usage).map(|((user, limits), usage)| Limited { user, limits, usage });
        let mut limited: Vec<Limited> = limited.collect();
        share(&mut limited);
        Ok(limited)
    }

    pub(super) async fn keep(&mut self, now: i64) -> Result<(), StoreError> {
        match self.reader.since(None, now).await? {
            Some(since) => self.ledger.keep(&|user| since.get(user).copied(), now).await,
            None => Ok(()),
        }
    }
}
