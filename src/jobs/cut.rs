//! One session of a job, from intent to fate.

use std::time::Duration;

use crate::config::CutPath;
use crate::disconnect::{Attempt, Directory, Evidence, Fate, Findings, ResolvedNas, RouterView, RowFinding, Verdict};
use crate::failpoint;
use crate::store::{JobRecord, TargetRecord, TargetStep};

use super::record::is_off;
use super::rows::closing_time;
use super::{Agent, AgentError, Guard};

/// How long an ACK that nothing confirms is waited on where another path follows: free surfing, should it be a lie.
const PATIENCE_BEFORE_NEXT_PATH: Duration = Duration::from_secs(3);

/// Shorter than a lease, which each write renews.
const WATCH_SLICE: Duration = Duration::from_secs(45);

/// What one path came to.
enum Progress {
    /// The session has its fate.
    Settled(Verdict, Findings),
    /// Not off: the next path.
    Next,
    /// The reason no longer holds.
    Lapsed,
}

impl Agent {
    /// Cuts one session. Whether the reason lapsed on the way.
    pub(super) async fn cut_target(
        &self,
        job: &JobRecord,
        mut target: TargetRecord,
        directory: &Directory,
    ) -> Result<bool, AgentError> {
        let nas = match directory.resolve(&target.session) {
            Ok(nas) => nas,
            Err(problem) => {
                tracing::warn!(user = %job.spec.user, session = target.session.acct_session_id, "{problem}");
                target.problem = Some(problem.to_string());
                return self.settle_unreachable(job, target).await.map(|()| false);
            }
        };
        target.nas = Some(nas.name.clone());
        target.problem = None;
        let mut progress = match self.proven_before(&target).await? {
            Some(settled) => settled,
            None => self.verify_first(&target, &nas).await?,
        };
        for (index, path) in nas.profile.paths.iter().enumerate() {
            if !matches!(progress, Progress::Next) {
                break;
            }
            let last = index + 1 == nas.profile.paths.len();
            progress = self.take_path(job, &mut target, &nas, (*path, last)).await?;
        }
        let (verdict, findings) = match progress {
            Progress::Settled(verdict, findings) => (verdict, findings),
            Progress::Lapsed => return Ok(true),
            Progress::Next => {
                let findings = self.disconnector.look(&nas, &target.session).await?;
                (self.judge(&target, &findings), findings)
            }
        };
        self.record_fate(job, target, verdict, findings.row).await.map(|()| false)
    }

    /// A session that its router's list lacked is off for good, unless octets came since. Its row may be open still, for
    /// a Stop that is late, or closed by us: then that is no Stop of the NAS.
    async fn proven_before(&self, target: &TargetRecord) -> Result<Option<Progress>, AgentError> {
        let unique_id = &target.session.acct_unique_id;
        let Some(proof) = self.state.proven_absent(unique_id).await? else { return Ok(None) };
        let Some(row) = self.accounting.session(unique_id).await? else { return Ok(None) };
        let row = match row.stop {
            None if row.update <= proof.session.update => RowFinding::Open { update: row.update },
            Some(stop) if stop == closing_time(&proof) => RowFinding::Closed { stop },
            None | Some(_) => return Ok(None),
        };
        let verdict = Verdict { fate: Fate::AlreadyGone, evidence: Some(Evidence::AbsentFromRouter) };
        Ok(Some(Progress::Settled(verdict, Findings { row, router: RouterView::NotAsked })))
    }

    /// What an earlier run sent may have worked: look for proof before anything is sent again.
    async fn verify_first(&self, target: &TargetRecord, nas: &ResolvedNas) -> Result<Progress, AgentError> {
        if target.step == TargetStep::Selected {
            return Ok(Progress::Next);
        }
        let findings = self.disconnector.look(nas, &target.session).await?;
        Ok(self.progress(target, findings))
    }

    /// Tries one path: intent, guard, effect, proof. `path` is the path and whether it is the last.
    async fn take_path(
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

    fn progress(&self, target: &TargetRecord, findings: Findings) -> Progress {
        let verdict = self.judge(target, &findings);
        if is_off(verdict) { Progress::Settled(verdict, findings) } else { Progress::Next }
    }
}
