//! What FreeRADIUS' exec module calls, and the two ways in which the daemon learns of it: a socket, and a spool for when nobody
//! listens there.
//!
//! Above some tens of packets a second FreeRADIUS copies them to an [`AccountingDoor`] instead of starting a process for each.
//!
//! `radkick hook` ([`run`]) reads its environment into an [`Event`], offers it to the daemon's [`Listener`], and leaves it in
//! the spool where nobody takes it in time; the daemon reads that by [`Spool`]. An event may come twice (its hook did not wait
//! long enough to hear `stored`): what is done about it must bear that.
//!
//! Invariant: no configuration, no database, no secret; the hook itself starts no runtime. Every value of an event came from a
//! router or whoever plays one, and may be any octets.

mod accounting;
mod arguments;
mod aside;
mod environment;
mod event;
mod hand_over;
mod keep;
mod listener;
mod octets;
mod program;
mod quoted;
mod slot;
mod socket;
mod spool;
mod spool_file;
mod ticket;
mod trusted;

pub use accounting::{AccountingDoor, PacketCounts, Receipt};
pub use arguments::{Call, DEFAULT_SOCKET, DEFAULT_SPOOL};
pub use aside::{Fate, Reason, SetAside};
pub use environment::{NotAnEvent, read_environment};
pub use event::{Event, EventError, Kind, MAX_EVENT_OCTETS, Wish};
pub use keep::{KeepError, MAX_SPOOLED, keep};
pub use listener::{Counts, Listener};
pub use octets::Octets;
pub use program::run;
pub use spool::{Batch, Spool, SpoolError, Spooled};
pub use ticket::Ticket;
pub use trusted::{Account, Trusted};
