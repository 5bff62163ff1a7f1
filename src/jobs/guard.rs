//! The guard: before every send, is it still this session, and does the reason still hold?

use crate::store::{JobRecord, SessionRow, StoreError};

use super::Agent;

/// What the guard says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// Go on.
    Holds,
    /// The row has closed, or is another session by now.
    SessionOver,
    /// The reason no longer holds: somebody has paid.
    ReasonLapsed,
}

impl Agent {
    /// Asks about one session of a job.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked: nothing may be sent then.
    pub async fn guard(&self, job: &JobRecord, session: &SessionRow) -> Result<Guard, StoreError> {
        let row = self.accounting.session(&session.acct_unique_id).await?;
        let same = |row: &SessionRow| {
            row.stop.is_none()
                && row.user == session.user
                && row.acct_session_id == session.acct_session_id
                && row.start == session.start
        };
        if !row.as_ref().is_some_and(same) {
            return Ok(Guard::SessionOver);
        }
        if self.reason_holds(job).await? { Ok(Guard::Holds) } else { Ok(Guard::ReasonLapsed) }
    }

    /// Whether what a job was made for still holds. What a person asked for holds.
    pub(super) async fn reason_holds(&self, job: &JobRecord) -> Result<bool, StoreError> {
        match job.spec.reason.as_str() {
            "quota" | "expiry" => Ok(self.over(&job.spec.user).await?.is_some()),
            _ => Ok(true),
        }
    }
}
