//! The dull loop around [`Worker::step`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::brakes::CUT_BRAKE;
use super::hidden::Sweep;
use super::meter::Meter;
use super::observe::observe_with;
use super::{Cycle, Hear, StepOutcome, Worker};
use crate::clock::Clock;
use crate::config::Config;
use crate::jobs::{AgentError, Judged, SessionReport, directory, is_automatic};
use crate::quota::UserName;
use crate::store::{Accounting, State};

/// Between two looks at who comes straight back after a cut.
const LOOK_AFTER_EVERY: Duration = Duration::from_secs(1);

/// What has been told and still stands: told once, not every cycle.
#[derive(Debug, Default)]
struct Told {
    held: Vec<String>,
    would: BTreeSet<String>,
}

impl Worker {
    /// Steps until `shutdown`, at the configured interval. An error ends a step, not the worker.
    pub async fn run(&self) {
        self.run_heard(&mut |_| ()).await;
    }

    /// One step that a person waits for, for everybody or for one user, between two of those that [`Worker::run`] makes, by the
    /// same ledger. `None` once the worker is told to stop: nothing was begun then.
    ///
    /// # Errors
    /// As [`Worker::step`].
    pub async fn step_for(&self, only: Option<UserName>, confirmed: bool) -> Result<Option<StepOutcome>, AgentError> {
        let _turn = self.stepping.lock().await;
        if self.shutdown.is_cancelled() {
            return Ok(None);
        }
        let asked = Self { confirmed, only, ..self.clone() }.at_once();
        Box::pin(asked.step()).await.map(Some)
    }

    /// Until `shutdown` cuts those again who come straight back after a cut. An error ends a look, not the watch.
    pub async fn look_after(&self) {
        loop {
            if let Err(error) = self.look_after_once().await {
                tracing::error!("who comes back is not known: {error}");
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = tokio::time::sleep(LOOK_AFTER_EVERY) => {}
            }
        }
    }

    async fn look_after_once(&self) -> Result<(), AgentError> {
        let watched = self.agent.look_after(|user| self.concerns(user)).await?;
        if watched.back.is_empty() && watched.over.is_empty() {
            return Ok(());
        }
        let directory = Arc::new(directory(&self.agent.config, &self.agent.accounting).await?);
        let brake = self.agent.state.brake(CUT_BRAKE).await?;
        let held = brake.is_some_and(|brake| brake.confirmed_at.is_none());
        for job in watched.back.iter().filter(|job| !(held && is_automatic(&job.spec.actor))) {
            self.agent.run_or_leave((job, Judged::Before), &directory).await?;
        }
        self.agent.end_watch(&watched.over).await?;
        Ok(self.agent.tell_locals(watched.over, &directory).await?)
    }

    /// One step, and a look at whether those whom it cut come straight back.
    ///
    /// # Errors
    /// As [`Worker::step`].
    pub async fn step_and_see_out(&self) -> Result<StepOutcome, AgentError> {
        let outcome = Box::pin(self.step()).await?;
        if !outcome.reports.iter().any(|report| report.fate == "ended") {
            return Ok(outcome);
        }
        let directory = Arc::new(directory(&self.agent.config, &self.agent.accounting).await?);
        let reports = self.agent.see_out(outcome.reports, &directory, (None, false)).await?;
        Ok(StepOutcome { reports, ..outcome })
    }

    /// As [`Worker::run`]; `hear` is told of each round.
    pub async fn run_heard(&self, hear: Hear<'_>) {
        let interval = self.agent.config.quota.interval;
        let (mut told, mut swept) = (Told::default(), Sweep::default());
        loop {
            let turn = self.stepping.lock().await;
            let began = self.agent.clock.now();
            let result = self.step().await;
            drop(turn);
            let took = self.agent.clock.now().duration_since(began);
            hear(Cycle { result: result.as_ref(), took });
            match result {
                Ok(outcome) => told.tell(outcome),
                Err(error) => tracing::error!("this cycle was cut short: {error}"),
            }
            self.sweep_in_time(&mut swept);
            tokio::select! {
                () = self.shutdown.cancelled() => return swept.end().await,
                () = tokio::time::sleep(interval) => {}
            }
        }
    }
}

/// Tells until `shutdown` who would be cut, at the configured interval. Nothing is written or created.
pub async fn keep_observing(
    config: &Config,
    accounting: &Accounting,
    only: Option<&UserName>,
    shutdown: &CancellationToken,
) {
    keep_observing_heard((config, accounting), only, shutdown, &mut |_| ()).await;
}

/// As [`keep_observing`]; `hear` is told of each round.
pub async fn keep_observing_heard(
    (config, accounting): (&Config, &Accounting),
    only: Option<&UserName>,
    shutdown: &CancellationToken,
    hear: Hear<'_>,
) {
    let mut told = Told::default();
    let mut meter = match State::open_existing(&config.state.url).await {
        Ok(state) => Meter::new(config, accounting, state.as_ref()),
        Err(error) => {
            tracing::error!("radkick's own tables are left out of account: {error}");
            Meter::new(config, accounting, None)
        }
    };
    loop {
        let began = Clock.now();
        let result =
            Box::pin(observe_with(&mut meter, (config, accounting), Clock, only)).await.map_err(AgentError::from);
        hear(Cycle { result: result.as_ref(), took: Clock.now().duration_since(began) });
        match result {
            Ok(outcome) => told.would(outcome.reports),
            Err(error) => tracing::error!("this cycle was cut short: {error}"),
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(config.quota.interval) => {}
        }
    }
}

impl Told {
    fn tell(&mut self, outcome: StepOutcome) {
        for why in outcome.held.iter().filter(|why| !self.held.contains(why)) {
            tracing::warn!("{why}");
        }
        self.held = outcome.held;
        self.would(outcome.reports);
    }

    fn would(&mut self, reports: Vec<SessionReport>) {
        let would = reports.into_iter().filter(|report| report.would.is_some());
        let would: BTreeSet<String> = would.map(|report| format!("{} ({})", report.user, report.reason)).collect();
        for user in would.difference(&self.would) {
            tracing::info!("mode observe: would cut off {user}");
        }
        self.would = would;
    }
}
