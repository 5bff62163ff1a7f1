//! As an ordinary user, who may not write everywhere.
use std::fs::{Permissions, copy, metadata, set_permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::ALICE;
use crate::disconnect::site::{PATIENT, Site};
use crate::enforce::{ENFORCE, customer};
use crate::support::process::{Finished, PATH, Running, program};
use crate::support::sqlite::sqlite;
use crate::support::wait::PATIENCE;

/// nobody and nogroup.
const NOBODY: &str = "65534";

pub(super) fn mode(path: &Path, mode: u32) {
    set_permissions(path, Permissions::from_mode(mode)).expect("our own file");
}

/// alice, over her limit, in a database that an ordinary user reads through a copy.
pub(super) struct Ordinary {
    pub(super) site: Site,
    pub(super) database: PathBuf,
    program: PathBuf,
}

impl Ordinary {
    pub(super) fn new() -> Self {
        let site = Site::start();
        customer(&site, "alice", ALICE, "1000");
        let (database, program) = (site.folder().join("radius.db"), site.folder().join("radkick"));
        copy(site.server.database(), &database).expect("a copy of the database");
        copy(env!("CARGO_BIN_EXE_radkick"), &program).expect("a copy of the program");
        site.configure(ENFORCE, &site.r1(&PATIENT.replace("verify_within = \"40s\"", "verify_within = \"1s\"")));
        let config = std::fs::read_to_string(site.config()).expect("the configuration");
        let theirs = site.server.database().display().to_string();
        let ours = config.replace(&theirs, &database.display().to_string()).replace("/state.db", "/own/state.db");
        std::fs::write(site.config(), ours).expect("the configuration");
        std::fs::create_dir(site.folder().join("own")).expect("a folder");
        let ordinary = Self { site, database, program };
        mode(ordinary.site.folder(), 0o755);
        mode(&ordinary.site.config(), 0o644);
        mode(&ordinary.program, 0o755);
        ordinary
    }

    pub(super) fn own(&self) -> PathBuf {
        self.site.folder().join("own")
    }

    /// Gives a file to the ordinary user.
    pub(super) fn become_owner(file: &Path) {
        if metadata("/proc/self").expect("this process").uid() == 0 {
            std::os::unix::fs::chown(file, Some(65534), Some(65534)).expect("as root");
        }
    }

    /// Runs it as an ordinary user: as nobody if we are root, otherwise as we are.
    pub(super) fn run(&self, arguments: &[&str]) -> Finished {
        let is_root = metadata("/proc/self").expect("this process").uid() == 0;
        let mut command = Command::new(if is_root { program("setpriv", "util-linux") } else { self.program.clone() });
        if is_root {
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"]).arg(&self.program);
        }
        command.arg("--config").arg(self.site.config()).args(["--output", "json"]).args(arguments);
        command.env_clear().env("PATH", PATH).current_dir(self.site.folder());
        Running::start(&mut command, "").finish(PATIENCE)
    }
}

/// Each command that would write says that it cannot; nobody is cut whose login cannot be closed.
fn may_only_read(ordinary: &Ordinary) {
    let before = std::fs::read(&ordinary.database).expect("the copy");
    for command in [
        &["enforce", "--once"][..],
        &["disconnect", "--user", "alice", "--block"],
        &["block", "--user", "alice"],
        &["check"],
    ] {
        let finished = ordinary.run(command);
        assert_eq!(finished.code, Some(5), "{command:?} {finished:#?}");
        let said = format!("error: sqlite:{}: ", ordinary.database.display());
        assert!(finished.stderr.contains(&said), "{command:?} {finished:#?}");
        let said = "this user may only read it; the file and its folder must be writable";
        assert!(finished.stderr.contains(said), "{command:?} {finished:#?}");
    }
    assert_eq!(std::fs::read(&ordinary.database).expect("the copy"), before);
    assert!(ordinary.site.server.coa_requests().is_empty());
    // Reading is enough to look
    assert_eq!(ordinary.run(&["sessions"]).json_lines().len(), 1);
    assert_eq!(ordinary.run(&["enforce", "--once", "--dry-run"]).json_lines().len(), 1);
}

#[test]
fn a_database_that_may_not_be_written() {
    let ordinary = Ordinary::new();
    mode(&ordinary.own(), 0o777);
    mode(&ordinary.database, 0o444);
    may_only_read(&ordinary);
    // SQLite's journal stands beside the file: the folder counts as well
    mode(&ordinary.database, 0o666);
    mode(ordinary.site.folder(), 0o555);
    may_only_read(&ordinary);
    // What was begun is finished once it may be written
    mode(ordinary.site.folder(), 0o777);
    let finished = ordinary.run(&["enforce", "--once"]);
    assert_eq!(finished.json_lines()[0]["blocked"], true, "{finished:#?}");
    let rejects = sqlite(&ordinary.database, "SELECT * FROM radcheck WHERE value = 'Reject'");
    assert_eq!(rejects.len(), 1);
    assert_eq!(ordinary.site.server.coa_requests().len(), 1);
}

#[test]
fn a_folder_for_our_own_tables_that_may_not_be_written() {
    let ordinary = Ordinary::new();
    mode(&ordinary.database, 0o666);
    mode(ordinary.site.folder(), 0o777);
    mode(&ordinary.own(), 0o555);
    let before = std::fs::read(&ordinary.database).expect("the copy");
    for command in [&["enforce", "--once"][..], &["disconnect", "--user", "alice"], &["block", "--user", "alice"]] {
        let finished = ordinary.run(command);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(5), ""), "{command:?} {finished:#?}");
        let said = format!("sqlite:{}", ordinary.own().join("state.db").display());
        assert!(finished.stderr.contains(&said), "{command:?} {finished:#?}");
    }
    assert_eq!(std::fs::read(&ordinary.database).expect("the copy"), before);
    assert!(ordinary.site.server.coa_requests().is_empty());
    mode(&ordinary.own(), 0o755);
}
