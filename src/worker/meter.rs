//! Who has used what, and who is over by it: the worker's eyes.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::HashSet;

use crate::config::Config;
use crate::failpoint;
use crate::jobs::Exemptions;
use crate::ledger::{
    Counting, Depth, Gathered, Ledger, LedgerRules, LimitReader, Looked, Silence, Skimmed, Sweep, view,
};
use crate::quota::{Limited, UserName};
use crate::store::{Accounting, State, StoreError};

use super::judging::{CHUNK, Given, chunk};
use super::measured::Measured;
use super::plan::Judgement;

/// Looks at radacct and judges; remembers from step to step what it need not read again.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) accounting: Accounting,
    state: Option<State>,
    rules: LedgerRules,
    pub(super) ledger: Ledger,
    pub(super) reader: LimitReader,
    pub(super) sweep_every: i64,
    swept_at: Option<i64>,
    /// Who was over at the last step: looked at again until no longer so.
    pub(super) over: BTreeSet<UserName>,
    /// Whose login expires before the next sweep, and when.
    pub(super) due: BTreeMap<UserName, i64>,
    /// The NAS that were silent at the last step.
    pub(super) silence: Silence,
    /// Whether a step has ended.
    pub(super) stepped: bool,
    /// Whether its right to write was given back, and is another's.
    pub(super) retired: bool,
}

/// Who may write the ledger, and what a person has allowed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Leave<'a> {
    /// Under which name this process writes; `None` writes nothing.
    pub(super) holder: Option<&'a str>,
    /// Whether the operator's query may give far fewer rows than last time.
    pub(super) may_lose: bool,
}

impl Meter {
    /// Over these databases; without `state` everything stays in memory.
    pub(super) fn new(config: &Config, accounting: &Accounting, state: Option<&State>) -> Self {
        let rules = LedgerRules::new(config);
        Self {
            accounting: accounting.clone(),
            state: state.cloned(),
            ledger: Ledger::new(accounting.clone(), state.cloned(), rules.clone()),
            reader: LimitReader::new(config, accounting.clone(), state.cloned()),
            rules,
            sweep_every: i64::try_from(config.quota.limit_sweep.as_secs()).unwrap_or(i64::MAX),
            swept_at: None,
            over: BTreeSet::new(),
            due: BTreeMap::new(),
            silence: Silence::default(),
            stepped: false,
            retired: false,
        }
    }

    /// Gives the right to write the ledger back.
    pub(super) async fn give_back(&mut self) -> Result<(), StoreError> {
        self.retired = true;
        self.ledger.give_back().await
    }

    /// Judges one user, and nobody else.
    pub(super) async fn one(
        &self,
        user: &UserName,
        exemptions: &Exemptions<'_>,
        now: i64,
    ) -> Result<Measured, StoreError> {
        let databases = (&self.accounting, self.state.as_ref());
        let seen = view(databases, (&self.rules, &self.reader), (user, Depth::Judgement), now).await?;
        let mut judgement = Judgement::default();
        let limited = vec![Limited { user: user.clone(), limits: seen.limits.into(), usage: seen.usage }];
        judgement.judge(limited, exemptions, now).await?;
        judgement.rank();
        let open = self.accounting.open_sightings_of(std::slice::from_ref(user)).await?;
        let online = (!open.is_empty()).then(|| user.clone()).into_iter().collect();
        Ok(Measured { judgement, online, swept: true, ..Measured::default() })
    }

    /// Looks at what changed and judges those concerned, `others` (whom we hold) among them; from time to time everybody.
    pub(super) async fn measure(
        &mut self,
        others: BTreeSet<UserName>,
        exemptions: &Exemptions<'_>,
        leave: Leave<'_>,
        now: i64,
    ) -> Result<Measured, StoreError> {
        let mut measured = Measured::default();
        self.take(leave, now).await?;
        // A top-up opens a login by the next step, however late the server counts what is written
        self.reader.read_again(&self.scope(others.iter().cloned().collect(), now));
        let mut sweep = self.sweep_if_due(leave, now).await?;
        let skimmed = self.skim(&mut sweep, now).await?;
        let early = if sweep.is_none() { self.early(&skimmed, &others, now) } else { HashSet::default() };
        let sweep = sweep.map(|sweep| take_sweep(sweep, &mut measured));
        let scope = self.scope(others.iter().cloned().chain(sweep.into_iter().flatten()).collect(), now);
        if measured.swept {
            self.due.clear();
        }
        let mut first: Vec<UserName> = early.iter().cloned().collect();
        first.sort_unstable();
        // What limits those who are sure to be judged is read beside their rows
        let closer = look_closer((&mut self.ledger, &self.reader), skimmed, (scope, &early), &mut measured, now);
        let (of_first, looked) = tokio::join!(self.reader.of(&first, false, now), closer);
        let (of_rest, rest, counting) = looked?;
        self.silence.clone_from(&measured.silence);
        let (mut limits, mut judged, given) = ([of_first?, of_rest], HashSet::default(), Given { exemptions, now });
        if let Some(counting) = counting {
            self.judge_known(&mut limits, &mut judged, &mut measured, given).await?;
            failpoint::reach("use_counted");
            if !self.ledger.end_count(counting).await? {
                // Another has taken over: what it has not counted yet is counted here in memory
                self.ledger.stand_back();
                return Box::pin(self.measure(others, exemptions, Leave { holder: None, ..leave }, now)).await;
            }
        }
        self.judge((limits, &rest), judged, &mut measured, given).await?;
        self.mind_silence(&others, &mut measured).await?;
        self.mind_online(&mut measured);
        if measured.swept {
            self.swept_at = measured.query_problem.is_none().then_some(now);
            self.keep(now).await?;
        }
        self.over = measured.judgement.over.iter().map(|over| over.user.clone()).collect();
        self.stepped = true;
        Ok(measured)
    }

