//! Arguments that are wrong, and output that nobody takes.
use std::ffi::OsString;
use std::fs::{File, read_to_string};
use std::os::unix::ffi::OsStringExt;
use std::process::{Command, Stdio};

use super::site::{OpenSession, Site, assert_says};
use crate::support::process::PATH;
use crate::support::wait::{PATIENCE, poll_for};

/// Exit code and standard error of radkick with these arguments and this standard output.
fn run_into(site: &Site, arguments: &[OsString], stdout: impl Into<Stdio>) -> (Option<i32>, String) {
    let errors = site.path("stderr");
    let mut command = Command::new(env!("CARGO_BIN_EXE_radkick"));
    command.args(arguments).env_clear().env("PATH", PATH).current_dir(site.path(""));
    command.stdin(Stdio::null()).stdout(stdout).stderr(File::create(&errors).expect("a file"));
    let mut child = command.spawn().expect("radkick starts");
    let status = poll_for(PATIENCE, || child.try_wait().expect("a child of ours"));
    if status.is_none() {
        child.kill().expect("killed");
    }
    let code = status.expect("an end in time").code();
    (code, read_to_string(errors).expect("its standard error"))
}

fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}

#[test]
fn nothing_to_do() {
    let site = Site::new();
    let finished = site.run(&[]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
    assert_says(&finished.stderr, &["Usage: radkick", "disconnect"]);
    assert_says(&site.refused(&["--disconnect", "a", "disconnect", "--user", "b"], 2), &["one too many"]);
    assert_says(&site.refused(&["disconect", "--user", "b"], 2), &["'disconect'", "'disconnect'"]);
    assert_says(&site.refused(&["disconnect"], 2), &["--user <NAME>"]);
    assert_says(
        &site.refused(&["disconnect", "--user", "a", "--ip", "10.0.0.256"], 2),
        &["'10.0.0.256'", "--ip <ADDR>"],
    );
    assert_says(
        &site.refused(&["pause", "--for", "5 parsecs"], 2),
        &["\"5 parsecs\" is no duration; right would be 30m"],
    );
    assert_says(&site.refused(&["sessions", "--output", "xml"], 2), &["'xml'", "text, json"]);
}

#[test]
fn octets_that_are_not_utf8() {
    let site = Site::with(&OpenSession::default());
    let before = site.snapshot();
    let name = OsString::from_vec(b"al\xffce".to_vec());
    let (code, stderr) = run_into(&site, &[words(&["disconnect", "--user"]), vec![name]].concat(), Stdio::null());
    assert_eq!(code, Some(2), "{stderr}");
    assert_says(&stderr, &["invalid UTF-8"]);
    std::fs::remove_file(site.path("stderr")).expect("removed");
    assert_eq!(site.snapshot(), before);
}

#[test]
fn output_that_nobody_takes() {
    let site = Site::with(&OpenSession::default());
    for command in [
        &["sessions"][..],
        &["sessions", "--output", "json"],
        &["usage", "--user", "alice"],
        &["disconnect", "--user", "alice", "--dry-run"],
        &["check"],
    ] {
        let (reader, closed) = std::io::pipe().expect("a pipe");
        drop(reader);
        let full = File::options().write(true).open("/dev/full").expect("the device");
        for (stdout, why) in [(Stdio::from(closed), "Broken pipe"), (Stdio::from(full), "No space left on device")] {
            let (code, stderr) = run_into(&site, &words(command), stdout);
            assert_eq!(code, Some(5), "{command:?}: {stderr}");
            assert_says(&stderr, &["error: cannot write to standard output: ", why]);
            assert!(!stderr.contains("panicked"), "{stderr}");
        }
    }
}

#[test]
fn help_that_nobody_takes() {
    let site = Site::new();
    let (reader, closed) = std::io::pipe().expect("a pipe");
    drop(reader);
    let (code, stderr) = run_into(&site, &words(&["disconnect", "--help"]), closed);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
}
