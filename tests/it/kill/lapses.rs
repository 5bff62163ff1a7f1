//! Between the kill and the next run the world goes on.
use radkick::failpoint::STEPS;
use serde_json::json;

use super::{ALICE, kill_at, login, only_her_session_was_named, watch};
use crate::disconnect::site::{HASTY, PATIENT, Session, Site};
use crate::enforce::{ENFORCE, customer, top_up};
use crate::support::freeradius::{Authentication, FreeRadiusOptions};

#[test]
fn who_has_paid_meanwhile_is_left_alone() {
    // From the job to the intent: behind those of hooks
    let to_intent = STEPS.iter().skip_while(|step| **step != "job_submitted").take(6);
    for step in to_intent {
        let site = Site::start();
        site.configure(ENFORCE, &site.r1(PATIENT));
        customer(&site, "alice", ALICE, "1000");
        kill_at(site.radkick(&["enforce", "--once"]), step);
        top_up(&site, "alice");
        assert_eq!(site.run(&["enforce", "--once"]).code, Some(0), "{step}");
        assert_eq!(login(&site), Authentication::Accept, "{step}");
        assert!(site.is_open(ALICE.id), "{step}");
        assert!(site.server.coa_requests().is_empty(), "{step}");
        let jobs = site.state_sql("SELECT state, live_key FROM radkick_job");
        assert_eq!((&jobs[0]["state"], &jobs[0]["live_key"]), (&json!("lapsed"), &json!(null)), "{step}");
    }
}

#[test]
fn a_request_is_sent_again_for_the_same_session() {
    let site = Site::with(&FreeRadiusOptions { ack_without_stop: true, ..FreeRadiusOptions::default() });
    site.configure("", &site.r1(HASTY));
    customer(&site, "alice", ALICE, "1000");
    let command = ["disconnect", "--user", "alice", "--session", ALICE.id];
    kill_at(site.radkick(&command), "request_answered");
    site.reports(&command, 3);
    let sent = site.server.coa_requests().len();
    assert!(sent >= 2, "at least once more: {sent}");
    only_her_session_was_named(&site, "request_answered");
}

#[test]
fn a_session_that_ended_meanwhile_is_gone_and_its_successor_stays() {
    for step in ["target_selected", "intent_recorded"] {
        let site = Site::start();
        site.configure("", &site.r1(PATIENT));
        customer(&site, "alice", ALICE, "1000");
        watch(&site);
        let command = ["disconnect", "--user", "alice", "--session", ALICE.id];
        kill_at(site.radkick(&command), step);
        site.server.account(&ALICE.record("alice", "Stop"));
        let next = Session::new("80a00002");
        site.open("alice", &next);
        let reports = site.reports(&command, 0);
        assert_eq!((reports.len(), &reports[0]["fate"]), (1, &json!("already_gone")), "{step}: {reports:#?}");
        assert_eq!(reports[0]["acct_session_id"], ALICE.id);
        assert!(site.is_open(next.id), "{step}");
        assert!(site.server.coa_requests().is_empty(), "{step}");
    }
}

#[test]
fn a_lease_of_the_living_is_respected() {
    let site = Site::start();
    site.configure("", &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    let command = ["disconnect", "--user", "alice"];
    let halted = site.radkick(&command).env("RADKICK_FAILPOINT", "intent_recorded").spawn();
    halted.wait_for_stderr("halted at a failpoint");
    let beside = site.radkick(&["-v", "disconnect", "--user", "alice"]).spawn();
    beside.wait_for_stderr("another radkick is at work on this user");
    assert!(site.server.coa_requests().is_empty(), "the other one is at it");
    halted.process.signal("KILL");
    halted.finish();
    let finished = beside.finish();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert_eq!(finished.json_lines()[0]["fate"], "ended", "it took over from the dead");
    assert_eq!(site.server.coa_requests().len(), 1);
}
