//! A new configuration in the place of the old.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::Signal;
use tokio_util::sync::CancellationToken;

use crate::config::{Config, ConfigProblem};
use crate::jobs::Agent;

use super::Common;

/// Where the configuration comes from, and what it is now.
#[derive(Debug)]
pub(super) struct Source {
    /// In force.
    pub(super) config: Config,
    path: Option<PathBuf>,
    hangup: Signal,
}

impl Source {
    pub(super) const fn new(config: Config, path: Option<PathBuf>, hangup: Signal) -> Self {
        Self { config, path, hangup }
    }

    /// Waits until a new configuration is asked for; `false` when it is to stop instead.
    pub(super) async fn asked(&mut self, soft: &CancellationToken) -> bool {
        tokio::select! {
            biased;
            () = soft.cancelled() => false,
            signal = self.hangup.recv() => signal.is_some(),
        }
    }

    /// Reads the file anew and opens its databases; the agent that works by it. On any problem everything stays as it is.
    ///
    /// # Errors
    /// Every problem.
    pub(super) async fn reload(&mut self, common: &Common) -> Result<Arc<Agent>, Vec<String>> {
        let old = self.config.clone();
        self.reread()?;
        match Agent::open_sharing(self.config.clone(), common.clock, common.shared.clone()).await {
            Ok(agent) => Ok(Arc::new(agent)),
            Err(error) => {
                self.config = old;
                common.shared.metrics.database_error(error.kind());
                Err(vec![error.to_string()])
            }
        }
    }

    /// Reads the file anew.
    ///
    /// # Errors
    /// Every problem; then the old one stays.
    pub(super) fn reread(&mut self) -> Result<(), Vec<String>> {
        let read = Config::load(self.path.as_deref(), &|name| std::env::var(name).ok());
        let new = read.map_err(|all| texts(&all.problems))?;
        let mut problems = texts(&new.unsupported());
        problems.extend(texts(&new.unserved()));
        // What cannot change under way is refused, not left out
        if new.state.url.to_string() != self.config.state.url.to_string() {
            problems.push("state.url: another one than at the start; it takes a restart".to_owned());
        }
        if new.serve.listen != self.config.serve.listen {
            problems.push("serve.listen: another one than at the start; it takes a restart".to_owned());
        }
        let (is, was) = (&new.serve, &self.config.serve);
        if (&is.hook_socket, &is.spool, &is.hook_users) != (&was.hook_socket, &was.spool, &was.hook_users) {
            problems
                .push("serve.hook_socket, spool, hook_users: others than at the start; it takes a restart".to_owned());
        }
        if is.accounting != was.accounting {
            problems.push(
                "serve.accounting_listen, accounting_secret: others than at the start; it takes a restart".to_owned(),
            );
        }
        if is.control_socket != was.control_socket {
            problems.push("serve.control_socket: another one than at the start; it takes a restart".to_owned());
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        new.warnings.iter().chain(&new.left_out()).for_each(|warning| tracing::warn!("{warning}"));
        self.config = new;
        Ok(())
    }
}

fn texts(problems: &[ConfigProblem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

/// Says why a new configuration is refused.
pub(super) fn tell(problems: &[String]) {
    for problem in problems {
        tracing::error!("the new configuration is refused: {problem}");
    }
}
