//! Who may ask.

use std::collections::BTreeSet;

use rustix::process::geteuid;

/// Who may ask: root, the user that the daemon runs as, and whom the socket's mode lets in (its group), but never those whom
/// FreeRADIUS' hooks run as.
#[derive(Debug, Clone)]
pub struct Trust {
    own: u32,
    kept_out: BTreeSet<u32>,
}

impl Trust {
    /// All but these user ids.
    #[must_use]
    pub fn all_but(hook_users: impl IntoIterator<Item = u32>) -> Self {
        Self { own: geteuid().as_raw(), kept_out: hook_users.into_iter().collect() }
    }

    pub(super) fn has(&self, uid: u32) -> bool {
        uid == 0 || uid == self.own || !self.kept_out.contains(&uid)
    }
}
