//! Jobs: what was asked for, on disk before anything is done, and carried through whatever happens in between.
//!
//! ```text
//!  submit ──▶ planned ──▶ cutting ──▶ ended       every session has its fate (or the one run asked for is done)
//!                │           │  ▲
//!                │           ▼  │ retry_at
//!                │         waiting                 not proven off: again later, until the reason lapses
//!                │           ├──▶ watching         all off and the login closed: does anybody come straight back?
//!                └───────────┴──────▶ lapsed       the reason no longer holds; a block of ours is undone
//! ```
//!
//! Invariants: intent is on disk before its effect, one commit a step; after a crash the next run looks for proof first,
//! then asks the guard, then sends anew. A block, a restore and the closing of a row happen once; packets at least once,
//! always naming the same session.
//!
//! Start reading at [`Agent::run`].

mod agent;
mod block;
mod block_plan;
mod block_stands;
mod carry;
mod change;
mod change_report;
mod cut;
mod detail;
mod exempt;
mod guard;
mod hidden;
mod holder;
mod login;
mod paths;
mod pause;
mod penalty;
mod queue;
mod record;
mod report;
mod restore;
mod returns;
mod rows;
mod run;
mod settle;
mod target_detail;
mod ways_back;

pub use agent::{Agent, AgentError, Shared, directory};
pub use block::Closing;
pub use carry::Judged;
pub use change::Changing;
pub use change_report::{ChangeReport, WouldChange};
pub use detail::{JobDetail, Selection};
pub use exempt::Exemptions;
pub use guard::{Guard, is_automatic};
pub use hidden::{HIDDEN, SWEEP};
pub use holder::{is_dead, this_process};
pub use pause::{Pause, pause, paused, resume};
pub use report::{SessionReport, Would};
pub use restore::Restored;
pub use returns::{LOOK_AFTER, Reconnected, Watched};
pub use target_detail::{Bounce, TargetDetail};
