//! What the router itself says of RADIUS: `/radius incoming`, and whom it lets in without asking RADIUS.

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::RestClient;
use super::error::{RestError, RestFailure};
use super::query::Names;
use super::rows::{Menu, flag, row_id, text};

/// What became of the requests that arrived at `/radius incoming`, since the router started or the counters were reset.
/// A request that a firewall drops is in none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncomingCounters {
    /// All that arrived.
    pub requests: u64,
    /// Of those, what the router did not answer: a wrong secret, or a sender that is in no `/radius` entry.
    pub bad_requests: u64,
    /// ACKs sent.
    pub acks: u64,
    /// NAKs sent.
    pub naks: u64,
}

/// `/radius incoming`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IncomingSettings {
    /// Whether the router listens. Default of RouterOS: no.
    pub accept: bool,
    /// The UDP port. 3799 in current versions, 1700 in older ones.
    pub port: u16,
}

impl RestClient {
    /// `/radius incoming monitor`, once.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn incoming_counters(&self) -> Result<IncomingCounters, RestError> {
        let once = Some(json!({ "once": "" }));
        let asked = self.command(Method::POST, "radius/incoming/monitor", once).await;
        asked.and_then(|row| counters(&row)).map_err(|failure| self.error("reading /radius incoming counters", failure))
    }

    /// `/radius incoming print`.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn incoming_settings(&self) -> Result<IncomingSettings, RestError> {
        let asked = self.object("radius/incoming").await;
        asked.and_then(|row| settings(&row)).map_err(|failure| self.error("reading /radius incoming", failure))
    }

    /// Whether the router has a user of its own with this name, `/ip hotspot user` or `/ppp secret`, that is not disabled.
    /// Such a user is let in before RADIUS is asked, so a block in FreeRADIUS does not hold.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn local_user(&self, menu: Menu, name: &str) -> Result<bool, RestError> {
        let path = match menu {
            Menu::HotspotActive => "ip/hotspot/user",
            Menu::PppActive => "ppp/secret",
        };
        let words = Names::new(&[name]).words("name", false);
        let user = |row: &Map<String, Value>| Ok((row_id(row)?, text(row, "name"), flag(row, "disabled")));
        let asked = self.chosen(path, &[".id", "name", "disabled"], words, user).await;
        let users = asked.map_err(|failure| self.error("looking for a user of the router's own", failure))?;
        Ok(users.iter().any(|(_, user, disabled)| !disabled && user.as_deref() == Some(name)))
    }
}

fn counters(row: &Map<String, Value>) -> Result<IncomingCounters, RestFailure> {
    let number = |property| text(row, property).and_then(|number| number.parse().ok());
    let all = || {
        Some(IncomingCounters {
            requests: number("requests")?,
            bad_requests: number("bad-requests")?,
            acks: number("acks")?,
            naks: number("naks")?,
        })
    };
    all().ok_or(RestFailure::Shape("counters that are missing or no numbers"))
}

fn settings(row: &Map<String, Value>) -> Result<IncomingSettings, RestFailure> {
    let port = text(row, "port").and_then(|port| port.parse().ok());
    let port = port.ok_or(RestFailure::Shape("an incoming without a port"))?;
    Ok(IncomingSettings { accept: flag(row, "accept"), port })
}
