//! `radkick demo`: the whole story on SQLite and simulated routers, with no set-up.
//!
//! It takes the real path: a generated radkick.toml, the real worker and agent, routers whose accounting reaches the
//! tables through a sink that writes them as FreeRADIUS does. Every line told as true was checked: by the simulated
//! router's own memory and by SQL of the demo's own, not by the agent's word alone.
//!
//! Invariants: no network but loopback; nothing outside a temporary folder, which is gone at the end, after a signal too.
//!
//! Start reading at story.rs.

mod cast;
mod cut;
mod narrator;
mod scenes;
pub mod sink;
mod stage;
mod story;
mod tables;

use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use tempfile::TempDir;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Exit, Output};
use crate::clock::Clock;
use narrator::Narrator;
use stage::Stage;

/// How often, and after which pause, the folder is removed again where something was still being written.
const REMOVALS: u32 = 100;
const REMOVAL_PAUSE: Duration = Duration::from_millis(20);

/// Runs the demo and says whether everything that it told was true.
///
/// # Errors
/// When it cannot be set up, is stopped by a signal, or standard output fails.
pub(crate) async fn run(output: Output) -> anyhow::Result<Exit> {
    let started = Clock.now();
    let mut stop = Stop::listen()?;
    let mut narrator = Narrator::new(output);
    introduce(&narrator)?;
    let folder = tempfile::Builder::new().prefix("radkick-demo-").tempdir();
    let folder = folder.with_context(|| format!("cannot make a folder in {}", std::env::temp_dir().display()))?;
    let told = tokio::select! {
        told = perform(folder.path(), &mut narrator) => told,
        () = stop.asked() => Err(anyhow!("it was stopped")),
    };
    let path = folder.path().to_owned();
    let cleared = clear(folder).await.with_context(|| format!("{} could not be removed", path.display()));
    if let Err(error) = told {
        cleared.with_context(|| format!("{error:#}"))?;
        return Err(error.context("the demo did not get to its end; nothing is left behind"));
    }
    narrator.scene(7, "Afterwards")?;
    let found = cleared.as_ref().err().map(|error| format!("{error:#}")).unwrap_or_default();
    narrator.claim("Nothing is left behind: the temporary folder is gone", cleared.is_ok(), found)?;
    Ok(narrator.finish(Clock.now().duration_since(started))?)
}

fn introduce(narrator: &Narrator) -> io::Result<()> {
    narrator.tell("radkick demo: routers and users are SIMULATED, on loopback; no real router is touched.")?;
    narrator.tell("The quota worker and its configuration are the real ones, on SQLite in a temporary folder.")?;
    narrator.tell("Four users cross their limit and are cut side by side; that takes a moment ...")
}

async fn perform(folder: &Path, narrator: &mut Narrator) -> anyhow::Result<()> {
    let stage = Stage::set(folder).await?;
    story::play(&stage, narrator).await
}

/// The signals that end the demo early.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind, name| signal(kind).with_context(|| format!("cannot listen for {name}"));
        let interrupt = listen(SignalKind::interrupt(), "Ctrl-C")?;
        Ok(Self { interrupt, terminate: listen(SignalKind::terminate(), "SIGTERM")? })
    }

    /// Ends when somebody wants the demo to end.
    async fn asked(&mut self) {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
    }
}

/// Removes the folder, also while a database connection is still writing its last there.
async fn clear(folder: TempDir) -> io::Result<()> {
    let path = folder.keep();
    for _ in 1..REMOVALS {
        match fs::remove_dir_all(&path) {
            Ok(()) => break,
            Err(error) if error.kind() == io::ErrorKind::NotFound => break,
            Err(_) => tokio::time::sleep(REMOVAL_PAUSE).await,
        }
    }
    if path.exists() { fs::remove_dir_all(&path) } else { Ok(()) }
}
