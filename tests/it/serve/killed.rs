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
        assert_eq!((jobs.len(), &jobs[0]["state"]), (1, &"ended".into()), "{step}");
        assert!(jobs[0]["lease_holder"].is_null(), "{step}");
    }
}
