//! Cycles of the worker.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Counters;

/// How cycles went.
#[derive(Debug)]
pub struct Steps {
    results: Counters,
    seconds: Histogram,
    users_over: Gauge,
    silent: Gauge,
    at: Gauge,
    last: Mutex<Option<LastStep>>,
}

/// The last cycle that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastStep {
    /// When it ended, in seconds since 1970.
    pub at: i64,
    /// How long it took.
    pub took: Duration,
    /// What cut it short, if something did.
    pub failed: Option<String>,
}

impl Steps {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let steps = Self {
            results: Counters::default(),
            seconds: Histogram::new([0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0]),
            users_over: Gauge::default(),
            silent: Gauge::default(),
            at: Gauge::default(),
            last: Mutex::new(None),
        };
        registry.register("steps", "Cycles of the worker, by result", steps.results.clone());
        registry.register("step_duration_seconds", "How long a cycle of the worker took", steps.seconds.clone());
        registry.register("users_over", "Users who were over at the last cycle", steps.users_over.clone());
        let what = "NAS that send no accounting, at the last cycle";
        registry.register("nas_silent", what, steps.silent.clone());
        let what = "When the last cycle of the worker ended, in seconds since 1970; 0 before the first";
        registry.register("last_step_timestamp_seconds", what, steps.at.clone());
        steps
    }

    /// A cycle ended: whether it was cut short, and if not, how many users were over and how many NAS silent.
    pub fn ended(&self, step: LastStep, found: Option<(usize, usize)>) {
        let result = if step.failed.is_some() { "failed" } else { "ok" };
        self.results.get_or_create(&[("result", result.to_owned())]).inc();
        self.seconds.observe(step.took.as_secs_f64());
        self.at.set(step.at);
        if let Some((over, silent)) = found {
            self.users_over.set(i64::try_from(over).unwrap_or(i64::MAX));
            self.silent.set(i64::try_from(silent).unwrap_or(i64::MAX));
        }
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(step);
    }

    /// The last cycle; `None` before the first has ended.
    #[must_use]
    pub fn last(&self) -> Option<LastStep> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
