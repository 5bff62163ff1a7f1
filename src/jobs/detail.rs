//! What a job is to do, beyond whom and why.

use serde::{Deserialize, Serialize};

use crate::disconnect::same_session_id;
use crate::store::{JobRecord, SessionRow};

/// What a job needs besides user and reason: its JSON on disk.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDetail {
    /// Whether the login is closed first.
    pub block: bool,
    /// Why, in the operator's words.
    pub text: Option<String>,
    /// Which person asked, as `cli:NAME`, for the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Octets used when it was made.
    pub used_octets: Option<u64>,
    /// The limit in octets.
    pub limit_octets: Option<u64>,
    /// The limit in seconds online, where that is what is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_seconds: Option<u64>,
    /// Where the limit stands.
    pub limit_source: Option<String>,
    /// Whose allowance it is, where several users share one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Which of the user's sessions.
    #[serde(default)]
    pub selection: Selection,
    /// Instead of open ones this one alone: a router's list has it, and radacct does not have it open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<SessionRow>,
}

/// Which of a user's sessions: all that match everything given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Acct-Session-Id or Acct-Unique-Id.
    pub session: Option<String>,
    /// Calling-Station-Id, compared without case and separators.
    pub mac: Option<String>,
    /// Framed-IP-Address.
    pub ip: Option<String>,
    /// nasipaddress and Called-Station-Id that the NAS of `--nas` stands under. Both: a site behind NAT has one address
    /// for many routers, or none.
    pub nas: Option<Vec<(String, String)>>,
    /// Only sessions that had begun before this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
}

impl Selection {
    /// Whether a session is among them.
    #[must_use]
    pub fn holds(&self, session: &SessionRow) -> bool {
        let bare = |text: &str| text.replace([':', '-', '.'], "").to_ascii_lowercase();
        self.session
            .as_ref()
            .is_none_or(|id| same_session_id(&session.acct_session_id, id) || session.acct_unique_id == *id)
            && self.mac.as_ref().is_none_or(|mac| bare(mac) == bare(&session.calling_station_id))
            && self.ip.as_ref().is_none_or(|ip| session.framed_ip_address == *ip)
            && self.before.is_none_or(|before| !session.began_since(before))
            && self.nas.as_ref().is_none_or(|nas| nas.iter().any(|place| stands_at(session, place)))
    }
}

fn stands_at(session: &SessionRow, (address, called): &(String, String)) -> bool {
    session.nas_ip_address == *address && session.called_station_id == *called
}

impl JobDetail {
    /// The detail of a job as it stands on disk.
    #[must_use]
    pub fn of(job: &JobRecord) -> Self {
        serde_json::from_value(job.spec.detail.clone()).unwrap_or_default()
    }

    /// Who asked for a job, for the journal: the person where one is known.
    #[must_use]
    pub fn asker(job: &JobRecord) -> String {
        Self::of(job).by.unwrap_or_else(|| job.spec.actor.clone())
    }
}
