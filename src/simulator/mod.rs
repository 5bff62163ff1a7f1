//! A strict stand-in for a RouterOS router: RADIUS incoming, accounting and REST, on loopback.
//!
//! It plays what the RouterOS manual documents and what users measured; where they contradict each other, or nothing is
//! known, [`Behaviours`] has a switch whose default is the one that is harder on a Dynamic Authorization Client. It
//! never helps the code under test: what a router drops is dropped, and an ACK may mean nothing.
//!
//! Invariants: of our rooms it imports [`crate::radius`] alone, so that a mistake shared with the code under test cannot
//! cancel out. Everything it remembers is bounded. Dropping a [`Router`] ends all its tasks.
//!
//! Start reading at [`Router`]; `dm.rs` decides, `incoming.rs` acts, `rest/` is the other door.

mod accounting;
mod behaviours;
mod coa;
mod dm;
mod event;
mod incoming;
mod options;
mod rate_limit;
mod replies;
mod rest;
mod router;
mod session;
mod settings;
mod shared;
mod state;
mod time;
mod timers;

pub use behaviours::{
    BEHAVIOUR_NAMES, BehaviourName, Behaviours, BehavioursError, CoaBehaviours, CookieRemoval, ExtraAttribute, Faults,
    HotspotCoa, MessageAuthenticators, Mismatch, NotFound, Placement, RepeatedRequest, RestBehaviours, RestFault,
    StopTiming, UnlistedLimits, WithoutIp,
};
pub use event::Event;
pub use options::{AccountingOptions, Incoming, RadiusEntry, RestOptions, Rights, RouterOptions, Tls};
pub use rate_limit::{BadRateLimit, Pair, RateLimit};
pub use router::{Router, UnknownSession};
pub use session::{LoginBy, Octets, Service, SessionSpec, SessionView};
pub use settings::Settings;
pub use state::{Cookie, Counters, ReceivedRequest, RestRequest};
