//! What `send` prints and how it exits, against a server that answers by the user's name.
use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::process::Command;

use super::{HASTY, PATIENT, chmod, file, send};
use crate::engine::das::{self, SECRET};
use crate::engine::loopback::LoopbackDas;
use crate::support::process::{Finished, Running, program};
use crate::support::wait::{PATIENCE, wait_until};

/// A file of so many requests.
fn requests(number: usize) -> tempfile::NamedTempFile {
    let requests: Vec<String> = (0..number).map(|n| format!("User-Name = \"user{n}\"\n")).collect();
    file(&requests.join("\n"))
}

fn path(file: &tempfile::NamedTempFile) -> &str {
    file.path().to_str().expect("a path in UTF-8")
}

#[test]
fn more_than_256_at_once_take_more_ports() {
    let das = LoopbackDas::silent();
    let requests = requests(300);
    let more = ["--file", path(&requests), "--in-flight", "300", "--irt", "1s", "--mrt", "1s", "--mrc", "0"];
    let secret = file(SECRET);
    let running = send("disconnect", das.addr, &secret, &more).spawn();
    // A burst may be more than the server's socket holds: what it has not seen is sent again
    let from = || das.received().iter().map(|(from, octets)| (from.port(), octets[1])).collect::<BTreeSet<_>>();
    wait_until("all 300", || from().len() == 300);
    running.terminate();
    assert_eq!(from().iter().map(|(port, _)| *port).collect::<BTreeSet<_>>().len(), 2);
}

/// What a person sees on a terminal: the lines and a bar that goes when all is done, and in a pipe neither bar nor colour.
#[test]
fn a_bar_is_drawn_on_a_terminal_alone() {
    let das = LoopbackDas::start();
    let (secret, requests) = (file(SECRET), requests(20));
    let to = das.addr.to_string();
    let arguments = ["--to", &to, "--secret-file", path(&secret), "--file", path(&requests), "--rate", "40"];
    let radkick = format!("{} send disconnect {}", env!("CARGO_BIN_EXE_radkick"), arguments.join(" "));
    let mut script = Command::new(program("script", "bsdutils"));
    script.args(["-qec", &radkick, "/dev/null"]).env("TERM", "xterm").env("COLUMNS", "100");
    let finished = Running::start(&mut script, "").finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(finished.stdout.contains("in flight"), "{finished:#?}");
    assert!(finished.stdout.contains("#0 \u{1b}[32mACK\u{1b}[0m"), "{finished:#?}");
    assert!(finished.stdout.contains("\r\u{1b}[2K20 sent: 20 ACK"), "the bar is gone: {finished:#?}");
    let piped = send("disconnect", das.addr, &secret, &["--file", path(&requests)]).run();
    assert!(!piped.stdout.contains('\u{1b}') && piped.stderr.is_empty(), "{piped:#?}");
}

#[test]
fn the_rate_is_kept() {
    let das = LoopbackDas::start();
    let requests = requests(30);
    let more = ["--output", "json", "--file", path(&requests), "--rate", "50"];
    let finished = send("disconnect", das.addr, &file(SECRET), &more).run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let summary = &finished.json_lines()[30];
    let elapsed = summary["elapsed_s"].as_f64().expect("a number");
    assert!(elapsed >= 0.5, "30 of which 5 may go at once take half a second at least: {summary}");
}

const ALICE: [&str; 2] = ["--attr", "User-Name=alice"];

fn lines(finished: &Finished) -> Vec<&str> {
    finished.stdout.lines().collect()
}

