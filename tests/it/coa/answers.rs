//! What is reported, and with which exit code, for every kind of answer that FreeRADIUS gives.
use serde_json::{Value, json};

use super::{ALICE, attempt, journal, object, slower};
use crate::disconnect::site::{HASTY, PATIENT, Session, Site, reports};
use crate::support::freeradius::FreeRadiusOptions;
use crate::support::radkick::Radkick;

/// Runs it as a person does: text.
fn text(site: &Site, arguments: &[&str]) -> String {
    Radkick::new(arguments).arg("--config").arg(site.config()).run().stdout
}

const IDENTITY: [&str; 3] = ["User-Name", "Framed-IP-Address", "Acct-Session-Id"];

/// How each attempt ended, and by which attributes it named the session.
fn attempts_of(report: &Value) -> impl Iterator<Item = (&Value, &Vec<Value>)> {
    let attempts = report["attempts"].as_array().expect("attempts").iter();
    attempts.map(|attempt| (&attempt["outcome"], attempt["identity"].as_array().expect("names")))
}

/// Retransmissions of a busy machine are no fault.
fn once(mut reports: Vec<Value>) -> Vec<Value> {
    for attempt in reports.iter_mut().flat_map(|report| report["attempts"].as_array_mut().expect("attempts")) {
        assert!(attempt["transmissions"].as_u64() >= Some(1), "{attempt}");
        attempt["transmissions"] = json!(1);
    }
    reports
}

#[test]
fn an_ack_is_told_and_no_more() {
    let site = Site::of_r1();
    site.open("alice", &ALICE);
    let told = once(site.reports(&slower("alice"), 0));
    let ack = attempt("ack", &json!(44), &Value::Null);
    let expected = json!({ "outcome": "ack", "code": 44, "attempts": [ack] });
    assert_eq!(told, [object(&site, "alice", ALICE, &expected)]);
    assert!(site.is_open(ALICE.id), "nobody is cut");
    // FreeRADIUS read the packet by its own dictionary
    let [request] = &site.server.coa_requests()[..] else { panic!("one request") };
    let values = ["User-Name", "Acct-Session-Id", "Framed-IP-Address", "Mikrotik-Rate-Limit"];
    assert_eq!(values.map(|name| request[name].join(",")), ["alice", ALICE.id, ALICE.address, "2M/8M"]);
    assert_eq!(journal(&site, "alice"), [("cli:root", "coa_intended"), ("cli:root", "coa")].map(owned));
    let told = text(&site, &slower("alice"));
    assert!(told.contains("ACK") && told.contains("nothing beyond it known") && told.contains("R1"), "{told}");
}

fn owned((actor, event): (&str, &str)) -> (String, String) {
    (actor.to_owned(), event.to_owned())
}

#[test]
fn every_option_is_an_attribute() {
    let site = Site::of_r1();
    site.open("alice", &ALICE);
    let told = site.reports(
        &[
            "coa",
            "--user",
            "alice",
            "--session-timeout",
            "1h30m",
            "--idle-timeout",
            "10m",
            "--recv-limit",
            "5000000000",
            "--xmit-limit",
            "1 GiB",
            "--address-list",
            "slow customers",
            "--attr",
            "Filter-Id = web",
            "--attr",
            "Mikrotik-Group=silver",
            "--reason",
            "rent",
        ],
        0,
    );
    assert_eq!((&told[0]["reason"], &told[0]["confirmed"]), (&json!("rent"), &json!("not_asked")));
    let [request] = &site.server.coa_requests()[..] else { panic!("one request") };
    for (name, value) in [
        ("Session-Timeout", "5400"),
        ("Idle-Timeout", "600"),
        ("Mikrotik-Recv-Limit", "705032704"),
        ("Mikrotik-Recv-Limit-Gigawords", "1"),
        ("Mikrotik-Xmit-Limit", "1073741824"),
        ("Mikrotik-Xmit-Limit-Gigawords", "0"),
        ("Mikrotik-Address-List", "slow customers"),
        ("Filter-Id", "web"),
        ("Mikrotik-Group", "silver"),
    ] {
        assert_eq!(request[name].join(","), value, "{name}");
    }
}

