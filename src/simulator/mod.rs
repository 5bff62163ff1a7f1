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

mod access;
mod accounting;
mod behaviours;
mod coa;
mod dm;
mod event;
mod fleet;
mod incoming;
mod log;
mod options;
mod rate_limit;
mod record;
mod replies;
mod rest;
mod router;
mod senders;
mod session;
mod settings;
mod shared;
mod spec;
mod state;
mod time;
mod timers;
mod way_back;

pub use behaviours::{
    BEHAVIOUR_NAMES, BadRequests, BeforeDelete, BehaviourName, Behaviours, BehavioursError, BeyondMaxSessions,
    CoaBehaviours, CookieRemoval, DisabledEntries, EntryChoice, EntryServices, ExtraAttribute, Faults, HotspotCoa,
    HotspotIds, IncomingBehaviours, MessageAuthenticators, Mismatch, NakEverything, NameAlone, NoPermission, NotFound,
    OctetDirection, Placement, RadsecUdp, RebootBehaviours, RepeatedRequest, RestBehaviours, RestFault,
    SplitUserDomain, StopTiming, UnlistedLimits, UserNameCase, WayBack, WifiNames, WithoutIp,
};
pub use event::Event;
pub use fleet::Fleet;
pub use log::LoggedEvent;
pub use options::{
    AccountingOptions, AuthenticationOptions, AuthenticationProtocol, Incoming, LocalUser, RadiusEntry, RestOptions,
    Rights, RouterOptions, Tls,
};
pub use rate_limit::{BadRateLimit, Pair, RateLimit};
pub use router::{Router, UnknownSession};
pub use session::SessionView;
pub use settings::Settings;
pub use spec::{LoginBy, Octets, Service, SessionSpec};
pub use state::{Cookie, Counters, ReceivedRequest, RestRequest};
