//! One way to a session: intent, guard, effect, proof.

use std::time::Duration;

use crate::config::{CutPath, IdentityAttribute};
use crate::disconnect::{Attempt, AttemptOutcome, Findings, ResolvedNas, RouterView, next_set};
use crate::failpoint;
use crate::radius::ErrorCause;
use crate::store::{JobRecord, TargetRecord, TargetStep};

use super::cut::Progress;
use super::record::is_off;
use super::{Agent, AgentError, Guard};

/// How long an ACK that nothing confirms is waited on where another path follows: free surfing, should it be a lie.
const PATIENCE_BEFORE_NEXT_PATH: Duration = Duration::from_secs(3);

/// Shorter than a lease, which each write renews.
const WATCH_SLICE: Duration = Duration::from_secs(45);

/// One way to ask a NAS.
enum Way<'a> {
    /// A Disconnect-Request that names the session by these.
    Radius(&'a [IdentityAttribute]),
    /// The router's own list.
    Rest,
}

/// What one way came to.
struct Step {
    attempt: Option<Attempt>,
    progress: Progress,
}

impl Step {
    /// Nothing was sent.
    const fn without(progress: Progress) -> Self {
        Self { attempt: None, progress }
    }
}

impl Agent {
    /// Tries one path. `path` is the path and whether it is the last.
    pub(super) async fn take_path(
        &self,
        job: &JobRecord,
        target: &mut TargetRecord,
        nas: &ResolvedNas,
        (path, last): (CutPath, bool),
    ) -> Result<Progress, AgentError> {
        let within =
            if last { nas.profile.verify_within } else { nas.profile.verify_within.min(PATIENCE_BEFORE_NEXT_PATH) };
        match path {
            CutPath::Radius => self.climb(job, target, nas, within).await,
            CutPath::Rest => Ok(self.take_way(job, target, nas, (Way::Rest, within)).await?.progress),
            CutPath::Api => Ok(Progress::Next),
        }
    }

    /// Disconnect-Requests by one set of attributes after the other, as long as the NAS says that another may do.
    async fn climb(
        &self,
        job: &JobRecord,
        target: &mut TargetRecord,
        nas: &ResolvedNas,
        within: Duration,
    ) -> Result<Progress, AgentError> {
        let ladder = self.disconnector.ladder(nas, &target.session).await?;
        if ladder.is_empty() {
            target.problem = Some("nothing that radacct has of this session names it to the NAS".to_owned());
        }
        let mut rung = 0;
        while let Some(set) = ladder.get(rung) {
            let step = self.take_way(job, target, nas, (Way::Radius(set), within)).await?;
            let refused = step.attempt.filter(|attempt| attempt.outcome == AttemptOutcome::Nak);
            let next = refused.and_then(|attempt| next_set(&ladder, rung, attempt.error_cause.map(ErrorCause)));
            match (step.progress, next) {
                (Progress::Next, Some(next)) => rung = next,
                (progress, _) => return Ok(progress),
            }
        }
        Ok(Progress::Next)
    }

    /// Intent, guard, effect, proof.
    async fn take_way(
        &self,
        job: &JobRecord,
        target: &mut TargetRecord,
        nas: &ResolvedNas,
        (way, within): (Way<'_>, Duration),
    ) -> Result<Step, AgentError> {
        let by_hand = job.spec.reason == "by_hand";
        // Waiting for a turn may take long, so the guard comes after it
        let turn = match way {
            Way::Rest => None,
            Way::Radius(set) => match self.disconnector.turn(nas, set, by_hand).await {
                Ok(turn) => Some((set, turn)),
                Err(attempt) => {
                    self.record_attempt(job, target, &attempt).await?;
                    return Ok(Step { attempt: Some(*attempt), progress: Progress::Next });
                }
            },
        };
        target.step = TargetStep::Sending;
        self.write_target(job, target, None).await?;
        failpoint::reach("intent_recorded");
        // Last of all before the send: writing the intent may have had to wait for a lock
        match self.guard(job, &target.session).await? {
            Guard::Holds => {}
            Guard::ReasonLapsed => return Ok(Step::without(Progress::Lapsed)),
            Guard::SessionOver => {
                let findings = self.disconnector.look(nas, &target.session).await?;
                return Ok(Step::without(Progress::Settled(self.judge(target, &findings), findings)));
            }
        }
        let attempt = match turn {
            Some(turn) => self.disconnector.send_disconnect(nas, &target.session, turn).await?,
            None => self.disconnector.remove(nas, &target.session, by_hand).await?,
        };
        let Some(attempt) = attempt else { return Ok(Step::without(Progress::Next)) };
        failpoint::reach("request_answered");
        self.record_attempt(job, target, &attempt).await?;
        if !attempt.took_effect() {
            return Ok(Step { attempt: Some(attempt), progress: Progress::Next });
        }
        let findings = self.watch(job, target, nas, within).await?;
        target.on_router |= matches!(findings.router, RouterView::Listed { .. });
        Ok(Step { attempt: Some(attempt), progress: self.progress(target, findings) })
    }

    /// Looks for proof, in slices that keep the lease alive.
    async fn watch(
        &self,
        job: &JobRecord,
        target: &TargetRecord,
        nas: &ResolvedNas,
        within: Duration,
    ) -> Result<Findings, AgentError> {
        let enough = |findings: &Findings| is_off(self.judge(target, findings));
        let mut left = within;
        loop {
            let slice = left.min(WATCH_SLICE);
            let findings = self.disconnector.watch(nas, &target.session, slice, enough).await?;
            left = left.saturating_sub(slice);
            if left.is_zero() || enough(&findings) {
                return Ok(findings);
            }
            self.write_target(job, target, None).await?;
        }
    }
}
