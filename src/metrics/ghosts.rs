//! Sessions that routers have and radacct does not.

use prometheus_client::registry::Registry;

use super::Gauges;

/// What the last sweep found, by NAS.
#[derive(Debug)]
pub struct Ghosts {
    found: Gauges,
    unreadable: Gauges,
}

impl Ghosts {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let ghosts = Self { found: Gauges::default(), unreadable: Gauges::default() };
        let what = "Sessions on a router's list that have no open row in radacct, at the last sweep";
        registry.register("ghost_sessions", what, ghosts.found.clone());
        let what = "Whether a router's list could not be read, or not be believed, at the last sweep";
        registry.register("ghost_sweep_unreadable", what, ghosts.unreadable.clone());
        ghosts
    }

    /// Forgets the sweep before.
    pub fn clear(&self) {
        self.found.clear();
        self.unreadable.clear();
    }

    /// So many were found on this NAS; `None` where its list tells nothing.
    pub fn found(&self, nas: &str, sessions: Option<usize>) {
        let of = [("nas", nas.to_owned())];
        self.unreadable.get_or_create(&of).set(i64::from(sessions.is_none()));
        if let Some(sessions) = sessions {
            self.found.get_or_create(&of).set(i64::try_from(sessions).unwrap_or(i64::MAX));
        }
    }
}
