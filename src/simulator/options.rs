//! What a simulated router is made of.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use secrecy::SecretString;

use super::{Behaviours, Service};
use crate::radius::SharedSecret;

/// A router to start. [`RouterOptions::new`] gives one that takes no Disconnect-Request, keeps no accounting and has no
/// REST: everything is off until it is set up, as on a new RouterOS.
#[derive(Debug, Clone)]
pub struct RouterOptions {
    /// `/system identity`, also sent as NAS-Identifier.
    pub name: String,
    /// The address of everything: RADIUS incoming, REST, the source of accounting, NAS-IP-Address.
    pub bind: Ipv4Addr,
    /// `/radius incoming`.
    pub coa: Incoming,
    /// The `/radius` entries: who may send a Disconnect-Request, and with which secret.
    pub radius_servers: Vec<RadiusEntry>,
    /// Where Access-Requests go. `None`: nowhere, as if it never answered.
    pub authentication: Option<AuthenticationOptions>,
    /// `/ip hotspot user` and `/ppp secret`: asked before RADIUS.
    pub local_users: Vec<LocalUser>,
    /// Where Accounting-Requests go. `None`: nowhere.
    pub accounting: Option<AccountingOptions>,
    /// The REST service. `None`: `www` and `www-ssl` are off.
    pub rest: Option<RestOptions>,
    /// Whether there is a hotspot at all; without one, a request without Framed-IP-Address is no hotspot's business
    /// (RouterOS changelog 6.32).
    pub hotspot: bool,
    /// Where routers, or their versions, or what is known of them, differ.
    pub behaviours: Behaviours,
}

impl RouterOptions {
    /// A router of this name on this address (a loopback one), with everything switched off but the hotspot.
    #[must_use]
    pub fn new(name: impl Into<String>, bind: Ipv4Addr) -> Self {
        Self {
            name: name.into(),
            bind,
            coa: Incoming::Closed,
            radius_servers: Vec::new(),
            authentication: None,
            local_users: Vec::new(),
            accounting: None,
            rest: None,
            hotspot: true,
            behaviours: Behaviours::default(),
        }
    }
}

/// `/radius incoming` (RouterOS manual, RADIUS).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incoming {
    /// `accept=yes` on this UDP port; 0 takes a free one.
    Accept(u16),
    /// `accept=no`: nothing listens, the sender may see ICMP port unreachable.
    Closed,
}

/// One entry of `/radius`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RadiusEntry {
    /// The server, and so the only permitted source.
    pub address: IpAddr,
    /// The secret shared with it.
    pub secret: SharedSecret,
    /// `disabled=yes`.
    pub disabled: bool,
    /// `service=`; `None` lists all.
    pub services: Option<Vec<Service>>,
    /// `protocol=radsec`: over TCP, which is not simulated.
    pub radsec: bool,
}

impl RadiusEntry {
    /// An entry for all services, over UDP.
    #[must_use]
    pub const fn new(address: IpAddr, secret: SharedSecret) -> Self {
        Self { address, secret, disabled: false, services: None, radsec: false }
    }
}

/// Where and how logins are asked about.
#[derive(Debug, Clone)]
pub struct AuthenticationOptions {
    /// The authentication server.
    pub server: SocketAddr,
    /// The secret shared with it.
    pub secret: SharedSecret,
    /// How the password is sent.
    pub protocol: AuthenticationProtocol,
    /// How long a transmission waits for its answer before the same octets go out again; 1100 ms is `/radius timeout`'s
    /// default.
    pub timeout: Duration,
    /// How many transmissions there are at most, the first included.
    pub transmissions: u32,
}

impl AuthenticationOptions {
    /// Authentication by this server, with CHAP.
    #[must_use]
    pub const fn new(server: SocketAddr, secret: SharedSecret) -> Self {
        let protocol = AuthenticationProtocol::Chap;
        Self { server, secret, protocol, timeout: Duration::from_millis(1100), transmissions: 4 }
    }
}

/// How a password is sent (RFC 2865 §5.2, §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthenticationProtocol {
    /// User-Password.
    Pap,
    /// CHAP-Password, as the hotspot does by default.
    Chap,
}

/// A row of `/ip hotspot user` or `/ppp secret`. Its password is always right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalUser {
    /// [`Service::Hotspot`] or [`Service::Ppp`].
    pub service: Service,
    /// The name.
    pub name: String,
    /// A disabled user is not there for a login.
    pub disabled: bool,
}

/// Where and how accounting is sent.
#[derive(Debug, Clone)]
pub struct AccountingOptions {
    /// The accounting server.
    pub server: SocketAddr,
    /// The secret shared with it.
    pub secret: SharedSecret,
    /// How often a session reports. `None`: never (PPP's default, RouterOS manual, PPP AAA).
    pub interim_interval: Option<Duration>,
    /// How long a transmission waits for its answer before the same octets go out again; 1100 ms is `/radius timeout`'s
    /// default.
    pub timeout: Duration,
    /// How many transmissions there are at most, the first included.
    pub transmissions: u32,
}

impl AccountingOptions {
    /// Accounting to this server, without interims.
    #[must_use]
    pub const fn new(server: SocketAddr, secret: SharedSecret) -> Self {
        Self { server, secret, interim_interval: None, timeout: Duration::from_millis(1100), transmissions: 4 }
    }
}

/// The REST service of RouterOS v7 (`www` or `www-ssl`).
#[derive(Debug, Clone)]
pub struct RestOptions {
    /// The TCP port; 0 takes a free one.
    pub port: u16,
    /// A `/user`.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// What its group may do.
    pub rights: Rights,
    /// `www` or `www-ssl`, and with which certificate.
    pub tls: Tls,
    /// `address=` of the service: whose requests are answered; empty: everybody's.
    pub allowed: Vec<IpAddr>,
    /// `max-sessions`: how many connections there may be at once.
    pub max_sessions: usize,
}

impl RestOptions {
    /// Plain HTTP on a free port, for a user whose group is `read,write,rest-api`.
    #[must_use]
    pub fn new(user: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self {
            port: 0,
            user: user.into(),
            password: password.into(),
            rights: Rights::default(),
            tls: Tls::Plain,
            allowed: Vec::new(),
            max_sessions: 20,
        }
    }
}

/// The policies of the user's group (RouterOS manual, User). `write` does not include `read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a policy by itself")]
pub struct Rights {
    /// `rest-api`: may log in.
    pub rest_api: bool,
    /// `read`: may list.
    pub read: bool,
    /// `write`: may remove.
    pub write: bool,
    /// `api`: the binary API, and REST where `rest.needs_api_policy` says so.
    pub api: bool,
}

impl Default for Rights {
    fn default() -> Self {
        Self { rest_api: true, read: true, write: true, api: false }
    }
}

/// How REST is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP.
    Plain,
    /// A certificate that signed itself.
    SelfSigned,
    /// A certificate signed by a certificate authority of the router's own.
    CaSigned,
    /// As [`Self::CaSigned`], and over since 2021.
    Expired,
    /// As [`Self::CaSigned`], for a router of another name and address.
    OtherName,
    /// Signed by another authority than the one that is handed out.
    OtherAuthority,
}
