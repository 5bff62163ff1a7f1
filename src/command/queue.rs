//! `jobs retry` and `jobs cancel`.

use std::sync::Arc;

use crate::jobs::{Agent, is_dead};
use crate::store::{JobRecord, JobTimes};

use super::{Answer, CommandError, Exit, Hands};

pub(super) async fn retry(id: i64, hands: &Hands) -> Result<Answer, CommandError> {
    let now = hands.now();
    let (agent, job, times) = match live(id, hands).await? {
        Ok(found) => found,
        Err(refused) => return Ok(refused),
    };
    let at_work = at_work(&job, times, now).map(str::to_owned);
    if at_work.is_none() && !agent.hasten(&job, &hands.by).await? {
        return Ok(Answer::refused(Exit::Unknown, format!("job {id} is over by now")));
    }
    Ok(Answer::Retried { id, at: now, at_work })
}

pub(super) async fn cancel(id: i64, hands: &Hands) -> Result<Answer, CommandError> {
    let (agent, job, times) = match live(id, hands).await? {
        Ok(found) => found,
        Err(refused) => return Ok(refused),
    };
    let busy = |holder: &str| {
        let why = format!("job {id} is being worked on by {holder}: not called off; try again when it is done");
        Ok(Answer::refused(Exit::Failed, why))
    };
    if let Some(holder) = at_work(&job, times, hands.now()) {
        return busy(holder);
    }
    if !agent.cancel(&job, &hands.by).await? {
        return busy("another radkick, since just now");
    }
    let blocked = agent.is_blocked(&job.spec.user).await?;
    Ok(Answer::Cancelled { id, user: job.spec.user.as_str().to_owned(), blocked })
}

/// A live job, with an agent to change it; or the refusal.
async fn live(id: i64, hands: &Hands) -> Result<Result<(Arc<Agent>, JobRecord, JobTimes), Answer>, CommandError> {
    let unknown = || Answer::refused(Exit::Unknown, format!("there is no job {id}; `radkick jobs` lists them"));
    if !hands.has_state().await? {
        return Ok(Err(unknown()));
    }
    let state = hands.state().await?;
    Ok(match state.job(id).await? {
        None => Err(unknown()),
        Some((job, JobTimes { ended_at: Some(_), .. })) => {
            let why = format!("job {id} of {} is over: {}", job.spec.user, job.state.as_str());
            Err(Answer::refused(Exit::Unknown, why))
        }
        Some((job, times)) => Ok((hands.agent().await?, job, times)),
    })
}

/// Who is at work on a job at `now`: has its lease, and is not known to be dead.
fn at_work(job: &JobRecord, times: JobTimes, now: i64) -> Option<&str> {
    job.lease_holder.as_deref().filter(|holder| times.lease_until >= now && !is_dead(holder))
}
