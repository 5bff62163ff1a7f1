//! `enforce --once`: one step of the worker.

use crate::config::Mode;
use crate::worker::{StepOutcome, Worker, observe};

use super::{Answer, CommandError, EnforceOnce, Exit, Hands, Stepped, known_if_named};

/// By a worker of its own; a daemon has its own worker step instead.
pub(super) async fn enforce_once(asked: EnforceOnce, hands: &Hands) -> Result<Answer, CommandError> {
    let accounting = hands.accounting().await?;
    let user = match known_if_named(&accounting, asked.user.as_ref()).await? {
        Ok(user) => user,
        Err(why) => return Ok(Answer::refused(Exit::Unknown, why)),
    };
    let config = hands.config();
    if config.quota.mode == Mode::Observe {
        let seen = Box::pin(observe(config, &accounting, hands.clock(), user.as_ref())).await?;
        return Ok(Answer::Stepped(Stepped { observed: true, ..seen.into() }));
    }
    let worker = Worker::new(hands.agent().await?, user, asked.confirm).at_once();
    let outcome = worker.step_and_see_out().await;
    let retired = worker.retire().await;
    let outcome = outcome?;
    retired?;
    Ok(Answer::Stepped(outcome.into()))
}

impl From<StepOutcome> for Stepped {
    fn from(outcome: StepOutcome) -> Self {
        let restored = outcome.restored.iter().map(ToString::to_string).collect();
        let StepOutcome { reports, held, failed, .. } = outcome;
        Self { observed: false, held, restored, failed, reports }
    }
}
