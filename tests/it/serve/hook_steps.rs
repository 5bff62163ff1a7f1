//! Killed at each step between FreeRADIUS and the daemon's disk: every event counts, and counts once.
use std::fs::{File, FileTimes};
use std::process::Command;
use std::time::{Duration, SystemTime};

use super::daemon::Daemon;
use super::hooks::{begin, configure, counted};
use super::live;
use crate::disconnect::site::{Session, Site};
use crate::enforce::customer;
use crate::hook::Place;
use crate::support::process::{Finished, Running};
use crate::support::wait::{PATIENCE, wait_until};

const ALICE: Session<'_> = Session::new("80a00001");

/// alice, who has used 5 octets of 1,000 and is counted; nobody serves any more.
fn site(place: &Place) -> Site {
    let site = Site::start();
    configure(&site, place, "");
    customer(&site, "alice", ALICE, "5");
    assert_eq!(begin(&site).stop().code, Some(0));
    assert_eq!(counted(&site, "alice"), 5);
    site
}

/// The hook as FreeRADIUS runs it for an Interim-Update of 700 octets.
fn hook(site: &Site, place: &Place, wish: &str) -> Command {
    let id = site.row(ALICE.id)["acctuniqueid"].as_str().expect("an id").to_owned();
    let packet: [(&str, &[u8]); 6] = [
        ("ACCT_STATUS_TYPE", b"Interim-Update"),
        ("USER_NAME", b"\"alice\""),
        ("ACCT_UNIQUE_SESSION_ID", id.as_bytes()),
        ("ACCT_INPUT_OCTETS", b"0"),
        ("ACCT_OUTPUT_OCTETS", b"700"),
        ("ACCT_SESSION_TIME", b"90"),
    ];
    place.hook(&[wish], &packet)
}

fn run(mut command: Command) -> Finished {
    Running::start(&mut command, "").finish(PATIENCE)
}

/// Waits until it has halted, and kills it there.
fn kill(halted: Running) {
    wait_until("it halts", || halted.stderr().contains("halted at a failpoint"));
    halted.signal("KILL");
    assert_eq!(halted.finish(PATIENCE).code, None);
}

/// All that is in the spool was written two minutes ago.
fn age(place: &Place) {
    for name in place.files() {
        let file = File::options().write(true).open(place.spool().join(name)).expect("a file of ours");
        #[expect(clippy::disallowed_methods, reason = "a file's time, not a test's")]
        let then = SystemTime::now() - Duration::from_mins(2);
        file.set_times(FileTimes::new().set_modified(then)).expect("a file of ours");
    }
}

/// What both wishes come to in the end, the daemon running.
fn is_done_once(site: &Site, place: &Place, daemon: Daemon, wish: &str) {
    wait_until("the spool is empty", || place.files().is_empty());
    if wish == "--check" {
        wait_until("it is counted", || counted(site, "alice") == 700);
    } else {
        wait_until("the cut", || !site.is_open(ALICE.id) && live(site).is_empty());
    }
    let set_aside = daemon.metric("radkick_hook_events_total{result=\"set_aside\"}");
    assert!([None, Some(0.0)].contains(&set_aside), "{set_aside:?}");
    assert_eq!(daemon.stop().code, Some(0));
    let cuts = usize::from(wish == "--disconnect");
    let jobs = site.state_sql("SELECT state FROM radkick_job");
    assert_eq!((jobs.len(), site.server.coa_requests().len()), (cuts, cuts), "{wish}: {jobs:?}");
    assert!(jobs.iter().all(|job| job["state"] == "ended"), "{jobs:?}");
    let octets = if cuts == 1 { [5, 700].contains(&counted(site, "alice")) } else { counted(site, "alice") == 700 };
    assert!(octets, "{}", counted(site, "alice"));
}

/// The NAS sends its packet again, for nobody has answered it.
#[test]
fn the_hook() {
    for (step, wish) in [
        ("hook_written", "--check"),
        ("hook_written", "--disconnect"),
        ("hook_kept", "--check"),
        ("hook_kept", "--disconnect"),
    ] {
        let place = Place::new();
        let site = site(&place);
        let mut command = hook(&site, &place, wish);
        kill(Running::start(command.env("RADKICK_FAILPOINT", step), ""));
        assert_eq!(place.files().len(), 1, "{step}");
        assert_eq!(run(hook(&site, &place, wish)).code, Some(3), "{step}");
        age(&place);
        let daemon = begin(&site);
        is_done_once(&site, &place, daemon, wish);
    }
}

/// Without the second packet: what the dead hook wrote is enough.
#[test]
fn a_hook_that_died_before_it_gave_its_file_a_name() {
    let place = Place::new();
    let site = site(&place);
    let mut command = hook(&site, &place, "--check");
    kill(Running::start(command.env("RADKICK_FAILPOINT", "hook_written"), ""));
    age(&place);
    let daemon = begin(&site);
    is_done_once(&site, &place, daemon, "--check");
}

/// By the socket: the hook hears nothing, and leaves its event in the spool.
#[test]
fn the_daemon_beside_a_hook_that_waits() {
    for (step, wish) in [
        ("event_taken", "--check"),
        ("event_taken", "--disconnect"),
        ("event_stored", "--check"),
        ("event_stored", "--disconnect"),
    ] {
        let place = Place::new();
        let site = site(&place);
        let daemon = Daemon::start(site.radkick(&["serve"]).env("RADKICK_FAILPOINT", step));
        daemon.wait_for_first_step();
        assert_eq!(run(hook(&site, &place, wish)).code, Some(3), "{step} {wish}");
        kill(daemon.running.process);
        assert_eq!(place.files().len(), 1, "{step} {wish}");
        let daemon = begin(&site);
        is_done_once(&site, &place, daemon, wish);
    }
}

/// From the spool: what is stored and still lies there comes again.
#[test]
fn the_daemon_before_it_clears_the_spool() {
    for (step, wish) in [("event_taken", "--check"), ("event_stored", "--check"), ("event_stored", "--disconnect")] {
        let place = Place::new();
        let site = site(&place);
        assert_eq!(run(hook(&site, &place, wish)).code, Some(3));
        let daemon = Daemon::begin(site.radkick(&["serve"]).env("RADKICK_FAILPOINT", step));
        kill(daemon.running.process);
        assert_eq!(place.files().len(), 1, "{step} {wish}");
        let daemon = begin(&site);
        is_done_once(&site, &place, daemon, wish);
    }
}
