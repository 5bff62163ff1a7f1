//! The unit, and the watchdog.
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use super::daemon::Daemon;
use super::{BRISK, configure, sections};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::customer;
use crate::support::process::{PATH, Running, program};
use crate::support::wait::{PATIENCE, wait_until};

const UNIT: &str = include_str!("../../../config/systemd/radkick.service");
const TMPFILES: &str = include_str!("../../../config/systemd/radkick.tmpfiles");
const OPERATIONS: &str = include_str!("../../../docs/operations.md");
const README: &str = include_str!("../../../README.md");

/// What `systemd-analyze verify` has against a unit, other units left out.
fn complaints(unit: &str) -> Vec<String> {
    // The program stands elsewhere here
    let unit = unit.replace("/usr/local/bin/radkick", env!("CARGO_BIN_EXE_radkick"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("radkick.service");
    std::fs::write(&path, unit).expect("a unit");
    let mut command = Command::new(program("systemd-analyze", "systemd"));
    command.env("PATH", PATH).arg("verify").arg(&path);
    let finished = Running::start(&mut command, "").finish(PATIENCE);
    let lines = finished.stderr.lines().filter(|line| line.contains("radkick"));
    lines.map(str::to_owned).collect()
}

#[test]
fn the_unit_is_one() {
    assert_eq!(complaints(UNIT), [""; 0]);
    assert_eq!(complaints(&UNIT.replace("WatchdogSec=", "WatchdogSecs=")).len(), 1, "it is looked at");
    assert!(!complaints(&UNIT.replace("ExecStart=/usr/local/bin/radkick", "ExecStart=/nowhere/radkick")).is_empty());
}

/// The values of a key.
fn values(key: &str) -> Vec<&'static str> {
    let lines = UNIT.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    lines.collect()
}

#[test]
fn its_paths_are_those_of_everything_else() {
    let [start] = values("ExecStart")[..] else { panic!("one ExecStart") };
    assert_eq!(start.split(' ').skip(1).collect::<Vec<_>>(), ["--config", "/etc/radkick/radkick.toml", "serve"]);
    assert_eq!(values("Type"), ["notify"]);
    assert_eq!(values("User"), ["radkick"]);
    let shared: BTreeSet<&str> =
        TMPFILES.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split(' ').nth(1)).collect();
    let [writable] = values("ReadWritePaths")[..] else { panic!("one ReadWritePaths") };
    let writable: BTreeSet<&str> = writable.split(' ').filter_map(|path| path.strip_prefix('-')).collect();
    assert!(shared.is_subset(&writable), "{shared:?} {writable:?}");
    for path in
        writable.iter().chain(["/etc/radkick/radkick.toml", "/usr/local/bin/radkick", "/var/lib/radkick"].iter())
    {
        assert!(OPERATIONS.contains(path), "docs/operations.md does not name {path}");
    }
    // Where the README has FreeRADIUS' SQLite file, and where a pause is kept beside a server
    assert!(README.contains("/var/lib/freeradius/radius.db") && writable.contains("/var/lib/freeradius"));
    // The control socket gets a group of its own in a folder of FreeRADIUS', and whoever is in it passes through
    assert_eq!(values("SystemCallFilter"), ["@system-service", "~@privileged @resources", "@chown"]);
    assert!(TMPFILES.contains("d /run/radkick 2751 radkick freerad\n"));
    assert_eq!(values("StateDirectory"), ["radkick"]);
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/systemd/radkick.tmpfiles").is_file());
}

#[test]
fn the_watchdog_hears_of_loops_that_go_round() {
    let site = Site::start();
    configure(&site, BRISK, &site.r1(PATIENT));
    let daemon = Daemon::start(site.radkick(&["serve"]).env("WATCHDOG_USEC", "200000"));
    let beats = || daemon.manager.lines().iter().filter(|line| *line == "WATCHDOG=1").count();
    wait_until("the watchdog is told again and again", || beats() > 5);
    assert_eq!(daemon.stop().code, Some(0));
    // Meant for another process
    let daemon = Daemon::start(site.radkick(&["serve"]).env("WATCHDOG_USEC", "1000").env("WATCHDOG_PID", "1"));
    wait_until("a step has ended", || daemon.metric("radkick_steps_total{result=\"ok\"}") > Some(0.0));
    assert!(!daemon.manager.has("WATCHDOG"));
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn a_loop_that_is_stuck_silences_it() {
    let site = Site::start();
    site.configure(&sections(BRISK, "stuck_after = \"2s\""), &site.r1(PATIENT));
    customer(&site, "alice", Session::new("80a00001"), "1000");
    let call = site.radkick(&["serve"]).env("WATCHDOG_USEC", "200000").env("RADKICK_FAILPOINT", "block_planned");
    let daemon = Daemon::start(call);
    daemon.wait_for("halted at a failpoint");
    daemon.manager.wait_for("STATUS=stuck");
    daemon.wait_for("no progress: systemd is not told any more that all is well");
    wait_until("the page says so", || daemon.get("/healthz").0 == 503);
    let lines = daemon.manager.lines();
    let stuck = lines.iter().position(|line| line.starts_with("STATUS=stuck")).expect("told");
    assert!(!lines[stuck..].contains(&"WATCHDOG=1".to_owned()), "{lines:?}");
    assert!(lines[..stuck].contains(&"WATCHDOG=1".to_owned()), "{lines:?}");
    let (status, ready) = daemon.ready();
    assert_eq!((status, &ready["wrong"][0]), (503, &"the worker makes no progress".into()), "{ready:#}");
    daemon.running.process.signal("KILL");
    daemon.running.finish();
}
