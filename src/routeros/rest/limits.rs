//! What limits a session as the router shows it: its dynamic queue, and the limits on its active row.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Map, Value};

use super::{RestClient, one_object, row_path};
use crate::routeros::body::parse;
use crate::routeros::error::{RestError, RestFailure};
use crate::routeros::rows::{Menu, parse_uptime, text};
use crate::routeros::transport::Size;

/// A row of `/queue/simple`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueRow {
    /// `name`, as `<hotspot-bob>` or `<pppoe-bob>`.
    pub name: String,
    /// `target`: addresses or an interface, as RouterOS writes them.
    pub target: String,
    /// `max-limit` in bits a second, from and to the client; 0 is none.
    pub max_limit: Option<(u64, u64)>,
}

/// The limits on a row of a list of sessions; what the router does not show is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowLimits {
    /// `session-time-left`.
    pub session_time_left: Option<Duration>,
    /// `uptime`.
    pub uptime: Option<Duration>,
    /// `idle-timeout`.
    pub idle_timeout: Option<Duration>,
    /// `limit-bytes-in`: octets that the client may send.
    pub bytes_in: Option<u64>,
    /// `limit-bytes-out`: octets that it may receive.
    pub bytes_out: Option<u64>,
}

impl RestClient {
    /// The queues of these names.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn queues(&self, names: &[String]) -> Result<Vec<QueueRow>, RestError> {
        let asked = self.queues_named(names).await;
        asked.map_err(|failure| self.error("reading a session's queue", failure))
    }

    async fn queues_named(&self, names: &[String]) -> Result<Vec<QueueRow>, RestFailure> {
        // Angle brackets and whatever a user's name holds: into a body, not into a URL
        let mut words: Vec<String> = names.iter().map(|name| format!("name={name}")).collect();
        words.extend(names.iter().skip(1).map(|_| "#|".to_owned()));
        let rows = self.chosen("queue/simple", &["name", "target", "max-limit"], Some(words), QueueRow::parse).await?;
        // A router that ignores the filter must not make another's queue this user's
        Ok(rows.into_iter().filter(|row| names.contains(&row.name)).collect())
    }

    /// The firewall's address lists that hold this address because a session put it there.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn address_lists(&self, address: IpAddr) -> Result<Vec<String>, RestError> {
        let asked = self.lists_of(address).await;
        asked.map_err(|failure| self.error("reading the firewall's address lists", failure))
    }

    async fn lists_of(&self, address: IpAddr) -> Result<Vec<String>, RestFailure> {
        let words = Some(vec![format!("address={address}"), "dynamic=true".to_owned()]);
        let entry = |row: &Map<String, Value>| Ok((text(row, "address"), text(row, "list")));
        let rows = self.chosen("ip/firewall/address-list", &["address", "list"], words, entry).await?;
        // A router that ignores the filter must not make another's list this address's
        let is_its = |of: &Option<String>| of.as_ref().and_then(|of| of.parse().ok()) == Some(address);
        Ok(rows.into_iter().filter(|(of, _)| is_its(of)).filter_map(|(_, list)| list).collect())
    }

    /// The limits on one row of a list of sessions; `None` if the router has no row of that id.
    ///
    /// # Errors
    /// [`RestError`] says why the router could not be asked.
    pub async fn row_limits(&self, menu: Menu, id: &str) -> Result<Option<RowLimits>, RestError> {
        let asked = self.read_limits(menu, id).await;
        asked.map_err(|failure| self.error("reading a session's limits", failure))
    }

    async fn read_limits(&self, menu: Menu, id: &str) -> Result<Option<RowLimits>, RestFailure> {
        let asked = self.transport.ask(Method::GET, &row_path(menu.path(), id)?, None, Size::Few).await;
        match asked.and_then(|answer| parse(&answer.octets?)) {
            Ok(Value::Array(rows)) if rows.is_empty() => Ok(None),
            Ok(value) => Ok(Some(RowLimits::parse(one_object(&value)?))),
            Err(RestFailure::NoSuchRow) => Ok(None),
            Err(failure) => Err(failure),
        }
    }
}

impl QueueRow {
    fn parse(row: &Map<String, Value>) -> Result<Self, RestFailure> {
        Ok(Self {
            name: text(row, "name").ok_or(RestFailure::Shape("a queue without name"))?,
            target: text(row, "target").unwrap_or_default(),
            max_limit: text(row, "max-limit").and_then(|limit| rates(&limit)),
        })
    }
}

impl RowLimits {
    fn parse(row: &Map<String, Value>) -> Self {
        let time = |property| text(row, property).and_then(|time| parse_uptime(&time));
        Self {
            session_time_left: time("session-time-left"),
            uptime: time("uptime"),
            idle_timeout: time("idle-timeout"),
            bytes_in: number(row, "limit-bytes-in"),
            bytes_out: number(row, "limit-bytes-out"),
        }
    }
}

fn number(row: &Map<String, Value>, property: &str) -> Option<u64> {
    text(row, property).and_then(|number| number.parse().ok())
}

/// `2000000/8000000`, or `2M/8M` as some versions shorten it.
fn rates(text: &str) -> Option<(u64, u64)> {
    let (up, down) = text.split_once('/')?;
    Some((rate(up)?, rate(down)?))
}

fn rate(text: &str) -> Option<u64> {
    let factors = [("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];
    let short = factors.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)));
    let (digits, factor) = short.unwrap_or((text, 1));
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn queues_and_limits_as_routeros_writes_them() {
        let object = |value: Value| value.as_object().cloned().unwrap();
        let row = object(json!({ "name": "<hotspot-bob>", "target": "10.5.50.2/32", "max-limit": "2000000/8000000" }));
        let queue = QueueRow::parse(&row).unwrap();
        assert_eq!((queue.name.as_str(), queue.max_limit), ("<hotspot-bob>", Some((2_000_000, 8_000_000))));
        assert_eq!(rates("512k/2M"), Some((512_000, 2_000_000)));
        for bad in ["", "2M", "2M/", "/", "a/b", "2.5M/1M"] {
            assert_eq!(rates(bad), None, "{bad}");
        }
        let row = object(
            json!({ ".id": "*1", "session-time-left": "59m50s", "limit-bytes-in": "5000000000", "limit-bytes-out": "x" }),
        );
        let limits = RowLimits::parse(&row);
        assert_eq!(limits.session_time_left, Some(Duration::from_secs(3590)));
        assert_eq!((limits.bytes_in, limits.bytes_out, limits.idle_timeout), (Some(5_000_000_000), None, None));
        assert!(QueueRow::parse(&Map::new()).is_err());
    }
}
