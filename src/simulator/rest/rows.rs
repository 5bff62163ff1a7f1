//! The rows of each menu, as RouterOS names and writes their values.

use std::time::Duration;

use super::reply::Row;
use super::route::Menu;
use crate::simulator::dm::HOTSPOT_SERVER;
use crate::simulator::session::{Session, duration, packets};
use crate::simulator::shared::Shared;
use crate::simulator::state::{Cookie, Host, State};
use crate::simulator::time::RouterClock;
use crate::simulator::{Counters, Incoming, Service};

/// `http-cookie-lifetime` and `mac-cookie-timeout`, as RouterOS has them by default.
const COOKIE_LIFETIME: Duration = Duration::from_hours(72);

/// All rows of a menu.
pub(super) fn of(menu: Menu, state: &State) -> Vec<Row> {
    let of_service = |service| state.sessions.iter().filter(move |session| session.spec.service == service);
    match menu {
        Menu::HotspotActive => of_service(Service::Hotspot).map(hotspot_active).collect(),
        Menu::PppActive => of_service(Service::Ppp).map(ppp_active).collect(),
        Menu::HotspotCookie => state.cookies.iter().map(cookie).collect(),
        Menu::HotspotHost => state.hosts.iter().map(|entry| host(entry, state)).collect(),
        Menu::QueueSimple => state.sessions.iter().filter_map(queue).collect(),
        Menu::AddressList => state.sessions.iter().flat_map(address_lists).collect(),
    }
}

/// What a row's `.id` stands for: a session's number, or the row of a cookie or host.
pub(super) fn number(menu: Menu, state: &State, id: &str) -> Option<u32> {
    let session = |service| {
        let mut sessions = state.sessions.iter();
        sessions.find(|session| session.spec.service == service && session.row_id() == id).map(|session| session.number)
    };
    let row = u32::from_str_radix(id.strip_prefix('*')?, 16).ok();
    match menu {
        Menu::HotspotActive => session(Service::Hotspot),
        Menu::PppActive => session(Service::Ppp),
        Menu::HotspotCookie => row.filter(|row| state.cookies.iter().any(|cookie| cookie.row == *row)),
        Menu::HotspotHost => row.filter(|row| state.hosts.iter().any(|host| host.row == *row)),
        Menu::QueueSimple | Menu::AddressList => None,
    }
}

/// `/system/identity`: an object, not an array.
pub(super) fn identity(name: &str) -> Row {
    Row::from([("name", name.to_owned())])
}

/// `/radius/incoming`: an object, not an array.
pub(super) fn incoming(shared: &Shared) -> Row {
    let accept = shared.options.coa != Incoming::Closed;
    let port = shared.incoming_port.get().copied().unwrap_or_default();
    Row::from([("accept", accept.to_string()), ("port", port.to_string()), ("vrf", "main".to_owned())])
}

/// `/radius/incoming/monitor`.
pub(super) fn counters(counters: Counters) -> Row {
    Row::from([
        ("requests", counters.requests.to_string()),
        ("bad-requests", counters.bad_requests.to_string()),
        ("acks", counters.acks.to_string()),
        ("naks", counters.naks.to_string()),
    ])
}

fn hotspot_active(session: &Session) -> Row {
    let now = RouterClock::now();
    let octets = session.octets(now);
    let mut row = Row::from([
        (".id", session.row_id()),
        ("server", HOTSPOT_SERVER.to_owned()),
        ("user", session.spec.user.clone()),
        ("address", session.spec.address.to_string()),
        ("mac-address", session.spec.mac.clone()),
        ("login-by", session.spec.login_by.name().to_owned()),
        ("uptime", duration(session.uptime(now))),
        ("idle-time", "0s".to_owned()),
        ("keepalive-timeout", "2m".to_owned()),
        ("bytes-in", octets.input.to_string()),
        ("bytes-out", octets.output.to_string()),
        ("packets-in", packets(octets.input).to_string()),
        ("packets-out", packets(octets.output).to_string()),
    ]);
    let settings = &session.settings;
    let seconds = |seconds: u32| duration(Duration::from_secs(seconds.into()));
    optional(&mut row, "session-time-left", session.time_left(now).map(duration));
    optional(&mut row, "idle-timeout", settings.idle_timeout.map(seconds));
    optional(&mut row, "limit-bytes-in", settings.limit_bytes_in.map(|limit| limit.to_string()));
    optional(&mut row, "limit-bytes-out", settings.limit_bytes_out.map(|limit| limit.to_string()));
    optional(&mut row, "limit-bytes-total", settings.limit_bytes_total.map(|limit| limit.to_string()));
    flag(&mut row, "radius", session.spec.radius);
    row
}

