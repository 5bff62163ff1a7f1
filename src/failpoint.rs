//! Named steps at which a test may kill the process. Nothing in a release: the feature is refused there.

#[cfg(all(feature = "failpoints", not(debug_assertions)))]
compile_error!("the feature `failpoints` is for tests: a release build must not have it");

/// Every step that is named, in the order in which a cut reaches them.
pub const STEPS: [&str; 12] = [
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
];

/// Halts here for good when the environment's `RADKICK_FAILPOINT` names this step. Does nothing without the feature.
pub fn reach(step: &'static str) {
    debug_assert!(STEPS.contains(&step), "{step} is not in the list");
    #[cfg(feature = "failpoints")]
    if std::env::var("RADKICK_FAILPOINT").as_deref() == Ok(step) {
        tracing::error!(step, "halted at a failpoint");
        loop {
            std::thread::park();
        }
    }
}
