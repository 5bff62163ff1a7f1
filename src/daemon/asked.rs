//! What commands ask for over the control socket, done with the agent and the worker in force.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::command::{Answer, CommandError, EnforceOnce, Exit, Hands, Request, Stepped, carry_out, known_if_named};
use crate::config::Mode;
use crate::control::{self, Desk, OpenDoor, Trust};
use crate::jobs::{Agent, AgentError};
use crate::worker::{Worker, observe};

use super::Common;

/// One worker gives way to the next within this, as a rule: the old one ends its step first.
const NEXT_WORKER_WITHIN: Duration = Duration::from_mins(5);

/// Answers commands until the end.
pub(super) async fn keep((door, trust): (OpenDoor, Trust), agents: watch::Receiver<Arc<Agent>>, common: Common) {
    let (metrics, stop) = (Arc::clone(&common.shared.metrics), common.soft.clone());
    let desk = Arc::new(Asked { agents, workers: common.worker.subscribe(), common });
    control::serve(door, desk, trust, metrics, stop).await;
}

struct Asked {
    agents: watch::Receiver<Arc<Agent>>,
    workers: watch::Receiver<Option<Worker>>,
    common: Common,
}

impl Desk for Asked {
    fn databases(&self) -> String {
        control::databases(&self.agents.borrow().config)
    }

    async fn carry_out(&self, request: Request, by: String) -> Answer {
        let agent = Arc::clone(&self.agents.borrow());
        let done = if let Request::EnforceOnce(asked) = request {
            Box::pin(self.step(&agent, asked)).await
        } else {
            Box::pin(carry_out(request, &Hands::of(agent, self.common.clock, by))).await
        };
        // A job that was brought forward is due now
        self.common.nudge.notify_one();
        done.unwrap_or_else(|error| self.failed(&error))
    }
}

impl Asked {
    /// By the worker itself, between two steps of its own.
    async fn step(&self, agent: &Agent, asked: EnforceOnce) -> Result<Answer, CommandError> {
        let user = match known_if_named(&agent.accounting, asked.user.as_ref()).await? {
            Ok(user) => user,
            Err(why) => return Ok(Answer::Refused { exit: Exit::Unknown, why }),
        };
        if agent.config.quota.mode == Mode::Observe {
            let seen = observe(&agent.config, &agent.accounting, self.common.clock, user.as_ref());
            let seen = Box::pin(seen).await?;
            return Ok(Answer::Stepped(Stepped { observed: true, ..seen.into() }));
        }
        let mut workers = self.workers.clone();
        while let Some(worker) = self.next(&mut workers).await {
            if let Some(outcome) = Box::pin(worker.step_for(user.clone(), asked.confirm)).await? {
                return Ok(Answer::Stepped(outcome.into()));
            }
            // It gives way to the next: at the end to none
            tokio::select! {
                () = self.common.soft.cancelled() => break,
                _ = workers.changed() => {}
            }
        }
        let why = "the daemon's worker is stopping: no step was made; try again".to_owned();
        Ok(Answer::Refused { exit: Exit::Failed, why })
    }

    /// The worker in force; `None` where there will be none.
    async fn next(&self, workers: &mut watch::Receiver<Option<Worker>>) -> Option<Worker> {
        let in_force = tokio::time::timeout(NEXT_WORKER_WITHIN, workers.wait_for(Option::is_some));
        tokio::select! {
            () = self.common.soft.cancelled() => None,
            worker = in_force => worker.ok()?.ok()?.clone(),
        }
    }

    /// It broke off: the command tells it, and it is counted here.
    fn failed(&self, error: &CommandError) -> Answer {
        if let CommandError::Store(error) | CommandError::Agent(AgentError::Store(error)) = error {
            self.common.shared.metrics.database_error(error.kind());
        }
        Answer::failed(error)
    }
}
