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
    /// What chance follows: the same seed gives the same course of a router. Taken when it starts.
    pub seed: u64,
    /// How likely a request is lost, 0 to 1.
    pub request_loss: f64,
    /// How likely a reply is lost, 0 to 1. The router has acted.
    pub reply_loss: f64,
    /// How likely a request comes twice, 0 to 1.
    pub request_duplication: f64,
    /// How likely a reply comes twice, 0 to 1.
    pub reply_duplication: f64,
    /// So many requests come twice; counts down.
    pub duplicate_requests: u32,
    /// How likely a reply is late, 0 to 1.
    pub reply_delay: f64,
    /// So many replies are late; counts down.
    pub delay_replies: u32,
    /// How late, in milliseconds. Replies behind a late one overtake it.
    pub delay_ms: u64,
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
