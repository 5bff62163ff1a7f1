//! The quota worker: one bounded [`Worker::step`], and a dull [`Worker::run`] that repeats it.
//!
//! Safe by default: it observes until told to enforce, brakes stop a mass cut and a mass restore, exempt users are never
//! touched, and while the pause file exists nothing is cut.

mod brakes;
mod cut;
mod cut_one;
mod hearing;
mod hidden;
mod judging;
mod measured;
mod meter;
mod observe;
mod outcome;
mod plan;
mod run;
mod step;

pub use crate::jobs::{Exemptions, Pause, pause, paused, resume};
pub use brakes::{CUT_BRAKE, HIDDEN_BRAKE, LIMITS_BRAKE, RESTORE_BRAKE};
pub use hearing::Hearing;
pub use observe::{observe, would};
pub use outcome::{Cycle, Hear, StepOutcome};
pub use plan::OverUser;
pub use run::{keep_observing, keep_observing_heard};
pub use step::Worker;
