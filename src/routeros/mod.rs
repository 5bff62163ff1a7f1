//! RouterOS' management interfaces in one vocabulary (hotspot, ppp).
//!
//! What a router says is checked for its shape before it is believed, and a 404 counts as "gone" only in the router's
//! own form: an absence is evidence here.
//!
//! Invariants: nothing is retried, no redirect followed, no proxy used; no credentials in an error. Start reading at
//! [`RestClient`].

mod answer;
mod body;
mod client;
mod error;
mod rest;
mod rows;
mod tls;

pub use client::RestLimits;
pub use error::{RestError, RestFailure, Stage};
pub use rest::{QueueRow, RestClient, RowLimits};
pub use rows::{ActiveRow, Menu, Removal};
