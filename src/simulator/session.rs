//! One session of a simulated router, and how its parts are written.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::Settings;

/// Which part of RouterOS holds a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The hotspot.
    Hotspot,
    /// PPP over Ethernet.
    Ppp,
}

impl Service {
    /// The first octet of an Acct-Session-Id (RouterOS manual, RADIUS: the two most significant digits).
    const fn digits(self) -> u32 {
        match self {
            Self::Hotspot => 0x80,
            Self::Ppp => 0x81,
        }
    }
}

/// A login to simulate.
#[derive(Debug, Clone)]
pub struct SessionSpec {
    /// Which service.
    pub service: Service,
    /// The User-Name.
    pub user: String,
    /// The MAC, upper case with colons.
    pub mac: String,
    /// Framed-IP-Address.
    pub address: Ipv4Addr,
    /// Whether RADIUS authenticated it. A local one has no accounting and hears no Disconnect-Request.
    pub radius: bool,
    /// For how long the session has been on already when it is simulated: its Accounting-Start, delivered late, says so.
    pub already_on: Duration,
    /// Octets from and to the client each second, used without further calls.
    pub rate: Octets,
    /// Whether the login leaves cookies behind (hotspot).
    pub cookies: bool,
    /// How it logged in (hotspot).
    pub login_by: LoginBy,
}

impl SessionSpec {
    /// A hotspot login over RADIUS that uses no data by itself.
    #[must_use]
    pub fn hotspot(user: impl Into<String>, mac: impl Into<String>, address: Ipv4Addr) -> Self {
        Self {
            service: Service::Hotspot,
            user: user.into(),
            mac: mac.into(),
            address,
            radius: true,
            already_on: Duration::ZERO,
            rate: Octets::default(),
            cookies: true,
            login_by: LoginBy::default(),
        }
    }

    /// A PPP login over RADIUS that uses no data by itself.
    #[must_use]
    pub fn ppp(user: impl Into<String>, mac: impl Into<String>, address: Ipv4Addr) -> Self {
        Self { service: Service::Ppp, cookies: false, ..Self::hotspot(user, mac, address) }
    }
}

/// How a hotspot user logged in (RouterOS manual, hotspot: `login-by`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginBy {
    /// A cookie in the browser.
    Cookie,
    /// The login page, with CHAP.
    #[default]
    HttpChap,
    /// The login page, with PAP.
    HttpPap,
    /// The login page, over TLS.
    Https,
    /// The MAC is user name.
    Mac,
    /// The router remembers the MAC's user.
    MacCookie,
    /// Without an account.
    Trial,
}

impl LoginBy {
    /// As RouterOS writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cookie => "cookie",
            Self::HttpChap => "http-chap",
            Self::HttpPap => "http-pap",
            Self::Https => "https",
            Self::Mac => "mac",
            Self::MacCookie => "mac-cookie",
            Self::Trial => "trial",
        }
    }
}

/// Octets in both directions, seen from the router: input came from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Octets {
    /// From the client.
    pub input: u64,
    /// To the client.
    pub output: u64,
}

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
        format!("{:08x}", self.number)
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

    /// The row's `.id`: a hotspot's is the client's address, so the next session there has it too.
    pub(super) fn row_id(&self) -> String {
        match self.spec.service {
            Service::Hotspot => format!("*{:X}", u32::from(self.spec.address)),
            Service::Ppp => format!("*{:X}", self.row),
        }
    }
}

/// Acct-Session-Id and NAS-Port: service, one hex digit that counts reboots, twenty bits of session.
pub(super) const fn session_number(service: Service, boot: u8, serial: u32) -> u32 {
    service.digits() << 24 | ((boot & 0xf) as u32) << 20 | (serial & 0xf_ffff)
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
