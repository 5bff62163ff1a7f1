//! What is asked for: what a command line said, parsed and checked.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::quota::UserName;

use super::text;

/// One command with an effect. Over the socket it is `{"disconnect": {…}}` and its like; unknown keys are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Cut a user's sessions, and prove it.
    Disconnect(Disconnect),
    /// Change a user's sessions by CoA-Request.
    Coa(Coa),
    /// Close a login.
    Block(Block),
    /// Open a login that we closed.
    Restore(Restore),
    /// Bring a job forward to now.
    RetryJob(JobId),
    /// Call a job off.
    CancelJob(JobId),
    /// Let the brakes that have tripped go.
    Confirm {},
    /// One step of the worker, now.
    EnforceOnce(EnforceOnce),
}

impl Request {
    /// Which command it is, in a word, for those who count.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Disconnect(_) => "disconnect",
            Self::Coa(_) => "coa",
            Self::Block(_) => "block",
            Self::Restore(_) => "restore",
            Self::RetryJob(_) => "retry_job",
            Self::CancelJob(_) => "cancel_job",
            Self::Confirm {} => "confirm",
            Self::EnforceOnce(_) => "enforce_once",
        }
    }
}

/// Whose sessions are cut, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disconnect {
    /// Whose sessions.
    #[serde(serialize_with = "text::write_user", deserialize_with = "text::read_user")]
    pub user: UserName,
    /// Only the session of this Acct-Session-Id or Acct-Unique-Id.
    #[serde(default, deserialize_with = "text::read_session")]
    pub session: Option<String>,
    /// Only sessions of this Calling-Station-Id.
    #[serde(default, deserialize_with = "text::read_mac")]
    pub mac: Option<String>,
    /// Only the session with this Framed-IP-Address.
    #[serde(default)]
    pub ip: Option<IpAddr>,
    /// Only sessions on the NAS of this name.
    #[serde(default, deserialize_with = "text::read_nas")]
    pub nas: Option<String>,
    /// Whether the login is closed first. Default no.
    #[serde(default)]
    pub block: bool,
    /// Why, for the journal.
    #[serde(default, deserialize_with = "text::read_reason")]
    pub reason: Option<String>,
    /// Also when the user is exempt, or everything is paused. Default no.
    #[serde(default)]
    pub force: bool,
}

impl Disconnect {
    /// Whether it asks for less than all sessions of the user.
    #[must_use]
    pub fn narrows(&self) -> bool {
        self.session.is_some() || self.mac.is_some() || self.ip.is_some() || self.nas.is_some()
    }
}

/// Whose sessions are changed, and what is to be new.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coa {
    /// Whose sessions.
    #[serde(serialize_with = "text::write_user", deserialize_with = "text::read_user")]
    pub user: UserName,
    /// As in [`Disconnect`].
    #[serde(default, deserialize_with = "text::read_session")]
    pub session: Option<String>,
    /// As in [`Disconnect`].
    #[serde(default, deserialize_with = "text::read_mac")]
    pub mac: Option<String>,
    /// As in [`Disconnect`].
    #[serde(default)]
    pub ip: Option<IpAddr>,
    /// As in [`Disconnect`].
    #[serde(default, deserialize_with = "text::read_nas")]
    pub nas: Option<String>,
    /// What is to be new, each as `Name=value`: read by [`crate::coa::Change::parse`].
    #[serde(deserialize_with = "text::read_changes")]
    pub attributes: Vec<String>,
    /// Why, for the journal.
    #[serde(default, deserialize_with = "text::read_reason")]
    pub reason: Option<String>,
    /// Also when the user is exempt, or everything is paused. Default no.
    #[serde(default)]
    pub force: bool,
}

impl Coa {
    /// The cut that would have the same sessions chosen, and the same refused.
    #[must_use]
    pub fn as_cut(&self) -> Disconnect {
        let Self { user, session, mac, ip, nas, attributes: _, reason, force } = self.clone();
        Disconnect { user, session, mac, ip, nas, block: false, reason, force }
    }
}

/// Whose login is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Whose.
    #[serde(serialize_with = "text::write_user", deserialize_with = "text::read_user")]
    pub user: UserName,
    /// Also when the user is exempt. Default no.
    #[serde(default)]
    pub force: bool,
}

/// Whose login is opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Restore {
    /// Whose.
    #[serde(serialize_with = "text::write_user", deserialize_with = "text::read_user")]
    pub user: UserName,
}

/// Which job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobId {
    /// As `radkick jobs` numbers them.
    pub id: i64,
}

/// One step of the worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnforceOnce {
    /// Only this user. Default: everybody.
    #[serde(default, serialize_with = "text::write_user_if", deserialize_with = "text::read_user_if")]
    pub user: Option<UserName>,
    /// Whether a brake that trips is let go. Default no.
    #[serde(default)]
    pub confirm: bool,
}
