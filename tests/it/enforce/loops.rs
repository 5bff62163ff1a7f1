//! The loop, and what happens between two cycles.
use serde_json::json;

use super::{ENFORCE, ONCE, customer, enforcing, top_up};
use crate::bad_input::locked::Holder;
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
    assert!(second.stderr.contains("another `radkick enforce` or `radkick serve` runs on"), "{second:#?}");
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
    let left: Vec<_> = std::fs::read_dir(site.folder()).expect("a folder").map(|e| e.expect("a file").path()).collect();
    assert_eq!(left, [site.config()], "no state, no lock");
}

#[test]
fn told_to_stop_it_begins_with_nobody_else() {
    let site = Site::start();
    // A router that never answers, and more users than are cut side by side
    let mute = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let timers = "irt = \"1s\"\nmrt = \"1s\"\nmrc = 3\nmrd = \"3s\"\nverify_within = \"1s\"\n";
    site.configure(ENFORCE, &site.nas("R1", "127.0.0.1", mute.local_addr().expect("an address"), timers));
    let ids: Vec<_> =
        (0..20).map(|n| (format!("user{n:02}"), format!("80b000{n:02}"), format!("10.9.0.{n}"))).collect();
    for (user, id, address) in &ids {
        customer(&site, user, Session::new(id).at(address), "1000");
    }
    let running = enforce(&site);
    running.wait_for_stderr("Data exhausted detected for user");
    // A request of the first ones is on its way
    mute.recv_from(&mut [0; 4096]).expect("a request");
    assert_eq!(running.terminate().code, Some(0));
    assert_eq!(site.state_sql("SELECT count(*) AS jobs FROM radkick_job")[0]["jobs"], 16);
    assert!(site.state_sql("SELECT id FROM radkick_job WHERE lease_holder IS NOT NULL").is_empty(), "all settled");
}

#[test]
fn a_pause_stops_a_cycle_that_is_under_way() {
    let site = Site::start();
    let (alice, bob) = (ALICE, Session::new("80a00002").at("192.168.88.42"));
    site.configure(ENFORCE, &site.r1(PATIENT));
    customer(&site, "alice", alice, "1000");
    customer(&site, "bob", bob, "1000");
    // FreeRADIUS' tables are locked: no login can be closed yet, and nothing is sent before
    let keeper = Holder::of(&site.server.database(), "BEGIN IMMEDIATE");
    let running = site.radkick(&["-v", "enforce", "--once"]).spawn();
    running.wait_for_stderr("Data exhausted detected for user bob");
    running.wait_for_stderr("Data exhausted detected for user alice");
    wait_until("both jobs are on disk", || {
        site.state_sql("SELECT id FROM radkick_job WHERE lease_holder IS NOT NULL").len() == 2
    });
    site.reports(&["pause"], 0);
    drop(keeper);
    let finished = running.finish();
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    assert!(finished.stderr.contains("nobody is cut until `radkick resume`"), "{finished:#?}");
    assert!(site.server.coa_requests().is_empty() && site.is_open(alice.id) && site.is_open(bob.id));
    let jobs = site.state_sql("SELECT state FROM radkick_job");
    assert_eq!(jobs.iter().map(|job| &job["state"]).collect::<Vec<_>>(), ["waiting", "waiting"]);
    site.reports(&["resume"], 0);
    assert_eq!(site.reports(&ONCE, 0).len(), 2);
}

#[test]
fn where_standard_error_is_full_it_works_on() {
    let site = enforcing("");
    customer(&site, "alice", ALICE, "1000");
    let command = "exec \"$0\" --config \"$1\" -vv enforce --once 2>/dev/full";
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", command, env!("CARGO_BIN_EXE_radkick")]).arg(site.config());
    let finished = crate::support::process::Running::start(&mut shell, "").finish(crate::support::wait::PATIENCE);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(!site.is_open(ALICE.id));
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
