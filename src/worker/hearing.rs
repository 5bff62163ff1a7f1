//! Users of whom something was heard: judged at once, with what the packet told, whenever the next step may be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashSet;

use crate::config::Mode;
use crate::jobs::{AgentError, Exemptions, directory};
use crate::ledger::Told;
use crate::quota::UserName;
use crate::store::{JobRecord, StoreError};

use super::brakes::{self, CUT_BRAKE};
use super::cut::first_subjects;
use super::judging::{CHUNK, Given};
use super::measured::Measured;
use super::meter::{Leave, Meter};
use super::{StepOutcome, Worker};

/// Where another process keeps the ledger each user is looked at alone: no more than so many.
const ALONE: usize = 100;

/// Of whom something was heard.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hearing {
    /// Sessions by Acct-Unique-Id, and what a packet told of their counters.
    pub sessions: BTreeMap<String, Option<Told>>,
    /// Users, beside those whose sessions they are.
    pub users: BTreeSet<UserName>,
}

impl Hearing {
    /// Whether nothing was heard.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.users.is_empty()
    }

    /// Notes a session; of two packets the one that tells more counts.
    pub fn note(&mut self, acct_unique_id: String, told: Option<Told>) {
        let known = self.sessions.entry(acct_unique_id).or_default();
        let total = |told: &Told| told.input.saturating_add(told.output);
        *known = [*known, told].into_iter().flatten().max_by_key(total);
    }
}

impl Worker {
    /// Judges those of whom something was heard and cuts who is over, as far as brakes allow. `counted` is called once what
    /// was heard is counted on disk and the judgement stands, with the sessions that have no row in radacct: from then on
    /// whoever is over is found by every step, should this process end. In observe mode nothing is done.
    ///
    /// # Errors
    /// When a database cannot be used. Where `counted` has not been called, also without an error (no step has ended yet,
    /// or another process has just taken the ledger), what was heard is to be heard again.
    pub async fn hear(
        &self,
        heard: &Hearing,
        counted: impl FnOnce(Vec<String>) + Send,
    ) -> Result<StepOutcome, AgentError> {
        let agent = &self.agent;
        if agent.config.quota.mode == Mode::Observe || heard.is_empty() {
            counted(Vec::new());
            return Ok(StepOutcome::default());
        }
        let exemptions = Exemptions::new(&agent.accounting, &agent.config.exempt);
        let leave = Leave { holder: Some(&agent.holder), may_lose: false };
        let mut meter = self.meter.lock().await;
        let measured = Box::pin(meter.hear(heard, &exemptions, leave, agent.now())).await?;
        drop(meter);
        let Some((mut measured, missing)) = measured else { return Ok(StepOutcome::default()) };
        counted(missing);
        let mut outcome = StepOutcome::of(&measured);
        if !measured.judgement.over.is_empty() {
            Box::pin(self.cut_heard(&mut measured, &mut outcome)).await?;
        }
        Ok(outcome)
    }

    /// The last look may be a while ago: whom we have cut since then is not cut again for the packets that follow.
    async fn who_is_still_there(&self, online: &BTreeSet<UserName>) -> Result<BTreeSet<UserName>, StoreError> {
        let mut there = BTreeSet::new();
        for user in online {
            if !self.agent.accounting.open_sessions(user).await?.is_empty() {
                there.insert(user.clone());
            }
        }
        Ok(there)
    }

