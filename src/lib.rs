//! radkick cuts off RADIUS sessions, and proves that it did.
//!
//! The order below is the import order: a room imports only rooms of a layer above its own. `tests/it/architecture.rs`
//! holds that; docs/architecture.md tells why.
//!
//! - 0, wire format, pure: [`radius`]
//! - 2, settings and ambient sources: [`clock`]
//! - 6, what starts work: [`simulator`]
//! - 7, wiring and front door: [`cli`]

pub mod radius;

pub mod quota;

pub mod clock;

pub mod simulator;

pub mod cli;
