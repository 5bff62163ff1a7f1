//! A job from its lease to its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::disconnect::Directory;
use crate::failpoint;
use crate::quota::UserName;
use crate::store::{JobRecord, JobState, SessionRow, TargetRecord, TargetStep};

use super::settle::is_off;
use super::{Agent, AgentError, JobDetail, Judged, SessionReport};

/// What cutting all targets of a job came to.
#[derive(Debug, Default)]
struct Pass {
    /// The reason lapsed on the way, or somebody paused everything.
    lapsed: bool,
    /// Why a target could not be cut, by its id.
    problems: BTreeMap<i64, String>,
}

impl Agent {
    /// Runs what earlier runs left unfinished of one user.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn finish(
        self: &Arc<Self>,
        user: &UserName,
        directory: &Arc<Directory>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        self.finish_blocks(Some(user)).await?;
        let mut reports = Vec::new();
        for job in self.state.live_jobs(Some(user)).await? {
            reports.extend(self.run(&job, directory).await?);
        }
        self.close_due_rows(Some(user)).await?;
        Ok(reports)
    }

    /// Runs a job under its lease. No reports when another agent has it.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn run(
        self: &Arc<Self>,
        job: &JobRecord,
        directory: &Arc<Directory>,
    ) -> Result<Vec<SessionReport>, AgentError> {
        Ok(self.try_run((job, Judged::Before), directory).await?.unwrap_or_default())
    }

    /// As [`Agent::run`]; `None` when another agent has it.
    pub(super) async fn try_run(
        self: &Arc<Self>,
        (job, judged): (&JobRecord, Judged),
        directory: &Arc<Directory>,
    ) -> Result<Option<Vec<SessionReport>>, AgentError> {
        let Some(_turn) = self.shared.turn(job.id) else { return Ok(None) };
        let was = job.state;
        let Some(mut job) = self.claim(job).await? else { return Ok(None) };
        if job.state == JobState::Watching && was != JobState::Watching {
            // Another was at work on it when it was read, and is done
            self.write_job(&job, None).await?;
            return self.standing(&job).await.map(Some);
        }
        if judged == Judged::Before && !self.reason_holds(&job).await? {
            self.lapse(&mut job).await?;
            return Ok(Some(Vec::new()));
        }
        if job.spec.lapses_at <= self.now() {
            self.give_up(&mut job).await?;
            return self.standing(&job).await.map(Some);
        }
        if self.is_held_up(&job) {
            self.put_back(&mut job).await?;
            let standing = self.standing(&job).await?;
            return Ok(Some(standing.into_iter().map(SessionReport::unsettled).collect()));
        }
        let detail = JobDetail::of(&job);
        let undone = job.attempts > 0 && detail.block && !self.is_shut_out(&job.spec.user).await?;
        if detail.block {
            self.block(&job.spec.user, &job.spec.reason, &JobDetail::asker(&job)).await?;
        }
        self.select(&mut job, &detail, undone).await?;
        let pass = self.cut_all(&job, directory).await?;
        let targets = self.state.targets(job.id).await?;
        let reports = self.reports(&job, &detail, &targets).await?;
        match pass.lapsed {
            false => {
                let closed = self.shuts_out() && reports.iter().all(|report| report.blocked);
                self.settle(&mut job, &targets, closed.then_some(&**directory)).await?;
            }
            // It was a pause that stopped it
            true if self.reason_holds(&job).await? => self.put_back(&mut job).await?,
            true => self.lapse(&mut job).await?,
        }
        Ok(Some(told(reports, &targets, &pass.problems)))
    }

    /// Selects sessions, again after the block: logins that were in flight have their row by now. `undone`: somebody had
    /// opened the login that the job closed.
    async fn select(&self, job: &mut JobRecord, detail: &JobDetail, undone: bool) -> Result<(), AgentError> {
        let earlier = self.state.targets(job.id).await?;
        let open = self.accounting.open_sessions(&job.spec.user).await?;
        let wanted = |session: &SessionRow| detail.selection.holds(session) && !self.came_back(job, session);
        let wanted: Vec<SessionRow> = match &detail.hidden {
            Some(session) => vec![session.clone()],
            None => open.into_iter().filter(wanted).collect(),
        };
        for session in wanted {
            let mut target = TargetRecord {
                id: 0,
                job_id: job.id,
                session,
                step: TargetStep::Selected,
                selected_at: self.now(),
                effect_at: None,
                on_router: detail.hidden.is_some(),
                nas: None,
                attempts: Vec::new(),
                fate: None,
                path: None,
                evidence: None,
                problem: None,
                close_due_at: None,
                detail: serde_json::Value::Null,
            };
            if self.shuts_out() {
                Self::mark_bounce(&mut target, &earlier, undone);
            }
            self.state.add_target(job, &target).await?.ok_or(AgentError::LeaseLost)?;
        }
        job.state = JobState::Cutting;
        job.attempts += 1;
        self.write_job(job, None).await?;
        failpoint::reach("target_selected");
        Ok(())
    }

    /// Cuts all targets that are not proven off yet, side by side. What cannot be cut at all is a problem of its own and
    /// stops no other; only a database that fails ends the run.
    async fn cut_all(self: &Arc<Self>, job: &JobRecord, directory: &Arc<Directory>) -> Result<Pass, AgentError> {
        let mut tasks = JoinSet::new();
        for target in self.state.targets(job.id).await? {
            if !is_off(&target) {
                let (agent, job, directory) = (Arc::clone(self), job.clone(), Arc::clone(directory));
                tasks.spawn(async move { (target.id, agent.cut_target(&job, target, &directory).await) });
            }
        }
        // Every task is waited for, also after an error: one dropped in the middle would leave its connection in a
        // transaction
        let mut pass = Pass::default();
        for (target, done) in tasks.join_all().await {
            match done {
                Ok(lapsed) => pass.lapsed |= lapsed,
                Err(AgentError::Cut(problem)) => {
                    tracing::warn!(user = %job.spec.user, job = job.id, "{problem}");
                    pass.problems.insert(target, problem.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(pass)
    }

    /// The reports of a job as it stands, nothing done.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn standing(&self, job: &JobRecord) -> Result<Vec<SessionReport>, AgentError> {
        self.reports(job, &JobDetail::of(job), &self.state.targets(job.id).await?).await
    }

    /// One report a target; one about the user alone where there is none.
    async fn reports(
        &self,
        job: &JobRecord,
        detail: &JobDetail,
        targets: &[TargetRecord],
    ) -> Result<Vec<SessionReport>, AgentError> {
        let blocked = self.is_blocked(&job.spec.user).await?;
        let mut reports: Vec<SessionReport> =
            targets.iter().map(|target| SessionReport::of_target(job, detail, target)).collect();
        if reports.is_empty() {
            reports.push(SessionReport::of_user(&job.spec.user, &job.spec.reason, &job.spec.actor, detail));
        }
        Ok(reports.into_iter().map(|report| SessionReport { blocked, ..report }).collect())
    }
}

/// The reports with why their targets could not be cut.
fn told(reports: Vec<SessionReport>, targets: &[TargetRecord], problems: &BTreeMap<i64, String>) -> Vec<SessionReport> {
    let of = |report: &SessionReport| {
        let target = targets.iter().find(|target| Some(&target.session) == report.session.as_ref())?;
        problems.get(&target.id).cloned()
    };
    let tell = |report: SessionReport| match of(&report) {
        Some(problem) => report.failed(problem),
        None => report,
    };
    reports.into_iter().map(tell).collect()
}
