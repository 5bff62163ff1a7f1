//! One way to a session: intent, guard, effect, proof.

use std::time::Duration;

use crate::config::CutPath;
use crate::disconnect::{Attempt, Findings, ResolvedNas, RouterView};
use crate::failpoint;
use crate::store::{JobRecord, TargetRecord, TargetStep};

use super::cut::Progress;
use super::record::is_off;
use super::{Agent, AgentError, Guard};

/// How long an ACK that nothing confirms is waited on where another path follows: free surfing, should it be a lie.
const PATIENCE_BEFORE_NEXT_PATH: Duration = Duration::from_secs(3);

/// Shorter than a lease, which each write renews.
const WATCH_SLICE: Duration = Duration::from_secs(45);

impl Agent {
    /// Tries one path: intent, guard, effect, proof. `path` is the path and whether it is the last.
    pub(super) async fn take_path(
        &self,
        job: &JobRecord,
        target: &mut TargetRecord,
        nas: &ResolvedNas,
        (path, last): (CutPath, bool),
    ) -> Result<Progress, AgentError> {
        target.step = TargetStep::Sending;
        self.write_target(job, target, None).await?;
        failpoint::reach("intent_recorded");
        // Last of all before the send: writing the intent may have had to wait for a lock
        match self.guard(job, &target.session).await? {
            Guard::Holds => {}
            Guard::ReasonLapsed => return Ok(Progress::Lapsed),
            Guard::SessionOver => {
                let findings = self.disconnector.look(nas, &target.session).await?;
                return Ok(Progress::Settled(self.judge(target, &findings), findings));
            }
        }
        let Some(attempt) = self.attempt(path, nas, target).await? else { return Ok(Progress::Next) };
        failpoint::reach("request_answered");
        self.record_attempt(job, target, &attempt).await?;
        if !attempt.took_effect() {
            return Ok(Progress::Next);
        }
        let within =
            if last { nas.profile.verify_within } else { nas.profile.verify_within.min(PATIENCE_BEFORE_NEXT_PATH) };
        let findings = self.watch(job, target, nas, within).await?;
        target.on_router |= matches!(findings.router, RouterView::Listed { .. });
        Ok(self.progress(target, findings))
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

    async fn attempt(
        &self,
        path: CutPath,
        nas: &ResolvedNas,
        target: &TargetRecord,
    ) -> Result<Option<Attempt>, AgentError> {
        Ok(match path {
            CutPath::Radius => self.disconnector.send_disconnect(nas, &target.session).await?,
            CutPath::Rest => self.disconnector.remove(nas, &target.session).await?,
            CutPath::Api => None,
        })
    }
}
