//! Trouble between a sender and the router.

use std::net::Ipv4Addr;

use serde::Deserialize;

/// Trouble between the sender and the router, on the RADIUS incoming port.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct Faults {
    /// So many requests are lost on the way; counts down.
    pub drop_requests: u32,
    /// So many replies are lost on the way; counts down. The router has acted.
    pub drop_replies: u32,
    /// All requests are lost on the way.
    pub silent: bool,
    /// Every reply comes twice.
    pub duplicate_reply: bool,
    /// An ACK made without the secret.
    pub forged_ack: Option<Placement>,
    /// A reply, right but for its Identifier.
    pub wrong_identifier: Option<Placement>,
    /// Replies come from this address, not from the one asked.
    pub reply_from: Option<Ipv4Addr>,
}

/// Where a false reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Before the true one.
    Before,
    /// Instead of it; the request itself is lost on the way.
    Instead,
}
