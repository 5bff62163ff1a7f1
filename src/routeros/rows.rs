//! Rows of RouterOS' lists.
//!
//! Every value is text, an unset one is absent, a flag is `"true"` or absent.

use std::net::IpAddr;
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::RestFailure;

/// A list of sessions on a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Menu {
    /// `/ip/hotspot/active`.
    HotspotActive,
    /// `/ppp/active`.
    PppActive,
}

impl Menu {
    /// The path below `/rest`, as `ip/hotspot/active`.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::HotspotActive => "ip/hotspot/active",
            Self::PppActive => "ppp/active",
        }
    }

    /// The property that holds the user's name.
    pub(super) const fn user_property(self) -> &'static str {
        match self {
            Self::HotspotActive => "user",
            Self::PppActive => "name",
        }
    }

    /// The columns that are read.
    pub(super) const fn columns(self) -> &'static [&'static str] {
        match self {
            Self::HotspotActive => &[
                ".id",
                "user",
                "domain",
                "address",
                "mac-address",
                "login-by",
                "radius",
                "uptime",
                "bytes-in",
                "bytes-out",
            ],
            Self::PppActive => &[".id", "name", "address", "caller-id", "radius", "session-id", "uptime"],
        }
    }

    const fn mac_property(self) -> &'static str {
        match self {
            Self::HotspotActive => "mac-address",
            Self::PppActive => "caller-id",
        }
    }
}

/// One session on a router's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveRow {
    /// `.id`, as `*C0A80A08`. Hotspot ids are reused by the next session on the address: read again before removing.
    pub id: String,
    /// `user` (hotspot) or `name` (PPP); empty if the row has none.
    pub user: String,
    /// `domain` (hotspot), where the login had one. [`ActiveRow::login`] rejoins them.
    pub domain: Option<String>,
    /// The session's address.
    pub address: Option<IpAddr>,
    /// `mac-address` (hotspot) or `caller-id` (PPP), as RouterOS writes it.
    pub mac: Option<String>,
    /// `login-by` (hotspot), how the user logged in: `http-chap`, `cookie`, `mac-cookie`, `mac`, … PPP's list has none.
    pub login_by: Option<String>,
    /// Whether RADIUS let it in. Others are never to be removed.
    pub radius: bool,
    /// `session-id` (PPP), as Acct-Session-Id has it: `81e0000b`. A hotspot's list has none.
    pub session_id: Option<String>,
    /// `uptime`, whole seconds.
    pub uptime: Option<Duration>,
    /// `bytes-in`, octets from the user. PPP's list has none.
    pub bytes_in: Option<u64>,
    /// `bytes-out`, octets to the user. PPP's list has none.
    pub bytes_out: Option<u64>,
}

/// What became of a removal that the router answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    /// The router removed the row.
    Removed,
    /// It had no such row.
    AlreadyGone,
}

impl ActiveRow {
    /// The name that the user logged in with: RouterOS takes `bob@isp` apart at a hotspot.
    #[must_use]
    pub fn login(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{}@{domain}", self.user),
            None => self.user.clone(),
        }
    }

    /// A row as RouterOS sent it.
    pub(super) fn parse(menu: Menu, row: &Map<String, Value>) -> Result<Self, RestFailure> {
        Ok(Self {
            id: row_id(row)?,
            user: text(row, menu.user_property()).unwrap_or_default(),
            domain: text(row, "domain").filter(|domain| !domain.is_empty()),
            address: text(row, "address").and_then(|address| address.parse().ok()),
            mac: text(row, menu.mac_property()),
            login_by: text(row, "login-by"),
            radius: flag(row, "radius"),
            session_id: text(row, "session-id").map(|number| session_id(&number)),
            uptime: text(row, "uptime").and_then(|uptime| parse_uptime(&uptime)),
            bytes_in: text(row, "bytes-in").and_then(|octets| octets.parse().ok()),
            bytes_out: text(row, "bytes-out").and_then(|octets| octets.parse().ok()),
        })
    }
}

/// A value as text. Versions that send a number or a flag as such are tolerated.
pub(super) fn text(row: &Map<String, Value>, property: &str) -> Option<String> {
    match row.get(property)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A flag, which RouterOS leaves out where it is not set.
pub(super) fn flag(row: &Map<String, Value>, property: &str) -> bool {
    text(row, property).is_some_and(|flag| flag == "true" || flag == "yes")
}

/// The row's id, without which it cannot be told from others.
pub(super) fn row_id(row: &Map<String, Value>) -> Result<String, RestFailure> {
    text(row, ".id").filter(|id| is_id(id)).ok_or(RestFailure::Shape("a row without .id"))
}

/// `*` and hexadecimal digits: anything else might name another path.
pub(super) fn is_id(id: &str) -> bool {
    let digits = id.strip_prefix('*').unwrap_or_default();
    (1..=16).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
}

/// `0x81E0000B` as RADIUS accounting has it: `81e0000b`.
fn session_id(number: &str) -> String {
    number.trim_start_matches("0x").to_ascii_lowercase()
}

/// `1w2d3h4m5s`, or `1d02:03:04`.
pub(super) fn parse_uptime(text: &str) -> Option<Duration> {
    let mut seconds: u64 = 0;
    let mut number: Option<u64> = None;
    let mut clock = Vec::new();
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                let digit = u64::from(c.to_digit(10)?);
                number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
                continue;
            }
            ':' => {
                clock.push(number.take()?);
                continue;
            }
            'w' => 604_800,
            'd' => 86_400,
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    match (clock.as_slice(), number) {
        ([], None) if !text.is_empty() => {}
        ([hours, minutes], Some(rest)) => {
            let clock = hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(rest)?;
            seconds = seconds.checked_add(clock)?;
        }
        _ => return None,
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptimes() {
        for (text, seconds) in [("44m55s", 2695), ("1w2d3h4m5s", 788_645), ("0s", 0), ("1d02:03:04", 93_784)] {
            assert_eq!(parse_uptime(text), Some(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "5", "never", "5m5", "1:2", "99999999999999999999s"] {
            assert_eq!(parse_uptime(bad), None, "{bad}");
        }
    }

    #[test]
    fn ids_are_hexadecimal() {
        for good in ["*1A", "*0", "*80000001"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "*", "1A", "*1A/../..", "*xyz", "*1A?x"] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
