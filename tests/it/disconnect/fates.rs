//! What is reported, and with which exit code, for every kind of answer that FreeRADIUS gives.
use serde_json::{Value, json};

use super::site::{HASTY, PATIENT, Session, Site, object, offline};
use crate::support::freeradius::{FreeRadius, FreeRadiusOptions};

/// A hotspot session of RouterOS: Framed-IP-Address must name it too.
const HOTSPOT: Session<'_> = Session::new("80a00f31");
const IDENTITY: [&str; 3] = ["User-Name", "Framed-IP-Address", "Acct-Session-Id"];

fn attempt(outcome: &str, code: &Value, error_cause: &Value) -> Value {
    attempt_by(&IDENTITY, outcome, code, error_cause)
}

fn attempt_by(identity: &[&str], outcome: &str, code: &Value, error_cause: &Value) -> Value {
    json!({
        "path": "radius", "identity": identity, "outcome": outcome, "code": code, "error_cause": error_cause,
        "transmissions": 1,
    })
}

/// Retransmissions of a busy machine are no fault: one transmission at least.
fn once(reports: &mut [Value]) {
    for attempt in reports.iter_mut().flat_map(|report| report["attempts"].as_array_mut().expect("attempts")) {
        assert!(attempt["transmissions"].as_u64() >= Some(1), "{attempt}");
        attempt["transmissions"] = json!(1);
    }
}

/// Runs `disconnect --user NAME` and demands one object: this one.
fn disconnect(site: &Site, user: &str, code: i32, expected: impl Fn(&Site) -> Value) {
    let mut reports = site.reports(&["disconnect", "--user", user], code);
    once(&mut reports);
    assert_eq!(reports, [expected(site)]);
}

#[test]
fn an_ack_that_closes_the_row_is_ended() {
    let site = Site::of_r1();
    site.open("alice", &HOTSPOT);
    disconnect(&site, "alice", 0, |site| {
        let attempts = [attempt("ack", &json!(41), &Value::Null)];
        let other = json!({ "fate": "ended", "path": "radius", "evidence": "accounting_stop", "attempts": attempts });
        object(site, "alice", HOTSPOT.id, &other)
    });
    assert!(!site.is_open(HOTSPOT.id));
    // Offline by now
    disconnect(&site, "alice", 0, |_| offline("alice", &json!({})));
    assert_eq!(site.server.coa_requests().len(), 1, "nothing is sent for nothing");
}

#[test]
fn the_short_form_does_the_same() {
    let site = Site::of_r1();
    site.open("alice", &HOTSPOT);
    let reports = site.reports(&["--disconnect", "alice"], 0);
    assert_eq!((&reports[0]["fate"], &reports[0]["user"]), (&json!("ended"), &json!("alice")));
    assert!(!site.is_open(HOTSPOT.id));
    let twice = site.run(&["--disconnect", "alice", "resume"]);
    assert_eq!(twice.code, Some(2), "{twice:#?}");
    assert!(twice.stderr.contains("one too many"), "{twice:#?}");
}

#[test]
fn a_nas_that_does_not_have_it_is_believed_where_there_is_no_list() {
    let site = Site::start();
    let elsewhere = FreeRadius::start(&FreeRadiusOptions::default());
    site.configure("", &site.nas("R1", "127.0.0.1", elsewhere.coa_addr(), PATIENT));
    site.open("alice", &HOTSPOT);
    disconnect(&site, "alice", 0, |site| {
        // Every set that a hotspot's session can be named by
        let sets: [&[&str]; 3] = [&IDENTITY, &IDENTITY[..2], &["Acct-Session-Id", "Framed-IP-Address"]];
        let attempts = sets.map(|set| attempt_by(set, "nak", &json!(42), &json!(503)));
        let other = json!({ "fate": "already_gone", "evidence": "session_not_found", "attempts": attempts });
        object(site, "alice", HOTSPOT.id, &other)
    });
    assert_eq!(elsewhere.coa_requests().len(), 3);
    assert!(site.is_open(HOTSPOT.id), "within stop_grace a Stop may still come");
}

#[test]
fn a_refusal_is_still_active() {
    let site = Site::of_r1();
    site.open("nak403-alice", &HOTSPOT);
    disconnect(&site, "nak403-alice", 1, |site| {
        let attempts = [attempt("nak", &json!(42), &json!(403))];
        let other = json!({ "fate": "still_active", "evidence": "refused", "attempts": attempts });
        object(site, "nak403-alice", HOTSPOT.id, &other)
    });
    assert!(site.is_open(HOTSPOT.id));
}

