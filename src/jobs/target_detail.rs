//! What else was done and seen about a session, beyond what was tried to end it.

use serde::{Deserialize, Serialize};

use crate::disconnect::WayBack;
use crate::store::TargetRecord;

/// The detail of a target: its JSON on disk, and keys of its report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetDetail {
    /// Rows of the router's `/ip/hotspot/cookie` that were taken away before the cut.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cookies_removed: u32,
    /// Rows of the router's `/ip/hotspot/host` that were taken away after it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hosts_removed: u32,
    /// The session is one under which the user came back although the login was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounce: Option<Bounce>,
}

/// A user who came back although the login was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounce {
    /// The how manieth time within one job, from 1.
    pub time: u32,
    /// By which way, as far as the router says.
    pub cause: WayBack,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl TargetDetail {
    /// The detail of a target as it stands on disk.
    #[must_use]
    pub fn of(target: &TargetRecord) -> Self {
        serde_json::from_value(target.detail.clone()).unwrap_or_default()
    }

    /// Puts it into the target; nothing worth telling is null.
    pub(super) fn put(self, target: &mut TargetRecord) {
        let is_nothing = self == Self::default();
        target.detail =
            if is_nothing { serde_json::Value::Null } else { serde_json::to_value(self).unwrap_or_default() };
    }
}