#[test]
fn naks_and_silence() {
    let site = Site::start();
    site.configure("", &site.r1(&format!("{PATIENT}identity = [{IDENTITY:?}]\n")));
    for (user, id, cause, words) in [
        ("nak403-alice", "80a00001", json!(403), "NAK 403 NAS-Identification-Mismatch"),
        ("nak406-alice", "80a00002", json!(406), "NAK 406 Unsupported-Extension"),
        ("naknone-alice", "80a00003", Value::Null, "NAK without Error-Cause"),
    ] {
        site.open(user, &Session::new(id));
        let told = once(site.reports(&slower(user), 1));
        let attempts = [attempt("nak", &json!(45), &cause)];
        let other = json!({ "outcome": "nak", "code": 45, "error_cause": cause, "attempts": attempts });
        assert_eq!(told, [object(&site, user, Session::new(id), &other)]);
        assert!(text(&site, &slower(user)).contains(words), "{}", text(&site, &slower(user)));
    }
    // Where the NAS may not know the session by one set of attributes, the next is tried
    site.configure("", &site.r1(PATIENT));
    let told = once(site.reports(&slower("nak406-alice"), 0));
    let tried: Vec<(&Value, usize)> =
        attempts_of(&told[0]).map(|(outcome, identity)| (outcome, identity.len())).collect();
    assert_eq!(tried, [(&json!("nak"), 3), (&json!("nak"), 2), (&json!("ack"), 2)], "the last without the name");
    site.configure("", &site.r1(HASTY).replace(site.server.secret(), "another secret"));
    let before = site.server.coa_requests().len();
    site.open("alice", &ALICE);
    let told = once(site.reports(&slower("alice"), 3));
    let other = json!({ "outcome": "no_reply", "attempts": [attempt("no_reply", &Value::Null, &Value::Null)] });
    assert_eq!(told, [object(&site, "alice", ALICE, &other)]);
    let told = text(&site, &slower("alice"));
    assert!(told.contains("NO REPLY") && told.contains("whether it took the change is not known"), "{told}");
    assert_eq!(site.server.coa_requests().len(), before);
}

#[test]
fn the_worst_answer_is_the_exit_code() {
    let das_addresses = vec![[127, 0, 1, 1].into()];
    let site = Site::with(&FreeRadiusOptions { das_addresses, ..FreeRadiusOptions::default() });
    let at = |last| ([127, 0, 1, last], site.server.coa_addr().port()).into();
    let nas = |name, last, timers| site.nas(name, &format!("127.0.1.{last}"), at(last), timers);
    site.configure("", &[nas("R1", 1, PATIENT), nas("R2", 2, HASTY)].concat());
    site.open("alice", &ALICE.on("127.0.1.1"));
    site.open("alice", &Session::new("81a00002").on("127.0.1.2"));
    let told = site.reports(&slower("alice"), 3);
    let outcomes: Vec<&Value> = told.iter().map(|report| &report["outcome"]).collect();
    assert_eq!((outcomes[0], told.len()), (&json!("ack"), 2), "{told:#?}");
    assert_eq!(told[1]["attempts"][0]["identity"], json!(["Acct-Session-Id", "User-Name"]), "PPP");
    // Narrowed to the one that answers
    assert_eq!(site.reports(&[&slower("alice")[..], &["--nas", "R1"]].concat(), 0).len(), 1);
    // A socket that cannot be bound is ours, and outranks
    site.configure("", &[nas("R1", 1, PATIENT), nas("R2", 2, "source = \"192.0.2.77\"\n")].concat());
    let told = site.reports(&slower("alice"), 5);
    assert!(
        told[1]["problem"].as_str().is_some_and(|why| why.contains("no socket to send from 192.0.2.77")),
        "{told:#?}"
    );
    assert_eq!((&told[1]["failed"], &told[0]["outcome"]), (&json!(true), &json!("ack")));
}

#[test]
fn a_dry_run_says_what_would_be_sent() {
    let site = Site::of_r1();
    site.open("alice", &ALICE);
    let finished = site.run(&[&slower("alice")[..], &["--dry-run"]].concat());
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let expected = object(&site, "alice", ALICE, &json!({ "would": { "identity": IDENTITY } }));
    assert_eq!(reports(&finished), [expected]);
    assert!(site.server.coa_requests().is_empty() && !site.state().exists());
    let told = text(&site, &[&slower("alice")[..], &["--dry-run"]].concat());
    assert!(told.contains("WOULD CHANGE") && told.contains("named by User-Name"), "{told}");
}
