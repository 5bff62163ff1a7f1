//! The usage ledger at work: reads what changed in radacct, keeps our tables of it, and gathers who may use how much.
//!
//! ```text
//!  radacct ──▶ look: open rows, rows that vanished from them, rows above the mark, closed ones again in rotation
//!                │ sightings of what changed
//!                ▼
//!  limits ◀── of the users concerned (a start of their own decides where a slot begins)
//!                │
//!                ▼
//!  count ──▶ radkick_session, radkick_usage ──▶ usage ──▶ quota::judge
//! ```
//!
//! Invariants: history is summed up once, when the ledger is begun, and never again; a row is read when it changes, not for
//! being there. One process writes the ledger at a time (a lease with a fencing token); whoever has no lease, or may not
//! write, counts in memory on top of what stands there. Counting the same sighting again adds nothing.
//!
//! Start reading at [`Ledger::look`].

mod at_hand;
mod book;
mod count;
mod digest;
mod feed;
mod gather;
mod gathering;
mod hear;
mod import;
mod keep;
mod look;
mod open;
mod open_row;
mod pending;
mod query;
mod reading;
mod rebuild;
mod remembered;
mod rules;
mod silence;
mod skim;
mod survey;
mod sweep;
mod texts;
mod view;
mod writing;
mod zones;

pub use count::Counting;
pub use feed::Ledger;
pub use gather::LimitReader;
pub use gathering::Gathered;
pub use hear::Told;
pub use look::Looked;
pub use rebuild::{Rebuilt, rebuild};
pub use rules::{LedgerRules, quota_rules};
pub use silence::{Silence, Stale, usual_interval};
pub use skim::Skimmed;
pub use survey::{Surveyed, survey};
pub use sweep::Sweep;
pub use view::{Depth, View, view};
pub use zones::Zones;
