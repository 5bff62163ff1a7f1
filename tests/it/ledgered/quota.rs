//! Allowances in radkick's own table: `radkick quota`.
use serde_json::{Value, json};

use super::{Acct, HOUR, enforcing, is_closed, now, standing, step};
use crate::disconnect::site::Site;
use crate::support::process::Finished;

fn quota(site: &Site, arguments: &[&str]) -> Value {
    let mut objects = site.reports(&[&["quota"], arguments].concat(), 0);
    assert_eq!(objects.len(), 1, "{objects:#?}");
    let object = objects.remove(0);
    if let Some(at) = object.get("changed_at") {
        assert!((now(site) - at.as_i64().expect("a time")).abs() < 60, "{object}");
    }
    object
}

/// The object of an allowance: what differs from nothing stands in `other`.
fn allowance(user: &str, object: &Value, other: &Value) -> Value {
    let mut expected = json!({
        "user": user, "limit_octets": null, "topup_octets": 0, "period": null, "period_start": null, "expires_at": null,
        "subject": null, "changed_at": object["changed_at"], "changed_by": "command",
    });
    for (key, value) in other.as_object().expect("an object") {
        expected[key] = value.clone();
    }
    expected
}

fn login(site: &Site, user: &str) {
    site.check(user, &[("Cleartext-Password", "pw")]);
}

fn online(site: &Site, user: &str, octets: u64) {
    let at = now(site);
    Acct::open(user, user, (at, at), octets).write(site, None);
}

#[test]
fn each_command_says_what_stands_now() {
    let site = enforcing("[accounting]\ntime_zone = \"Etc/GMT-3\"");
    login(&site, "alice");
    let set = quota(&site, &["set", "--user", "alice", "--limit", "5 GiB", "--period", "monthly"]);
    let five = json!({ "limit_octets": 5_368_709_120_u64, "period": "monthly" });
    assert_eq!(set, allowance("alice", &set, &five));
    let topped = quota(&site, &["topup", "--user", "alice", "--add", "1 GB"]);
    let more = json!({ "limit_octets": 5_368_709_120_u64, "period": "monthly", "topup_octets": 1_000_000_000 });
    assert_eq!(topped, allowance("alice", &topped, &more));
    let twice = quota(&site, &["topup", "--user", "alice", "--add", "1 GB"]);
    assert_eq!(twice["topup_octets"], 2_000_000_000_u64);
    assert_eq!(quota(&site, &["list"]), twice);
    assert_eq!(quota(&site, &["list", "--user", "alice"]), twice);
    assert_eq!(standing(&site, "alice")["limit_octets"], 7_368_709_120_u64);
    assert_eq!(standing(&site, "alice")["limit_source"], "radkick_quota");
    // Set anew: the top-ups are gone
    let since =
        ["set", "--user", "alice", "--limit", "none", "--since", "2026-01-01", "--expires", "2100-01-01 12:00:00"];
    let set = quota(&site, &[&since[..], &["--subject", "home"]].concat());
    let other = json!({ "period_start": 1_767_214_800, "expires_at": 4_102_477_200_i64, "subject": "home" });
    assert_eq!(set, allowance("alice", &set, &other));
    let removed = quota(&site, &["remove", "--user", "alice"]);
    assert_eq!(removed, json!({ "user": "alice", "limit_octets": null }));
    assert!(site.reports(&["quota", "list"], 0).is_empty());
    assert!(site.reports(&["quota", "list", "--user", "alice"], 0).is_empty(), "known, and without");
    let unknown = site.run(&["quota", "list", "--user", "mallory"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(4), ""), "{unknown:#?}");
    assert!(unknown.stderr.contains("error: user mallory is unknown: no row of radacct"), "{unknown:#?}");
    // Given before FreeRADIUS knows the name
    quota(&site, &["set", "--user", "mallory", "--limit", "1 GB"]);
    assert_eq!(quota(&site, &["list", "--user", "mallory"])["user"], "mallory");
    let events = site.state_sql("SELECT event FROM radkick_journal WHERE user_name = 'alice' ORDER BY id");
    let events: Vec<&Value> = events.iter().map(|row| &row["event"]).collect();
    assert_eq!(events, ["quota", "topup", "topup", "quota", "quota"]);
}

#[test]
fn a_topup_lets_in_and_ends_with_its_period() {
    let site = enforcing("");
    login(&site, "alice");
    quota(&site, &["set", "--user", "alice", "--limit", "1000", "--period", "daily"]);
    // Its slots are days from now on: [quota] has none but the total
    online(&site, "alice", 1000);
    assert_eq!(step(&site)[0]["limit_source"], "radkick_quota");
    assert!(is_closed(&site, "alice"));
    quota(&site, &["topup", "--user", "alice", "--add", "500"]);
    step(&site);
    assert!(!is_closed(&site, "alice"));
    // It was for yesterday
    site.state_sql("UPDATE radkick_quota SET topup_start = topup_start - 86400;");
    step(&site);
    assert!(is_closed(&site, "alice"));
    assert_eq!(standing(&site, "alice")["limit_octets"], 1000);
}

