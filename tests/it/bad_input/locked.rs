//! A database that another program holds: how long was waited is told, and nothing is half done.
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use super::site::{OpenSession, Site, assert_says};
use crate::support::process::program;
use crate::support::radkick::RunningRadkick;

/// A sqlite3 that holds the file until it is dropped.
pub(crate) struct Holder {
    child: Child,
    stdin: ChildStdin,
}

impl Holder {
    pub(crate) fn of(database: &Path, lock: &str) -> Self {
        let mut command = Command::new(program("sqlite3", "sqlite3"));
        command.args(["-batch", "-bail"]).arg(database).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("sqlite3 starts");
        let mut stdin = child.stdin.take().expect("a piped standard input");
        writeln!(stdin, "{lock};\nSELECT 'held';").expect("written");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a piped standard output")).read_line(&mut line).expect("a line");
        assert_eq!(line, "held\n");
        Self { child, stdin }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what we want.
        writeln!(self.stdin, "ROLLBACK;\n.quit").ok();
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

#[test]
fn an_exclusive_lock_keeps_even_readers_out() {
    let site = Site::with(&OpenSession::default());
    let before = site.snapshot();
    let holder = Holder::of(&site.database(), "BEGIN EXCLUSIVE");
    let running: Vec<_> = super::database::COMMANDS.iter().map(|command| site.radkick(command).spawn()).collect();
    for (finished, command) in running.into_iter().map(RunningRadkick::finish).zip(super::database::COMMANDS) {
        assert_eq!(finished.code, Some(5), "{command:?}\n{finished:#?}");
        assert_says(
            &finished.stderr,
            &["error: sqlite:", "radius.db: ", "another program has held it locked for 5 s; try again"],
        );
    }
    drop(holder);
    assert_eq!(site.snapshot(), before);
    assert_eq!(site.run(&["sessions"]).code, Some(0));
}

#[test]
fn a_writers_lock_keeps_a_block_from_being_promised() {
    let site = Site::with(&OpenSession::default());
    let before = site.snapshot();
    let holder = Holder::of(&site.database(), "BEGIN IMMEDIATE");
    assert_eq!(site.run(&["sessions"]).code, Some(0), "reading goes on");
    let commands = [&["block", "--user", "alice"][..], &["disconnect", "--user", "alice", "--block"], &["check"]];
    let running = commands.map(|command| site.radkick(command).spawn());
    for finished in running.map(RunningRadkick::finish) {
        assert_eq!(finished.code, Some(5), "{finished:#?}");
        assert_says(
            &finished.stderr,
            &["radius.db: trying to write: another program has held it locked for 5 s; try again"],
        );
    }
    drop(holder);
    assert_eq!(site.snapshot(), before);
}