    async fn cut_heard(&self, measured: &mut Measured, outcome: &mut StepOutcome) -> Result<(), AgentError> {
        let agent = &self.agent;
        if let Some(pause) = agent.pause() {
            outcome.held.push(pause);
            return Ok(());
        }
        let mut live: Vec<JobRecord> = Vec::new();
        for over in &measured.judgement.over {
            live.extend(agent.state.live_jobs(Some(&over.user)).await?);
        }
        // After the jobs: one that ended in between has closed its sessions
        let directory = directory(&agent.config, &agent.accounting);
        let (there, directory) = tokio::try_join!(self.who_is_still_there(&measured.online), directory)?;
        measured.online = there;
        let act = self.whom(measured, &live, outcome).await?;
        if act.is_empty() {
            return Ok(());
        }
        let pace = usize::try_from(agent.config.brakes.per_cycle).unwrap_or(usize::MAX);
        let mut lately = self.lately.lock().await;
        // The next step finds the others
        let act = first_subjects(act, pace.saturating_sub(lately.len()));
        lately.extend(act.iter().map(|(over, _)| over.subject().to_owned()));
        let (subjects, online) = (lately.len(), measured.all_online);
        drop(lately);
        let tripping = brakes::trips(&agent.config.brakes, subjects, online);
        let detail = format!(
            "{subjects} users went over within one interval, {online} are online: no more are cut for hooks before the \
             next look at everybody"
        );
        if let Some(why) = brakes::ask_for_few(&agent.state, CUT_BRAKE, tripping, agent.now(), detail).await? {
            outcome.held.push(why);
            outcome.reports.extend(act.iter().map(|(over, _)| over.untouched()));
            return Ok(());
        }
        outcome.reports.extend(self.side_by_side(act, &Arc::new(directory)).await?);
        Ok(())
    }
}

impl Meter {
    /// Counts what was heard and judges those concerned; beside that, the sessions without a row. `None` before the first
    /// step of this process has ended, and where another process takes the ledger meanwhile.
    async fn hear(
        &mut self,
        heard: &Hearing,
        exemptions: &Exemptions<'_>,
        leave: Leave<'_>,
        now: i64,
    ) -> Result<Option<(Measured, Vec<String>)>, StoreError> {
        if self.retired || !self.stepped {
            return Ok(None);
        }
        let Some(holder) = leave.holder else { return Ok(None) };
        if !self.ledger.holds(now) && !self.ledger.take(holder, None, now).await? {
            let measured = self.hear_alone(heard, exemptions, now).await?;
            return Ok(Some((measured, Vec::new())));
        }
        self.ledger.load().await?;
        // Taken over from a process that had not read all history yet: the next step goes on with that first
        if !self.ledger.is_begun() {
            return Ok(None);
        }
        let (looked, missing) = self.ledger.hear((&heard.sessions, &heard.users), now).await?;
        let mut measured = Measured { silence: self.silence.clone(), ..Measured::default() };
        for nas in looked.heard() {
            measured.silence.nas.remove(nas);
        }
        let mut scope = heard.users.clone();
        scope.extend(looked.users.iter().cloned());
        let scope: Vec<UserName> = scope.into_iter().collect();
        let first = scope.chunks(CHUNK).next().unwrap_or_default();
        let Some(since) = self.reader.since(Some(first), now).await? else { return Ok(None) };
        let since = |user: &UserName| since.get(user).copied();
        let (limits, counted) = tokio::join!(self.reader.of(first, false, now), self.ledger.count(looked, &since));
        if !counted? {
            return Ok(None);
        }
        let (of_scope, given) = (([limits?], &scope[first.len()..]), Given { exemptions, now });
        self.judge(of_scope, HashSet::default(), &mut measured, given).await?;
        self.mind_silence(&BTreeSet::new(), &mut measured).await?;
        self.mind_online(&mut measured);
        self.over.extend(measured.judgement.over.iter().map(|over| over.user.clone()));
        Ok(Some((measured, missing)))
    }

    /// Where another process keeps the ledger.
    async fn hear_alone(&self, heard: &Hearing, exemptions: &Exemptions<'_>, now: i64) -> Result<Measured, StoreError> {
        let ids: Vec<String> = heard.sessions.keys().cloned().collect();
        let mut users = heard.users.clone();
        users.extend(self.accounting.rows_by_id(&ids).await?.into_iter().map(|row| row.user));
        let mut all = Measured::default();
        for user in users.iter().take(ALONE) {
            let one = self.one(user, exemptions, now).await?;
            all.judgement.join(one.judgement);
            all.online.extend(one.online);
        }
        Ok(all)
    }
}
