//! `radkick serve`, the built program: end to end, as systemd sees it, and when things break in the middle.
mod away;
mod broken;
mod clock;
mod control;
mod copies;
mod cuts;
mod daemon;
mod full;
mod hidden;
mod hook_faults;
mod hook_steps;
mod hooks;
mod http;
mod killed;
mod many;
mod queue;
mod refused;
mod reload;
mod returns;
mod stopping;
mod systemd;

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::disconnect::site::Site;
use crate::enforce::ENFORCE;
use crate::support::process::{Running, program};
use crate::support::radkick::Radkick;
use crate::support::wait::PATIENCE;

/// `[quota]` with a step every second, `[serve]` on a free port.
fn sections(quota: &str, serve: &str) -> String {
    format!("{ENFORCE}\n{quota}\n[serve]\nlisten = \"127.0.0.1:0\"\n{serve}")
}

const BRISK: &str = "interval = \"1s\"";
/// The worker's own steps are out of the way after the first.
const SLOW: &str = "interval = \"1h\"";

/// Configures a site that serves, behind this `[[nas]]`.
fn configure(site: &Site, quota: &str, nas: &str) {
    site.configure(&sections(quota, ""), nas);
}

/// Live jobs by state and whether somebody has the lease.
fn live(site: &Site) -> Vec<(String, bool)> {
    let sql = "SELECT state, lease_holder IS NOT NULL AS held FROM radkick_job
               WHERE live_key IS NOT NULL AND state <> 'watching' ORDER BY id";
    let rows = site.state_sql(sql);
    rows.iter().map(|row| (row["state"].as_str().expect("a state").to_owned(), row["held"] == 1)).collect()
}

/// Where a process halts at a step until it is let go.
pub(crate) struct Gate {
    folder: TempDir,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let gate = Self { folder: tempfile::tempdir().expect("a folder") };
        let made = Running::start(Command::new(program("mkfifo", "coreutils")).arg(gate.pipe()), "").finish(PATIENCE);
        assert_eq!(made.code, Some(0), "{made:#?}");
        gate
    }

    pub(crate) fn at(&self, step: &str, call: Radkick) -> Radkick {
        let call = call.env("RADKICK_FAILPOINT", step);
        call.env("RADKICK_FAILPOINT_PIPE", self.pipe().to_str().expect("UTF-8"))
    }

    pub(crate) fn open(&self) {
        std::fs::write(self.pipe(), "").expect("somebody reads");
    }

    fn pipe(&self) -> PathBuf {
        self.folder.path().join("pipe")
    }
}
