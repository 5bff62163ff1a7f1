//! A login to simulate.

use std::net::Ipv4Addr;
use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;

/// Which part of RouterOS holds a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// The hotspot.
    Hotspot,
    /// PPP over Ethernet.
    Ppp,
    /// A Wi-Fi station; its User-Name is its MAC.
    Wifi,
    /// A DHCP lease; its User-Name is its MAC.
    Dhcp,
}

impl Service {
    /// The first octet of an Acct-Session-Id (RouterOS manual, RADIUS: the two most significant digits).
    /// As `service=` of a `/radius` entry names it.
    pub(super) const fn menu_name(self) -> &'static str {
        match self {
            Self::Hotspot => "hotspot",
            Self::Ppp => "ppp",
            Self::Wifi => "wireless",
            Self::Dhcp => "dhcp",
        }
    }

    pub(super) const fn digits(self) -> u32 {
        match self {
            Self::Hotspot => 0x80,
            Self::Ppp => 0x81,
            Self::Wifi => 0x82,
            Self::Dhcp => 0x83,
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
    /// What an Access-Request proves the user with.
    pub password: SecretString,
}

impl SessionSpec {
    /// A hotspot login over RADIUS that uses no data by itself. The password is the name, as vouchers have it.
    #[must_use]
    pub fn hotspot(user: impl Into<String>, mac: impl Into<String>, address: Ipv4Addr) -> Self {
        let user = user.into();
        Self {
            service: Service::Hotspot,
            password: user.clone().into(),
            user,
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

    /// Whether both cannot be on at once: one address, or one station.
    pub(super) fn is_at(&self, other: &Self) -> bool {
        let place = |spec: &Self| (spec.service, spec.address);
        place(self) == place(other) && (self.service != Service::Wifi || self.mac == other.mac)
    }

    /// A Wi-Fi station; it has no address.
    #[must_use]
    pub fn wifi(mac: impl Into<String>) -> Self {
        let mac = mac.into();
        Self { service: Service::Wifi, cookies: false, ..Self::hotspot(mac.clone(), mac, Ipv4Addr::UNSPECIFIED) }
    }

    /// A DHCP lease.
    #[must_use]
    pub fn dhcp(mac: impl Into<String>, address: Ipv4Addr) -> Self {
        let mac = mac.into();
        Self { service: Service::Dhcp, cookies: false, ..Self::hotspot(mac.clone(), mac, address) }
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
