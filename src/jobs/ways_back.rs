//! What keeps a user off after the cut: no cookie left behind, and an end to coming straight back.

use std::time::Duration;

use crate::config::BlockMode;
use crate::disconnect::{Fate, ResolvedNas, RowFinding, Verdict, WayBack};
use crate::quota::UserName;
use crate::store::{JobRecord, StoreError, TargetRecord};

use super::settle::is_off;
use super::target_detail::Bounce;
use super::{Agent, AgentError, Guard, TargetDetail};

/// A router whose REST service is slow must not hold the Disconnect-Request up for longer.
const PATIENCE_WITH_COOKIES: Duration = Duration::from_secs(2);

impl Agent {
    /// Whether the configured block keeps a user out, so that nobody is meant to be back.
    pub(super) const fn shuts_out(&self) -> bool {
        matches!(self.config.block.mode, BlockMode::Reject | BlockMode::Remove)
    }

    /// Takes away the cookies by which the device would be back at once. Whether the reason still holds; what cannot be
    /// taken away is told and holds nothing up.
    pub(super) async fn close_ways_back(
        &self,
        job: &JobRecord,
        target: &mut TargetRecord,
        nas: &ResolvedNas,
    ) -> Result<bool, AgentError> {
        if !self.disconnector.may_have_cookies(nas, &target.session) {
            return Ok(true);
        }
        match self.guard(job, &target.session).await? {
            Guard::Holds => {}
            // What became of it, the path finds out
            Guard::SessionOver => return Ok(true),
            Guard::ReasonLapsed => return Ok(false),
        }
        let closed = self.is_shut_out(&job.spec.user).await?;
        let removal = self.disconnector.remove_cookies(nas, &target.session, closed);
        let removed = match tokio::time::timeout(PATIENCE_WITH_COOKIES, removal).await {
            Ok(Ok(removed)) => removed,
            Ok(Err(why)) => return Ok(Self::cookies_stay(job, nas, &why)),
            Err(_) => return Ok(Self::cookies_stay(job, nas, "its REST service is slow")),
        };
        let detail = TargetDetail::of(target);
        TargetDetail { cookies_removed: detail.cookies_removed + removed, ..detail }.put(target);
        Ok(true)
    }

    fn cookies_stay(job: &JobRecord, nas: &ResolvedNas, why: &str) -> bool {
        tracing::warn!(user = %job.spec.user, nas = nas.name, "cookies on the router are left alone: {why}");
        true
    }

    /// Makes the hotspot find the device anew.
    pub(super) async fn remove_hosts(&self, target: &mut TargetRecord, nas: &ResolvedNas) {
        match self.disconnector.remove_hosts(nas, &target.session).await {
            Ok(removed) => {
                let detail = TargetDetail::of(target);
                TargetDetail { hosts_removed: detail.hosts_removed + removed, ..detail }.put(target);
            }
            Err(why) => tracing::warn!(nas = nas.name, "the host row on the router is left alone: {why}"),
        }
    }

    /// Marks a session that is selected when others of the job have ended: the user came back. `undone`: the login had been
    /// opened by somebody.
    pub(super) fn mark_bounce(target: &mut TargetRecord, earlier: &[TargetRecord], undone: bool) {
        let has_ended = |target: &TargetRecord| target.effect_at.is_some() && is_off(target);
        if !earlier.iter().any(has_ended) {
            return;
        }
        let times = earlier.iter().filter_map(|target| TargetDetail::of(target).bounce).map(|bounce| bounce.time);
        let cause = if undone { WayBack::BlockUndone } else { WayBack::Unknown };
        let bounce = Some(Bounce { time: times.max().unwrap_or(0) + 1, cause });
        TargetDetail { bounce, ..TargetDetail::of(target) }.put(target);
    }

    /// Finds out by which way a user came back, and whether that was too often to be cut again at once.
    pub(super) async fn is_bounced_too_often(
        &self,
        target: &mut TargetRecord,
        nas: &ResolvedNas,
    ) -> Result<bool, StoreError> {
        let detail = TargetDetail::of(target);
        let Some(mut bounce) = detail.bounce else { return Ok(false) };
        if bounce.cause == WayBack::Unknown {
            bounce.cause = self.disconnector.way_back(nas, &target.session).await?;
            TargetDetail { bounce: Some(bounce), ..detail }.put(target);
        }
        let (user, cause, time) = (&target.session.user, bounce.cause, bounce.time);
        let too_often =
            bounce.time > u32::from(nas.profile.max_bounces) && target.attempts.is_empty() && target.fate.is_none();
        let then = if too_often { "left for a while" } else { "cut again" };
        tracing::warn!(%user, nas = nas.name, time, "user {user} came straight back ({cause}): {then}");
        Ok(too_often)
    }

    /// Leaves a session alone under which the user came back once too often: the next try of the job has it again.
    pub(super) async fn leave_bounced(
        &self,
        job: &JobRecord,
        mut target: TargetRecord,
        nas: &ResolvedNas,
    ) -> Result<(), AgentError> {
        let findings = self.disconnector.look(nas, &target.session).await?;
        let judged = self.judge(&target, &findings);
        let came_back = Verdict { fate: Fate::StillActive, evidence: judged.evidence };
        let is_open = matches!(findings.row, RowFinding::Open { .. });
        let verdict = if judged.fate == Fate::Unknown && is_open { came_back } else { judged };
        if let Some(bounce) = TargetDetail::of(&target).bounce {
            let (times, cause) = (bounce.time, bounce.cause);
            target.problem = Some(format!("came straight back {times} times ({cause}): not cut again for now"));
        }
        self.record_fate(job, target, verdict, findings.row).await
    }

    /// Whether a login of ours is closed, by the rows, and keeps the user out.
    pub(super) async fn is_shut_out(&self, user: &UserName) -> Result<bool, StoreError> {
        Ok(self.shuts_out() && self.is_blocked(user).await?)
    }
}