#[test]
fn a_period_of_a_users_own() {
    let site = enforcing("");
    login(&site, "alice");
    quota(&site, &["set", "--user", "alice", "--limit", "1000", "--period", "2h"]);
    let at = now(&site);
    Acct::closed("alice", "a0", (at - 5 * HOUR, at - 4 * HOUR), 5000).write(&site, None);
    online(&site, "alice", 600);
    assert!(step(&site).is_empty());
    let own = standing(&site, "alice");
    assert_eq!((&own["used_octets"], &own["period"]), (&json!(600), &json!("rolling")));
}

#[test]
fn a_start_of_a_users_own() {
    let site = enforcing("");
    login(&site, "alice");
    let at = now(&site);
    Acct::closed("alice", "a0", (at - 5 * HOUR, at - 4 * HOUR), 5000).write(&site, None);
    online(&site, "alice", 600);
    let since = (at - HOUR).to_string();
    quota(&site, &["set", "--user", "alice", "--limit", "1000", "--since", &since]);
    assert!(step(&site).is_empty());
    assert_eq!(standing(&site, "alice")["used_octets"], 600);
}

#[test]
fn a_family_of_the_table() {
    let site = enforcing("");
    for (user, limit) in [("anna", "1000"), ("ben", "none"), ("cleo", "none")] {
        login(&site, user);
        quota(&site, &["set", "--user", user, "--limit", limit, "--subject", "anna"]);
        online(&site, user, 400);
    }
    let reports = step(&site);
    assert_eq!(reports.len(), 3);
    assert!(reports.iter().all(|report| report["subject"] == "anna" && report["fate"] == "ended"), "{reports:#?}");
    quota(&site, &["topup", "--user", "anna", "--add", "201"]);
    step(&site);
    assert!(["anna", "ben", "cleo"].iter().all(|user| !is_closed(&site, user)));
    assert_eq!(standing(&site, "ben")["limit_octets"], 1201);
    // Who leaves has a use of his own
    quota(&site, &["remove", "--user", "ben"]);
    assert_eq!(standing(&site, "cleo")["used_octets"], 800);
}

#[test]
fn an_expiry_of_the_table() {
    let site = enforcing("");
    login(&site, "alice");
    online(&site, "alice", 1);
    quota(&site, &["set", "--user", "alice", "--limit", "none", "--expires", "2020-01-01"]);
    assert_eq!(step(&site)[0]["reason"], "expiry");
    quota(&site, &["set", "--user", "alice", "--limit", "none", "--expires", "2100-01-01"]);
    step(&site);
    assert!(!is_closed(&site, "alice"));
}

fn refused(site: &Site, arguments: &[&str], (code, said): (i32, &str)) -> Finished {
    let finished = site.run(&[&["quota"], arguments].concat());
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(code), ""), "{arguments:?} {finished:#?}");
    assert!(finished.stderr.contains(said), "{arguments:?} {finished:#?}");
    finished
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let site = enforcing("");
    login(&site, "alice");
    let alice = ["set", "--user", "alice", "--limit"];
    for size in ["", "5 apples", "-1", "1.5.5 GB", "18446744073709551616", "99999999999 TiB"] {
        refused(&site, &[&alice[..], &[size]].concat(), (2, ""));
        refused(&site, &["topup", "--user", "alice", "--add", size], (2, ""));
    }
    refused(&site, &["topup", "--user", "alice", "--add", "none"], (2, "no size"));
    for (option, value, said) in [
        ("--since", "someday", "no date"),
        ("--expires", "2030-13-01", "no date"),
        ("--expires", "", "no date"),
        ("--period", "fortnightly", "no period"),
        ("--period", "401d", "no period"),
    ] {
        refused(&site, &[&alice[..], &["1 GB", option, value]].concat(), (2, said));
    }
    let both = ["1 GB", "--since", "2030-01-01", "--period", "daily"];
    refused(&site, &[&alice[..], &both].concat(), (2, "cannot be used with"));
    for command in [&["topup", "--user", "alice", "--add", "1 GB"][..], &["remove", "--user", "alice"]] {
        refused(&site, command, (4, "alice has no allowance in radkick's table"));
    }
    let nobody = quota_of_nobody(&site);
    assert!(nobody.stderr.contains("no table of FreeRADIUS' has the name nobody"), "{nobody:#?}");
}

fn quota_of_nobody(site: &Site) -> Finished {
    let finished = site.run(&["quota", "set", "--user", "nobody", "--limit", "1 GB"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    finished
}
