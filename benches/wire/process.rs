//! One program from its start to its end, and what it took.
//!
//! This very program, started again, has it run: so that the kernel's account of ended children is of that one alone.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;
use radkick::clock::Clock;

/// A contender that hangs is ended after so long, in seconds.
const BOUND: &str = "900";

/// What a program took.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Took {
    pub(crate) seconds: f64,
    /// Of all cores, the kernel's work for it included.
    pub(crate) cpu_seconds: f64,
    /// The most memory that was resident.
    pub(crate) peak_mib: f64,
    code: Option<i32>,
}

/// Runs a program; its standard output goes to `output`.
///
/// # Errors
/// When it does not end with 0.
pub(crate) fn run(program: &Path, arguments: &[&OsStr], output: &Path) -> anyhow::Result<Took> {
    let mut watcher = Command::new(std::env::current_exe()?);
    watcher.arg("--watch").arg(output).arg(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::inherit());
    let told = watcher.output()?;
    let took: Took =
        serde_json::from_slice(&told.stdout).with_context(|| format!("no account of {}", program.display()))?;
    anyhow::ensure!(took.code == Some(0), "{} {arguments:?} ended with {:?}", program.display(), took.code);
    Ok(took)
}

/// The other side.
pub(crate) fn watch(words: &[OsString]) -> anyhow::Result<()> {
    let [output, program @ ..] = words else { anyhow::bail!("nothing to watch") };
    let output = std::fs::File::create(output)?;
    let begun = Clock.now();
    let status = Command::new("timeout").args(["--foreground", BOUND]).args(program).stdout(output).status()?;
    let seconds = Clock.now().duration_since(begun).as_secs_f64();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = i32::try_from((usage.user_time() + usage.system_time()).num_milliseconds())?;
    let peak_mib = f64::from(i32::try_from(usage.max_rss())?) / 1024.0;
    let took = Took { seconds, cpu_seconds: f64::from(micros) / 1e3, peak_mib, code: status.code() };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&took)?)?;
    Ok(())
}

/// Writes the secret where its owner alone may read it.
pub(crate) fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    std::fs::write(path, format!("{secret}\n"))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
}
