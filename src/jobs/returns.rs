//! Who comes straight back after a cut.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::disconnect::{Directory, WayBack};
use crate::quota::UserName;
use crate::store::{JobRecord, SessionRow, StoreError};

use super::{Agent, AgentError, JobDetail, Judged, SessionReport};

/// How long a command that is about to end looks whether those whom it cut come back, once their fates are known; what goes on
/// running looks for `verify_within` from the cut.
pub const LOOK_AFTER: Duration = Duration::from_secs(2);
/// Between two such looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Jobs that are watched at a time; those beyond come when these are over.
const AT_A_TIME: u32 = 5_000;

/// Jobs of users who were cut and whose login is closed.
#[derive(Debug, Default)]
pub struct Watched {
    /// The user came back: to be run again.
    pub back: Vec<JobRecord>,
    /// The time is over in which the user might have come straight back: to be ended.
    pub over: Vec<JobRecord>,
}

/// A user who came back, and was let in: nothing keeps the user out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconnected {
    /// The new Acct-Session-Id; null for a local login, which has none.
    pub acct_session_id: Option<String>,
    /// By which way, as far as the router says.
    pub cause: WayBack,
}

impl Agent {
    /// Looks once after those who were cut and whose login is closed: one query for the rows of all, however many there are.
    ///
    /// # Errors
    /// When a database cannot be asked.
    pub async fn look_after(&self, whom: impl Fn(&UserName) -> bool) -> Result<Watched, StoreError> {
        let mut watched = self.state.watched_jobs(AT_A_TIME).await?;
        watched.retain(|job| whom(&job.spec.user));
        if watched.is_empty() {
            return Ok(Watched::default());
        }
        let users: BTreeSet<UserName> = watched.iter().map(|job| job.spec.user.clone()).collect();
        let open = self.accounting.open_sessions_of(&users.into_iter().collect::<Vec<_>>()).await?;
        let (mut back, mut over) = (Vec::new(), Vec::new());
        for job in watched {
            let detail = JobDetail::of(&job);
            let wanted =
                |session: &&SessionRow| self.is_one(&session.user, &job.spec.user) && detail.selection.holds(session);
            let open: Vec<&SessionRow> = open.iter().filter(wanted).collect();
            if !open.is_empty() && self.has_new(&job, &open).await? {
                back.push(job);
            } else if self.is_due(&job) {
                over.push(job);
            }
        }
        Ok(Watched { back, over })
    }

    /// Whether two names are one user to the database, which may know no case.
    fn is_one(&self, one: &UserName, other: &UserName) -> bool {
        self.accounting.ledger_name(one) == self.accounting.ledger_name(other)
    }

    /// Ends jobs that were watched.
    ///
    /// # Errors
    /// When our database cannot be used.
    pub async fn end_watch(&self, over: &[JobRecord]) -> Result<(), StoreError> {
        let ids: Vec<i64> = over.iter().map(|job| job.id).collect();
        self.state.end_watched(&ids, self.now()).await
    }

    /// Tells and journals who of those that were watched is on by a user of the router's own: RADIUS cannot keep such a user
    /// out, and the router's own users are never removed. Routers are asked side by side; one that is silent is waited for.
    ///
    /// # Errors
    /// When a database cannot be used.
    pub async fn tell_locals(
        self: &Arc<Self>,
        over: Vec<JobRecord>,
        directory: &Arc<Directory>,
    ) -> Result<(), StoreError> {
        let mut looks = JoinSet::new();
        for job in over {
            let targets = self.state.targets(job.id).await?;
            for target in targets.into_iter().filter(|target| target.effect_at.is_some()) {
                let Ok(nas) = directory.resolve(&target.session) else { continue };
                let (agent, job) = (Arc::clone(self), job.clone());
                looks.spawn(async move {
                    let is_on = agent.disconnector.is_on_locally(&nas, &target.session).await;
                    (job, nas.name, is_on)
                });
            }
        }
        while let Some(look) = looks.join_next().await {
            if let Ok((job, nas, true)) = look {
                self.tell_local(&job, &nas).await?;
            }
        }
        Ok(())
    }

    async fn tell_local(&self, job: &JobRecord, nas: &str) -> Result<(), StoreError> {
        let user = &job.spec.user;
        tracing::warn!(%user, nas, "user {user} is on by a local user of the router, whom RADIUS does not keep out");
        let detail = serde_json::json!({ "job": job.id, "nas": nas });
        self.state.journal(&self.entry_of(job, "local_login", detail)).await
    }

