//! Users of whom something was heard: judged at once, with what the packet told, whenever the next step may be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Mode;
use crate::jobs::{AgentError, Exemptions, directory};
use crate::ledger::Told;
use crate::quota::UserName;
use crate::store::{JobRecord, StoreError};

use super::brakes::{self, CUT_BRAKE};
use super::judging::CHUNK;
use super::measured::Measured;
use super::meter::{Leave, Meter, count};
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
    /// was heard is counted on disk and the judgement stands: from then on whoever is over is found by every step, should this
    /// process end. In observe mode nothing is done.
    ///
    /// # Errors
    /// When a database cannot be used. Where `counted` has not been called, what was heard is to be heard again.
    pub async fn hear(&self, heard: &Hearing, counted: impl FnOnce() + Send) -> Result<StepOutcome, AgentError> {
        let agent = &self.agent;
        if agent.config.quota.mode == Mode::Observe || heard.is_empty() {
            counted();
            return Ok(StepOutcome::default());
        }
        let exemptions = Exemptions::new(&agent.accounting, &agent.config.exempt);
        let leave = Leave { holder: Some(&agent.holder), may_lose: false };
        let mut meter = self.meter.lock().await;
        let measured = Box::pin(meter.hear(heard, &exemptions, leave, agent.now())).await?;
        drop(meter);
        counted();
        let mut outcome = StepOutcome::of(&measured);
        if !measured.judgement.over.is_empty() {
            Box::pin(self.cut_heard(&measured, &mut outcome)).await?;
        }
        Ok(outcome)
    }

    async fn cut_heard(&self, measured: &Measured, outcome: &mut StepOutcome) -> Result<(), AgentError> {
        let agent = &self.agent;
        if let Some(pause) = agent.pause() {
            outcome.held.push(pause);
            return Ok(());
        }
        let mut live: Vec<JobRecord> = Vec::new();
        for over in &measured.judgement.over {
            live.extend(agent.state.live_jobs(Some(&over.user)).await?);
        }
        let act = self.whom(measured, &live, outcome).await?;
        if act.is_empty() {
            return Ok(());
        }
        let mut lately = self.lately.lock().await;
        lately.extend(act.iter().map(|(over, _)| over.subject().to_owned()));
        let (subjects, online) = (lately.len(), measured.all_online);
        drop(lately);
        let tripping = brakes::trips(&agent.config.brakes, subjects, online);
        let detail = format!(
            "{subjects} users went over within one interval, {online} are online: nobody is cut until `radkick confirm`"
        );
        if let Some(why) = brakes::ask_for_few(&agent.state, CUT_BRAKE, tripping, agent.now(), detail).await? {
            outcome.held.push(why);
            outcome.reports.extend(act.iter().map(|(over, _)| over.untouched()));
            return Ok(());
        }
        let directory = Arc::new(directory(&agent.config, &agent.accounting).await?);
        outcome.reports.extend(self.side_by_side(act, &directory).await?);
        Ok(())
    }
}

impl Meter {
    /// Counts what was heard and judges those concerned. Before the first step of a process nobody is judged: that step
    /// judges everybody.
    async fn hear(
        &mut self,
        heard: &Hearing,
        exemptions: &Exemptions<'_>,
        leave: Leave<'_>,
        now: i64,
    ) -> Result<Measured, StoreError> {
        let mut measured = Measured::default();
        if self.retired || self.swept_at.is_none() {
            return Ok(measured);
        }
        self.take(leave, now).await?;
        if !self.ledger.may_write() || !self.ledger.is_begun() {
            return self.hear_alone(heard, exemptions, now).await;
        }
        let looked = self.ledger.hear(&heard.sessions, now).await?;
        let mut scope = heard.users.clone();
        scope.extend(looked.users.iter().cloned());
        let scope: Vec<UserName> = scope.into_iter().collect();
        let first = scope.chunks(CHUNK).next().unwrap_or_default();
        let counting = count(&mut self.ledger, &self.reader, looked, now);
        let (limits, counted) = tokio::join!(self.reader.of(first, false, now), counting);
        counted?;
        self.judge((&scope, limits?), &mut measured, exemptions, now).await?;
        self.mind_online(&mut measured);
        self.over.extend(measured.judgement.over.iter().map(|over| over.user.clone()));
        Ok(measured)
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
