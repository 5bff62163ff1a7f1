//! `radkick demo`, run as a newcomer runs it: everything it tells, what it leaves, how it ends early.
//!
//! That a false claim is exit 1 is shown where it is decided, in src/cli/demo/narrator.rs: the binary has no switch that
//! makes it tell lies.

mod side_by_side;

use std::fs::{read, read_dir};
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::process::Finished;
use crate::support::radkick::Radkick;

/// What each scene must claim, in this order; numbers that differ from run to run are left out.
const CLAIMS: [(u8, &str); 23] = [
    (1, "At 4.9 GB the first cycle of the worker left her alone: no router was asked for anything"),
    (1, "| ada_obi | Auth-Type | := | Reject"),
    (1, "Disconnect-Request to 127.0.1.1:"),
    (1, "Ended; the proof is the router's Accounting-Stop (accounting_stop)"),
    (1, "radacct row closed at 5,312,345,678 octets; 5,200,000,000 were last reported"),
    (2, "Disconnect-Request sent 3 times, no reply"),
    (2, "Cut over REST instead: DELETE /rest/ppp/active/*1 answered 204"),
    (2, "Ended; the proof is the router's own list, which no longer has it (absent_from_router)"),
    (2, "The absence counts: after 2h00m online"),
    (2, "radkick closed the row itself, at 5,200,000,000 octets"),
    (3, "1.2 GB of 5.0 GB used: still on R1-Uyo's list, radacct row still open"),
    (3, "No Disconnect-Request and no DELETE"),
    (3, "radcheck and radreply as before, byte for byte (2 rows)"),
    (4, "The forged ACK was discarded; the router's own answer counted: NAK 406 Unsupported-Extension"),
    (4, "Cut over REST instead: DELETE /rest/ip/hotspot/active/*C0A8582B answered 204"),
    (4, "Ended; the proof is the router's Accounting-Stop (accounting_stop)"),
    (5, "but R4-Oron's list still had the session: not believed"),
    (5, "Cut over REST instead: DELETE /rest/ip/hotspot/active/*C0A8582C answered 204"),
    (5, "Ended; the proof is the router's Accounting-Stop (accounting_stop)"),
    (6, "The next cycle opened the login: the Reject row is gone"),
    (6, "radcheck and radreply as before the block, byte for byte, but for the new limit"),
    (6, "and the cycle after that left her alone"),
    (7, "Nothing is left behind"),
];

/// A temporary directory that the demo has for itself.
struct Desk(TempDir);

impl Desk {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a directory"))
    }

    fn demo(&self, arguments: &[&str]) -> Radkick {
        let folder = self.0.path().to_str().expect("a path in UTF-8");
        Radkick::new(&[&["demo"], arguments].concat()).env("TMPDIR", folder)
    }

    /// Demands that neither a file nor a process is left.
    fn assert_clean(&self) {
        let files: Vec<_> = read_dir(self.0.path()).expect("the directory").collect();
        assert!(files.is_empty(), "{files:?}");
        assert_eq!(processes_of(self.0.path()), [""; 0]);
    }
}

/// The processes that have this TMPDIR in their environment.
fn processes_of(folder: &Path) -> Vec<String> {
    let variable = format!("TMPDIR={}", folder.display());
    let entries = read_dir("/proc").expect("/proc").filter_map(Result::ok);
    let ours = entries.filter(|entry| {
        // A process may end, or belong to somebody else.
        let environment = read(entry.path().join("environ")).unwrap_or_default();
        environment.split(|octet| *octet == 0).any(|part| part == variable.as_bytes())
    });
    ours.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn run(desk: &Desk, arguments: &[&str]) -> Finished {
    let finished = desk.demo(arguments).run();
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{finished:#?}");
    desk.assert_clean();
    finished
}

#[test]
fn a_newcomer_reads_six_scenes_in_short_lines() {
    let desk = Desk::new();
    let finished = run(&desk, &[]);
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert!(lines[0].contains("SIMULATED"), "{finished:#?}");
    let told: Vec<&str> = lines.iter().filter_map(|line| line.strip_prefix("   ✓ ")).collect();
    assert_eq!(told.len(), CLAIMS.len(), "{finished:#?}");
    for (line, (_, claim)) in told.iter().zip(CLAIMS) {
        assert!(line.contains(claim), "{claim}: {line}");
    }
    for scene in 1..=7 {
        assert!(lines.iter().any(|line| line.starts_with(&format!("{scene}  "))), "{scene}: {finished:#?}");
    }
    let long: Vec<_> = lines.iter().filter(|line| line.chars().count() > 100).collect();
    assert!(long.is_empty() && !finished.stdout.contains(['✗', '\u{1b}']), "{long:?}, {finished:#?}");
    assert!(finished.stdout.contains("All 23 claims above were checked and hold ("), "{finished:#?}");
}

#[test]
fn a_program_reads_one_object_a_claim_and_a_summary() {
    let desk = Desk::new();
    let finished = run(&desk, &["--output", "json"]);
    let mut objects = finished.json_lines();
    let summary = objects.pop().expect("a summary");
    let under_half_a_minute = summary["elapsed_s"].as_f64().is_some_and(|seconds| seconds < 30.0);
    assert!(under_half_a_minute, "{summary}");
    for (key, value) in
        [("summary", json!(true)), ("simulated", json!(true)), ("claims", json!(CLAIMS.len())), ("not_true", json!(0))]
    {
        assert_eq!(summary[key], value, "{summary}");
    }
    assert_eq!(objects.len(), CLAIMS.len(), "{finished:#?}");
    for (object, (scene, claim)) in objects.iter().zip(CLAIMS) {
        let keys: Vec<&String> = object.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["claim", "ok", "scene"]);
        assert_eq!((&object["scene"], &object["ok"]), (&json!(scene), &Value::Bool(true)), "{object}");
        assert!(object["claim"].as_str().is_some_and(|text| text.contains(claim)), "{claim}: {object}");
    }
}

#[test]
fn routers_of_the_environment_and_of_a_configuration_have_no_part_in_it() {
    let desk = Desk::new();
    let demo = desk.demo(&["--config", "/nowhere/radkick.toml"]).env("MIKROTIK_API_HOST", "192.0.2.1");
    let finished = demo.env("MIKROTIK_API_USER", "x").env("MIKROTIK_API_PASSWORD", "y").run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}

#[test]
fn one_that_is_stopped_early_says_so_and_leaves_nothing_behind() {
    let desk = Desk::new();
    let demo = desk.demo(&[]).spawn();
    demo.wait_for_stdout("side by side");
    let finished = demo.terminate();
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    assert!(
        finished.stderr.contains("the demo did not get to its end; nothing is left behind: it was stopped"),
        "{finished:#?}"
    );
    desk.assert_clean();
}

#[test]
fn a_temporary_folder_that_is_not_there_is_named() {
    let desk = Desk::new();
    let missing = desk.0.path().join("missing");
    let finished = Radkick::new(&["demo"]).env("TMPDIR", missing.to_str().expect("a path in UTF-8")).run();
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    assert!(finished.stderr.contains(&format!("cannot make a folder in {}", missing.display())), "{finished:#?}");
}
