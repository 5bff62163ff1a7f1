//! The harness runs the built radkick and leaves nothing behind.
use std::path::PathBuf;
use std::process::Command;

use crate::support::ports::{free_tcp_port, free_udp_ports};
use crate::support::process::Running;
use crate::support::radkick::Radkick;
use crate::support::wait::wait_until;

#[test]
fn radkick_runs_to_its_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let call = Radkick::new(&["--version"]).env("RADKICK_UNUSED", "1").stdin("unread").current_dir(directory.path());
    let finished = call.run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(finished.stdout.starts_with("radkick "), "{finished:#?}");
    let running = call.spawn();
    running.wait_for_stdout("radkick ");
    assert_eq!(running.finish().code, Some(0));
    // It may have ended before the signal came.
    let ended = call.spawn().terminate();
    assert!(matches!(ended.code, None | Some(0)), "{ended:#?}");
}

#[test]
fn a_wrong_argument_is_heard() {
    let running = Radkick::new(&["--no-such"]).arg("option").spawn();
    running.wait_for_stderr("--no-such");
    let finished = running.finish();
    assert_eq!(finished.code, Some(2), "{finished:#?}");
    assert!(finished.stderr.contains("--no-such"), "{finished:#?}");
    assert!(finished.json_lines().is_empty());
}

#[test]
fn free_ports_differ() {
    let [first, second] = free_udp_ports();
    assert_ne!(first, second);
    assert_ne!(free_tcp_port(), 0);
}

#[test]
fn a_process_is_signalled_and_ends_with_its_owner() {
    let running = Running::start(Command::new("/bin/sh").args(["-c", "echo up; exec cat"]), "");
    wait_until("the shell is up", || running.stdout().contains("up"));
    let endless = Running::start(Command::new("/bin/sh").args(["-c", "while :; do :; done"]), "");
    let process = PathBuf::from(format!("/proc/{}", endless.pid()));
    assert!(process.exists());
    endless.signal("STOP");
    drop(endless);
    assert!(!process.exists());
}
