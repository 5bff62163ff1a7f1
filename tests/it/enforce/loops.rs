//! The loop, and what happens between two cycles.
use serde_json::json;

use super::{ENFORCE, ONCE, customer, enforcing, top_up};
use crate::disconnect::site::{HASTY, PATIENT, Session, Site};
use crate::support::freeradius::Authentication;
use crate::support::radkick::RunningRadkick;
use crate::support::wait::wait_until;

const ALICE: Session<'_> = Session::new("80a00001");

/// Starts the loop and waits until it is at work.
fn enforce(site: &Site) -> RunningRadkick {
    let running = site.radkick(&["enforce"]).spawn();
    running.wait_for_stderr("enforcing quotas");
    running
}

#[test]
fn it_cuts_who_goes_over_and_ends_when_told() {
    let site = Site::start();
    site.configure(&format!("{ENFORCE}\ninterval = \"1s\""), &site.r1(PATIENT));
    let running = enforce(&site);
    customer(&site, "alice", ALICE, "999");
    customer(&site, "bob", Session::new("80a00002").at("192.168.88.42"), "1000");
    running.wait_for_stderr("Successfully disconnected user bob from MikroTik");
    assert!(running.process.stderr().contains("Data exhausted detected for user bob"));
    assert_eq!(site.server.authenticate("bob", "pw"), Authentication::Reject(None));
    assert!(site.is_open(ALICE.id));
    // One more octet, and it is alice's turn
    let mut record = ALICE.record("alice", "Interim-Update");
    record.push(("Acct-Output-Octets", "1000"));
    site.server.account(&record);
    running.wait_for_stderr("Successfully disconnected user alice from MikroTik");
    top_up(&site, "bob");
    wait_until("bob may log in", || site.check_rows("bob").len() == 2);
    let finished = running.terminate();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert_eq!(site.server.authenticate("bob", "pw"), Authentication::Accept);
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Reject(None));
    assert_eq!(site.server.coa_requests().len(), 2, "each is cut once");
}

#[test]
fn a_second_loop_is_refused() {
    let site = enforcing("");
    let running = enforce(&site);
    let second = site.run(&["enforce"]);
    assert_eq!((second.code, second.stdout.as_str()), (Some(5), ""), "{second:#?}");
    assert!(second.stderr.contains("another `radkick enforce` runs on"), "{second:#?}");
    // Commands beside it are welcome
    customer(&site, "alice", ALICE, "10");
    assert_eq!(site.reports(&["disconnect", "--user", "alice"], 0)[0]["fate"], "ended");
    assert_eq!(running.terminate().code, Some(0));
    // The system gave the lock back
    assert_eq!(enforce(&site).terminate().code, Some(0));
}

#[test]
fn a_loop_that_observes_does_nothing() {
    let site = Site::start();
    site.configure("", &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    let before = site.tables();
    let running = enforce(&site);
    running.wait_for_stderr("would cut off alice");
    assert_eq!(running.terminate().code, Some(0));
    assert_eq!(site.tables(), before);
    assert!(site.server.coa_requests().is_empty());
}

#[test]
fn a_top_up_before_the_next_try_calls_it_off() {
    let site = Site::start();
    // A router that is asleep: nobody listens there
    let asleep = ([127, 0, 0, 1], crate::support::ports::free_udp_ports::<1>()[0]).into();
    site.configure(ENFORCE, &site.nas("R1", "127.0.0.1", asleep, HASTY));
    customer(&site, "alice", ALICE, "1000");
    let reports = site.reports(&ONCE, 3);
    assert_eq!((&reports[0]["fate"], &reports[0]["blocked"]), (&json!("unknown"), &json!(true)));
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Reject(None));
    let live = "SELECT state, live_key FROM radkick_job WHERE live_key IS NOT NULL";
    assert_eq!(site.state_sql(live)[0]["state"], "waiting");
    // The router wakes up, but alice has paid
    site.configure(ENFORCE, &site.r1(PATIENT));
    top_up(&site, "alice");
    site.reports(&ONCE, 0);
    assert!(site.state_sql(live).is_empty());
    assert_eq!(site.state_sql("SELECT state FROM radkick_job")[0]["state"], "lapsed");
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
    assert!(site.is_open(ALICE.id));
    assert!(site.server.coa_requests().is_empty());
}

#[test]
fn what_was_not_proven_is_tried_again() {
    let site = Site::start();
    let asleep = ([127, 0, 0, 1], crate::support::ports::free_udp_ports::<1>()[0]).into();
    site.configure(ENFORCE, &site.nas("R1", "127.0.0.1", asleep, HASTY));
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 3);
    site.configure(ENFORCE, &site.r1(PATIENT));
    let reports = site.reports(&ONCE, 0);
    assert_eq!((reports.len(), &reports[0]["fate"]), (1, &json!("ended")));
    let mut outcomes = reports[0]["attempts"].as_array().expect("attempts").iter().map(|attempt| &attempt["outcome"]);
    assert_eq!(outcomes.next_back(), Some(&json!("ack")));
    assert_eq!(site.state_sql("SELECT count(*) AS jobs FROM radkick_job")[0]["jobs"], 1, "the same job");
    assert_eq!(site.check_rows("alice").len(), 3, "one block");
}
