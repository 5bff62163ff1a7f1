//! Databases that cannot be used: every command says which, what is wrong and what would be right, and exits with 5.
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::site::{OpenSession, Site, assert_says};
use crate::support::process::{Finished, PATH, Running};
use crate::support::wait::PATIENCE;

/// Every command that opens FreeRADIUS' database.
pub(super) const COMMANDS: [&[&str]; 7] = [
    &["check"],
    &["disconnect", "--user", "alice"],
    &["enforce", "--once"],
    &["sessions"],
    &["usage"],
    &["usage", "--user", "alice"],
    &["block", "--user", "alice"],
];

/// Every command exits with 5, changes nothing and says all of `parts`.
fn all_refused(site: &Site, parts: &[&str]) {
    site.configure("[quota]\nmode = \"enforce\"\n");
    for command in COMMANDS {
        let before = site.snapshot();
        let finished = site.run(command);
        assert_eq!(finished.code, Some(5), "{command:?}\n{finished:#?}");
        assert_says(&finished.stderr, parts);
        assert!(command == ["check"] || finished.stdout.is_empty(), "{finished:#?}");
        assert_eq!(site.snapshot(), before, "{command:?}");
    }
}

#[test]
fn no_such_file() {
    let site = Site::new();
    std::fs::remove_file(site.database()).expect("removed");
    all_refused(
        &site,
        &["error: sqlite:", "radius.db: cannot be opened: there is no such file; [database] url names it"],
    );
}

#[test]
fn a_folder() {
    let site = Site::new();
    std::fs::remove_file(site.database()).expect("removed");
    std::fs::create_dir(site.database()).expect("made");
    all_refused(&site, &["radius.db: cannot be opened: it is a folder, not a file"]);
}

#[test]
fn a_file_that_is_no_database() {
    let site = Site::new();
    site.file("radius.db", "This is a letter to a friend.\n".repeat(400));
    all_refused(&site, &["radius.db: cannot be opened: it is no SQLite database"]);
}

#[test]
fn no_tables_at_all() {
    let site = Site::new();
    site.file("radius.db", "");
    let all = "missing radacct, radcheck, radreply, radgroupcheck, radgroupreply, radusergroup, nas";
    all_refused(&site, &[all, "is this FreeRADIUS' database?", "schema.sql"]);
}

#[test]
fn some_tables_and_some_columns() {
    let site = Site::with(&OpenSession::default());
    site.sql("DROP TABLE radgroupreply; DROP TABLE nas; ALTER TABLE radcheck RENAME COLUMN op TO operator");
    all_refused(&site, &["radius.db: missing radcheck.op, radgroupreply, nas:"]);
}

#[test]
fn tables_of_other_names() {
    let site = Site::with(&OpenSession::default());
    site.configure("acct_table = \"radacct2\"\n");
    let said = site.refused(&["disconnect", "--user", "alice"], 5);
    assert_says(&said, &["missing radacct2:", "acct_table"]);
}

#[test]
fn a_folder_in_which_no_journal_can_be_made() {
    let site = read_only("");
    chmod(&site.database(), 0o666);
    let before = site.tables();
    let finished = as_ordinary_user(&site, &["block", "--user", "alice"]);
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    assert_says(&finished.stderr, &["radius.db: ", "the file and its folder must be", "writable"]);
    assert_eq!((site.tables(), site.path("own").read_dir().expect("a folder").count()), (before, 0));
}

/// Runs radkick as nobody, where we are root; as ourselves, where permissions already bind us.
fn as_ordinary_user(site: &Site, arguments: &[&str]) -> Finished {
    let mut command = Command::new(site.path("program"));
    command.args(arguments).arg("--config").arg(site.path("radkick.toml"));
    command.env_clear().env("PATH", PATH).current_dir(site.path(""));
    if std::fs::metadata("/proc/self").expect("procfs").uid() == 0 {
        command.uid(65_534).gid(65_534);
    }
    Running::start(&mut command, "").finish(PATIENCE)
}

fn chmod(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("changed");
}

/// A site that nobody can read and not write, with a folder for radkick's own files that nobody can write.
fn read_only(more: &str) -> Site {
    let site = Site::with(&OpenSession { octets: 2000, ..OpenSession::default() });
    site.check("alice", "Max-Octets", "1000");
    site.configure(&format!("{more}[state]\nurl = \"sqlite:own/state.db\"\n"));
    std::fs::create_dir(site.path("own")).expect("made");
    chmod(&site.path("own"), 0o777);
    chmod(&site.path("radkick.toml"), 0o644);
    chmod(&site.database(), 0o444);
    // The user nobody may not be let into the folder where it was built
    let built = env!("CARGO_BIN_EXE_radkick");
    let program = site.path("program");
    std::fs::hard_link(built, &program).or_else(|_| std::fs::copy(built, &program).map(drop)).expect("a copy");
    chmod(&site.path(""), 0o555);
    site
}

#[test]
fn read_only_is_told_before_anything_is_promised() {
    let site = read_only("");
    let before = site.tables();
    for command in [
        &["block", "--user", "alice"][..],
        &["disconnect", "--user", "alice", "--block"],
        &["check", "--output", "json"],
    ] {
        let finished = as_ordinary_user(&site, command);
        assert_eq!(finished.code, Some(5), "{finished:#?}");
        let wanted = "radius.db: trying to write: this user may only read it; the file and its folder must be writable";
        assert_says(&finished.stderr, &[wanted]);
        assert_eq!(site.path("own").read_dir().expect("a folder").count(), 0, "{command:?}");
    }
    assert_eq!(site.tables(), before);
}

#[test]
fn read_only_is_enough_for_reading() {
    let site = read_only("");
    for command in
        [&["sessions"][..], &["usage"], &["enforce", "--once"], &["disconnect", "--user", "alice", "--dry-run"]]
    {
        let finished = as_ordinary_user(&site, command);
        assert_eq!(finished.code, Some(0), "{command:?}\n{finished:#?}");
        assert_says(&finished.stdout, &["alice"]);
    }
    assert_eq!(site.path("own").read_dir().expect("a folder").count(), 0);
}

#[test]
fn enforcing_on_a_read_only_database_changes_nothing_and_says_so() {
    let site = read_only("[quota]\nmode = \"enforce\"\n");
    let before = site.tables();
    let finished = as_ordinary_user(&site, &["enforce", "--once"]);
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    assert_says(&finished.stderr, &["changing a user's login: this user may only read it"]);
    assert_eq!(site.tables(), before);
}

#[test]
fn a_folder_in_which_no_state_can_be_made() {
    let site = Site::with(&OpenSession::default());
    for (url, words) in [
        ("sqlite:none/state.db", "none/state.db: cannot be opened: there is no folder "),
        ("sqlite:radkick.toml/state.db", "pause: cannot tell whether everything is paused: Not a directory"),
        ("sqlite:taken", "taken: cannot be opened: it is a folder, not a file"),
        ("sqlite:letter", "letter: cannot be opened: it is no SQLite database"),
    ] {
        site.configure(&format!("[state]\nurl = \"{url}\"\n"));
        std::fs::create_dir_all(site.path("taken")).expect("made");
        site.file("letter", "This is a letter to a friend.\n".repeat(400));
        let said = site.refused(&["disconnect", "--user", "alice"], 5);
        assert_says(&said, &[words]);
    }
}
