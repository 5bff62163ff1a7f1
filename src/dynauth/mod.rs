//! The engine of a Dynamic Authorization Client (RFC 5176): requests, retransmissions, replies, outcomes. Pure.
//!
//! An exchange is one request with its retransmissions until it ends; a transmission is one datagram.
//!
//! ```text
//!  handle_request         an Identifier is free        a deadline passes (RFC 5080 §2.2.1)
//!        │                         │                   ┌──────────────┐
//!        ▼                         ▼                   │              │ the same octets again, from the same port
//!   ┌─────────┐             ┌────────────┐ Transmit ┌──┴────────┐     │
//!   │ waiting ├────────────▶│   sealed   ├─────────▶│ in flight │◀────┘
//!   └────┬────┘             └────────────┘          └─┬──┬──┬─┬─┘
//!        │ cancel                     a checked reply │  │  │ └─ cancel ───────────▶ Cancelled
//!        ▼                              ┌─────────────┘  │  └─── handle_send_error ▶ Unreachable
//!    Cancelled                          ▼                └────── MRC or MRD reached ▶ NoReply
//!                                   Ack, Nak
//!
//!   anything else that arrives ──▶ Discarded, and the exchange goes on
//! ```
//!
//! An Identifier that was in flight is free again, or held for a while; a NAS has 256 from each of our ports. When all are
//! taken the engine asks for one more port, and closes it when it has been idle.
//!
//! The driver calls a `handle_*` method for what happens outside, then `poll_port`, `poll_transmit` and `poll_event` until
//! they are empty, then sleeps until `poll_timeout`.
//!
//! Invariants: no socket, no clock, no randomness of its own, no log; the same calls give the same answers. Look up,
//! verify, then remove: nothing unauthenticated ends an exchange. All transmissions of an exchange have equal octets and
//! leave from one port. While a request is in flight, and while its Identifier is held, no other one from that port to that
//! NAS has it. Each exchange ends exactly once. What is to be sent goes to every NAS in turn.
//!
//! Start reading at [`DynAuthClient`].

mod client;
mod exchange;
mod identification;
mod identifier;
mod moment;
mod nas;
mod nas_table;
mod outcome;
mod port;
mod request;
mod retransmit;
mod timers;

pub use client::{DynAuthClient, Event, ExchangeId, Transmit};
pub use identification::check_identification;
pub use moment::Moment;
pub use outcome::{Discard, DiscardReason, Ended, Limit, Outcome, SendError};
pub use port::{Port, PortChange};
pub use request::{Request, RequestError};
pub use retransmit::RetransmitPolicy;
