//! The cut: which NAS, which session there, which way, and what is known afterwards.
//!
//! Nothing here writes: [`crate::jobs`] puts each step on disk before the next is taken. Nothing here guesses either: a
//! NAS that cannot be told, a list that cannot be trusted and an ACK that nothing confirms are answers of their own.
//!
//! Start reading at [`Disconnector`], then [`decide`].

mod attempt;
mod breaker;
mod bucket;
mod change;
mod directory;
mod disconnector;
mod entry;
mod fate;
mod hidden;
mod host_names;
mod identity;
mod lists;
mod nas_problem;
mod pace;
mod probe;
mod removal;
mod rounds;
mod router_view;
mod session_id;
mod verify;
mod way_back;

pub use attempt::{Attempt, AttemptOutcome};
pub use bucket::Bucket;
pub use change::{Confirmed, Seen};
pub use directory::{Directory, KnownRouter, ResolvedNas};
pub use disconnector::{CutError, Disconnector};
pub use fate::{Evidence, Facts, Fate, Interims, Verdict, decide};
pub use hidden::HiddenAt;
pub use host_names::HostNames;
pub use identity::{identity_names, ladder, next_set, service_of, set_attributes, set_names};
pub use nas_problem::NasProblem;
pub use pace::{Pace, Turn};
pub use router_view::RouterView;
pub use session_id::same_session_id;
pub use verify::{Findings, RowFinding};
pub use way_back::WayBack;

#[cfg(test)]
mod tests;
