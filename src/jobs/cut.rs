//! One session of a job, from intent to fate.

use crate::disconnect::{Directory, Evidence, Fate, Findings, Interims, ResolvedNas, RouterView, RowFinding, Verdict};
use crate::ledger::usual_interval;
use crate::store::{JobRecord, TargetRecord, TargetStep};

use super::record::is_off;
use super::rows::closing_time;
use super::{Agent, AgentError};

/// What one path came to.
pub(super) enum Progress {
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
        if matches!(progress, Progress::Next) {
            if self.is_bounced_too_often(&mut target, &nas).await? {
                return self.leave_bounced(job, target, &nas).await.map(|()| false);
            }
            if !self.close_ways_back(job, &mut target, &nas).await? {
                return Ok(true);
            }
        }
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
        if is_off(verdict) && nas.profile.remove_host {
            self.remove_hosts(&mut target, &nas).await;
        }
        self.record_fate(job, target, verdict, findings.row).await.map(|()| false)
    }

    /// A session that its router's list lacked is off for good, unless octets came since. Its row may be open still, for
    /// a Stop that is late, or closed by us: then that is no Stop of the NAS.
    async fn proven_before(&self, target: &TargetRecord) -> Result<Option<Progress>, AgentError> {
        if target.session.is_hidden() {
            // The list had it since
            return Ok(None);
        }
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
        let no_list = findings.router == RouterView::NotAsked;
        let interims = if no_list && target.effect_at.is_some() { self.interims(target).await? } else { None };
        let verdict = self.judge_with(target, &findings, interims);
        Ok(if is_off(verdict) { Progress::Settled(verdict, findings) } else { Progress::Next })
    }

    /// How the session's NAS reports: as it usually does, and on others when last.
    async fn interims(&self, target: &TargetRecord) -> Result<Option<Interims>, AgentError> {
        let nas = &target.session.nas_ip_address;
        let Some(every) = usual_interval(&self.state, &self.rules, nas).await? else { return Ok(None) };
        let others = self.accounting.open_sessions_at(nas, 2).await?;
        let others = others.into_iter().filter(|other| other.acct_unique_id != target.session.acct_unique_id);
        Ok(others.filter_map(|other| other.update).max().map(|others_at| Interims { every, others_at }))
    }

    pub(super) fn progress(&self, target: &TargetRecord, findings: Findings) -> Progress {
        let verdict = self.judge(target, &findings);
        if is_off(verdict) { Progress::Settled(verdict, findings) } else { Progress::Next }
    }
}