    async fn has_new(&self, job: &JobRecord, open: &[&SessionRow]) -> Result<bool, StoreError> {
        let known = self.state.targets(job.id).await?;
        let is_new = |row: &&SessionRow| known.iter().all(|target| target.session.acct_unique_id != row.acct_unique_id);
        Ok(open.iter().any(is_new))
    }

    /// Looks for [`LOOK_AFTER`] whether users who were just cut, as `reports` tell, come back: where the login is closed they
    /// are cut again, else that is told. `before`: the Acct-Unique-Ids that these users had open before the cut; `None` where
    /// whoever is let in is meant to be back. Ends the jobs that were watched for them, unless somebody `goes_on` to watch.
    ///
    /// # Errors
    /// As [`Agent::cut`].
    pub async fn see_out(
        self: &Arc<Self>,
        mut reports: Vec<SessionReport>,
        directory: &Arc<Directory>,
        (before, goes_on): (Option<&BTreeSet<String>>, bool),
    ) -> Result<Vec<SessionReport>, AgentError> {
        if !reports.iter().any(|report| report.fate == "ended") {
            return Ok(reports);
        }
        let users: BTreeSet<UserName> = reports.iter().map(|report| UserName::new(report.user.clone())).collect();
        let began = self.clock.now();
        while self.clock.now().duration_since(began) < LOOK_AFTER {
            tokio::time::sleep(LOOK_EVERY).await;
            for job in &self.look_after(|user| users.contains(user)).await?.back {
                let again = self.carry_on((job, Judged::Before), directory).await?;
                merge(&mut reports, again);
            }
            if let Some(before) = before {
                self.note_reconnected(&mut reports, directory, before).await?;
            }
        }
        self.note_local(&mut reports, directory).await;
        if goes_on {
            return Ok(reports);
        }
        let watched = self.state.watched_jobs(AT_A_TIME).await?;
        let ours: Vec<i64> = watched.iter().filter(|job| users.contains(&job.spec.user)).map(|job| job.id).collect();
        self.state.end_watched(&ours, self.now()).await?;
        Ok(reports)
    }

    /// Notes who came back and was let in.
    async fn note_reconnected(
        &self,
        reports: &mut [SessionReport],
        directory: &Directory,
        before: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        let let_in = |report: &&mut SessionReport| {
            report.fate == "ended" && report.reconnected.is_none() && !(report.blocked && self.shuts_out())
        };
        let users: BTreeSet<UserName> =
            reports.iter_mut().filter(let_in).map(|report| UserName::new(report.user.clone())).collect();
        if users.is_empty() {
            return Ok(());
        }
        let known: BTreeSet<String> = reports.iter().filter_map(|report| report.acct_unique_id.clone()).collect();
        let open = self.accounting.open_sessions_of(&users.into_iter().collect::<Vec<_>>()).await?;
        for row in
            open.iter().filter(|row| !known.contains(&row.acct_unique_id) && !before.contains(&row.acct_unique_id))
        {
            let cause = match directory.resolve(row) {
                Ok(nas) => self.disconnector.way_back(&nas, row).await?,
                Err(_) => WayBack::Unknown,
            };
            let of_user = |report: &&mut SessionReport| self.is_one(&UserName::new(report.user.clone()), &row.user);
            if let Some(report) = reports.iter_mut().filter(let_in).find(of_user) {
                report.reconnected = Some(Reconnected { acct_session_id: Some(row.acct_session_id.clone()), cause });
            }
        }
        Ok(())
    }

    /// Notes who is on by a user of the router's own, whom RADIUS does not know and we never remove.
    async fn note_local(self: &Arc<Self>, reports: &mut [SessionReport], directory: &Directory) {
        let mut looks = JoinSet::new();
        for (index, report) in reports.iter().enumerate() {
            let Some(session) = report.session.clone() else { continue };
            let Ok(nas) = directory.resolve(&session) else { continue };
            if report.fate == "ended" && report.reconnected.is_none() {
                let agent = Arc::clone(self);
                looks.spawn(async move { (index, agent.disconnector.is_on_locally(&nas, &session).await) });
            }
        }
        while let Some(look) = looks.join_next().await {
            if let Ok((index, true)) = look
                && let Some(report) = reports.get_mut(index)
            {
                report.reconnected = Some(Reconnected { acct_session_id: None, cause: WayBack::LocalUser });
            }
        }
    }
}

/// Puts in what is known of sessions by now.
fn merge(reports: &mut Vec<SessionReport>, newer: Vec<SessionReport>) {
    for report in newer {
        match reports.iter_mut().find(|old| old.acct_unique_id == report.acct_unique_id && old.user == report.user) {
            Some(old) => *old = report,
            None => reports.push(report),
        }
    }
}
