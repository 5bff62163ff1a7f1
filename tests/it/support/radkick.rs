//! The built radkick, as a person or a service manager runs it.
use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::{Finished, PATH, Running};
use super::wait::{PATIENCE, wait_until};

/// A call of radkick: its environment holds a PATH and what `env` adds, nothing else.
#[derive(Clone, Debug, Default)]
pub(crate) struct Radkick {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    directory: Option<PathBuf>,
    stdin: String,
}

impl Radkick {
    /// With these arguments.
    pub(crate) fn new(arguments: &[&str]) -> Self {
        Self { arguments: arguments.iter().map(ToString::to_string).collect(), ..Self::default() }
    }

    /// With one more argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<Path>) -> Self {
        self.arguments.push(argument.as_ref().to_str().expect("an argument in UTF-8").to_owned());
        self
    }

    /// With a variable in its environment.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Run in this directory.
    pub(crate) fn current_dir(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// With this text on standard input; empty otherwise.
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// When it has not ended within [`PATIENCE`].
    pub(crate) fn run(&self) -> Finished {
        Running::start(&mut self.command(), &self.stdin).finish(PATIENCE)
    }

    /// Starts it; dropping what comes back kills it.
    pub(crate) fn spawn(&self) -> RunningRadkick {
        RunningRadkick { process: Running::start(&mut self.command(), &self.stdin) }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_radkick"));
        command.args(&self.arguments).env_clear().env("PATH", PATH).envs(self.environment.clone());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }
}

/// A radkick that runs.
#[derive(Debug)]
pub(crate) struct RunningRadkick {
    pub(crate) process: Running,
}

impl RunningRadkick {
    /// Waits until standard error holds `text`.
    pub(crate) fn wait_for_stderr(&self, text: &str) {
        wait_until(&format!("{text:?} on standard error"), || self.process.stderr().contains(text));
    }

    /// Waits until standard output holds `text`.
    pub(crate) fn wait_for_stdout(&self, text: &str) {
        wait_until(&format!("{text:?} on standard output"), || self.process.stdout().contains(text));
    }

    /// Asks it to stop (SIGTERM) and waits for the end.
    pub(crate) fn terminate(self) -> Finished {
        self.process.signal("TERM");
        self.finish()
    }

    /// Waits for the end.
    pub(crate) fn finish(self) -> Finished {
        self.process.finish(PATIENCE)
    }
}
