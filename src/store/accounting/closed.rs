//! Which closed rows of radacct are meant.

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
