//! Named steps at which a test may kill the process. Nothing in a release: the feature is refused there.

#[cfg(all(feature = "failpoints", not(debug_assertions)))]
compile_error!("the feature `failpoints` is for tests: a release build must not have it");

#[cfg(feature = "failpoints")]
use std::io::Write as _;
#[cfg(feature = "failpoints")]
use std::sync::atomic::{AtomicBool, Ordering};

/// Every step that is named, in the order in which a hook, the daemon's intake, the worker's look, a cut and a change reach
/// them.
pub const STEPS: [&str; 19] = [
    "hook_written",
    "hook_kept",
    "event_taken",
    "event_stored",
    "rows_seen",
    "use_counted",
    "job_submitted",
    "block_planned",
    "block_changed",
    "block_held",
    "target_selected",
    "intent_recorded",
    "request_answered",
    "attempt_recorded",
    "fate_recorded",
    "row_closed",
    "restore_planned",
    "restore_changed",
    "coa_recorded",
];

/// Whether a process that halted was let go: it halts once.
#[cfg(feature = "failpoints")]
static LET_GO: AtomicBool = AtomicBool::new(false);

/// Halts here when the environment's `RADKICK_FAILPOINT` names this step: until somebody writes to the named pipe
/// `RADKICK_FAILPOINT_PIPE`, or for good. Does nothing without the feature.
pub fn reach(step: &'static str) {
    debug_assert!(STEPS.contains(&step), "{step} is not in the list");
    #[cfg(feature = "failpoints")]
    if std::env::var("RADKICK_FAILPOINT").as_deref() == Ok(step) && !LET_GO.load(Ordering::Relaxed) {
        // Not to the log: a hook has none. In one piece: somebody reads it meanwhile
        let told = format!("halted at a failpoint step=\"{step}\"\n");
        std::io::stderr().write_all(told.as_bytes()).ok();
        if let Ok(pipe) = std::env::var("RADKICK_FAILPOINT_PIPE") {
            std::fs::read(pipe).ok();
            LET_GO.store(true, Ordering::Relaxed);
            return;
        }
        loop {
            std::thread::park();
        }
    }
}
