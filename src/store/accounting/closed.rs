//! Closed rows of radacct.

use super::{ASKED_AT_ONCE, Accounting, Backend, SessionRow, each_dialect};
use crate::quota::UserName;
use crate::store::StoreError;

/// What a NAS says when a session ends, as FreeRADIUS names it (RFC 2866 §5.10, RFC 3580 §3.18).
const CAUSES: &str = "'User-Request', 'Lost-Carrier', 'Lost-Service', 'Idle-Timeout', 'Session-Timeout', 'Admin-Reset', \
     'Admin-Reboot', 'Port-Error', 'NAS-Error', 'NAS-Request', 'NAS-Reboot', 'Port-Unneeded', 'Port-Preempted', \
     'Port-Suspended', 'Service-Unavailable', 'Callback', 'User-Error', 'Host-Request', 'Supplicant-Restart', \
     'Reauthentication-Failure', 'Port-Reinit', 'Port-Disabled'";

/// Which closed rows are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// All of them.
    Anyhow,
    /// Those that hardly a NAS has closed: without a cause that a NAS gives, or updated after they stopped.
    Oddly,
}

impl Closed {
    /// What a statement's condition has besides, to stand behind another.
    pub(super) fn condition(self) -> String {
        match self {
            Self::Anyhow => String::new(),
            Self::Oddly => {
                format!(" AND (coalesce(acctterminatecause, '') NOT IN ({CAUSES}) OR acctupdatetime > acctstoptime)")
            }
        }
    }
}

impl Accounting {
    /// Sessions of these users that were closed at `since` or later, in seconds since 1970, oldest first.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn closed_sessions_of(
        &self,
        users: &[UserName],
        since: i64,
        which: Closed,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let mut found = Vec::new();
        for slice in users.chunks(ASKED_AT_ONCE) {
            found.extend(each_dialect!(self.closed_sessions_of(slice, since, which))?);
        }
        Ok(found)
    }
}