#[test]
fn an_ack_is_exit_0() {
    let das = LoopbackDas::start();
    let finished = send("disconnect", das.addr, &file(SECRET), &[&ALICE[..], &PATIENT].concat()).run();
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{finished:#?}");
    let lines = lines(&finished);
    assert!(lines[0].starts_with("#0 ACK ") && lines[0].ends_with(" ms"), "{lines:?}");
    assert!(lines[1].starts_with("1 sent: 1 ACK, 0 NAK, 0 without a reply; 0 retransmissions, 0 discarded; "));
    assert_eq!(lines.len(), 2);
}

#[test]
fn a_nak_is_exit_1_with_its_cause() {
    let das = LoopbackDas::start();
    let finished = send("coa", das.addr, &file(SECRET), &["--attr", "User-Name=nak503"]).run();
    assert_eq!(finished.code, Some(1));
    assert_eq!(lines(&finished)[0], "#0 NAK 503 Session-Context-Not-Found");
    let finished = send("disconnect", das.addr, &file(SECRET), &["--attr", "User-Name=nak"]).run();
    assert_eq!(finished.code, Some(1));
    assert_eq!(lines(&finished)[0], "#0 NAK without an Error-Cause");
}

#[test]
fn silence_is_exit_3_and_says_what_it_may_mean() {
    let das = LoopbackDas::silent();
    let finished = send("disconnect", das.addr, &file(SECRET), &[&ALICE[..], &HASTY].concat()).run();
    assert_eq!(finished.code, Some(3));
    let lines = lines(&finished);
    assert!(lines[0].starts_with("#0 NO REPLY after 2 transmissions, "), "{lines:?}");
    assert!(lines[2].contains("the secret differs") && lines[2].contains("/radius incoming set accept=yes"));
    wait_until("both transmissions", || das.received().len() == 2);
}

#[test]
fn a_forged_answer_is_not_believed_and_is_mentioned() {
    let das = LoopbackDas::answering([127, 0, 0, 1].into(), |octets, _| {
        let mut forged = das::answer(octets).unwrap_or_default();
        forged[4..20].fill(7);
        vec![forged]
    });
    let once = ["--mrc", "1", "--mrd", "2s"];
    let finished = send("disconnect", das.addr, &file(SECRET), &[&ALICE[..], &once].concat()).run();
    assert_eq!(finished.code, Some(3));
    assert!(finished.stdout.contains("1 discarded"), "{finished:#?}");
    assert!(finished.stdout.contains("signed with another secret"), "{finished:#?}");
}

#[test]
fn json_is_an_object_a_packet_and_a_summary() {
    let das = LoopbackDas::start();
    let requests = "User-Name = alice\n\nUser-Name = nak508\n\nUser-Name = nak\n";
    let more = [&["--file", "-", "--in-flight", "1", "--output", "json"], &PATIENT[..]].concat();
    let finished = send("disconnect", das.addr, &file(SECRET), &more).stdin(requests).run();
    assert_eq!(finished.code, Some(1));
    let mut objects = finished.json_lines();
    for object in &mut objects[..3] {
        let rtt = object["rtt_ms"].take();
        assert!(rtt.as_f64().is_some_and(|rtt| rtt > 0.0), "{rtt}");
    }
    let packet = |index, outcome, code, cause: Option<u32>| {
        serde_json::json!({"index": index, "outcome": outcome, "code": code, "error_cause": cause,
            "transmissions": 1, "rtt_ms": null})
    };
    assert_eq!(objects[0], packet(0, "ack", 41, None));
    assert_eq!(objects[1], packet(1, "nak", 42, Some(508)));
    assert_eq!(objects[2], packet(2, "nak", 42, None));
    let summary = objects[3].as_object_mut().expect("an object");
    assert!(summary.remove("elapsed_s").and_then(|s| s.as_f64()).is_some_and(|s| s > 0.0));
    assert!(summary.remove("rate_per_s").and_then(|s| s.as_f64()).is_some_and(|s| s > 0.0));
    let counts = serde_json::json!({"summary": true, "sent": 3, "acked": 1, "naked": 2, "no_reply": 0,
        "discarded": 0, "retransmissions": 0});
    assert_eq!(objects[3], counts);
}

#[test]
fn json_without_a_reply_has_nulls() {
    let das = LoopbackDas::silent();
    let more = [&ALICE[..], &HASTY, &["--output", "json"]].concat();
    let finished = send("disconnect", das.addr, &file(SECRET), &more).run();
    assert_eq!(finished.code, Some(3));
    let objects = finished.json_lines();
    let silent = serde_json::json!({"index": 0, "outcome": "no_reply", "code": null, "error_cause": null,
        "transmissions": 2, "rtt_ms": null});
    assert_eq!(objects[0], silent);
    assert_eq!((&objects[1]["no_reply"], &objects[1]["retransmissions"]), (&1.into(), &1.into()));
}

#[test]
fn what_cannot_leave_is_unreachable_and_exit_3() {
    let more = [&ALICE[..], &["--source", "127.0.0.1"]].concat();
    let finished = send("disconnect", "192.0.2.1", &file(SECRET), &more).run();
    assert_eq!(finished.code, Some(3), "{finished:#?}");
    assert!(lines(&finished)[0].starts_with("#0 UNREACHABLE: "), "{finished:#?}");
    let finished = send("disconnect", "192.0.2.1", &file(SECRET), &more).arg("--output").arg("json").run();
    assert_eq!(finished.json_lines()[0]["outcome"], "unreachable");
    assert_eq!(finished.json_lines()[1]["no_reply"], 1);
}

#[test]
fn a_nak_outranks_silence() {
    let das = LoopbackDas::answering([127, 0, 0, 1].into(), |octets, _| {
        das::answer(octets).into_iter().filter(|answer| answer[0] == 42).collect()
    });
    let requests = file("User-Name = alice\n\nUser-Name = nak503\n");
    let path = requests.path().to_str().expect("a path in UTF-8");
    let finished = send("disconnect", das.addr, &file(SECRET), &[&["--file", path], &HASTY[..]].concat()).run();
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.stdout.contains("2 sent: 0 ACK, 1 NAK, 1 without a reply"));
}

