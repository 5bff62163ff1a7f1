//! Killed in the middle of a cut: the next start finishes what was begun, and every effect happens once.
use super::daemon::Daemon;
use super::{BRISK, configure, live};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::customer;
use crate::support::freeradius::Authentication;

const ALICE: Session<'_> = Session::new("80a00001");

#[test]
fn at_every_step_of_a_cut() {
    for (step, sent) in [
        ("job_submitted", 0),
        ("block_planned", 0),
        ("block_changed", 0),
        ("target_selected", 0),
        ("intent_recorded", 0),
        ("request_answered", 1),
        ("attempt_recorded", 1),
        ("fate_recorded", 1),
    ] {
        let site = Site::start();
        configure(&site, BRISK, &site.r1(PATIENT));
        customer(&site, "alice", ALICE, "1000");
        let daemon = Daemon::begin(site.radkick(&["serve"]).env("RADKICK_FAILPOINT", step));
        daemon.wait_for("halted at a failpoint");
        daemon.running.process.signal("KILL");
        assert_eq!(daemon.running.finish().code, None, "{step}");
        assert_eq!(site.server.coa_requests().len(), sent, "{step}");
        let daemon = Daemon::start(site.radkick(&["serve"]));
        // Where the Stop is the proof of what the first one sent, nothing more is sent
        crate::support::wait::wait_until("it is done", || {
            live(&site).is_empty() && site.state_sql("SELECT id FROM radkick_target WHERE step = 'done'").len() == 1
        });
        assert_eq!(daemon.stop().code, Some(0), "{step}");
        assert_eq!(site.server.coa_requests().len(), 1, "{step}");
        assert!(!site.is_open(ALICE.id), "{step}");
        assert_eq!(site.check_rows("alice").len(), 3, "{step}: one block");
        assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Reject(None), "{step}");
        let jobs = site.state_sql("SELECT state, lease_holder FROM radkick_job");
        // Of whom nothing that is known took effect, nobody is watched
        let state = if step == "request_answered" { "ended" } else { "watching" };
        assert_eq!((jobs.len(), &jobs[0]["state"]), (1, &state.into()), "{step}");
        assert!(jobs[0]["lease_holder"].is_null(), "{step}");
    }
}

#[test]
fn frozen_past_its_lease_it_writes_nothing_more() {
    let site = Site::start();
    let router = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    router.set_read_timeout(Some(crate::support::wait::PATIENCE)).expect("a socket of ours");
    let timers = "irt = \"1s\"\nmrt = \"1s\"\nmrc = 0\nmrd = \"3s\"\nverify_within = \"1s\"\n";
    let address = router.local_addr().expect("an address");
    configure(&site, "interval = \"1h\"", &site.nas("R1", "127.0.0.1", address, timers));
    customer(&site, "alice", ALICE, "1000");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    router.recv_from(&mut [0; 4096]).expect("a request");
    daemon.running.process.signal("STOP");
    site.state_sql("UPDATE radkick_job SET lease_until = 1;");
    // Another takes over, who can reach the router
    configure(&site, BRISK, &site.r1(PATIENT));
    let reports = site.reports(&["enforce", "--once"], 0);
    assert_eq!((reports.len(), &reports[0]["fate"]), (1, &"ended".into()));
    let after = || {
        let tables = ["radkick_job", "radkick_target", "radkick_block", "radkick_block_row"];
        tables.map(|table| site.state_sql(&format!("SELECT * FROM {table} ORDER BY id")))
    };
    let (tables, journal) = (after(), site.state_sql("SELECT * FROM radkick_journal"));
    daemon.running.process.signal("CONT");
    daemon.wait_for("another radkick has taken over this job");
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!((after(), site.state_sql("SELECT * FROM radkick_journal")), (tables, journal));
    assert_eq!(site.server.coa_requests().len(), 1);
}
