//! The sockets of [`crate::dynauth`].
//!
//! ```text
//!  UdpHandle (any number) ── Start, Cancel ──▶ task ──┐
//!                                                     ├──▶ UdpClient: engine + sockets ──▶ Ended
//!  a loop of one's own ───────────────────────────────┘
//! ```
//!
//! The sockets are not connected: each talks to all DAS of its address family, and an answer from another address of a NAS
//! reaches it. A socket stays open as long as anything that was sent from it is waited for, so retransmissions leave from
//! the port that the first transmission left from (RFC 5176 §2.3).
//!
//! Start reading at [`UdpClient::turn`].

mod client;
mod handle;
mod outbox;
mod sockets;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub use client::UdpClient;
pub use handle::UdpHandle;

/// Any local address of the family that reaches `das_addr`.
#[must_use]
pub const fn any_source(das_addr: SocketAddr) -> IpAddr {
    match das_addr {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}
