//! SIGHUP: a new configuration, or none.
use std::net::UdpSocket;

use serde_json::Value;

use super::daemon::Daemon;
use super::{BRISK, configure, live, sections};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::customer;
use crate::support::wait::{PATIENCE, wait_until};

const ALICE: Session<'_> = Session::new("80a00001");

/// Sends SIGHUP and waits until it has been dealt with `times` times in all.
fn hang_up(daemon: &Daemon, times: usize) {
    daemon.running.process.signal("HUP");
    wait_until("RELOADING, then READY", || {
        daemon.manager.lines().iter().filter(|line| *line == "READY=1").count() == times + 1
    });
}

#[test]
fn a_good_one_is_taken() {
    let site = Site::start();
    let observing = "[quota]\ninterval = \"1s\"\n[serve]\nlisten = \"127.0.0.1:0\"";
    site.configure(observing, &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    daemon.wait_for("would cut off alice");
    configure(&site, BRISK, &site.r1(PATIENT));
    hang_up(&daemon, 1);
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    assert_eq!(daemon.manager.states(), ["READY=1", "RELOADING=1", "READY=1"]);
    let lines = daemon.manager.lines();
    let at = lines.iter().position(|line| line == "RELOADING=1").expect("told");
    let time = lines[at + 1].strip_prefix("MONOTONIC_USEC=").expect("with its time");
    assert!(time.parse::<u64>().expect("a number") > 0);
    assert_eq!(daemon.metric("radkick_reloads_total{result=\"taken\"}"), Some(1.0));
    assert_eq!(daemon.ready().1["mode"], "enforce");
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn a_broken_one_changes_nothing() {
    let site = Site::start();
    configure(&site, BRISK, &site.r1(PATIENT));
    let good = std::fs::read_to_string(site.config()).expect("a configuration");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    let two_problems = good.replace("\"1s\"\n[serve]", "\"1 x\"\nmood = \"good\"\n[serve]");
    let elsewhere = good.replace("127.0.0.1:0", "127.0.0.1:1").replace("state.db", "other.db");
    let open = good.replace("127.0.0.1:0", "0.0.0.0:0");
    let copies = good.replace("[serve]\n", "[serve]\naccounting_listen = \"127.0.0.1:1\"\naccounting_secret = \"x\"\n");
    let no_database = good.replace("radius.db", "none.db");
    for (times, (text, problems)) in [
        (two_problems, &["quota.interval: ", "quota.mood: "][..]),
        (elsewhere, &["serve.listen: another one than at the start", "state.url: another one than at the start"]),
        (open, &["serve.listen: this version has neither TLS nor tokens"]),
        (copies, &["serve.accounting_listen, accounting_secret: others than at the start"]),
        (no_database, &["none.db: cannot be opened: there is no such file"]),
        (String::new(), &["the file is empty"]),
    ]
    .into_iter()
    .enumerate()
    {
        std::fs::write(site.config(), text).expect("a configuration");
        hang_up(&daemon, times + 1);
        for problem in problems {
            let told = || daemon.log().lines().any(|line| line.contains("is refused") && line.contains(problem));
            wait_until(problem, told);
        }
    }
    assert_eq!(daemon.metric("radkick_reloads_total{result=\"refused\"}"), Some(6.0));
    assert_eq!(daemon.metric("radkick_reloads_total{result=\"taken\"}"), None);
    assert!(daemon.manager.has("STATUS=serving; the last new configuration was refused"));
    // The old one is in force
    customer(&site, "alice", ALICE, "1000");
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    daemon.wait_ready(200);
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn what_is_under_way_ends_as_it_began() {
    let site = Site::start();
    let router = UdpSocket::bind("127.0.0.1:0").expect("a port");
    router.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
    let timers = "irt = \"1s\"\nmrt = \"1s\"\nmrc = 0\nmrd = \"4s\"\nverify_within = \"1s\"\n";
    let address = router.local_addr().expect("an address");
    configure(&site, BRISK, &site.nas("R1", "127.0.0.1", address, timers));
    customer(&site, "alice", ALICE, "1000");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    router.recv_from(&mut [0; 4096]).expect("a request");
    site.configure(&sections(BRISK, ""), &site.r1(PATIENT));
    hang_up(&daemon, 1);
    assert_eq!(live(&site), [("cutting".to_owned(), true)], "not cut off by the new configuration");
    // By the old one nobody answers; the next try goes by the new one
    daemon.wait_for("it is not known whether user alice is off");
    let id = site.reports(&["jobs"], 0)[0]["id"].to_string();
    wait_until("the job waits", || live(&site) == [("waiting".to_owned(), false)]);
    site.reports(&["jobs", "retry", &id], 0);
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    let attempts = site.state_sql("SELECT attempts FROM radkick_target");
    let attempts: Value = serde_json::from_str(attempts[0]["attempts"].as_str().expect("a list")).expect("JSON");
    let outcomes: Vec<_> = attempts.as_array().expect("a list").iter().map(|attempt| &attempt["outcome"]).collect();
    assert_eq!(outcomes, ["no_reply", "ack"]);
    assert_eq!(daemon.stop().code, Some(0));
}
