//! No room on the disk of radkick's own tables while it serves; then room again.
use super::daemon::Daemon;
use super::hooks::{begin, event, spool};
use super::{BRISK, Gate, SLOW, sections};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::{Used, customer};
use crate::hook::Place;
use crate::support::freeradius::Authentication;
use crate::support::small_disk::SmallDisk;
use crate::support::sqlite::{Row, sqlite};
use crate::support::wait::wait_until;

const ALICE: Session<'_> = Session::new("80a00001");
const BOB: Session<'_> = Session::new("80a00002").at("192.168.88.42");
const CAROL: Session<'_> = Session::new("80a00003").at("192.168.88.43");

/// A site whose radkick has a disk of its own. The disk goes before the folder that it is mounted in.
fn site(sections: &str) -> (Site, SmallDisk) {
    let site = Site::start();
    let disk = SmallDisk::mount(&site.folder().join("disk"), "2m");
    site.configure(sections, &site.r1(PATIENT));
    let text = std::fs::read_to_string(site.config()).expect("the configuration");
    std::fs::write(site.config(), text.replace("/state.db", "/disk/state.db")).expect("the configuration");
    (site, disk)
}

fn state(disk: &SmallDisk, sql: &str) -> Vec<Row> {
    sqlite(&disk.path().join("state.db"), sql)
}

/// All is done, each once.
fn is_done_once(site: &Site, disk: &SmallDisk, users: &[&str]) {
    wait_until("all jobs have ended", || {
        let jobs = state(disk, "SELECT state FROM radkick_job");
        jobs.len() == users.len() && jobs.iter().all(|job| job["state"] == "ended")
    });
    let jobs = state(disk, "SELECT user_name, lease_holder FROM radkick_job ORDER BY user_name");
    assert_eq!(jobs.iter().map(|job| &job["user_name"]).collect::<Vec<_>>(), users);
    assert!(jobs.iter().all(|job| job["lease_holder"].is_null()), "{jobs:#?}");
    let targets = state(disk, "SELECT step, fate FROM radkick_target");
    assert_eq!(targets.len(), users.len());
    // Whose answer was lost on the way is only known to be off
    let is_off = |target: &Row| ["ended", "already_gone"].iter().any(|fate| target["fate"] == *fate);
    assert!(targets.iter().all(|target| target["step"] == "done" && is_off(target)), "{targets:#?}");
    for user in users {
        assert_eq!(site.check_rows(user).len(), 3, "{user}: one block");
        assert_eq!(site.server.authenticate(user, "pw"), Authentication::Reject(None), "{user}");
    }
    assert_eq!(site.server.coa_requests().len(), users.len());
}

/// Nobody is cut of whom it cannot be written down first; then everybody is.
#[test]
fn nothing_is_begun_without_room_for_its_intent() {
    let (site, disk) = site(&sections(BRISK, ""));
    customer(&site, "alice", ALICE, "5");
    customer(&site, "bob", BOB, "5");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    wait_until("a step", || daemon.metric("radkick_steps_total{result=\"ok\"}").is_some_and(|steps| steps >= 1.0));
    disk.fill();
    for (user, session) in [("alice", ALICE), ("bob", BOB)] {
        site.server.account(&Used::octets("1000").record(user, session, "Interim-Update"));
    }
    daemon.wait_for("the disk is full");
    wait_until("it is counted", || daemon.metric("radkick_database_errors_total{kind=\"full\"}") > Some(1.0));
    assert_eq!(site.server.coa_requests().len(), 0);
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
    disk.make_room();
    is_done_once(&site, &disk, &["alice", "bob"]);
    wait_until("a step that is well again", || daemon.ready().0 == 200);
    assert_eq!(daemon.stop().code, Some(0));
}

/// Full in the middle of a cut, at each step of it.
#[test]
fn what_was_under_way_is_finished_when_there_is_room() {
    for step in
        ["job_submitted", "block_planned", "block_changed", "intent_recorded", "request_answered", "attempt_recorded"]
    {
        let (site, disk) = site(&sections(BRISK, ""));
        customer(&site, "carol", CAROL, "1000");
        let gate = Gate::new();
        let daemon = Daemon::begin(gate.at(step, site.radkick(&["serve"])));
        daemon.wait_for("halted at a failpoint");
        disk.fill();
        gate.open();
        daemon.wait_for("the disk is full");
        disk.make_room();
        is_done_once(&site, &disk, &["carol"]);
        assert_eq!(daemon.stop().code, Some(0), "{step}");
    }
}

/// What hooks bring stays in the spool until it can be counted.
#[test]
fn what_hooks_brought_waits_for_room() {
    let place = Place::new();
    let (socket, files) = (place.socket(), place.spool());
    let serve = format!("hook_socket = \"{}\"\nspool = \"{}\"", socket.display(), files.display());
    let (site, disk) = site(&sections(SLOW, &serve));
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(&site);
    disk.fill();
    let mut told = event(&site, ALICE.id, radkick::hook::Wish::Check);
    (told.input_octets, told.output_octets, told.session_time) = (Some(0), Some(1000), Some(90));
    spool(&place, &told);
    daemon.wait_for("what hooks brought waits: ");
    assert_eq!((place.files().len(), site.server.coa_requests().len()), (1, 0));
    disk.make_room();
    is_done_once(&site, &disk, &["alice"]);
    wait_until("the spool is empty", || place.files().is_empty());
    let sum = "SELECT sum(input + output) AS octets FROM radkick_usage";
    assert_eq!(state(&disk, sum)[0]["octets"], 1000);
    assert_eq!(daemon.stop().code, Some(0));
}
