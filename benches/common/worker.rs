//! The worker in a process of its own, so that its memory is its own: this very program, started again.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use radkick::clock::Clock;
use radkick::config::Config;
use radkick::jobs::Agent;
use radkick::worker::Worker;

use super::memory::peak_kib;
use super::times::timed;

/// What one step of the worker came to.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Step {
    pub(crate) took: Duration,
    /// Who is over.
    pub(crate) over: BTreeSet<String>,
    /// The most memory so far.
    pub(crate) peak_kib: u64,
}

/// The worker in another process.
pub(crate) struct Remote {
    process: Child,
    steps: Option<ChildStdin>,
    told: Lines<BufReader<ChildStdout>>,
}

impl Remote {
    /// Starts one with this configuration.
    pub(crate) fn start(config: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = command.arg("--worker").arg(config).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let steps = process.stdin.take();
        let told = BufReader::new(process.stdout.take().context("no output")?).lines();
        Ok(Self { process, steps, told })
    }

    /// Has it make one step.
    pub(crate) fn step(&mut self) -> anyhow::Result<Step> {
        let steps = self.steps.as_mut().context("it has been stopped")?;
        writeln!(steps, "step")?;
        steps.flush()?;
        let line = self.told.next().context("the worker ended")??;
        Ok(serde_json::from_str(&line)?)
    }

    /// Ends it.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        drop(self.steps.take());
        anyhow::ensure!(self.process.wait()?.success(), "the worker failed");
        Ok(())
    }
}

/// The other side: a step for each line.
pub(crate) async fn serve(config: &Path) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(config)?;
    let config = Config::parse(config, &text, &|_| None).map_err(|problems| anyhow::anyhow!("{problems:?}"))?;
    let agent = Arc::new(Agent::open(config, Clock).await?);
    let worker = Worker::new(agent, None, false);
    for line in std::io::stdin().lock().lines() {
        line?;
        let (took, outcome) = timed(worker.step()).await;
        let over = outcome?.reports.into_iter().map(|report| report.user).collect();
        let step = Step { took, over, peak_kib: peak_kib()? };
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&step)?)?;
    }
    Ok(())
}