fn ppp_active(session: &Session) -> Row {
    let mut row = Row::from([
        (".id", session.row_id()),
        ("name", session.spec.user.clone()),
        ("service", "pppoe".to_owned()),
        ("caller-id", session.spec.mac.clone()),
        ("address", session.spec.address.to_string()),
        ("uptime", duration(session.uptime(RouterClock::now()))),
        ("encoding", String::new()),
        ("session-id", format!("0x{:08X}", session.number)),
        ("limit-bytes-in", session.settings.limit_bytes_in.unwrap_or(0).to_string()),
        ("limit-bytes-out", session.settings.limit_bytes_out.unwrap_or(0).to_string()),
    ]);
    flag(&mut row, "radius", session.spec.radius);
    row
}

/// The dynamic queue of a session with a rate limit.
fn queue(session: &Session) -> Option<Row> {
    let limit = session.settings.rate_limit?;
    let (user, address) = (&session.spec.user, session.spec.address);
    let (name, target) = match session.spec.service {
        Service::Hotspot => (format!("<hotspot-{user}>"), format!("{address}/32")),
        Service::Ppp => (format!("<pppoe-{user}>"), format!("<pppoe-{user}>")),
    };
    let seconds = |seconds| duration(Duration::from_secs(seconds));
    let mut row = Row::from([
        (".id", format!("*{:X}", session.row)),
        ("name", name),
        ("target", target),
        ("max-limit", limit.max.to_string()),
        ("burst-limit", limit.burst.to_string()),
        ("burst-threshold", limit.threshold.to_string()),
        ("burst-time", format!("{}/{}", seconds(limit.burst_secs.rx), seconds(limit.burst_secs.tx))),
        ("priority", format!("{0}/{0}", limit.priority)),
        ("limit-at", limit.min.to_string()),
    ]);
    flag(&mut row, "dynamic", true);
    Some(row)
}

/// The entries that a session puts its address into.
fn address_lists(session: &Session) -> impl Iterator<Item = Row> {
    session.settings.address_lists.iter().zip(0_u32..).map(|(list, index)| {
        let mut row = Row::from([
            (".id", format!("*{:X}", session.row << 4 | index & 0xf)),
            ("list", list.clone()),
            ("address", session.spec.address.to_string()),
        ]);
        flag(&mut row, "dynamic", true);
        row
    })
}

fn cookie(cookie: &Cookie) -> Row {
    let mut row = Row::from([
        (".id", format!("*{:X}", cookie.row)),
        ("user", cookie.user.clone()),
        ("mac-address", cookie.mac.clone()),
        ("expires-in", duration(COOKIE_LIFETIME)),
    ]);
    flag(&mut row, "mac-cookie", cookie.mac_cookie);
    row
}

fn host(host: &Host, state: &State) -> Row {
    let authorized =
        |session: &Session| session.spec.address == host.address && session.spec.service == Service::Hotspot;
    let mut row = Row::from([
        (".id", format!("*{:X}", host.row)),
        ("mac-address", host.mac.clone()),
        ("address", host.address.to_string()),
        ("to-address", host.address.to_string()),
        ("server", HOTSPOT_SERVER.to_owned()),
        ("uptime", duration(RouterClock::now().saturating_duration_since(host.since))),
        ("idle-time", "0s".to_owned()),
        ("keepalive-timeout", "2m".to_owned()),
    ]);
    flag(&mut row, "dynamic", true);
    flag(&mut row, "authorized", state.sessions.iter().any(authorized));
    row
}

/// What is unset is not there.
fn optional(row: &mut Row, name: &'static str, value: Option<String>) {
    if let Some(value) = value {
        row.insert(name, value);
    }
}

/// Flags are shown only when they are true.
fn flag(row: &mut Row, name: &'static str, set: bool) {
    if set {
        row.insert(name, "true".to_owned());
    }
}