#[test]
fn a_nak_that_says_nothing_of_the_session_leaves_it_unknown() {
    let site = Site::of_r1();
    // By no other set: it would be answered otherwise
    site.configure("", &site.r1(&format!("{PATIENT}identity = [{IDENTITY:?}]\n")));
    for (user, id, cause) in [("nak406-alice", "80a00001", json!(406)), ("naknone-alice", "80a00002", Value::Null)] {
        site.open(user, &Session::new(id));
        disconnect(&site, user, 3, |site| {
            let other = json!({ "fate": "unknown", "attempts": [attempt("nak", &json!(42), &cause)] });
            object(site, user, id, &other)
        });
    }
}

/// What the next set comes to counts, not what the first was refused for.
#[test]
fn a_nak_of_406_moves_on_to_the_next_set() {
    let site = Site::of_r1();
    let sets = "identity = [[\"User-Name\", \"Acct-Session-Id\"], [\"Acct-Session-Id\", \"Framed-IP-Address\"]]\n";
    site.configure("", &site.r1(&format!("{PATIENT}{sets}")));
    site.open("nak406-alice", &HOTSPOT);
    disconnect(&site, "nak406-alice", 0, |site| {
        let attempts = [
            attempt_by(&["User-Name", "Acct-Session-Id"], "nak", &json!(42), &json!(406)),
            attempt_by(&["Acct-Session-Id", "Framed-IP-Address"], "ack", &json!(41), &Value::Null),
        ];
        let other = json!({ "fate": "ended", "path": "radius", "evidence": "accounting_stop", "attempts": attempts });
        object(site, "nak406-alice", HOTSPOT.id, &other)
    });
}

#[test]
fn silence_is_unknown() {
    let site = Site::start();
    site.configure("", &site.r1(HASTY).replace(site.server.secret(), "another secret"));
    site.open("alice", &HOTSPOT);
    let mut reports = site.reports(&["disconnect", "--user", "alice", "--reason", "left town"], 3);
    let sent = reports[0]["attempts"][0]["transmissions"].as_u64();
    assert!(sent >= Some(1) && sent <= Some(2), "mrc = 2: {sent:?}");
    once(&mut reports);
    let attempts = [attempt("no_reply", &Value::Null, &Value::Null)];
    let other = json!({ "fate": "unknown", "attempts": attempts, "reason": "left town" });
    assert_eq!(reports, [object(&site, "alice", HOTSPOT.id, &other)]);
    assert!(site.server.coa_requests().is_empty());
}

#[test]
fn an_ack_that_nothing_confirms_is_unknown() {
    let site = Site::with(&FreeRadiusOptions { ack_without_stop: true, ..FreeRadiusOptions::default() });
    site.configure("", &site.r1(&PATIENT.replace("verify_within = \"40s\"", "verify_within = \"1s\"")));
    site.open("alice", &HOTSPOT);
    disconnect(&site, "alice", 3, |site| {
        let attempts = [attempt("ack", &json!(41), &Value::Null)];
        let other = json!({ "fate": "unknown", "evidence": "disconnect_ack", "attempts": attempts });
        object(site, "alice", HOTSPOT.id, &other)
    });
    assert!(site.is_open(HOTSPOT.id), "no proof, so the row is not ours to close");
}

#[test]
fn a_nas_that_cannot_be_told_is_a_problem_of_the_session() {
    let site = Site::of_r1();
    site.open("alice", &HOTSPOT.on("127.0.0.9"));
    let problem = "no [[nas]] and no row of the nas table matches nasipaddress \"127.0.0.9\", Called-Station-Id \"\"";
    disconnect(&site, "alice", 3, |site| {
        let other = json!({ "nas": "127.0.0.9", "fate": "unknown", "problem": problem });
        object(site, "alice", HOTSPOT.id, &other)
    });
}

#[test]
fn the_nas_table_alone_is_enough() {
    let site = Site::start();
    let port = site.server.coa_addr().port();
    site.configure("", &format!("[nas_defaults]\ncoa_port = {port}\n{PATIENT}"));
    let secret = site.server.secret();
    site.server.sql(&format!("INSERT INTO nas (nasname, shortname, secret) VALUES ('127.0.0.1', 'R1', '{secret}')"));
    site.open("alice", &HOTSPOT);
    let reports = site.reports(&["disconnect", "--user", "alice"], 0);
    assert_eq!((&reports[0]["fate"], &reports[0]["nas"]), (&json!("ended"), &json!("R1")));
}
