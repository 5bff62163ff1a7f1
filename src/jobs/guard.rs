//! The guard: before every send, is it still this session, and does the reason still hold?

use crate::quota::Reason;
use crate::store::{JobRecord, SessionRow, StoreError};

use super::{Agent, Exemptions, HIDDEN, SWEEP, paused};

/// Whether no person asked for what this actor does: exemptions, pauses and brakes hold for it.
#[must_use]
pub fn is_automatic(actor: &str) -> bool {
    matches!(actor, "worker" | "hook" | SWEEP)
}

/// What the guard says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Go on.
    Holds,
    /// The row has closed, or is another session by now.
    SessionOver,
    /// The reason no longer holds: somebody has paid, is exempt, or everything is paused.
    ReasonLapsed,
}

impl Agent {
    /// Asks about one session of a job.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked: nothing may be sent then.
    pub async fn guard(&self, job: &JobRecord, session: &SessionRow) -> Result<Guard, StoreError> {
        let holds = async { Ok(!self.is_held_up(job) && self.reason_holds(job).await?) };
        let same = async {
            if session.is_hidden() { self.is_still_hidden(session).await } else { self.is_the_same(session).await }
        };
        let (same, holds) = tokio::try_join!(same, holds)?;
        if !same {
            return Ok(Guard::SessionOver);
        }
        Ok(if holds { Guard::Holds } else { Guard::ReasonLapsed })
    }

    /// Whether the session's row is open, and still this session's.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked: nothing may be sent then.
    pub(super) async fn is_the_same(&self, session: &SessionRow) -> Result<bool, StoreError> {
        let row = self.accounting.session(&session.acct_unique_id).await?;
        Ok(row.is_some_and(|row| {
            row.stop.is_none()
                && row.user == session.user
                && row.acct_session_id == session.acct_session_id
                && row.start == session.start
        }))
    }

    /// Why nobody is to be cut now; a pause file that cannot be read is taken for a pause.
    #[must_use]
    pub fn pause(&self) -> Option<String> {
        let file = &self.config.brakes.pause_file;
        match paused(file, self.now()) {
            Ok(None) => None,
            Ok(Some(_)) => Some(format!("paused ({}): nobody is cut until `radkick resume`", file.display())),
            Err(error) => Some(format!("{}: {error}: taken for a pause, nobody is cut", file.display())),
        }
    }

    /// Whether a job that no person asked for has to wait for the end of a pause.
    pub(super) fn is_held_up(&self, job: &JobRecord) -> bool {
        is_automatic(&job.spec.actor) && self.pause().is_some()
    }

    /// Whether what a job was made for still holds. What a person asked for holds; the exempt are neither the worker's nor a
    /// hook's.
    ///
    /// # Errors
    /// When a database cannot be asked.
    pub async fn reason_holds(&self, job: &JobRecord) -> Result<bool, StoreError> {
        if is_automatic(&job.spec.actor) {
            let exemptions = Exemptions::new(&self.accounting, &self.config.exempt);
            if exemptions.of(&job.spec.user).await?.is_some() {
                return Ok(false);
            }
        }
        if job.spec.reason == HIDDEN {
            return Ok(self.may_not_be_on(&job.spec.user).await?.is_some());
        }
        if Reason::is_word(&job.spec.reason) { Ok(self.over(&job.spec.user).await?.is_some()) } else { Ok(true) }
    }
}
