//! radkick cuts off RADIUS sessions, and proves that it did.
//!
//! The order below is the import order: a room imports only rooms of a layer above its own. `tests/it/architecture.rs`
//! holds that; docs/architecture.md tells why.
//!
//! - 0, wire format, pure: [`radius`]
//! - 1, pure: [`dynauth`] (the protocol engine), [`quota`] (who is over)
//! - 2, settings and ambient sources: [`config`], [`clock`]
//! - 3, adapters: [`udp`], [`routeros`], [`store`]
//! - 6, what starts work: [`simulator`]
//! - 7, wiring and front door: [`cli`]

pub mod radius;

pub mod dynauth;
pub mod quota;

pub mod clock;
pub mod config;

pub mod routeros;
pub mod store;
pub mod udp;

pub mod simulator;

pub mod cli;