#[test]
fn a_file_of_more_requests_than_identifiers_is_sent_in_full() {
    let das = LoopbackDas::start();
    let requests = "User-Name = alice\n\n".repeat(600);
    let more = ["--file", "-", "--in-flight", "256", "--attr", "NAS-Port=7"];
    let finished = send("disconnect", das.addr, &file(SECRET), &more).stdin(&requests).run();
    assert_eq!(finished.code, Some(0), "{}", finished.stderr);
    assert!(finished.stdout.contains("600 sent: 600 ACK"));
    let opened = das::open(&das.received()[0].1).expect("a right request");
    assert_eq!(opened.attributes.first_u32(radkick::radius::AttributeType::NAS_PORT), Some(7), "--attr goes with each");
}

#[test]
fn the_secret_file_may_end_in_a_newline_and_should_be_private() {
    let das = LoopbackDas::start();
    for end in ["\n", "\r\n"] {
        let finished = send("disconnect", das.addr, &file(&format!("{SECRET}{end}")), &ALICE).run();
        assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{end:?}");
    }
    let open = file(SECRET);
    chmod(&open, 0o644);
    let finished = send("disconnect", das.addr, &open, &ALICE).run();
    assert_eq!(finished.code, Some(0));
    assert!(
        finished.stderr.starts_with("warning: everyone on this machine can read the secret file "),
        "{finished:#?}"
    );
    assert!(!finished.stderr.contains(SECRET));
}

#[test]
fn source_ipv6_and_names_of_hosts() {
    let das = LoopbackDas::start();
    let finished =
        send("disconnect", das.addr, &file(SECRET), &[&ALICE[..], &["--source", "127.0.0.3"]].concat()).run();
    assert_eq!(finished.code, Some(0));
    assert_eq!(das.received()[0].0.ip().to_string(), "127.0.0.3");
    let named = format!("localhost:{}", das.addr.port());
    let finished = send("disconnect", named, &file(SECRET), &[&ALICE[..], &["--source", "127.0.0.1"]].concat()).run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let six = LoopbackDas::answering(Ipv6Addr::LOCALHOST.into(), |octets, _| das::answer(octets).into_iter().collect());
    let finished = send("disconnect", six.addr, &file(SECRET), &ALICE).run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}

#[test]
fn ctrl_c_cancels_and_says_so() {
    let das = LoopbackDas::silent();
    let requests = "User-Name = a\n\nUser-Name = b\n";
    let more = ["--file", "-", "--in-flight", "1", "--output", "json"];
    let secret = file(SECRET);
    let running = send("disconnect", das.addr, &secret, &more).stdin(requests).spawn();
    wait_until("the first request", || !das.received().is_empty());
    running.process.signal("INT");
    let finished = running.finish();
    assert_eq!(finished.code, Some(3), "{finished:#?}");
    let objects = finished.json_lines();
    assert_eq!(objects[0]["outcome"], "cancelled");
    assert_eq!((&objects[1]["sent"], objects.len()), (&1.into(), 2));
}
