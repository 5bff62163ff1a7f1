//! Which NAS a session is on, and how to reach it. Refuses to guess.

mod routers;

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

use crate::config::{Config, MikrotikApi, NasProfile, NasSettings, RestPart};
use crate::store::{NasRow, SessionRow};

use super::entry::{Entry, Mark};
use super::{HostNames, NasProblem};

pub use routers::KnownRouter;

/// A NAS, with everything needed to reach it.
#[derive(Debug, Clone)]
pub struct ResolvedNas {
    /// What people call it.
    pub name: String,
    /// How it is reached; at least one path.
    pub profile: NasProfile,
}

impl ResolvedNas {
    /// Where its RADIUS incoming listens.
    #[must_use]
    pub const fn das_addr(&self) -> SocketAddr {
        SocketAddr::new(self.profile.address, self.profile.coa_port)
    }
}

/// All NAS that the configuration and FreeRADIUS' nas table know.
#[derive(Debug)]
pub struct Directory {
    entries: Vec<Entry>,
    defaults: NasSettings,
    api: Option<MikrotikApi>,
    /// Whether all open rows name one NAS, so that a REST service that is not said to be any NAS's can be that one's.
    one_open: bool,
    /// Host names of the nas table that could not be resolved.
    unresolved: BTreeSet<String>,
}

impl Directory {
    /// Whether it matters which NAS have open rows: to a REST service that is not said to be any NAS's.
    #[must_use]
    pub fn minds_open_nas(config: &Config) -> bool {
        let shared = config.nas_defaults.rest.as_ref().is_some_and(|rest| rest.url.is_some());
        shared || config.mikrotik_api.is_some()
    }

    /// Puts together `[[nas]]`, FreeRADIUS' rows with what their host names stand for, and `[nas_defaults]`. `open_nas` holds
    /// nasipaddress of all open rows, where [`Directory::minds_open_nas`].
    #[must_use]
    pub fn new(config: &Config, (rows, hosts): (&[NasRow], &HostNames), open_nas: &BTreeSet<String>) -> Self {
        let configured = config.nas.iter().map(Entry::configured);
        let entries = configured.chain(rows.iter().filter_map(|row| Entry::of_row(row, hosts))).collect();
        let (defaults, api) = (config.nas_defaults.clone(), config.mikrotik_api.clone());
        Self { entries, defaults, api, one_open: open_nas.len() <= 1, unresolved: hosts.unknown().clone() }
    }

    /// The NAS of a session.
    ///
    /// # Errors
    /// [`NasProblem`]: no NAS, more than one, or one that cannot be reached.
    pub fn resolve(&self, session: &SessionRow) -> Result<ResolvedNas, NasProblem> {
        self.resolve_mark(&Mark::of(session))
    }

    fn resolve_mark(&self, mark: &Mark<'_>) -> Result<ResolvedNas, NasProblem> {
        let address = mark.nas_address();
        let matched = self.matched(mark, address)?;
        let settings = matched.iter().rev().fold(self.defaults.clone(), |lower, entry| entry.settings.over(&lower));
        let name = match (matched.first(), address) {
            (Some(entry), _) => entry.name.clone(),
            (None, Some(address)) if settings.secret.is_some() => address.to_string(),
            (None, _) => return Err(NasProblem::unknown(mark, &self.unresolved)),
        };
        let reach = settings.address.or(address);
        let reach =
            reach.ok_or_else(|| NasProblem::NoAddress { name: name.clone(), address: mark.address.to_owned() })?;
        let profile = self.with_environment(settings, mark).profile(reach);
        if profile.paths.is_empty() {
            return Err(NasProblem::NoPath { name });
        }
        Ok(ResolvedNas { name, profile })
    }

    /// Each NAS that stands by an address or a name of its own, whether it has open sessions or not; no whole networks, and
    /// not FreeRADIUS' own machine, which is a client for tests in most tables.
    #[must_use]
    pub fn by_themselves(&self) -> Vec<(String, Result<ResolvedNas, NasProblem>)> {
        let marked = self.entries.iter().filter(|entry| entry.configured || !entry.is_localhost());
        let marked = marked.filter_map(|entry| {
            let address =
                entry.host().or(entry.settings.address).map(|address| address.to_string()).unwrap_or_default();
            let called = if address.is_empty() { entry.names.first()?.as_str() } else { "" };
            Some((entry.name.clone(), self.resolve_mark(&Mark { address: &address, called, identifier: "" })))
        });
        marked.collect()
    }

