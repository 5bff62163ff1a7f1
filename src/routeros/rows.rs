//! Rows of RouterOS' lists.

use std::net::IpAddr;

/// A list of sessions on a router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Menu {
    /// `/ip/hotspot/active`.
    HotspotActive,
    /// `/ppp/active`.
    PppActive,
}

/// One session on a router's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveRow {
    /// `.id`, as `*C0A80A08`. Hotspot ids are reused by the next session on the address: read again before removing.
    pub id: String,
    /// `user` (hotspot) or `name` (PPP).
    pub user: String,
    /// `domain` (hotspot), where the login had one.
    pub domain: Option<String>,
    /// The session's address.
    pub address: Option<IpAddr>,
    /// `mac-address` (hotspot) or `caller-id` (PPP), as RouterOS writes it.
    pub mac: Option<String>,
    /// Whether RADIUS let it in. Others are never to be removed.
    pub radius: bool,
    /// `session-id` (PPP), as Acct-Session-Id has it: `81e0000b`. A hotspot's list has none.
    pub session_id: Option<String>,
    /// `uptime` as RouterOS writes it: `1d2h3m4s`.
    pub uptime: Option<String>,
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
