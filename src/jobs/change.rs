//! Changing sessions by CoA-Request. A person asks for it, it is tried once and told: there is no job of it, but its intent is
//! in the journal before anything is sent.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::coa::Change;
use crate::config::IdentityAttribute;
use crate::disconnect::{AttemptOutcome, Directory, ResolvedNas, next_set};
use crate::failpoint;
use crate::radius::ErrorCause;
use crate::store::{JournalEntry, SessionRow, StoreError};

use super::change_report::reachable;
use super::{Agent, ChangeReport};

/// Why nothing (more) was sent.
const OVER: &str = "the session has ended: nothing more was sent";

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changing {
    /// What is to be new.
    pub change: Change,
    /// Why, in a person's words.
    pub text: Option<String>,
    /// Who asked, as `cli:NAME`.
    pub by: String,
}

impl Agent {
    /// Changes these sessions, side by side: one report each, in their order.
    ///
    /// # Errors
    /// When a database cannot be used. What a NAS answers, and a NAS that cannot be told, is a report.
    pub async fn change_sessions(
        self: &Arc<Self>,
        asked: &Arc<Changing>,
        sessions: Vec<SessionRow>,
        directory: &Arc<Directory>,
    ) -> Result<Vec<ChangeReport>, StoreError> {
        let mut tasks = JoinSet::new();
        for (index, session) in sessions.into_iter().enumerate() {
            let (agent, asked, directory) = (Arc::clone(self), Arc::clone(asked), Arc::clone(directory));
            tasks.spawn(async move { (index, agent.change_one(&asked, &session, &directory).await) });
        }
        let mut done = tasks.join_all().await;
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, report)| report).collect()
    }

    async fn change_one(
        &self,
        asked: &Changing,
        session: &SessionRow,
        directory: &Directory,
    ) -> Result<ChangeReport, StoreError> {
        let report = ChangeReport::of_session(asked, session);
        let nas = match directory.resolve(session).map_err(|problem| problem.to_string()).and_then(reachable) {
            Ok(nas) => nas,
            Err(problem) => return Ok(report.because(problem)),
        };
        let report = ChangeReport { nas: Some(nas.name.clone()), ..report };
        self.state.journal(&self.change_entry(asked, &report, "coa_intended")).await?;
        failpoint::reach("coa_recorded");
        let report = self.ask_to_change(asked, session, (&nas, report)).await?;
        self.state.journal(&self.change_entry(asked, &report, "coa")).await?;
        Ok(report)
    }

    /// By one set of attributes after the other, as long as the NAS says that another may do; then what the router's lists
    /// show of it.
    async fn ask_to_change(
        &self,
        asked: &Changing,
        session: &SessionRow,
        (nas, mut report): (&ResolvedNas, ChangeReport),
    ) -> Result<ChangeReport, StoreError> {
        let mut ladder = self.disconnector.ladder(nas, session).await?;
        if nas.profile.identity.is_empty() {
            // A name alone would change whatever session the user has by now
            ladder.retain(|set| set.iter().any(|attribute| *attribute != IdentityAttribute::UserName));
        }
        if ladder.is_empty() {
            return Ok(report.because("nothing that radacct has of this session names it to the NAS".to_owned()));
        }
        let mut rung = Some(0);
        while let Some(set) = rung.and_then(|rung| ladder.get(rung)) {
            let turn = match self.disconnector.turn(nas, set, true).await {
                Ok(turn) => turn,
                Err(attempt) => return Ok(report.tried(*attempt)),
            };
            // Last of all before each send: the intent may have had to wait for a lock, the request for its turn
            if !self.is_the_same(session).await? {
                let gone = report.outcome.or(Some(AttemptOutcome::AlreadyGone));
                return Ok(ChangeReport { outcome: gone, ..report.because(OVER.to_owned()) });
            }
            let attempt = match self.disconnector.send_change(nas, session, (&asked.change, set), turn).await {
                Ok(Some(attempt)) => attempt,
                Ok(None) => return Ok(report),
                Err(error) => return Ok(ChangeReport { failed: true, ..report.because(error.to_string()) }),
            };
            let refused = attempt.outcome == AttemptOutcome::Nak;
            let cause = attempt.error_cause.map(ErrorCause);
            rung = rung.filter(|_| refused).and_then(|rung| next_set(&ladder, rung, cause));
            report = report.tried(attempt);
        }
        if report.outcome != Some(AttemptOutcome::Ack) {
            return Ok(report);
        }
        Ok(report.shown(self.disconnector.confirm_change(nas, session, &asked.change).await?))
    }

    fn change_entry(&self, asked: &Changing, report: &ChangeReport, event: &'static str) -> JournalEntry {
        let mut detail = serde_json::json!({
            "acct_unique_id": report.acct_unique_id, "nas": report.nas, "changes": report.changes, "reason": report.reason,
        });
        if event == "coa" {
            detail["outcome"] = serde_json::json!(report.outcome);
            detail["error_cause"] = serde_json::json!(report.error_cause);
            detail["confirmed"] = serde_json::json!(report.confirmed);
            detail["attempts"] = serde_json::json!(report.attempts);
        }
        JournalEntry {
            at: self.now(),
            actor: asked.by.clone(),
            user: crate::quota::UserName::new(report.user.clone()),
            event,
            detail,
        }
    }
}
