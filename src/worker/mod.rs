//! The quota worker: one bounded [`Worker::step`], and a dull [`Worker::run`] that repeats it.
//!
//! Safe by default: it observes until told to enforce, brakes stop a mass cut and a mass restore, exempt users are never
//! touched, and while the pause file exists nothing is cut.

mod brakes;
mod observe;
mod pause;
mod plan;
mod run;
mod step;

pub use brakes::{CUT_BRAKE, RESTORE_BRAKE};
pub use observe::{observe, would};
pub use pause::{Pause, pause, paused, resume};
pub use plan::{Exemptions, OverUser};
pub use step::{StepOutcome, Worker};
