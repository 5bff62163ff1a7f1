//! Routers whose own lists can be read, with no session to start from.

use std::collections::{BTreeMap, BTreeSet};

use crate::quota::UserName;
use crate::store::SessionRow;

use super::{Directory, Entry, ResolvedNas};

/// A router, and what its sessions have in radacct.
#[derive(Debug, Clone)]
pub struct KnownRouter {
    /// How it is reached; with REST.
    pub nas: ResolvedNas,
    /// nasipaddress and, where it is known by that alone, Called-Station-Id.
    pub place: (String, String),
}

impl Directory {
    /// Every router with REST, each once: those with an address or a name of their own, and those at `in_use`, the
    /// nasipaddress of open rows.
    #[must_use]
    pub fn routers(&self, in_use: &BTreeSet<String>) -> Vec<KnownRouter> {
        let own = self.entries.iter().filter_map(Entry::place);
        let places = own.chain(in_use.iter().map(|address| (address.clone(), String::new())));
        let mut routers = BTreeMap::new();
        for place in places {
            let Ok(nas) = self.resolve(&SessionRow::at(&place, UserName::new(""))) else { continue };
            if let Some(rest) = &nas.profile.rest {
                routers.entry(rest.url.as_str().to_owned()).or_insert(KnownRouter { nas, place });
            }
        }
        routers.into_values().collect()
    }
}

impl Entry {
    /// What a session on it would have; `None` for a whole network.
    fn place(&self) -> Option<(String, String)> {
        let host = self.nets.iter().find(|net| net.prefix_len() == net.max_prefix_len());
        match (host, self.names.first()) {
            (Some(net), _) => Some((net.addr().to_string(), String::new())),
            (None, Some(name)) if self.nets.is_empty() => Some((String::new(), name.clone())),
            (None, _) => None,
        }
    }
}
