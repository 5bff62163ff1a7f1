//! How sessions are found, named and counted.

use serde::Deserialize;

/// How a User-Name is compared with a session's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UserNameCase {
    /// Octet by octet.
    #[default]
    Exact,
    /// Without regard to the case of ASCII letters.
    Ignored,
}

/// A request for PPP with a User-Name and nothing else, while the user has several sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameAlone {
    /// The oldest is meant.
    #[default]
    First,
    /// All are.
    All,
    /// None is: not found.
    #[serde(rename = "none")]
    Nobody,
}

/// `split-user-domain` of the hotspot's profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitUserDomain {
    /// `no`: the name is one.
    #[default]
    Off,
    /// `yes`: a request needs the full name, as RADIUS saw it.
    FullName,
    /// `yes`: a request needs the user without the domain.
    UserName,
    /// `yes`: a request may have either.
    Either,
}

/// A User-Name that is the MAC of a Wi-Fi station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WifiNames {
    /// Wireless takes the request; a hotspot session of that name stays.
    #[default]
    Taken,
    /// Wireless takes a request without Framed-IP-Address (measured on 7.9.2).
    TakenWithoutIp,
    /// A hotspot session of that name goes first.
    Off,
}

/// The `.id` of a row of `/ip hotspot active`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HotspotIds {
    /// The client's address in hex: the next session there has it too.
    #[default]
    Address,
    /// A number that is used once.
    Counter,
}

/// What Acct-Input-Octets counts; the manual says both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OctetDirection {
    /// What the router received from the client.
    #[default]
    RouterSees,
    /// What the client received.
    ClientSees,
}

/// The NAK that meets every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NakEverything {
    /// With this Error-Cause.
    Cause(u32),
    /// Without one.
    NoCause,
}
