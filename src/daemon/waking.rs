//! A NAS that was silent speaks again: what waits for it need not wait any longer.

use crate::jobs::Agent;
use crate::store::{JobState, StoreError};

/// A NAS from which something came after silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SignOfLife {
    /// Accounting of this NAS-IP-Address was written again.
    Accounting(String),
    /// The NAS of this name answered again.
    Answer(String),
}

/// Brings forward what waits for this NAS.
pub(super) async fn wake(agent: &Agent, sign: &SignOfLife) -> Result<(), StoreError> {
    let mut woken = 0_usize;
    for job in agent.state.live_jobs(None).await? {
        if job.state != JobState::Waiting || agent.is_due(&job) {
            continue;
        }
        let targets = agent.state.targets(job.id).await?;
        let is_its = targets.iter().any(|target| match sign {
            SignOfLife::Accounting(address) => target.session.nas_ip_address == *address,
            SignOfLife::Answer(name) => target.nas.as_ref() == Some(name),
        });
        if is_its && agent.hasten(&job, "worker").await? {
            woken += 1;
        }
    }
    let (SignOfLife::Accounting(nas) | SignOfLife::Answer(nas)) = sign;
    if woken > 0 {
        tracing::info!(nas, jobs = woken, "speaks again: its jobs are brought forward");
    }
    Ok(())
}
