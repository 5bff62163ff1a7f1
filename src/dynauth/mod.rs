//! The engine of a Dynamic Authorization Client (RFC 5176): requests, retransmissions, replies, outcomes. Pure.
//!
//! An exchange is one request with its retransmissions until it ends; a transmission is one datagram.
//!
//! ```text
//!  handle_request                      a deadline passes (RFC 5080 §2.2.1)
//!        │                            ┌──────────────┐
//!        ▼                            │              │ the same octets again
//!   ┌──────────┐  Transmit      ┌─────┴─────┐        │
//!   │  sealed  ├───────────────▶│ in flight │◀───────┘
//!   └──────────┘                └─┬──┬──┬─┬─┘
//!                 a checked reply │  │  │ └─ cancel ───────────▶ Cancelled
//!                   ┌─────────────┘  │  └─── handle_send_error ▶ Unreachable
//!                   ▼                └────── MRC or MRD reached ▶ NoReply
//!               Ack, Nak
//!
//!   anything else that arrives ──▶ Discarded, and the exchange goes on
//! ```
//!
//! The driver calls a `handle_*` method for what happens outside, then `poll_transmit` and `poll_event` until they are
//! empty, then sleeps until `poll_timeout`.
//!
//! Invariants: no socket, no clock, no randomness of its own, no log; the same calls give the same answers. Look up,
//! verify, then remove: nothing unauthenticated ends an exchange. All transmissions of an exchange have equal octets.
//! While a request is in flight no other one to that DAS has its Identifier. Each exchange ends exactly once.
//!
//! Start reading at [`DynAuthClient`].

mod client;
mod exchange;
mod identification;
mod identifier;
mod outcome;
mod request;
mod retransmit;

pub use client::{DynAuthClient, Event, ExchangeId, Transmit};
pub use identification::check_identification;
pub use outcome::{Discard, DiscardReason, Ended, Limit, Outcome, SendError};
pub use request::{Request, RequestError};
pub use retransmit::RetransmitPolicy;
