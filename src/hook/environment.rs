//! The environment that FreeRADIUS' exec module makes (3.2, `rlm_exec`): the attributes of the packet and nothing else.
//!
//! With `shell_escape = yes` names are in upper case with underscores, strings and dates quoted; with `no` names stand as in the
//! dictionary and values as they came. The name alone tells which, so each variable is read by its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::str::FromStr;

use super::event::{Event, Kind, Wish};
use super::octets::Octets;
use super::quoted::unquote;

/// What is taken from the environment; all else (User-Password first of all) is not even looked at.
const WANTED: [&str; 17] = [
    "Acct-Status-Type",
    "User-Name",
    "Acct-Session-Id",
    "Acct-Unique-Session-Id",
    "NAS-IP-Address",
    "NAS-IPv6-Address",
    "NAS-Identifier",
    "Framed-IP-Address",
    "Calling-Station-Id",
    "Called-Station-Id",
    "Acct-Input-Octets",
    "Acct-Input-Gigawords",
    "Acct-Output-Octets",
    "Acct-Output-Gigawords",
    "Acct-Session-Time",
    "Acct-Delay-Time",
    "Event-Timestamp",
];

/// Why an environment is no event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEvent {
    /// An Acct-Status-Type that is nobody's session: Accounting-On, say.
    #[error("nothing to do for Acct-Status-Type {0:?}")]
    NobodysSession(String),
    /// Neither an accounting packet nor a login, and no `--event`.
    #[error(
        "cannot tell what this was called for: there is neither an Acct-Status-Type nor a User-Name in the environment \
         (is `input_pairs = request` missing in the exec module?); --event says it"
    )]
    Unclear,
    /// Nobody could tell whom it is about.
    #[error("the packet names neither a user nor a session that could be used")]
    NoSubject,
}

/// Reads what the hook was called for. `kind` overrides what the attributes say; `received_at` is seconds since 1970.
///
/// Of a repeated variable the first counts, as in FreeRADIUS. An attribute that was cut off, is longer than 253 octets or has a
/// wrong form is left out and named in [`Event::unusable`]: part of a name may be another user's.
///
/// # Errors
/// Why it is no event.
pub fn read_environment(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
    kind: Option<Kind>,
    wish: Wish,
    received_at: i64,
) -> Result<Event, NotAnEvent> {
    let mut packet = Packet::gather(variables);
    let kind = match kind {
        Some(kind) => kind,
        None => packet.kind()?,
    };
    let mut event = Event::new(kind, wish, received_at);
    event.user_name = packet.octets("User-Name");
    event.acct_session_id = packet.octets("Acct-Session-Id");
    event.acct_unique_id = packet.octets("Acct-Unique-Session-Id");
    event.nas_ip_address = packet.parsed("NAS-IP-Address");
    event.nas_ipv6_address = packet.parsed("NAS-IPv6-Address");
    event.nas_identifier = packet.octets("NAS-Identifier");
    event.framed_ip_address = packet.parsed("Framed-IP-Address");
    event.calling_station_id = packet.octets("Calling-Station-Id");
    event.called_station_id = packet.octets("Called-Station-Id");
    event.input_octets = packet.counter("Acct-Input-Octets", "Acct-Input-Gigawords");
    event.output_octets = packet.counter("Acct-Output-Octets", "Acct-Output-Gigawords");
    event.session_time = packet.parsed("Acct-Session-Time");
    event.delay_time = packet.parsed("Acct-Delay-Time");
    event.event_timestamp = packet.value("Event-Timestamp").and_then(|text| utc(&text));
    event.unusable = packet.unusable.into_iter().map(str::to_owned).collect();
    let named = [&event.user_name, &event.acct_session_id, &event.acct_unique_id];
    if named.into_iter().all(Option::is_none) { Err(NotAnEvent::NoSubject) } else { Ok(event) }
}

/// The attributes that are wanted and were there; `None` for one that was cut off or whose quotes make no sense.
struct Packet {
    values: BTreeMap<&'static str, Option<Vec<u8>>>,
    unusable: Vec<&'static str>,
}

impl Packet {
    fn gather(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut values = BTreeMap::new();
        for (name, value) in variables {
            let name = name.into_vec();
            let Some((wanted, quoted)) =
                WANTED.into_iter().find_map(|wanted| Some((wanted, is_quoted(wanted, &name)?)))
            else {
                continue;
            };
            values.entry(wanted).or_insert_with(|| plain(value.into_vec(), quoted));
        }
        Self { values, unusable: Vec::new() }
    }

    fn kind(&mut self) -> Result<Kind, NotAnEvent> {
        let Some(status) = self.values.get("Acct-Status-Type") else {
            return if self.values.contains_key("User-Name") { Ok(Kind::PostAuth) } else { Err(NotAnEvent::Unclear) };
        };
        match status.as_deref().unwrap_or_default() {
            b"Start" | b"1" => Ok(Kind::Start),
            b"Stop" | b"2" => Ok(Kind::Stop),
            b"Interim-Update" | b"Alive" | b"3" => Ok(Kind::Interim),
            other => Err(NotAnEvent::NobodysSession(String::from_utf8_lossy(other).into_owned())),
        }
    }

    /// The value of an attribute that the packet has and that can be used.
    fn value(&mut self, name: &'static str) -> Option<Vec<u8>> {
        let value = self.values.remove(name)?;
        if value.is_none() {
            self.unusable.push(name);
        }
        value
    }

    fn octets(&mut self, name: &'static str) -> Option<Octets> {
        let value = self.value(name)?;
        self.usable(name, Octets::new(value))
    }

    fn parsed<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        let value = self.value(name)?;
        self.usable(name, std::str::from_utf8(&value).ok().and_then(|text| text.parse().ok()))
    }

    fn usable<T>(&mut self, name: &'static str, found: Option<T>) -> Option<T> {
        if found.is_none() {
            self.unusable.push(name);
        }
        found
    }

    /// 64 bits of two attributes. Without the lower ones there is nothing to tell; without the upper ones they are 0.
    fn counter(&mut self, lower: &'static str, upper: &'static str) -> Option<u64> {
        let has_upper = self.values.contains_key(upper);
        let (low, high) = (self.parsed::<u32>(lower), self.parsed::<u32>(upper));
        let high = if has_upper { high? } else { 0 };
        Some(u64::from(high) << 32 | u64::from(low?))
    }
}

/// Whether a variable's name is the wanted one as `shell_escape = yes` writes it (`true`) or as in the dictionary (`false`).
fn is_quoted(wanted: &str, name: &[u8]) -> Option<bool> {
    let escaped = |letter: u8| if letter == b'-' { b'_' } else { letter.to_ascii_uppercase() };
    match name {
        name if name == wanted.as_bytes() => Some(false),
        name if name.iter().copied().eq(wanted.bytes().map(escaped)) => Some(true),
        _ => None,
    }
}

/// The value as the packet had it; `None` where FreeRADIUS cut it off, which it does at 1,023 octets of `NAME=value` without saying
/// so. A value without quotes that was cut off is longer than any that is used.
fn plain(value: Vec<u8>, quoted: bool) -> Option<Vec<u8>> {
    if quoted && value.starts_with(b"\"") { unquote(&value) } else { Some(value) }
}

/// `Nov 22 2026 06:14:05 UTC` in seconds since 1970. Names of other zones are ambiguous, and not read.
fn utc(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let text = text.strip_suffix(" UTC").or_else(|| text.strip_suffix(" GMT"))?;
    let time = jiff::civil::DateTime::strptime("%b %d %Y %H:%M:%S", text).ok()?;
    Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_second())
}
