//! What every command starts from: the configuration, the databases, and how refusals are told.

use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, ConfigProblem};
use crate::jobs::Agent;
use crate::store::{Accounting, State, StoreError};

use super::{Exit, Output};

/// The resolved configuration and where results go.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) output: Output,
    pub(super) clock: Clock,
}

/// A refusal that has been told, with the exit code it means.
pub(super) type Refused = Exit;

impl Context {
    /// Loads the configuration; every problem and warning goes to standard error.
    pub(super) fn load(path: Option<&Path>, output: Output) -> Result<Self, Refused> {
        match Config::load(path, &|name| std::env::var(name).ok()) {
            Ok(config) => {
                tell(output, "warning", config.warnings.iter().chain(&config.left_out()));
                let unsupported = config.unsupported();
                tell(output, "error", &unsupported);
                if unsupported.is_empty() { Ok(Self { config, output, clock: Clock }) } else { Err(Exit::Usage) }
            }
            Err(problems) => {
                tell(output, "warning", &problems.warnings);
                tell(output, "error", &problems.problems);
                Err(Exit::Usage)
            }
        }
    }

    /// FreeRADIUS' database alone, for commands that change nothing.
    pub(super) async fn accounting(&self) -> Result<Accounting, StoreError> {
        Accounting::open(&self.config.database.url, &self.config.database.tables).await
    }

    /// Whether our own tables are there.
    pub(super) async fn has_state(&self) -> Result<bool, StoreError> {
        State::is_there(&self.config.state.url).await
    }

    /// Our own database if it is there, for reading.
    pub(super) async fn existing_state(&self) -> Result<Option<State>, StoreError> {
        State::open_existing(&self.config.state.url).await
    }

    /// Everything a job needs.
    pub(super) async fn agent(self) -> Result<Arc<Agent>, StoreError> {
        Agent::open(self.config, self.clock).await.map(Arc::new)
    }
}

/// Tells problems on standard error. Where that is closed nobody listens, and the exit code has to do.
fn tell<'a>(output: Output, what: &str, problems: impl IntoIterator<Item = &'a ConfigProblem>) {
    for problem in problems {
        output.note(&format!("{what}: {problem}")).ok();
    }
}

/// Tells a refusal on standard error.
pub(super) fn refuse(output: Output, exit: Exit, why: &str) -> anyhow::Result<Exit> {
    output.note(&format!("error: {why}"))?;
    Ok(exit)
}
