//! What lets a user of a hotspot back in without asking: cookies, and hosts that the router knows.

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::RestClient;
use super::error::{RestError, RestFailure};
use super::mac::{as_listed, mac_digits};
use super::query::{Names, Words};
use super::rows::{Removal, flag, row_id, text};

const COOKIES: &str = "ip/hotspot/cookie";
const HOSTS: &str = "ip/hotspot/host";

/// A cookie of `/ip/hotspot/cookie`: its holder logs in without a password. A Disconnect-Request takes the MAC cookie along,
/// not the browser's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieRow {
    /// `.id`.
    pub id: String,
    /// `user`; empty if the row has none.
    pub user: String,
    /// `domain`, where the login had one.
    pub domain: Option<String>,
    /// `mac-address`, as RouterOS writes it.
    pub mac: Option<String>,
    /// Whether it is a MAC cookie, not a browser's.
    pub is_mac_cookie: bool,
}

/// A device of `/ip/hotspot/host`, logged in or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostRow {
    /// `.id`.
    pub id: String,
    /// `mac-address`, as RouterOS writes it.
    pub mac: Option<String>,
    /// `address`, as the device has it.
    pub address: Option<IpAddr>,
    /// `to-address`, as the router translates it.
    pub to_address: Option<IpAddr>,
    /// Whether it is logged in.
    pub authorized: bool,
    /// Whether an `ip-binding` lets it through without a login.
    pub bypassed: bool,
}

impl RestClient {
    /// Cookies of this user (with the domain forms of [`RestClient::active_of`]), and of this MAC address whoever the user
    /// is. A `mac` that is no MAC address counts as none.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn cookies(&self, user: &str, mac: Option<&str>) -> Result<Vec<CookieRow>, RestError> {
        let (names, digits) = (Names::new(&[user]), mac.and_then(mac_digits));
        if names.is_empty() && digits.is_none() {
            return Ok(Vec::new());
        }
        let words = names.words("user", true).map(|words| {
            let mut words = Words(words);
            words.or_all(digits.iter().map(|digits| format!("mac-address={}", as_listed(digits))));
            words.0
        });
        let columns = [".id", "user", "domain", "mac-address", "mac-cookie"];
        let asked = self.chosen(COOKIES, &columns, words, cookie).await;
        let mut cookies = asked.map_err(|failure| self.error("listing hotspot cookies", failure))?;
        cookies.retain(|cookie| {
            names.hold(&cookie.user, cookie.domain.as_deref()) || has_mac(cookie.mac.as_deref(), digits.as_deref())
        });
        Ok(cookies)
    }

    /// Removes a cookie. The caller has just read it and knows whose it is.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked; the cookie may then be gone or not.
    pub async fn remove_cookie(&self, id: &str) -> Result<Removal, RestError> {
        self.remove_from(COOKIES, id).await.map_err(|failure| self.error("removing a hotspot cookie", failure))
    }

    /// Hosts with this MAC address at this address, before or after translation; of what is `None` any will do, of both
    /// there are none.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn hosts(&self, mac: Option<&str>, address: Option<IpAddr>) -> Result<Vec<HostRow>, RestError> {
        let digits = mac.and_then(mac_digits);
        let mut words = Words::default();
        match (&digits, address) {
            (Some(digits), _) => words.or(&[format!("mac-address={}", as_listed(digits))]),
            (None, Some(address)) => {
                words.or_all(["address", "to-address"].map(|property| format!("{property}={address}")));
            }
            (None, None) => return Ok(Vec::new()),
        }
        let columns = [".id", "mac-address", "address", "to-address", "authorized", "bypassed"];
        let asked = self.chosen(HOSTS, &columns, Some(words.0), host).await;
        let mut hosts = asked.map_err(|failure| self.error("listing hotspot hosts", failure))?;
        hosts.retain(|host| {
            let is_at = |address| host.address == Some(address) || host.to_address == Some(address);
            (digits.is_none() || has_mac(host.mac.as_deref(), digits.as_deref())) && address.is_none_or(is_at)
        });
        Ok(hosts)
    }

    /// Removes a host: the router detects the device anew. The caller has just read it and knows whose it is.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked; the host may then be gone or not.
    pub async fn remove_host(&self, id: &str) -> Result<Removal, RestError> {
        self.remove_from(HOSTS, id).await.map_err(|failure| self.error("removing a hotspot host", failure))
    }
}

fn cookie(row: &Map<String, Value>) -> Result<CookieRow, RestFailure> {
    Ok(CookieRow {
        id: row_id(row)?,
        user: text(row, "user").unwrap_or_default(),
        domain: text(row, "domain").filter(|domain| !domain.is_empty()),
        mac: text(row, "mac-address"),
        is_mac_cookie: flag(row, "mac-cookie"),
    })
}

fn host(row: &Map<String, Value>) -> Result<HostRow, RestFailure> {
    let address = |property| text(row, property).and_then(|address| address.parse().ok());
    Ok(HostRow {
        id: row_id(row)?,
        mac: text(row, "mac-address"),
        address: address("address"),
        to_address: address("to-address"),
        authorized: flag(row, "authorized"),
        bypassed: flag(row, "bypassed"),
    })
}

fn has_mac(listed: Option<&str>, digits: Option<&str>) -> bool {
    digits.is_some() && listed.and_then(mac_digits).as_deref() == digits
}
