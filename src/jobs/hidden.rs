//! Sessions that a router has and radacct does not: whether they may be on, and the job that ends one.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::config::BlockMode;
use crate::disconnect::{Directory, HiddenAt};
use crate::quota::UserName;
use crate::store::{JobRecord, JobSpec, SessionRow, StoreError};

use super::{Agent, AgentError, JobDetail};

/// The reason of a job that ends a session which radacct does not have open.
pub const HIDDEN: &str = "hidden";

/// Who makes such jobs.
pub const SWEEP: &str = "sweep";

impl Agent {
    /// The sessions that routers have and radacct does not: one list request for each menu of each router.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked.
    pub async fn hidden(&self, directory: &Directory) -> Result<Vec<HiddenAt>, StoreError> {
        let in_use: BTreeSet<String> = self.accounting.nas_in_use().await?;
        self.disconnector.hidden(&directory.routers(&in_use)).await
    }

    /// Why a user may not be online at all, in a word: over by quota, time or expiry where that closes the login, or
    /// rejected by the rows of radcheck. `None` when the user may, or nobody can tell.
    ///
    /// # Errors
    /// When a database cannot be asked.
    pub async fn may_not_be_on(&self, user: &UserName) -> Result<Option<&'static str>, StoreError> {
        if self.login(user).await?.rejects() {
            return Ok(Some("rejected"));
        }
        if matches!(self.config.block.mode, BlockMode::Group(_) | BlockMode::None) {
            return Ok(None);
        }
        Ok(self.over(user).await?.map(|over| over.reason.as_str()))
    }

    /// Puts the job on disk that ends this one session; the runner of jobs takes it from there. The live one, and `false`, if
    /// there is one already.
    ///
    /// # Errors
    /// When our database cannot be used.
    pub async fn submit_hidden(&self, session: &SessionRow, why: &str) -> Result<(JobRecord, bool), AgentError> {
        let marks = [&session.acct_unique_id, &session.acct_session_id, &session.nas_ip_address];
        let marks = (marks, &session.called_station_id, &session.calling_station_id, &session.framed_ip_address);
        let marks = serde_json::json!(marks).to_string();
        let short = Sha256::digest(marks).first_chunk().copied().map_or(0, u64::from_be_bytes);
        let (hidden, text) = (Some(session.clone()), Some(why.to_owned()));
        let detail = JobDetail { text, hidden, ..JobDetail::default() };
        let spec = JobSpec {
            user: session.user.clone(),
            reason: HIDDEN.to_owned(),
            actor: SWEEP.to_owned(),
            session: Some(format!("{short:016x} of {}", session.user.as_str())),
            detail: serde_json::to_value(detail).unwrap_or_default(),
            lapses_at: 0,
        };
        let (job, judged) = self.submit(spec).await?;
        Ok((job, judged == super::Judged::JustNow))
    }

    /// Whether a session that radacct does not have open still has no open row: then a Start came late, or the row was
    /// opened again, and it is an ordinary session.
    pub(super) async fn is_still_hidden(&self, session: &SessionRow) -> Result<bool, StoreError> {
        let same_place = |row: &SessionRow| {
            row.nas_ip_address == session.nas_ip_address
                && row.framed_ip_address == session.framed_ip_address
                && (session.acct_session_id.is_empty() || row.acct_session_id == session.acct_session_id)
        };
        if self.accounting.open_sessions(&session.user).await?.iter().any(same_place) {
            return Ok(false);
        }
        if session.acct_unique_id.is_empty() {
            return Ok(true);
        }
        let row = self.accounting.session(&session.acct_unique_id).await?;
        Ok(row.is_some_and(|row| row.stop == session.stop && row.user == session.user))
    }
}
