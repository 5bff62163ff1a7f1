//! In which zone the days of a session begin.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::config::{Config, NasMatch};
use crate::quota::Sighting;

/// The zones of the site and of its NAS.
#[derive(Debug, Clone)]
pub struct Zones {
    site: Zone,
    nas: Vec<(Vec<NasMatch>, Zone)>,
}

/// A zone and the name that it has in our tables.
#[derive(Debug, Clone)]
struct Zone {
    name: Arc<str>,
    zone: TimeZone,
}

impl Zone {
    /// A zone without a name (of an offset alone) goes by none: it is the site's, which has none beside it.
    fn new(zone: &TimeZone) -> Self {
        Self { name: zone.iana_name().unwrap_or_default().into(), zone: zone.clone() }
    }
}

impl Zones {
    /// Those of the configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let of_nas = |nas: &crate::config::Nas| {
            let zone = nas.settings.time_zone.as_ref().or(config.nas_defaults.time_zone.as_ref());
            zone.map(|zone| (nas.matches.clone(), Zone::new(zone)))
        };
        let site = config.nas_defaults.time_zone.as_ref().unwrap_or(&config.accounting.time_zone);
        Self { site: Zone::new(site), nas: config.nas.iter().filter_map(of_nas).collect() }
    }

    /// The zone of the NAS that a row names, with its name: by address, longest prefix first, then by Called-Station-Id;
    /// else the site's.
    #[must_use]
    pub fn of(&self, row: &Sighting) -> (&Arc<str>, &TimeZone) {
        if self.nas.is_empty() {
            return (&self.site.name, &self.site.zone);
        }
        let address = row.nas_ip_address.parse::<IpAddr>().ok();
        let fit =
            |matches: &[NasMatch]| matches.iter().filter_map(|one| fit(one, address, &row.called_station_id)).max();
        let best = self.nas.iter().filter_map(|(matches, zone)| Some((fit(matches)?, zone)));
        let zone = best.max_by_key(|(fit, _)| *fit).map_or(&self.site, |(_, zone)| zone);
        (&zone.name, &zone.zone)
    }

    /// The zone that has this name in our tables.
    #[must_use]
    pub fn named(&self, name: &str) -> TimeZone {
        let known = self.nas.iter().map(|(_, zone)| zone).chain([&self.site]).find(|zone| &*zone.name == name);
        match known {
            Some(zone) => zone.zone.clone(),
            None => TimeZone::get(name).unwrap_or_else(|_| self.site.zone.clone()),
        }
    }

    /// The site's zone.
    #[must_use]
    pub const fn site(&self) -> &TimeZone {
        &self.site.zone
    }
}

/// How well a row fits: a prefix by its length, a name below all.
fn fit(one: &NasMatch, address: Option<IpAddr>, called: &str) -> Option<u8> {
    match one {
        NasMatch::Net(net) => {
            address.filter(|address| net.contains(address)).map(|_| net.prefix_len().saturating_add(1))
        }
        NasMatch::Name(name) => (name == called).then_some(0),
    }
}
