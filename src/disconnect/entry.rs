//! What is known of one NAS, and what a session says of its own.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::config::{Nas, NasMatch, NasSettings};
use crate::radius::SharedSecret;
use crate::store::{NasRow, SessionRow};

use super::HostNames;

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) nets: Vec<IpNet>,
    pub(super) names: Vec<String>,
    pub(super) settings: NasSettings,
    /// Whether it is a `[[nas]]`, not a row of the nas table.
    pub(super) configured: bool,
}

impl Entry {
    /// Whether it has addresses of its own, and this is none of them.
    pub(super) fn is_elsewhere(&self, address: IpAddr) -> bool {
        !self.nets.is_empty() && self.fit(address).is_none()
    }

    /// How well the address fits: the longest prefix that holds it.
    pub(super) fn fit(&self, address: IpAddr) -> Option<u8> {
        self.nets.iter().filter(|net| net.contains(&address)).map(IpNet::prefix_len).max()
    }

    /// A `[[nas]]`.
    pub(super) fn configured(nas: &Nas) -> Self {
        let (mut nets, mut names) = (Vec::new(), Vec::new());
        for part in &nas.matches {
            match part {
                NasMatch::Net(net) => nets.push(*net),
                NasMatch::Name(name) => names.push(name.clone()),
            }
        }
        Self { name: nas.name.clone(), nets, names, settings: nas.settings.clone(), configured: true }
    }

    /// A row of the nas table; `None` where nothing is known of its address.
    pub(super) fn of_row(row: &NasRow, hosts: &HostNames) -> Option<Self> {
        let nets: Vec<IpNet> = match net_of(&row.nasname) {
            Some(net) => vec![net],
            None => hosts.addresses(&row.nasname).iter().copied().map(IpNet::from).collect(),
        };
        if nets.is_empty() {
            return None;
        }
        let secret = SharedSecret::new(row.secret.clone().into_bytes()).ok();
        Some(Entry {
            name: row.shortname.clone().filter(|name| !name.is_empty()).unwrap_or_else(|| row.nasname.clone()),
            nets,
            names: Vec::new(),
            settings: NasSettings { secret, ..NasSettings::default() },
            configured: false,
        })
    }

    /// The one address that it has, not a network.
    pub(super) fn host(&self) -> Option<IpAddr> {
        self.nets.iter().find(|net| net.prefix_len() == net.max_prefix_len()).map(IpNet::addr)
    }

    /// Whether it is FreeRADIUS' own machine, which is a client for tests in most tables, and no router.
    pub(super) fn is_localhost(&self) -> bool {
        let own = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        !self.nets.is_empty() && self.nets.iter().all(|net| own.contains(&net.addr()))
    }
}

/// What a session says of its NAS.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark<'a> {
    /// nasipaddress as stored.
    pub(super) address: &'a str,
    /// Called-Station-Id.
    pub(super) called: &'a str,
    /// NAS-Identifier; empty where radacct has none.
    pub(super) identifier: &'a str,
}

impl<'a> Mark<'a> {
    pub(super) fn of(session: &'a SessionRow) -> Self {
        Self {
            address: &session.nas_ip_address,
            called: &session.called_station_id,
            identifier: &session.nas_identifier,
        }
    }

    /// The NAS' address; none where it is unset.
    pub(super) fn nas_address(&self) -> Option<IpAddr> {
        let address = self.address.parse::<IpAddr>().ok()?.to_canonical();
        Some(address).filter(|address| !address.is_unspecified())
    }
}

/// An address, or a CIDR.
pub(super) fn net_of(nasname: &str) -> Option<IpNet> {
    let nasname = nasname.trim();
    nasname.parse::<IpNet>().or_else(|_| nasname.parse::<IpAddr>().map(IpNet::from)).ok()
}
