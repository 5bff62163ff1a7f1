//! radkick cuts off RADIUS sessions, and proves that it did.
//!
//! The order below is the import order: a room imports only rooms of a layer above its own. `tests/it/architecture.rs`
//! holds that; docs/architecture.md tells why.
//!
//! - 0, wire format, pure: [`radius`]
//! - 1, engine, pure: [`dynauth`]
//! - 2, settings and ambient sources: [`clock`]
//! - 3, adapters: [`udp`]
//! - 7, wiring and front door: [`cli`]

pub mod radius;

pub mod dynauth;

pub mod clock;

pub mod udp;

pub mod cli;
