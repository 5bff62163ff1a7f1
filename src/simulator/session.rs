//! One session of a simulated router, and how its parts are written.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::{HotspotIds, Octets, Service, SessionSpec, Settings};

/// A session as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionView {
    /// Acct-Session-Id: eight lower-case hex digits.
    pub acct_session_id: String,
    /// Which service.
    pub service: Service,
    /// The User-Name.
    pub user: String,
    /// The MAC.
    pub mac: String,
    /// Framed-IP-Address.
    pub address: Ipv4Addr,
    /// Whether RADIUS authenticated it.
    pub radius: bool,
    /// Octets used.
    pub octets: Octets,
    /// Seconds since the login.
    pub uptime_secs: u64,
    /// What a CoA-Request has set.
    #[serde(skip_serializing_if = "Settings::is_empty")]
    pub settings: Settings,
}

/// A session in the router's table.
#[derive(Debug, Clone)]
pub(super) struct Session {
    /// Acct-Session-Id as a number, and NAS-Port.
    pub(super) number: u32,
    /// The `.id` of a PPP row.
    pub(super) row: u32,
    pub(super) spec: SessionSpec,
    pub(super) started: Instant,
    pub(super) interim_due: Option<Instant>,
    pub(super) settings: Settings,
    /// Octets beyond those of the rate.
    pub(super) used: Octets,
}

impl Session {
    pub(super) fn acct_session_id(&self) -> String {
        acct_session_id(self.number)
    }

    pub(super) fn uptime(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started) + self.spec.already_on
    }

    /// How long Session-Timeout leaves it.
    pub(super) fn time_left(&self, now: Instant) -> Option<Duration> {
        let timeout = Duration::from_secs(self.settings.session_timeout?.into());
        Some(timeout.saturating_sub(self.uptime(now)))
    }

    pub(super) fn octets(&self, now: Instant) -> Octets {
        let seconds = self.uptime(now).as_secs();
        let by_now = |used: u64, rate: u64| used.saturating_add(rate.saturating_mul(seconds));
        Octets {
            input: by_now(self.used.input, self.spec.rate.input),
            output: by_now(self.used.output, self.spec.rate.output),
        }
    }

    pub(super) fn view(&self, now: Instant) -> SessionView {
        SessionView {
            acct_session_id: self.acct_session_id(),
            service: self.spec.service,
            user: self.spec.user.clone(),
            mac: self.spec.mac.clone(),
            address: self.spec.address,
            radius: self.spec.radius,
            octets: self.octets(now),
            uptime_secs: self.uptime(now).as_secs(),
            settings: self.settings.clone(),
        }
    }

    /// The row's `.id`.
    pub(super) fn row_id(&self, ids: HotspotIds) -> String {
        match (self.spec.service, ids) {
            (Service::Hotspot, HotspotIds::Address) => format!("*{:X}", u32::from(self.spec.address)),
            (Service::Hotspot | Service::Ppp | Service::Wifi | Service::Dhcp, _) => format!("*{:X}", self.row),
        }
    }
}

/// Acct-Session-Id and NAS-Port: service, one hex digit that counts reboots, twenty bits of session.
pub(super) const fn session_number(service: Service, boot: u8, serial: u32) -> u32 {
    service.digits() << 24 | ((boot & 0xf) as u32) << 20 | (serial & 0xf_ffff)
}

/// Eight lower-case hex digits.
pub(super) fn acct_session_id(number: u32) -> String {
    format!("{number:08x}")
}

/// A name and its domain, as `split-user-domain` takes them apart.
pub(super) fn split_domain(name: &str) -> (&str, Option<&str>) {
    match (name.rsplit_once('@'), name.split_once('\\')) {
        (Some((user, domain)), _) | (None, Some((domain, user))) => (user, Some(domain)),
        (None, None) => (name, None),
    }
}

/// How many packets so many octets might have been.
pub(super) fn packets(octets: u64) -> u64 {
    octets.div_ceil(1400)
}

/// A duration as RouterOS prints one: `1w2d3h4m5s`, parts of zero left out.
pub(super) fn duration(duration: Duration) -> String {
    let mut seconds = duration.as_secs();
    let mut text = String::new();
    for (unit, letter) in [(604_800, 'w'), (86_400, 'd'), (3600, 'h'), (60, 'm')] {
        if seconds >= unit {
            text.push_str(&(seconds / unit).to_string());
            text.push(letter);
            seconds %= unit;
        }
    }
    if seconds > 0 || text.is_empty() {
        text.push_str(&seconds.to_string());
        text.push('s');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_names_service_boot_and_session() {
        assert_eq!(session_number(Service::Hotspot, 1, 0x14), 0x8010_0014);
        assert_eq!(session_number(Service::Hotspot, 1, 0x14), 2_148_532_244);
        assert_eq!(session_number(Service::Ppp, 0xe, 0xb), 0x81e0_000b);
        assert_eq!(session_number(Service::Hotspot, 17, 0x10_0001), 0x8010_0001, "both wrap");
    }

    #[test]
    fn durations_read_as_routeros_prints_them() {
        for (seconds, text) in [(0, "0s"), (120, "2m"), (2695, "44m55s"), (93_784, "1d2h3m4s"), (604_801, "1w1s")] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
