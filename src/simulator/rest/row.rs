//! One row of each menu.

use std::time::Duration;

use super::reply::Row;
use crate::simulator::dm::HOTSPOT_SERVER;
use crate::simulator::session::{Session, duration, packets, split_domain};
use crate::simulator::state::{Cookie, Host, LocalRow, State};
use crate::simulator::time::RouterClock;
use crate::simulator::{Behaviours, HotspotIds, Service, SplitUserDomain};

/// `http-cookie-lifetime` and `mac-cookie-timeout`, as RouterOS has them by default.
const COOKIE_LIFETIME: Duration = Duration::from_hours(72);

pub(super) fn hotspot_active(session: &Session, behaviours: &Behaviours) -> Row {
    let now = RouterClock::now();
    let octets = session.octets(now);
    let mut row = Row::from([
        (".id", session.row_id(behaviours.hotspot_ids)),
        ("server", HOTSPOT_SERVER.to_owned()),
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
    user_and_domain(&mut row, &session.spec.user, behaviours);
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

pub(super) fn ppp_active(session: &Session) -> Row {
    let mut row = Row::from([
        (".id", session.row_id(HotspotIds::Address)),
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
pub(super) fn queue(session: &Session) -> Option<Row> {
    let limit = session.settings.rate_limit?;
    let (user, address) = (&session.spec.user, session.spec.address);
    let (name, target) = match session.spec.service {
        Service::Hotspot => (format!("<hotspot-{user}>"), format!("{address}/32")),
        Service::Ppp => (format!("<pppoe-{user}>"), format!("<pppoe-{user}>")),
        Service::Wifi | Service::Dhcp => return None,
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
pub(super) fn address_lists(session: &Session) -> impl Iterator<Item = Row> {
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

pub(super) fn cookie(cookie: &Cookie, behaviours: &Behaviours) -> Row {
    let mut row = Row::from([
        (".id", format!("*{:X}", cookie.row)),
        ("mac-address", cookie.mac.clone()),
        ("expires-in", duration(COOKIE_LIFETIME)),
    ]);
    user_and_domain(&mut row, &cookie.user, behaviours);
    flag(&mut row, "mac-cookie", cookie.mac_cookie);
    row
}

pub(super) fn host(host: &Host, state: &State) -> Row {
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

/// A name, its domain apart where `split-user-domain` says so.
fn user_and_domain(row: &mut Row, name: &str, behaviours: &Behaviours) {
    let (user, domain) = match behaviours.split_user_domain {
        SplitUserDomain::Off => (name, None),
        SplitUserDomain::FullName | SplitUserDomain::UserName | SplitUserDomain::Either => split_domain(name),
    };
    row.insert("user", user.to_owned());
    optional(row, "domain", domain.map(str::to_owned));
}

pub(super) fn local_user(entry: &LocalRow) -> Row {
    let mut row = Row::from([
        (".id", format!("*{:X}", entry.row)),
        ("name", entry.user.name.clone()),
        ("profile", "default".to_owned()),
        ("disabled", entry.user.disabled.to_string()),
    ]);
    if entry.user.service == Service::Ppp {
        row.insert("service", "any".to_owned());
    }
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
