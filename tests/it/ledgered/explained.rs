//! `radkick explain`: one user, whole.
use serde_json::{Value, json};

use super::{Acct, HOUR, enforcing, explain, explained, now, person, step};
use crate::disconnect::site::{HASTY, Site};
use crate::enforce::ENFORCE;

/// alice with a limit of a thousand, and an open session of an hour with this use.
fn alice(sections: &str, octets: u64) -> (Site, i64) {
    let site = enforcing(sections);
    let at = now(&site);
    person(&site, "alice", "Max-Octets", "1000");
    Acct::open("alice", "a1", (at - HOUR, at), octets).write(&site, None);
    (site, at)
}

/// Over or not, blocked or not, and what is next.
fn told(object: &Value) -> (Option<&str>, bool, &str) {
    let next = object["next"].as_str().expect("a sentence");
    (object["over"].as_str(), object["blocked"].as_bool().expect("a bool"), next)
}

#[test]
fn who_is_under() {
    let (site, at) = alice("", 999);
    for begun in [false, true] {
        let object = explain(&site, "alice");
        assert_eq!(told(&object), (None, false, "Nothing: the user is not over."), "{begun}");
        let session = json!({
            "acct_unique_id": "a1", "nas_ip_address": "127.0.0.1", "open": true, "started_at": at - HOUR,
            "updated_at": at, "stopped_at": null, "counted_octets": 999, "counted_seconds": HOUR, "shares": [999],
            "held_octets": 0,
        });
        assert_eq!(object["sessions"], json!([session]), "{begun}");
        assert_eq!((&object["jobs"], &object["blocks"], &object["journal"]), (&json!([]), &json!([]), &json!([])));
        let text = explained(&site, "alice");
        assert!(text.contains("999 B of 1.0 KB ever: 1 B left (radcheck Max-Octets)"), "{text}");
        step(&site);
    }
}

#[test]
fn who_is_over_and_then_closed() {
    let (site, _) = alice("", 1000);
    let next = "Over (quota): the login is closed, 1 open sessions are cut.";
    assert_eq!(told(&explain(&site, "alice")), (Some("quota"), false, next));
    step(&site);
    let object = explain(&site, "alice");
    let next = "Over (quota): the login stays closed, 0 open sessions are cut.";
    assert_eq!(told(&object), (Some("quota"), true, next));
    assert_eq!(object["blocks"][0]["reason"], "quota");
    assert_eq!(object["sessions"][0]["open"], false);
    let events: Vec<&Value> = object["journal"].as_array().expect("a list").iter().map(|line| &line["event"]).collect();
    assert!(events.contains(&&json!("over")) && events.contains(&&json!("blocked")), "{events:?}");
    let text = explained(&site, "alice");
    for said in
        ["1.0 KB of 1.0 KB ever: over", "Login closed (reject, by worker, quota): held", "Journal, latest first:"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    crate::enforce::top_up(&site, "alice");
    let next = "Not over any more: the login is opened again.";
    assert_eq!(told(&explain(&site, "alice")), (None, true, next));
}

#[test]
fn who_is_closed_by_hand() {
    let (site, _) = alice("", 9);
    site.reports(&["block", "--user", "alice"], 0);
    let next = "Not over. The login was closed by hand and stays so until `radkick restore`.";
    assert_eq!(told(&explain(&site, "alice")), (None, true, next));
}

#[test]
fn who_is_left_alone() {
    for (sections, next) in [
        ("[exempt]\nusers = [\"alice\"]", "Over, but exempt"),
        ("[brakes]\ntrip_users = 1\ntrip_share = \"1 %\"", "Over, and a brake has tripped (2 users are over at once"),
    ] {
        let (site, at) = alice(sections, 1000);
        person(&site, "bob", "Max-Octets", "1000");
        Acct::open("bob", "b1", (at - HOUR, at), 1000).write(&site, None);
        site.run(&super::ONCE);
        let object = explain(&site, "alice");
        let told = told(&object);
        assert!((told.0, told.1) == (Some("quota"), false) && told.2.starts_with(next), "{object:#}");
    }
    let (site, _) = alice("", 1000);
    site.reports(&["pause"], 0);
    let next = "Over, and everything is paused: nothing until `radkick resume`.";
    assert_eq!(told(&explain(&site, "alice")), (Some("quota"), false, next));
    site.reports(&["resume"], 0);
    site.configure("", &site.r1(HASTY));
    assert_eq!(told(&explain(&site, "alice")), (Some("quota"), false, "Over. Mode observe: told, and nothing done."));
}

#[test]
fn whose_nas_is_silent() {
    let site = Site::start();
    site.configure(&format!("{ENFORCE}\n[accounting]\ninterim_interval = \"30s\""), &site.r1(HASTY));
    person(&site, "alice", "Max-Octets", "1000");
    let at = now(&site);
    Acct::open("alice", "a1", (at - HOUR, at), 500).write(&site, None);
    step(&site);
    let heard = "json_set(detail, '$.rhythms.\"127.0.0.1\".heard_at', unixepoch() - 1000)";
    site.state_sql(&format!("UPDATE radkick_feed SET detail = {heard};"));
    site.server.sql("UPDATE radcheck SET value = '400' WHERE attribute = 'Max-Octets';");
    let object = explain(&site, "alice");
    let next = "Over, but nothing comes from the NAS: nothing until it speaks again.";
    assert_eq!(told(&object), (Some("quota"), false, next));
}

#[test]
fn whose_limit_cannot_be_read() {
    let (site, _) = alice("", 1000);
    site.server.sql("UPDATE radcheck SET value = 'a lot' WHERE attribute = 'Max-Octets';");
    let object = explain(&site, "alice");
    let next = "A limit cannot be read: the user is left alone, neither cut nor let in.";
    assert_eq!(told(&object), (None, false, next));
    let problem = object["problems"][0].as_str().expect("a problem");
    assert!(problem.contains("radcheck Max-Octets is \"a lot\""), "{problem}");
    assert!(explained(&site, "alice").contains(problem));
}

#[test]
fn who_is_nobody() {
    let (site, _) = alice("", 1);
    for command in ["explain", "usage"] {
        let finished = site.run(&[command, "--user", "nobody"]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(4), ""), "{finished:#?}");
        assert!(finished.stderr.contains("user nobody is unknown"), "{finished:#?}");
    }
}

#[test]
fn what_came_and_went_since_the_last_look() {
    let (site, at) = alice("", 100);
    step(&site);
    Acct::closed("alice", "a2", (at - 60, at), 850).write(&site, None);
    assert_eq!(super::used(&site, "alice"), 950);
    super::change(&site, "a1", "acctstoptime = unixepoch(), acctoutputoctets = 149");
    assert_eq!(super::used(&site, "alice"), 999);
    super::change(&site, "a1", "acctoutputoctets = 150");
    let next = "Over (quota): the login is closed, 0 open sessions are cut.";
    assert_eq!(told(&explain(&site, "alice")), (Some("quota"), false, next));
    assert_eq!(site.reports(&["enforce", "--once", "--user", "alice"], 0)[0]["used_octets"], 1000);
}
