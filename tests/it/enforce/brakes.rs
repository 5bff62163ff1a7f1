//! What holds a mass cut and a mass restore back.
use serde_json::{Value, json};

use super::{ONCE, customer, enforcing, top_up, users};
use crate::disconnect::site::{Session, Site};

const CUSTOMERS: [(&str, &str, &str); 3] =
    [("alice", "80a00001", "10.0.0.1"), ("bob", "80a00002", "10.0.0.2"), ("carol", "80a00003", "10.0.0.3")];

/// Three users, each with one session, each over: carol the furthest.
fn three_over(sections: &str) -> Site {
    let site = enforcing(sections);
    for ((user, session, address), octets) in CUSTOMERS.iter().zip(["1000", "1001", "1002"]) {
        customer(&site, user, Session::new(session).at(address), octets);
    }
    site
}

fn open_sessions(site: &Site) -> usize {
    site.server.sql("SELECT * FROM radacct WHERE acctstoptime IS NULL").len()
}

fn rejects(site: &Site) -> usize {
    site.server.sql("SELECT * FROM radcheck WHERE value = 'Reject'").len()
}

/// Runs one cycle and demands that a brake holds it, saying this.
fn held(site: &Site, said: &str) -> Vec<Value> {
    let finished = site.run(&ONCE);
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.stderr.contains(said), "{finished:#?}");
    crate::disconnect::site::reports(&finished)
}

#[test]
fn per_cycle_paces() {
    let site = three_over("[brakes]\nper_cycle = 1");
    let said = "3 users are over; 1 are cut in this cycle, the others in the next ones";
    assert_eq!(users(&held(&site, said)), ["carol"], "the furthest over first");
    assert_eq!((open_sessions(&site), rejects(&site)), (2, 1));
    held(&site, "2 users are over; 1 are cut");
    assert_eq!((open_sessions(&site), rejects(&site)), (1, 2));
    site.reports(&ONCE, 0);
    assert_eq!((open_sessions(&site), rejects(&site)), (0, 3));
}

#[test]
fn a_mass_cut_waits_for_a_person() {
    let site = three_over("[brakes]\ntrip_users = 1\ntrip_share = \"1 %\"");
    let said = "3 users are over at once, 3 are online: nobody is cut until `radkick confirm`";
    for _ in 0..2 {
        let reports = held(&site, said);
        assert_eq!(reports.len(), 3);
        assert!(reports.iter().all(|report| report["fate"] == "unknown" && report["blocked"] == false), "{reports:#?}");
        assert_eq!((open_sessions(&site), rejects(&site)), (3, 0));
    }
    assert!(site.server.coa_requests().is_empty());
    assert_eq!(site.reports(&["confirm"], 0), [json!({ "confirmed": [said] })]);
    assert_eq!(site.reports(&["confirm"], 0), [json!({ "confirmed": [] })]);
    assert_eq!(users(&site.reports(&ONCE, 0)).len(), 3);
    assert_eq!((open_sessions(&site), rejects(&site)), (0, 3));
}

#[test]
fn a_share_of_those_online_trips_nothing_below_it() {
    // Three of three are more than 99 %, and not more than 100 %
    let site = three_over("[brakes]\ntrip_users = 1\ntrip_share = \"100 %\"");
    assert_eq!(site.reports(&["enforce", "--once"], 0).len(), 3);
    let site = three_over("[brakes]\ntrip_users = 1\ntrip_share = \"99 %\"");
    held(&site, "nobody is cut");
    // --confirm is the same word, in the same breath
    assert_eq!(site.reports(&["enforce", "--once", "--confirm"], 0).len(), 3);
    assert_eq!(open_sessions(&site), 0);
}

#[test]
fn a_mass_restore_waits_for_a_person() {
    let site = three_over("[brakes]\ntrip_users = 1\ntrip_share = \"1 %\"");
    site.reports(&["enforce", "--once", "--confirm"], 0);
    assert_eq!(rejects(&site), 3);
    // Limits vanish in bulk: a panel's mistake, most likely
    site.server.sql("DELETE FROM radcheck WHERE attribute = 'Max-Octets';");
    held(&site, "3 of 3 blocked users would be let in again at once");
    assert_eq!(rejects(&site), 3);
    site.reports(&["confirm"], 0);
    site.reports(&ONCE, 0);
    assert_eq!(rejects(&site), 0);
}

#[test]
fn one_of_many_is_let_in_at_once() {
    let site = three_over("[brakes]\ntrip_users = 1\ntrip_share = \"100 %\"");
    site.reports(&ONCE, 0);
    top_up(&site, "bob");
    site.reports(&ONCE, 0);
    assert_eq!(rejects(&site), 2);
}

#[test]
fn paused_nobody_is_cut() {
    let site = three_over("");
    let paused = site.reports(&["pause"], 0);
    assert_eq!(paused, [json!({ "paused": true, "until": null })]);
    held(&site, "nobody is cut until `radkick resume`");
    let refused = site.run(&["disconnect", "--user", "alice"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{refused:#?}");
    assert!(refused.stderr.contains("nothing is cut until `radkick resume`"), "{refused:#?}");
    assert_eq!((open_sessions(&site), rejects(&site)), (3, 0));
    assert!(site.server.coa_requests().is_empty());
    assert_eq!(site.reports(&["disconnect", "--user", "bob", "--force"], 0)[0]["fate"], "ended");
    assert_eq!(site.reports(&["resume"], 0), [json!({ "paused": false, "was_paused": true })]);
    assert_eq!(site.reports(&["resume"], 0), [json!({ "paused": false, "was_paused": false })]);
    site.reports(&ONCE, 0);
    assert_eq!((open_sessions(&site), rejects(&site)), (0, 3));
}

#[test]
fn a_pause_has_an_end() {
    let site = three_over("");
    site.reports(&["pause", "--for", "1h"], 0);
    held(&site, "nobody is cut");
    // An hour later
    let file = site.folder().join("radkick-pause");
    let until: i64 = std::fs::read_to_string(&file).expect("the pause").trim().parse().expect("a time");
    std::fs::write(&file, (until - 3601).to_string()).expect("the pause");
    site.reports(&ONCE, 0);
    assert_eq!(open_sessions(&site), 0);
}
