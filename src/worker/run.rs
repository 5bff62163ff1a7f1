//! The dull loop around [`Worker::step`].

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::meter::Meter;
use super::observe::observe_with;
use super::{StepOutcome, Worker};
use crate::clock::Clock;
use crate::config::Config;
use crate::jobs::SessionReport;
use crate::quota::UserName;
use crate::store::{Accounting, State};

/// What has been told and still stands: told once, not every cycle.
#[derive(Debug, Default)]
struct Told {
    held: Vec<String>,
    would: BTreeSet<String>,
}

impl Worker {
    /// Steps until `shutdown`, at the configured interval. An error ends a step, not the worker.
    pub async fn run(&self) {
        let interval = self.agent.config.quota.interval;
        let mut told = Told::default();
        loop {
            match self.step().await {
                Ok(outcome) => told.tell(outcome),
                Err(error) => tracing::error!("this cycle was cut short: {error}"),
            }
            tokio::select! {
                () = self.shutdown.cancelled() => return,
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
    let mut told = Told::default();
    let mut meter = match State::open_existing(&config.state.url).await {
        Ok(state) => Meter::new(config, accounting, state.as_ref()),
        Err(error) => {
            tracing::error!("radkick's own tables are left out of account: {error}");
            Meter::new(config, accounting, None)
        }
    };
    loop {
        match observe_with(&mut meter, (config, accounting), Clock, only).await {
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