    async fn take(&mut self, leave: Leave<'_>, now: i64) -> Result<(), StoreError> {
        if let Some(holder) = leave.holder
            && !self.ledger.take(holder, None, now).await?
        {
            let other = self.ledger.holder().await?;
            let abandoned = other.as_deref().filter(|other| crate::jobs::is_dead(other));
            if abandoned.is_none() || !self.ledger.take(holder, abandoned, now).await? {
                tracing::debug!(?other, "another radkick keeps the ledger; this one counts in memory");
            }
        }
        self.ledger.load().await
    }

    async fn sweep_if_due(&mut self, leave: Leave<'_>, now: i64) -> Result<Option<Sweep>, StoreError> {
        let is_due = |at: i64| now < at || now.saturating_sub(at) >= self.sweep_every;
        if !self.swept_at.is_none_or(is_due) && self.ledger.is_begun() {
            return Ok(None);
        }
        let sweep = self.reader.sweep(self.ledger.query_rows(), leave.may_lose).await?;
        self.ledger.widen(sweep.periods.iter().copied());
        if let Some(rows) = sweep.query_rows {
            self.ledger.note_query_rows(rows);
        }
        Ok(Some(sweep))
    }

    /// Those who are sure to be judged, as far as is known before their rows are read.
    fn early(&self, skimmed: &Skimmed, others: &BTreeSet<UserName>, now: i64) -> HashSet<UserName> {
        let mut all = self.scope(self.ledger.users_of(skimmed), now);
        all.extend(others.iter().cloned());
        if all.len() > CHUNK { all.into_iter().take(CHUNK).collect() } else { all }
    }

    /// Who is judged: these, who was over, and whose login expires by now.
    fn scope(&self, these: HashSet<UserName>, now: i64) -> HashSet<UserName> {
        let mut scope = these;
        scope.extend(self.over.iter().cloned());
        scope.extend(self.due.iter().filter(|(_, at)| **at <= now).map(|(user, _)| user.clone()));
        scope
    }

    /// Goes over the open rows; before that looks at everything, once.
    async fn skim(&mut self, sweep: &mut Option<Sweep>, now: i64) -> Result<Skimmed, StoreError> {
        while !self.ledger.is_begun() {
            let problem = sweep.as_mut().and_then(|sweep| sweep.query_problem.take());
            if let Some(problem) = problem {
                return Err(problem);
            }
            let since = self.reader.since(None, now).await?.unwrap_or_default();
            if !self.ledger.begin(&|user| since.get(user).copied(), now).await? {
                self.ledger.stand_back();
                self.ledger.load().await?;
            }
        }
        self.ledger.skim(now).await
    }
}

/// Whom a sweep goes through.
fn take_sweep(sweep: Sweep, measured: &mut Measured) -> Vec<UserName> {
    measured.swept = true;
    measured.lost = sweep.lost;
    measured.query_problem = sweep.query_problem.as_ref().map(ToString::to_string);
    sweep.users
}

/// The second half of a look, and what limits those in `scope`, and those with news, who are not among the `early` ones: of the
/// first of them, and who the rest are.
async fn look_closer(
    (ledger, reader): (&mut Ledger, &LimitReader),
    skimmed: Skimmed,
    (mut scope, early): (HashSet<UserName>, &HashSet<UserName>),
    measured: &mut Measured,
    now: i64,
) -> Result<(Gathered, Vec<UserName>, Option<Counting>), StoreError> {
    let mut looked = ledger.look_closer(skimmed).await?;
    measured.silence = looked.silence.clone();
    measured.stale = std::mem::take(&mut looked.stale);
    scope.extend(looked.users.iter().cloned());
    let mut first: Vec<UserName> = scope.into_iter().filter(|user| !early.contains(user)).collect();
    first.sort_unstable();
    let rest = first.split_off(first.len().min(chunk(measured.swept)));
    let count = begin_count(ledger, reader, looked, now);
    let (limits, counting) = tokio::join!(reader.of(&first, measured.swept, now), count);
    Ok((limits?, rest, counting?))
}

/// Begins to count what a look found; `None` where that cannot be done yet.
async fn begin_count(
    ledger: &mut Ledger,
    reader: &LimitReader,
    looked: Looked,
    now: i64,
) -> Result<Option<Counting>, StoreError> {
    let users: Vec<UserName> = looked.users.iter().cloned().collect();
    let mut since = BTreeMap::new();
    for chunk in users.chunks(CHUNK) {
        // Without the query nobody knows where the slots of its users begin: counted once it answers
        let Some(of_chunk) = reader.since(Some(chunk), now).await? else {
            ledger.leave(looked).await?;
            return Ok(None);
        };
        since.extend(of_chunk);
    }
    failpoint::reach("rows_seen");
    ledger.begin_count(looked, &|user| since.get(user).copied()).await.map(Some)
}
