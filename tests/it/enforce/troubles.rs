//! Trouble of one user is nobody else's, and nobody goes round a brake.
use serde_json::json;

use super::{ENFORCE, ONCE, customer, enforcing, users};
use crate::disconnect::site::{HASTY, PATIENT, Session, Site};
use crate::support::freeradius::Authentication;

const ALICE: Session<'_> = Session::new("80a00001");
const BOB: Session<'_> = Session::new("80a00002").at("192.168.88.42");

/// Configures R1 as asleep: nobody listens there.
fn asleep(site: &Site, sections: &str) {
    let nobody = ([127, 0, 0, 1], crate::support::ports::free_udp_ports::<1>()[0]).into();
    site.configure(&format!("{ENFORCE}\n{sections}"), &site.nas("R1", "127.0.0.1", nobody, HASTY));
}

fn awake(site: &Site, sections: &str) {
    site.configure(&format!("{ENFORCE}\n{sections}"), &site.r1(PATIENT));
}

#[test]
fn a_nas_that_cannot_be_asked_stops_nobody_else() {
    let site = Site::start();
    let no_source = format!("{PATIENT}source = \"192.0.2.77\"\n");
    let r2 = site.nas("R2", "127.0.0.2", site.server.coa_addr(), &no_source);
    site.configure(ENFORCE, &format!("{}{r2}", site.r1(PATIENT)));
    customer(&site, "alice", ALICE, "1000");
    customer(&site, "bob", BOB.on("127.0.0.2"), "1000");
    let by_hand = site.reports(&["disconnect", "--user", "bob"], 5);
    let problem = by_hand[0]["problem"].as_str().expect("a problem");
    assert!(by_hand[0]["fate"] == "unknown" && problem.contains("192.0.2.77"), "{by_hand:#?}");
    assert!(site.state_sql("SELECT id FROM radkick_job WHERE live_key IS NOT NULL").is_empty(), "tried once and told");
    let reports = site.reports(&ONCE, 5);
    assert_eq!(users(&reports), ["alice", "bob"]);
    assert_eq!((&reports[0]["fate"], &reports[1]["fate"]), (&json!("ended"), &json!("unknown")), "{reports:#?}");
    assert!(reports[1]["problem"].as_str().is_some_and(|text| text.contains("192.0.2.77")), "{reports:#?}");
    let waiting = site.state_sql("SELECT state, user_name FROM radkick_job WHERE live_key IS NOT NULL");
    assert_eq!((waiting.len(), &waiting[0]["state"], &waiting[0]["user_name"]), (1, &json!("waiting"), &json!("bob")));
    assert!(!site.is_open(ALICE.id) && site.is_open(BOB.id));
}

#[test]
fn who_became_exempt_is_let_go() {
    let site = Site::start();
    asleep(&site, "");
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 3);
    awake(&site, "[exempt]\nusers = [\"alice\"]");
    assert!(site.reports(&ONCE, 0).is_empty());
    assert!(site.is_open(ALICE.id) && site.server.coa_requests().is_empty());
    assert_eq!(site.state_sql("SELECT state FROM radkick_job")[0]["state"], "lapsed");
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
}

#[test]
fn a_job_too_old_ends_and_the_login_stays_closed() {
    let site = Site::start();
    asleep(&site, "");
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 3);
    site.state_sql("UPDATE radkick_job SET lapses_at = 1;");
    let finished = site.run(&ONCE);
    assert_eq!(finished.code, Some(3), "{finished:#?}");
    assert!(finished.stderr.contains("7 days"), "{finished:#?}");
    assert_eq!(finished.json_lines()[0]["acct_session_id"], ALICE.id);
    assert_eq!(site.state_sql("SELECT state FROM radkick_job")[0]["state"], "ended");
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Reject(None));
    awake(&site, "");
    assert_eq!(site.reports(&ONCE, 0)[0]["fate"], "ended", "a new job");
}

#[test]
fn a_confirmation_holds_while_those_confirmed_are_being_cut() {
    let brakes = "[brakes]\ntrip_users = 1\ntrip_share = \"1 %\"";
    let site = Site::start();
    asleep(&site, brakes);
    customer(&site, "alice", ALICE, "1000");
    customer(&site, "bob", BOB, "1000");
    site.reports(&["enforce", "--once", "--confirm"], 3);
    // A cycle in which both wait for their next try
    let running = site.radkick(&["enforce"]).spawn();
    running.wait_for_stderr("enforcing quotas");
    assert_eq!(running.terminate().code, Some(0));
    awake(&site, brakes);
    assert_eq!(users(&site.reports(&ONCE, 0)), ["alice", "bob"]);
    // All off: the confirmation has been used up
    site.reports(&ONCE, 0);
    site.reports(&ONCE, 0);
    assert!(site.state_sql("SELECT name FROM radkick_brake").is_empty());
}

#[test]
fn one_user_by_name_leaves_the_brakes_as_they_are() {
    let site = enforcing("[brakes]\ntrip_users = 1\ntrip_share = \"1 %\"");
    customer(&site, "alice", ALICE, "1000");
    customer(&site, "bob", BOB, "1000");
    site.reports(&ONCE, 1);
    let before = site.state_sql("SELECT * FROM radkick_brake");
    assert_eq!(before.len(), 1);
    assert_eq!(site.reports(&["enforce", "--once", "--user", "alice"], 0)[0]["fate"], "ended");
    assert_eq!(site.state_sql("SELECT * FROM radkick_brake"), before);
    assert!(site.is_open(BOB.id));
}

#[test]
fn another_reason_carries_on_with_the_same_job() {
    let site = Site::start();
    asleep(&site, "");
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 3);
    site.server.sql("DELETE FROM radcheck WHERE attribute = 'Max-Octets';");
    site.check("alice", &[("Expiration", "01 Jan 2020 00:00:00")]);
    site.reports(&ONCE, 3);
    let jobs = site.state_sql("SELECT state, attempts FROM radkick_job");
    assert_eq!((jobs.len(), &jobs[0]["attempts"]), (1, &json!(2)), "{jobs:?}");
}

#[test]
fn a_try_further_ahead_than_any_is_due() {
    let site = Site::start();
    asleep(&site, "");
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 3);
    // The clock has been put back by a day
    site.state_sql("UPDATE radkick_job SET retry_at = retry_at + 86400;");
    awake(&site, "");
    let running = site.radkick(&["enforce"]).spawn();
    running.wait_for_stderr("Successfully disconnected user alice");
    assert_eq!(running.terminate().code, Some(0));
}
