//! The slow sweep: sessions that routers have and radacct does not.

use std::time::Instant;

use tokio::task::JoinHandle;

use crate::jobs::{AgentError, Exemptions, SWEEP, directory};
use crate::store::SessionRow;

use super::Worker;
use super::brakes::{self, HIDDEN_BRAKE};

/// Whose case is looked into in one sweep at most; the others have their turn in the next.
const LOOKED_INTO: usize = 500;

/// The sweep that was begun last.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    began: Option<Instant>,
    round: usize,
    task: Option<JoinHandle<()>>,
}

impl Sweep {
    /// Waits for its end: dropped in the middle it might leave a connection in a transaction.
    pub(super) async fn end(self) {
        if let Some(task) = self.task {
            task.await.ok();
        }
    }
}

impl Worker {
    /// Begins a sweep when it is time, beside the steps: a router that does not answer holds up nobody's cut.
    pub(super) fn sweep_in_time(&self, sweep: &mut Sweep) {
        let Some(every) = self.agent.config.quota.ghost_sweep.filter(|_| self.only.is_none()) else { return };
        let now = self.agent.clock.now();
        let is_time = sweep.began.is_none_or(|began| now.duration_since(began) >= every);
        if !is_time || sweep.task.as_ref().is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (worker, round) = (self.clone(), sweep.round);
        let task = async move {
            if let Err(error) = worker.sweep(round).await {
                tracing::error!("routers' own lists are not compared with radacct: {error}");
            }
        };
        *sweep = Sweep { began: Some(now), round: round.wrapping_add(1), task: Some(tokio::spawn(task)) };
    }

    /// Compares routers' lists with radacct, counts and tells what only the routers have, and makes the jobs that end what
    /// may not be on.
    async fn sweep(&self, round: usize) -> Result<(), AgentError> {
        let agent = &self.agent;
        let directory = directory(&agent.config, &agent.accounting).await?;
        let found = tokio::select! {
            () = self.shutdown.cancelled() => return Ok(()),
            found = agent.hidden(&directory) => found?,
        };
        let metrics = &agent.shared.metrics.ghosts;
        metrics.clear();
        let mut hidden = Vec::new();
        for at in found {
            metrics.found(&at.nas, at.sessions.as_ref().ok().map(Vec::len));
            match at.sessions {
                Ok(sessions) if sessions.is_empty() => {}
                Ok(sessions) => {
                    let (nas, count) = (at.nas.as_str(), sessions.len());
                    let user = sessions.first().map(|session| session.user.to_string());
                    tracing::warn!(
                        nas,
                        count,
                        user,
                        "the router has sessions that radacct does not have open, one named"
                    );
                    hidden.extend(sessions);
                }
                Err(why) => tracing::warn!(nas = at.nas, "the router's list is not compared with radacct: {why}"),
            }
        }
        if !hidden.is_empty() {
            let behind = round.wrapping_mul(LOOKED_INTO) % hidden.len();
            hidden.rotate_left(behind);
        }
        let unwanted = self.unwanted(hidden).await?;
        self.submit_all(unwanted).await
    }

    /// Those who may not be online, each with why.
    async fn unwanted(&self, hidden: Vec<SessionRow>) -> Result<Vec<(SessionRow, &'static str)>, AgentError> {
        let agent = &self.agent;
        let exemptions = Exemptions::new(&agent.accounting, &agent.config.exempt);
        let mut unwanted = Vec::new();
        for mut session in hidden.into_iter().take(LOOKED_INTO) {
            if self.shutdown.is_cancelled() {
                return Ok(Vec::new());
            }
            // Nobody knows whom the router let in there
            let Some(user) = agent.accounting.known_as(&session.user).await? else { continue };
            session.user = user;
            if exemptions.of(&session.user).await?.is_none()
                && let Some(why) = agent.may_not_be_on(&session.user).await?
            {
                unwanted.push((session, why));
            }
        }
        Ok(unwanted)
    }

    async fn submit_all(&self, unwanted: Vec<(SessionRow, &'static str)>) -> Result<(), AgentError> {
        let agent = &self.agent;
        if let Some(why) = agent.pause() {
            tracing::warn!("{why}");
            return Ok(());
        }
        let live = agent.state.live_jobs(None).await?;
        let at_work = live.iter().any(|job| job.spec.actor == SWEEP);
        let tripping = brakes::trips(&agent.config.brakes, unwanted.len(), 0);
        let detail = format!(
            "{} sessions that radacct does not have open are on routers, of users who may not be online: none of them is cut \
             until `radkick confirm`",
            unwanted.len()
        );
        if let Some(why) = self.brake(HIDDEN_BRAKE, (tripping, at_work), detail).await? {
            tracing::warn!("{why}");
            return Ok(());
        }
        for (session, why) in unwanted {
            let (job, is_new) = agent.submit_hidden(&session, why).await?;
            if is_new {
                let (nas, address) = (session.nas_ip_address.as_str(), session.framed_ip_address.as_str());
                tracing::info!(
                    job = job.id,
                    nas,
                    address,
                    why,
                    "user {} is on, unknown to radacct: to be cut",
                    session.user
                );
            }
        }
        Ok(())
    }
}