    /// Host names of FreeRADIUS' table that the system's resolver does not know, so that they match nothing.
    #[must_use]
    pub const fn unresolved(&self) -> &BTreeSet<String> {
        &self.unresolved
    }

    /// Whether a NAS goes by this name.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.entries.iter().any(|entry| entry.name == name)
    }

    /// The names of all NAS, for people.
    #[must_use]
    pub fn names_text(&self) -> String {
        let names: BTreeSet<&str> = self.entries.iter().map(|entry| entry.name.as_str()).collect();
        if names.is_empty() {
            return "none known (no [[nas]], and FreeRADIUS' nas table is empty)".to_owned();
        }
        format!("known are {}", names.into_iter().collect::<Vec<_>>().join(", "))
    }

    /// The entries that fit an address best, of `[[nas]]` and of the nas table each: exact before prefix, longer before
    /// shorter. A `[[nas]]` for a whole network goes over the rows of its routers.
    fn best_by_address(&self, address: IpAddr) -> Vec<&Entry> {
        let best_of = |configured: bool| {
            let entries = || self.entries.iter().filter(move |entry| entry.configured == configured);
            let best = entries().filter_map(|entry| entry.fit(address)).max();
            entries().filter(move |entry| best.is_some() && entry.fit(address) == best)
        };
        best_of(true).chain(best_of(false)).collect()
    }

    /// The one NAS that address and name point to: its `[[nas]]` first, then its row of the nas table.
    fn matched(&self, mark: &Mark<'_>, address: Option<IpAddr>) -> Result<Vec<&Entry>, NasProblem> {
        let by_address = address.map(|address| self.best_by_address(address)).unwrap_or_default();
        let (mut configured, rows): (Vec<&Entry>, Vec<&Entry>) = by_address.into_iter().partition(|e| e.configured);
        let called = [mark.called, mark.identifier];
        let is_called =
            |entry: &&Entry| called.iter().any(|name| !name.is_empty() && entry.names.iter().any(|own| own == name));
        for entry in self.entries.iter().filter(is_called) {
            if !configured.iter().any(|other| std::ptr::eq(*other, entry)) {
                configured.push(entry);
            }
        }
        // One that has addresses of its own is another NAS than the one at an address that is none of them
        let elsewhere = |entry: &&&Entry| address.is_some_and(|address| entry.is_elsewhere(address));
        let stray = configured.iter().find(elsewhere);
        if configured.len() > 1 || rows.len() > 1 || (stray.is_some() && !rows.is_empty()) {
            let names = configured.iter().chain(&rows).map(|entry| entry.name.clone()).collect();
            return Err(NasProblem::ambiguous(mark, names));
        }
        if let Some(stray) = stray {
            return Err(NasProblem::Elsewhere { name: stray.name.clone(), address: mark.address.to_owned() });
        }
        configured.extend(rows);
        Ok(configured)
    }

    /// With the router of `MIKROTIK_API_*`, and with the `url` of `[nas_defaults.rest]`, only if that can be no other NAS:
    /// asking the wrong router would prove an absence.
    fn with_environment(&self, settings: NasSettings, mark: &Mark<'_>) -> NasSettings {
        let reach = settings.address.map_or_else(|| mark.address.to_owned(), |address| address.to_string());
        let shared = self.defaults.rest.as_ref().and_then(|rest| rest.url.as_ref());
        let rest = match settings.rest.clone() {
            Some(rest) if rest.url.as_ref() == shared && shared.is_some() => {
                let host = shared.and_then(|url| url.host_str()).unwrap_or_default().to_owned();
                Some(rest).filter(|_| self.can_only_be(&host, &reach))
            }
            None => self.api.as_ref().filter(|api| self.can_only_be(&api.host, &reach)).map(environment_rest),
            own => own,
        };
        NasSettings { rest, ..settings }
    }

    /// Whether a REST service at `host` can be no other NAS's than the one reached at `reach`.
    fn can_only_be(&self, host: &str, reach: &str) -> bool {
        let routers = self.entries.iter().filter(|entry| !entry.nets.is_empty() && !entry.is_localhost());
        host.trim_matches(['[', ']']) == reach || (self.one_open && routers.count() <= 1)
    }
}

fn environment_rest(MikrotikApi { rest, .. }: &MikrotikApi) -> RestPart {
    RestPart {
        url: Some(rest.url.clone()),
        username: Some(rest.username.clone()),
        password: Some(rest.password.clone()),
        tls: Some(rest.tls.clone()),
        identity: rest.identity.clone(),
    }
}
