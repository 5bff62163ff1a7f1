//! Soft, then hard.
use std::net::UdpSocket;

use super::daemon::Daemon;
use super::{BRISK, configure, live};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::customer;
use crate::support::wait::PATIENCE;

const ALICE: Session<'_> = Session::new("80a00001");

/// alice over, behind a router that never answers: `mrd` is how long it is asked.
fn mute(mrd: &str) -> (Site, UdpSocket) {
    let site = Site::start();
    let router = UdpSocket::bind("127.0.0.1:0").expect("a port");
    router.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
    let timers = format!("irt = \"1s\"\nmrt = \"1s\"\nmrc = 0\nmrd = \"{mrd}\"\nverify_within = \"1s\"\n");
    let address = router.local_addr().expect("an address");
    configure(&site, BRISK, &site.nas("R1", "127.0.0.1", address, &timers));
    customer(&site, "alice", ALICE, "1000");
    (site, router)
}

#[test]
fn the_first_signal_lets_what_is_under_way_finish() {
    for signal in ["TERM", "INT"] {
        let (site, router) = mute("4s");
        let daemon = Daemon::start(site.radkick(&["serve"]));
        router.recv_from(&mut [0; 4096]).expect("a request");
        daemon.running.process.signal(signal);
        daemon.manager.wait_for("STOPPING=1");
        let Daemon { running, manager, .. } = daemon;
        let finished = running.finish();
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        assert_eq!(manager.states(), ["READY=1", "STOPPING=1"]);
        // The exchange came to its end, and the job says so
        assert_eq!(live(&site), [("waiting".to_owned(), false)]);
        let target = &site.state_sql("SELECT step, fate, attempts FROM radkick_target")[0];
        assert_eq!((&target["step"], &target["fate"]), (&"done".into(), &"unknown".into()));
        assert!(target["attempts"].as_str().expect("a list").contains("no_reply"), "{target:?}");
        // Nobody else was begun with
        customer(&site, "bob", Session::new("80a00002").at("192.168.88.42"), "1000");
    }
}

#[test]
fn the_second_signal_ends_at_once_and_the_next_start_goes_on() {
    // Longer than this test waits for an end
    let (site, router) = mute("10m");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    router.recv_from(&mut [0; 4096]).expect("a request");
    daemon.running.process.signal("TERM");
    daemon.wait_for("nobody else is begun with");
    assert_eq!(live(&site), [("cutting".to_owned(), true)], "still under way");
    let finished = daemon.stop();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(finished.stderr.contains("stopping at once"), "{finished:#?}");
    assert_eq!(live(&site), [("cutting".to_owned(), true)], "its intent is on disk");
    configure(&site, BRISK, &site.r1(PATIENT));
    let daemon = Daemon::start(site.radkick(&["serve"]));
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    assert_eq!(daemon.stop().code, Some(0));
    assert!(live(&site).is_empty());
    let jobs = site.state_sql("SELECT state FROM radkick_job");
    assert_eq!((jobs.len(), &jobs[0]["state"]), (1, &"watching".into()), "the same job, and nobody came back yet");
    assert_eq!(site.check_rows("alice").len(), 3, "one block");
    assert_eq!(site.server.coa_requests().len(), 1);
}
