//! `radkick hook`, its socket and its spool, as a process, as a library, and under a real FreeRADIUS.
mod daemon;
mod environment;
mod event;
pub(crate) mod freeradius;
mod listener;
mod program;
mod spool;
mod spool_faults;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use radkick::clock::Clock;
use radkick::hook::{Event, Spool, Trusted};
use tempfile::TempDir;

use crate::support::process::{Finished, Running};
use crate::support::wait::PATIENCE;

/// A socket's path, where nobody listens as yet, and a spool.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("radkick-hook-").tempdir().expect("a folder");
        let place = Self { folder };
        std::fs::create_dir(place.spool()).expect("a spool");
        set_mode(&place.spool(), 0o2730);
        place
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("run/hook.sock")
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    /// `radkick hook` with this environment and nothing else in it.
    pub(crate) fn hook(&self, arguments: &[&str], environment: &[(&str, &[u8])]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_radkick"));
        command.arg("hook").args(arguments).args([OsStr::new("--socket"), self.socket().as_os_str()]);
        command.arg("--spool").arg(self.spool()).env_clear();
        command.envs(environment.iter().map(|(name, value)| (name, OsString::from_vec(value.to_vec()))));
        command
    }

    /// Reads everything from the spool, and what was set aside as `name: reason`.
    fn drain(&self) -> (Vec<Event>, Vec<String>) {
        let mut spool = Spool::open(&self.spool(), Trusted::own(), Clock).expect("a spool");
        let (mut events, mut aside) = (Vec::new(), Vec::new());
        loop {
            let batch = spool.batch(500).expect("a batch");
            if batch.events.is_empty() && batch.set_aside.is_empty() {
                aside.sort();
                return (events, aside);
            }
            aside.extend(batch.set_aside.iter().map(|set| format!("{}: {}", set.name.display(), set.reason)));
            for spooled in batch.events {
                spool.done(&spooled).expect("done");
                events.push(spooled.event);
            }
        }
    }

    /// What is in the spool, but for what was set aside.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = self.spool().read_dir().expect("the spool").map(|entry| entry.expect("an entry").file_name());
        let mut names: Vec<String> = entries.map(|name| name.display().to_string()).collect();
        names.retain(|name| name != "aside");
        names.sort();
        names
    }
}

fn run(mut command: Command) -> Finished {
    Running::start(&mut command, "").finish(PATIENCE)
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("a mode");
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("this process").uid() == 0
}

/// The names of the users, in order.
fn users(events: &[Event]) -> Vec<String> {
    let name = |event: &Event| event.user_name.as_ref().expect("a user").to_text();
    let mut names: Vec<String> = events.iter().map(name).collect();
    names.sort();
    names
}
