//! Counters for those who watch, and what the loops say of themselves.
//!
//! Names of the Dynamic Authorization Client's counters are RFC 4672's, in Prometheus' form. Invariants: no clock (times are
//! arguments), no input or output, and no label that names a user or a session: a NAS, an Error-Cause, a word.
//!
//! Start reading at [`Metrics`].

mod discards;
mod exchanges;
mod ghosts;
mod hooks;
mod pulse;
mod steps;

use std::fmt::Write as _;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

pub use discards::Discards;
pub use exchanges::{Exchange, Exchanges};
pub use ghosts::Ghosts;
pub use hooks::Hooks;
pub use pulse::{Pulse, Pulses};
pub use steps::{LastStep, Steps};

/// A label and its value.
type Label = (&'static str, String);

/// One series for each value of one label.
type Counters = Family<[Label; 1], Counter>;
type Gauges = Family<[Label; 1], Gauge>;

/// All that this process counts. One a process; it outlives a change of the configuration.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Disconnect-Requests to NAS.
    pub exchanges: Exchanges,
    /// CoA-Requests to NAS.
    pub changes: Exchanges,
    /// Datagrams that were discarded.
    pub discards: Discards,
    /// Sessions that routers have and radacct does not.
    pub ghosts: Ghosts,
    /// What hooks bring.
    pub hooks: Hooks,
    /// Cycles of the worker.
    pub steps: Steps,
    /// What stands in the databases, looked up when somebody asks.
    pub standing: Standing,
    sessions: Counters,
    database_errors: Counters,
    reloads: Counters,
    controls: Family<[Label; 2], Counter>,
    left_alone: Family<[Label; 2], Gauge>,
}

/// What stands in the databases. A number that could not be looked up is left out: an old one would be a lie.
#[derive(Debug, Default)]
pub struct Standing {
    jobs: Gauges,
    oldest: Gauges,
    blocks: Gauges,
    brakes: Gauges,
    up: Gauges,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("radkick");
        let version = Gauges::default();
        registry.register("build_info", "The version that runs", version.clone());
        version.get_or_create(&[("version", env!("CARGO_PKG_VERSION").to_owned())]).set(1);
        let metrics = Self {
            exchanges: Exchanges::new(&mut registry, "disconnect", "Disconnect"),
            changes: Exchanges::new(&mut registry, "coa", "CoA"),
            discards: Discards::new(&mut registry),
            ghosts: Ghosts::new(&mut registry),
            hooks: Hooks::new(&mut registry),
            steps: Steps::new(&mut registry),
            standing: Standing::new(&mut registry),
            sessions: Counters::default(),
            database_errors: Counters::default(),
            reloads: Counters::default(),
            controls: Family::default(),
            left_alone: Family::default(),
            registry: Registry::default(),
        };
        registry.register(
            "session_fates",
            "Sessions that were aimed at, by what became of them",
            metrics.sessions.clone(),
        );
        let what = "Operations on a database that failed, by what was wrong";
        registry.register("database_errors", what, metrics.database_errors.clone());
        registry.register("reloads", "Changes of the configuration by SIGHUP", metrics.reloads.clone());
        let what = "What commands asked for over the control socket, by what came of it";
        registry.register("control_requests", what, metrics.controls.clone());
        let what = "Whether a NAS has not answered of late and is left alone, by path";
        registry.register("nas_left_alone", what, metrics.left_alone.clone());
        Self { registry, ..metrics }
    }
}

impl Metrics {
    /// A session has its fate, in the contract's word.
    pub fn fate(&self, fate: &str) {
        self.sessions.get_or_create(&[("fate", fate.to_owned())]).inc();
    }

    /// An operation on a database failed; `kind` is one of the few words that a store error has.
    pub fn database_error(&self, kind: &'static str) {
        self.database_errors.get_or_create(&[("kind", kind.to_owned())]).inc();
    }

    /// A new configuration was asked for, and `taken` or refused.
    pub fn reload(&self, taken: bool) {
        let result = if taken { "taken" } else { "refused" };
        self.reloads.get_or_create(&[("result", result.to_owned())]).inc();
    }

    /// A command asked over the control socket: `none` where it was not understood, or not heard. The result is an exit code's
    /// word, or `refused`.
    pub fn control(&self, command: &'static str, result: &'static str) {
        self.controls.get_or_create(&[("command", command.to_owned()), ("result", result.to_owned())]).inc();
    }

    /// Whether a NAS is left alone on a path, `radius` or `rest`.
    pub fn left_alone(&self, nas: &str, path: &'static str, alone: bool) {
        self.left_alone.get_or_create(&[("nas", nas.to_owned()), ("path", path.to_owned())]).set(i64::from(alone));
    }

    /// Everything, as OpenMetrics' text, which Prometheus reads.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // A string takes whatever it is given
        if encode(&mut text, &self.registry).is_err() {
            write!(text, "# EOF").ok();
        }
        text
    }
}

impl Standing {
    fn new(registry: &mut Registry) -> Self {
        let standing = Self::default();
        registry.register("jobs", "Live jobs, by state", standing.jobs.clone());
        let what = "How long ago the oldest live job was made, by state";
        registry.register("oldest_job_age_seconds", what, standing.oldest.clone());
        registry.register("blocks", "Logins that radkick keeps closed", standing.blocks.clone());
        let what = "Whether a brake has tripped and waits for `radkick confirm`";
        registry.register("brake_tripped", what, standing.brakes.clone());
        registry.register("database_up", "Whether a database answers", standing.up.clone());
        standing
    }

    /// Forgets all numbers but whether databases answer.
    pub fn clear(&self) {
        [&self.jobs, &self.oldest, &self.blocks, &self.brakes].into_iter().for_each(Gauges::clear);
    }

    /// So many live jobs are in this state, the oldest made `age` seconds ago.
    pub fn jobs(&self, state: &'static str, count: i64, age: i64) {
        self.jobs.get_or_create(&[("state", state.to_owned())]).set(count);
        self.oldest.get_or_create(&[("state", state.to_owned())]).set(age.max(0));
    }

    /// So many logins are held closed.
    pub fn blocks(&self, count: i64) {
        self.blocks.get_or_create(&[("state", "held".to_owned())]).set(count);
    }

    /// Whether the brake of this name waits for a person.
    pub fn brake(&self, name: &'static str, tripped: bool) {
        self.brakes.get_or_create(&[("brake", name.to_owned())]).set(i64::from(tripped));
    }

    /// Whether the database, `accounting` or `state`, answers.
    pub fn up(&self, database: &'static str, up: bool) {
        self.up.get_or_create(&[("database", database.to_owned())]).set(i64::from(up));
    }
}

#[cfg(test)]
mod tests;
