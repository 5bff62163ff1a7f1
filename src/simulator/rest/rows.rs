//! The rows of each menu, as RouterOS names and writes their values.

use super::reply::Row;
use super::route::Menu;
use super::row::{address_lists, cookie, host, hotspot_active, local_user, ppp_active, queue};
use crate::simulator::state::State;
use crate::simulator::{Counters, Incoming, RadiusEntry, Service};

/// All rows of a menu.
pub(super) fn of(menu: Menu, state: &State) -> Vec<Row> {
    let of_service = |service| state.sessions.iter().filter(move |session| session.spec.service == service);
    let locals = |service| state.local_users.iter().filter(move |entry| entry.user.service == service);
    match menu {
        Menu::HotspotActive => {
            of_service(Service::Hotspot).map(|session| hotspot_active(session, &state.behaviours)).collect()
        }
        Menu::PppActive => of_service(Service::Ppp).map(ppp_active).collect(),
        Menu::HotspotCookie => state.cookies.iter().map(|entry| cookie(entry, &state.behaviours)).collect(),
        Menu::HotspotHost => state.hosts.iter().map(|entry| host(entry, state)).collect(),
        Menu::HotspotUser => locals(Service::Hotspot).map(local_user).collect(),
        Menu::PppSecret => locals(Service::Ppp).map(local_user).collect(),
        Menu::QueueSimple => state.sessions.iter().filter_map(queue).collect(),
        Menu::AddressList => state.sessions.iter().flat_map(address_lists).collect(),
    }
}

/// What a row's `.id` stands for: a session's number, or the row of a cookie or host.
pub(super) fn number(menu: Menu, state: &State, id: &str) -> Option<u32> {
    let ids = state.behaviours.hotspot_ids;
    let session = |service| {
        let mut sessions = state.sessions.iter();
        sessions
            .find(|session| session.spec.service == service && session.row_id(ids) == id)
            .map(|session| session.number)
    };
    let local = |row, service| state.local_users.iter().any(|entry| entry.row == row && entry.user.service == service);
    let row = u32::from_str_radix(id.strip_prefix('*')?, 16).ok();
    match menu {
        Menu::HotspotActive => session(Service::Hotspot),
        Menu::PppActive => session(Service::Ppp),
        Menu::HotspotCookie => row.filter(|row| state.cookies.iter().any(|cookie| cookie.row == *row)),
        Menu::HotspotHost => row.filter(|row| state.hosts.iter().any(|host| host.row == *row)),
        Menu::HotspotUser => row.filter(|row| local(*row, Service::Hotspot)),
        Menu::PppSecret => row.filter(|row| local(*row, Service::Ppp)),
        Menu::QueueSimple | Menu::AddressList => None,
    }
}

/// `/system/identity`: an object, not an array.
pub(super) fn identity(name: &str) -> Row {
    Row::from([("name", name.to_owned())])
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

/// `/radius/incoming`: an object, not an array.
pub(super) fn incoming(incoming: Incoming) -> Row {
    let (accept, port) = match incoming {
        Incoming::Accept(port) => ("true", port),
        Incoming::Closed => ("false", 3799),
    };
    Row::from([("accept", accept.to_owned()), ("port", port.to_string()), ("vrf", "main".to_owned())])
}

/// `/radius`, as a group without `sensitive` sees it.
pub(super) fn radius(entries: &[RadiusEntry]) -> Vec<Row> {
    let row = |(entry, id): (&RadiusEntry, u32)| {
        let services =
            entry.services.as_deref().unwrap_or(&[Service::Hotspot, Service::Ppp, Service::Wifi, Service::Dhcp]);
        Row::from([
            (".id", format!("*{id:X}")),
            ("address", entry.address.to_string()),
            ("disabled", entry.disabled.to_string()),
            ("protocol", if entry.radsec { "radsec" } else { "udp" }.to_owned()),
            ("service", services.iter().map(|service| service.menu_name()).collect::<Vec<_>>().join(",")),
        ])
    };
    entries.iter().zip(1..).map(row).collect()
}
