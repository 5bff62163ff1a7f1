//! What is put on disk of a session's cut: each attempt, and the fate.

use crate::disconnect::{
    Attempt, AttemptOutcome, Facts, Fate, Findings, Interims, RouterView, RowFinding, Verdict, decide,
};
use crate::failpoint;
use crate::store::{JobRecord, JournalEntry, TargetRecord, TargetStep};

use super::{Agent, AgentError};

impl Agent {
    pub(super) async fn record_attempt(
        &self,
        job: &JobRecord,
        target: &mut TargetRecord,
        attempt: &Attempt,
    ) -> Result<(), AgentError> {
        target.attempts.push(serde_json::to_value(attempt).unwrap_or_default());
        if attempt.took_effect() {
            target.step = TargetStep::Effected;
            target.effect_at = target.effect_at.or_else(|| Some(self.now()));
            target.on_router |= attempt.outcome == AttemptOutcome::Removed;
            // From here on any later update is usage that should not be
            if let RowFinding::Open { update } = self.disconnector.row(&target.session).await? {
                target.session.update = update;
            }
        }
        self.write_target(job, target, None).await?;
        failpoint::reach("attempt_recorded");
        Ok(())
    }

    pub(super) fn judge(&self, target: &TargetRecord, findings: &Findings) -> Verdict {
        self.judge_with(target, findings, None)
    }

    /// As [`Agent::judge`], where it is known how the NAS reports.
    pub(super) fn judge_with(&self, target: &TargetRecord, findings: &Findings, interims: Option<Interims>) -> Verdict {
        decide(&Facts {
            attempts: &attempts_of(target),
            findings,
            selected_at: target.selected_at,
            effect_at: target.effect_at,
            started_at: target.session.start,
            updated_at: target.session.update.or(target.session.start),
            seen_on_router: target.on_router,
            interims,
            now: self.now(),
        })
    }

    /// A NAS that cannot be told: radacct alone may still know.
    pub(super) async fn settle_unreachable(&self, job: &JobRecord, target: TargetRecord) -> Result<(), AgentError> {
        let row = self.disconnector.row(&target.session).await?;
        let verdict = self.judge(&target, &Findings { row, router: RouterView::NotAsked });
        self.record_fate(job, target, verdict, row).await
    }

    pub(super) async fn record_fate(
        &self,
        job: &JobRecord,
        mut target: TargetRecord,
        verdict: Verdict,
        row: RowFinding,
    ) -> Result<(), AgentError> {
        let word = |value: serde_json::Value| value.as_str().map(str::to_owned);
        target.step = TargetStep::Done;
        target.fate = serde_json::to_value(verdict.fate).ok().and_then(word);
        target.evidence = serde_json::to_value(verdict.evidence).ok().and_then(word);
        if is_off(verdict) {
            target.close_due_at = self.close_due(matches!(row, RowFinding::Open { .. }));
        }
        let effective = attempts_of(&target).into_iter().rfind(Attempt::took_effect);
        target.path = effective.filter(|_| verdict.fate == Fate::Ended).map(|attempt| attempt.path);
        let detail = serde_json::json!({
            "acct_unique_id": target.session.acct_unique_id, "nas": target.nas, "fate": target.fate,
            "evidence": target.evidence, "path": target.path, "attempts": target.attempts, "reason": job.spec.reason,
        });
        self.write_target(job, &target, Some(&self.entry_of(job, "cut", detail))).await?;
        self.shared.metrics.fate(target.fate.as_deref().unwrap_or("unknown"));
        failpoint::reach("fate_recorded");
        tell(job, &target, verdict);
        Ok(())
    }

    pub(super) async fn write_target(
        &self,
        job: &JobRecord,
        target: &TargetRecord,
        entry: Option<&JournalEntry>,
    ) -> Result<(), AgentError> {
        let held = self.state.update_target(job, target, entry, self.now()).await?;
        if held { Ok(()) } else { Err(AgentError::LeaseLost) }
    }
}

fn attempts_of(target: &TargetRecord) -> Vec<Attempt> {
    target.attempts.iter().filter_map(|attempt| serde_json::from_value(attempt.clone()).ok()).collect()
}

pub(super) fn is_off(verdict: Verdict) -> bool {
    matches!(verdict.fate, Fate::Ended | Fate::AlreadyGone)
}

/// The log line that people search for, only when it is true.
fn tell(job: &JobRecord, target: &TargetRecord, verdict: Verdict) {
    let (nas, path) = (target.nas.as_deref(), target.path.as_deref());
    let (evidence, session) = (target.evidence.as_deref(), target.session.acct_session_id.as_str());
    match verdict.fate {
        Fate::Ended => tracing::info!(
            nas,
            path,
            evidence,
            session,
            "Successfully disconnected user {} from MikroTik",
            job.spec.user
        ),
        Fate::AlreadyGone => tracing::info!(nas, evidence, session, "user {} was gone already", job.spec.user),
        // The person who asked reads it on standard output
        Fate::StillActive | Fate::Unknown if job.spec.actor == "command" => {}
        Fate::StillActive => tracing::warn!(nas, evidence, session, "user {} is still on", job.spec.user),
        Fate::Unknown => {
            tracing::warn!(nas, evidence, session, "it is not known whether user {} is off", job.spec.user);
        }
    }
}
