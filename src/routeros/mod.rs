//! RouterOS' management interfaces in one vocabulary (hotspot, ppp).
//!
//! What a router says is checked for its shape before it is believed, and a 404 counts as "gone" only in the router's
//! own form: an absence is evidence here.
//!
//! Invariants: no failure is retried (a router that does not know one form of a question is asked in another), no redirect
//! followed, no proxy used; no credentials in an error. Start reading at [`RestClient`].

mod answer;
mod body;
mod chain;
mod client;
mod error;
mod gate;
mod hotspot;
mod incoming;
mod mac;
mod query;
mod rest;
mod rows;
mod tls;
mod transport;

pub use client::RestLimits;
pub use error::{RestError, RestFailure, Stage};
pub use gate::{Admission, Gate};
pub use hotspot::{CookieRow, HostRow};
pub use incoming::{IncomingCounters, IncomingSettings};
pub use mac::mac_digits;
pub use rest::{QueueRow, RestClient, RowLimits};
pub use rows::{ActiveRow, Menu, Removal};
