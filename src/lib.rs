//! radkick cuts off RADIUS sessions, and proves that it did.
//!
//! The order below is the import order: a room imports only rooms of a layer above its own. `tests/it/architecture.rs`
//! holds that; docs/architecture.md tells why.
//!
//! - 0, wire format, pure: [`radius`]
//! - 1, pure: [`dynauth`] (the protocol engine), [`quota`] (who is over), [`coa`] (what of a session may be changed)
//! - 2, settings and ambient sources: [`config`], [`clock`], [`failpoint`]; what is counted: [`metrics`]
//! - 3, adapters: [`udp`], [`routeros`], [`store`]
//! - 4, the cut and its proof: [`disconnect`]; who used what, and who may use how much: [`ledger`]
//! - 5, jobs, on disk before anything is done: [`jobs`]
//! - 6, what starts work: [`worker`], and [`hook`], which FreeRADIUS calls; who may look: [`admin`]; a RouterOS stand-in,
//!   [`simulator`]
//! - 7, what one-shot commands do: [`command`]
//! - 8, asking a daemon to do it: [`control`]
//! - 9, wiring: [`daemon`]
//! - 10, the front door: [`cli`]

pub mod radius;

pub mod coa;
pub mod dynauth;
pub mod quota;

pub mod clock;
pub mod config;
pub mod failpoint;
pub mod metrics;

pub mod door;
pub mod routeros;
pub mod store;
pub mod udp;

pub mod disconnect;
pub mod ledger;

pub mod jobs;

pub mod admin;
pub mod hook;
pub mod simulator;
pub mod worker;

pub mod command;

pub mod control;

pub mod daemon;

pub mod cli;
