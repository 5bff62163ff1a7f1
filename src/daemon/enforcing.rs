//! The worker's task: one worker after the other, as the configuration changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::config::Mode;
use crate::jobs::{Agent, AgentError};
use crate::metrics::LastStep;
use crate::worker::{Cycle, StepOutcome, Worker, keep_observing_heard};

use super::Common;
use super::waking::SignOfLife;

/// Works until the end, by whichever agent there is. One that is replaced finishes what it has under way first.
pub(super) async fn keep(mut agents: watch::Receiver<Arc<Agent>>, common: Common) {
    while !common.soft.is_cancelled() {
        let agent = Arc::clone(&agents.borrow_and_update());
        let stop = common.soft.child_token();
        let cycles = cycles(agent, stop.clone(), &common);
        tokio::pin!(cycles);
        tokio::select! {
            () = &mut cycles => {}
            _ = agents.changed() => {
                stop.cancel();
                // To its end: dropped in the middle it would leave connections in a transaction
                cycles.await;
            }
        }
    }
    common.pulses.worker.end();
}

async fn cycles(agent: Arc<Agent>, stop: CancellationToken, common: &Common) {
    let config = &agent.config;
    tracing::info!(database = %config.database.url, mode = ?config.quota.mode, "enforcing quotas");
    common.pulses.worker.beat(common.clock.now(), config.serve.stuck_after);
    let mut silent = BTreeSet::new();
    let mut hear = |cycle: Cycle<'_>| heard(cycle, &agent, common, &mut silent);
    match config.quota.mode {
        Mode::Enforce => {
            let worker = Worker::new(Arc::clone(&agent), None, false).until(stop);
            let worker = worker.beating(common.pulses.worker.clone());
            common.worker.send_replace(Some(worker.clone()));
            worker.run_heard(&mut hear).await;
            common.worker.send_replace(None);
            if let Err(error) = worker.retire().await {
                tracing::warn!("the right to keep the ledger runs out by itself: {error}");
            }
        }
        Mode::Observe => keep_observing_heard((config, &agent.accounting), None, &stop, &mut hear).await,
    }
}

/// Takes down how a cycle went.
fn heard(cycle: Cycle<'_>, agent: &Agent, common: &Common, silent: &mut BTreeSet<String>) {
    let metrics = &common.shared.metrics;
    let config = &agent.config;
    common.pulses.worker.beat(common.clock.now(), config.quota.interval.saturating_add(config.serve.stuck_after));
    let step = |failed| LastStep { at: common.clock.epoch(), took: cycle.took, failed };
    match cycle.result {
        Ok(outcome) => {
            let failed = (!outcome.failed.is_empty()).then(|| outcome.failed.join("; "));
            metrics.steps.ended(step(failed), Some((outcome.over, outcome.silent.len())));
            spoke_again(outcome, common, silent);
        }
        Err(error) => {
            if let AgentError::Store(error) = error {
                metrics.database_error(error.kind());
            }
            metrics.steps.ended(step(Some(error.to_string())), None);
        }
    }
}

/// NAS that were silent at the step before and are no more: their jobs need not wait any longer.
fn spoke_again(outcome: &StepOutcome, common: &Common, silent: &mut BTreeSet<String>) {
    for nas in silent.difference(&outcome.silent) {
        common.spoke.send(SignOfLife::Accounting(nas.clone())).ok();
    }
    silent.clone_from(&outcome.silent);
}
