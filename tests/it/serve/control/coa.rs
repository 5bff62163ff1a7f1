//! `radkick coa` beside a daemon, and its guard.
use serde_json::{Value, json};

use super::{Client, asked, begin, configure};
use crate::coa::{ALICE, journal, slower};
use crate::disconnect::site::{PATIENT, Session, Site, reports};
use crate::serve::{Gate, SLOW};

#[test]
fn a_session_that_ends_in_between_is_left_alone() {
    let site = Site::of_r1();
    site.open("alice", &ALICE);
    let gate = Gate::new();
    let running = gate.at("coa_recorded", site.radkick(&slower("alice"))).spawn();
    running.wait_for_stderr("halted at a failpoint");
    assert_eq!(journal(&site, "alice").len(), 1, "the intent is on disk before anything is sent");
    site.server.account(&ALICE.record("alice", "Stop"));
    // The same address, another session
    site.open("alice", &Session::new("80a00f32"));
    gate.open();
    let finished = running.finish();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let told = &finished.json_lines()[0];
    assert_eq!((&told["outcome"], &told["acct_session_id"]), (&json!("already_gone"), &json!(ALICE.id)), "{told}");
    assert!(told["problem"].as_str().is_some_and(|why| why.contains("nothing more was sent")), "{told}");
    assert!(site.server.coa_requests().is_empty());
    let events: Vec<String> = journal(&site, "alice").into_iter().map(|(_, event)| event).collect();
    assert_eq!(events, ["coa_intended", "coa"]);
}

#[test]
fn a_daemon_does_it_and_it_is_told_alike() {
    let site = Site::start();
    configure(&site, SLOW, "", &site.r1(PATIENT));
    site.open("alice", &ALICE);
    let alike = |mut told: Vec<Value>| {
        told[0]["attempts"][0]["transmissions"] = json!(1);
        told
    };
    let by_itself = alike(site.reports(&slower("alice"), 0));
    let daemon = begin(site.radkick(&["serve"]));
    let call = site.radkick(&slower("alice")).env("SUDO_USER", "ann").run();
    assert_eq!((call.code, call.stderr.as_str()), (Some(0), ""), "{call:#?}");
    assert_eq!(alike(reports(&call)), by_itself);
    assert_eq!(asked(&daemon, "coa", "done"), 1);
    assert_eq!(daemon.metric("radkick_dynauth_client_coa_acks_total{nas=\"R1\"}"), Some(1.0));
    assert_eq!(journal(&site, "alice").last(), Some(&("cli:ann".to_owned(), "coa".to_owned())));
    // Nor does the daemon take from anybody what the command would have refused
    let mut client = Client::connect(&site);
    client.ask(&json!({ "coa": { "user": "alice", "attributes": ["Framed-Pool=p"] } }));
    let refused = client.hear().expect("an answer");
    let why = refused["refused"]["why"].as_str().unwrap_or_default();
    assert!(why.contains("Framed-Pool: RouterOS never changes"), "{refused}");
    assert_eq!(client.hear(), None);
    assert_eq!(daemon.stop().code, Some(0));
}
