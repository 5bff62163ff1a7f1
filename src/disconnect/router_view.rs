//! A session on a router's own list.

use std::net::IpAddr;

use crate::config::Service;
use crate::routeros::{ActiveRow, Menu, mac_digits};
use crate::store::SessionRow;

/// What the router's list says of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RouterView {
    /// No list was asked: none is set up.
    NotAsked,
    /// A list was asked and could not be read, or cannot be believed.
    Unreadable {
        /// Why.
        reason: String,
    },
    /// The session stands on it.
    Listed {
        /// The row's `.id`.
        id: String,
    },
    /// It does not.
    Absent {
        /// Whether the router is known to be the right one: its identity is the configured one, and its list holds
        /// another session that radacct has there.
        vouched: bool,
        /// Whether somebody is on by the same name whom the router let in by itself, without RADIUS.
        local: bool,
    },
}

/// The lists on which a session of this service may stand.
pub(super) fn menus(service: Service) -> &'static [Menu] {
    match service {
        Service::Hotspot => &[Menu::HotspotActive],
        Service::Ppp => &[Menu::PppActive],
        Service::Auto | Service::Other => &[Menu::HotspotActive, Menu::PppActive],
    }
}

/// So far uptime may lag behind Acct-Session-Time.
const COUNTS_DIFFER_SECS: u64 = 10;

/// A session to be found on a router's list.
#[derive(Debug)]
pub(super) struct Sought<'a> {
    session: &'a SessionRow,
    /// Open sessions of the same user on the same NAS that began later. After a lost Stop the old row stays open, and the
    /// next login from the same device looks like it in everything that a hotspot's list has.
    later: Vec<&'a SessionRow>,
}

impl<'a> Sought<'a> {
    /// A session, told apart from those that are open, of the same user or of anybody. One that has stopped is not even the
    /// open one that began in the same second.
    pub(super) fn new(session: &'a SessionRow, open: &'a [SessionRow]) -> Self {
        let is_later = |other: &SessionRow| match session.stop {
            None => other.start > session.start,
            Some(_) => other.start >= session.start,
        };
        let later = open.iter().filter(|other| {
            other.nas_ip_address == session.nas_ip_address
                && other.acct_unique_id != session.acct_unique_id
                && is_later(other)
        });
        Self { session, later: later.collect() }
    }

    pub(super) const fn session(&self) -> &'a SessionRow {
        self.session
    }

    /// Whether a row of the list is this session and no later one.
    pub(super) fn is(&self, row: &ActiveRow) -> bool {
        is_session(row, self.session) && !self.later.iter().any(|other| is_session(row, other))
    }
}

/// Whether a row of the list can be this session: RADIUS let it in, and user, address and MAC agree as far as both sides
/// have them; a PPP row also by its session id. One that is up for less time than the session has been is a later one.
pub(super) fn is_session(row: &ActiveRow, session: &SessionRow) -> bool {
    row.radius
        && same_age(row, session)
        && same_user(row, session)
        && same_address(row, session)
        && same_mac(row, session)
        && same_id(row, session)
}

fn same_user(row: &ActiveRow, session: &SessionRow) -> bool {
    is_of((&row.user, row.domain.as_deref()), session)
}

/// Whether a name with its domain, as a hotspot splits it, is the session's.
pub(super) fn is_of((user, domain): (&str, Option<&str>), session: &SessionRow) -> bool {
    let name = session.user.as_str();
    match domain {
        Some(domain) => name == format!("{user}@{domain}") || name == format!("{domain}\\{user}"),
        None => name == user,
    }
}

fn same_address(row: &ActiveRow, session: &SessionRow) -> bool {
    match (row.address, session.framed_ip_address.parse::<IpAddr>()) {
        (Some(listed), Ok(address)) => listed == address,
        (None, _) | (_, Err(_)) => true,
    }
}

fn same_mac(row: &ActiveRow, session: &SessionRow) -> bool {
    match (row.mac.as_deref().and_then(mac_digits), mac_digits(&session.calling_station_id)) {
        (Some(listed), Some(mac)) => listed == mac,
        (None, _) | (_, None) => true,
    }
}

fn same_id(row: &ActiveRow, session: &SessionRow) -> bool {
    row.session_id.as_ref().is_none_or(|id| id.eq_ignore_ascii_case(&session.acct_session_id))
}

/// Both are the router's own counts, so that no clock matters. A list may be a moment older than the row.
fn same_age(row: &ActiveRow, session: &SessionRow) -> bool {
    match (row.uptime, session.session_time.and_then(|time| u64::try_from(time).ok())) {
        (Some(up), Some(reported)) => up.as_secs().saturating_add(COUNTS_DIFFER_SECS) >= reported,
        (None, _) | (_, None) => true,
    }
}
