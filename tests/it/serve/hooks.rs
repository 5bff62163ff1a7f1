//! From what FreeRADIUS' hook brings to the cut, with the worker's own step an hour away.
use radkick::clock::Clock;
use radkick::hook::{Event, Kind, Octets, Wish, keep};

use super::daemon::Daemon;
use super::{SLOW, live, sections};
use crate::disconnect::site::{BEGAN, PATIENT, Session, Site};
use crate::enforce::{Used, customer};
use crate::hook::{Place, freeradius};
use crate::support::freeradius::Authentication;
use crate::support::wait::wait_until;

const ALICE: Session<'_> = Session::new("80a00001");
const BOB: Session<'_> = Session::new("80a00002").at("192.168.88.42");

/// A FreeRADIUS that runs the hook as config/freeradius says.
fn site(place: &Place) -> Site {
    Site::with(&freeradius::options(place, freeradius::ACCOUNTING, str::to_owned))
}

pub(super) fn configure(site: &Site, place: &Place, other: &str) {
    let (socket, spool) = (place.socket(), place.spool());
    let serve = format!("hook_socket = \"{}\"\nspool = \"{}\"\n{other}", socket.display(), spool.display());
    site.configure(&sections(SLOW, &serve), &site.r1(PATIENT));
}

/// A daemon whose first step is behind it.
pub(super) fn begin(site: &Site) -> Daemon {
    let daemon = Daemon::start(site.radkick(&["serve"]));
    daemon.wait_for_first_step();
    daemon
}

fn used(site: &Site, user: &str) -> serde_json::Value {
    site.reports(&["usage", "--user", user], 0)[0]["used_octets"].clone()
}

/// What the ledger holds, looked at by nobody.
pub(super) fn counted(site: &Site, user: &str) -> i64 {
    let sql =
        format!("SELECT coalesce(sum(input + output), 0) AS octets FROM radkick_usage WHERE user_name = '{user}'");
    site.state_sql(&sql)[0]["octets"].as_i64().expect("a sum")
}

/// An event of a session that radacct has.
pub(super) fn event(site: &Site, session: &str, wish: Wish) -> Event {
    let mut event = Event::new(Kind::Interim, wish, Clock.epoch());
    event.acct_unique_id = Octets::new(site.row(session)["acctuniqueid"].as_str().expect("an id"));
    event
}

pub(super) fn spool(place: &Place, event: &Event) {
    keep(&place.spool(), &event.encode().expect("an event"), Clock).expect("kept");
}

#[test]
fn an_interim_update_is_enough() {
    let place = Place::new();
    let site = site(&place);
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "999");
    customer(&site, "bob", BOB, "999");
    let daemon = begin(&site);
    assert_eq!(counted(&site, "alice"), 999);
    site.server.account(&Used::octets("1500").record("bob", BOB, "Interim-Update"));
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    assert_eq!(site.server.authenticate("bob", "pw"), Authentication::Reject(None));
    assert_eq!((site.server.coa_requests().len(), site.is_open(ALICE.id)), (1, true));
    assert_eq!((counted(&site, "bob"), used(&site, "bob")), (1500, 1500.into()));
    assert_eq!(daemon.metric("radkick_steps_total{result=\"ok\"}"), Some(1.0), "the worker has made no other step");
    wait_until("a look into the spool", || daemon.ready().1["spool"]["waiting"] == 0);
    assert_eq!(daemon.stop().code, Some(0));
    assert!(live(&site).is_empty());
}

/// The packet comes before its row does; the row says the same later, or nothing.
#[test]
fn octets_of_a_packet_count_once() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "500");
    let daemon = begin(&site);
    let told = |octets, seconds| {
        let mut event = event(&site, ALICE.id, Wish::Check);
        (event.input_octets, event.output_octets, event.session_time) = (Some(0), Some(octets), Some(seconds));
        spool(&place, &event);
    };
    told(700, 60);
    wait_until("the packet is counted", || counted(&site, "alice") == 700);
    // Once more, and one that was on its way for long
    told(700, 60);
    told(600, 30);
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!(counted(&site, "alice"), 700);
    let row = "UPDATE radacct SET acctoutputoctets = 700, acctsessiontime = 60";
    site.server.sql(&format!("{row}, acctupdatetime = {BEGAN} + 60;"));
    assert_eq!(daemon.stop().code, Some(0));
    let daemon = begin(&site);
    assert_eq!((counted(&site, "alice"), used(&site, "alice")), (700, 700.into()));
    told(999, 90);
    wait_until("the packet is counted", || counted(&site, "alice") == 999);
    told(1000, 120);
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    assert_eq!(counted(&site, "alice"), 1000);
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn the_same_cut_asked_for_many_times_is_one() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "5");
    let asked = event(&site, ALICE.id, Wish::Disconnect);
    (0..1000).for_each(|_| spool(&place, &asked));
    let daemon = begin(&site);
    wait_until("the cut", || !site.is_open(ALICE.id));
    wait_until("the spool is empty", || place.files().is_empty());
    wait_until("the job has ended", || live(&site).is_empty());
    let jobs = site.state_sql("SELECT actor, reason, state FROM radkick_job");
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!((&jobs[0]["actor"], &jobs[0]["state"]), (&"hook".into(), &"ended".into()));
    assert_eq!(site.server.coa_requests().len(), 1);
    // A cut closes no login unless it is asked to
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
    assert_eq!(daemon.stop().code, Some(0));
}

/// Each hook brings one; the brake counts what they bring within an interval, and lets nothing go for them.
#[test]
fn the_brake_counts_what_hooks_bring_together() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "[brakes]\ntrip_users = 1\ntrip_share = \"1 %\"");
    customer(&site, "alice", ALICE, "999");
    customer(&site, "bob", BOB, "999");
    let daemon = begin(&site);
    let over = |session| {
        let mut event = event(&site, session, Wish::Check);
        (event.input_octets, event.output_octets, event.session_time) = (Some(0), Some(2000), Some(90));
        spool(&place, &event);
    };
    over(ALICE.id);
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    over(BOB.id);
    daemon.wait_for("users went over within one interval");
    assert_eq!(daemon.metric("radkick_brake_tripped{brake=\"cut\"}"), Some(1.0));
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!((site.server.coa_requests().len(), site.is_open(BOB.id)), (1, true));
    assert_eq!(daemon.stop().code, Some(0));
}

/// Nothing is counted or cut, and nothing is left waiting.
#[test]
fn where_it_observes_events_change_nothing() {
    let place = Place::new();
    let site = Site::start();
    let (socket, files) = (place.socket(), place.spool());
    let serve =
        format!("listen = \"127.0.0.1:0\"\nhook_socket = \"{}\"\nspool = \"{}\"", socket.display(), files.display());
    site.configure(&format!("[quota]\n{SLOW}\n[serve]\n{serve}"), &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "2000");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    spool(&place, &event(&site, ALICE.id, Wish::Check));
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!((counted(&site, "alice"), site.is_open(ALICE.id)), (0, true));
    assert_eq!(daemon.stop().code, Some(0));
}

/// No person asked for it: exemptions and the pause hold.
#[test]
fn a_cut_that_a_hook_asks_for_spares_the_exempt_and_waits_while_paused() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "[exempt]\nusers = [\"alice\"]");
    customer(&site, "alice", ALICE, "5");
    customer(&site, "bob", BOB, "5");
    let daemon = begin(&site);
    spool(&place, &event(&site, ALICE.id, Wish::Disconnect));
    wait_until("the job has lapsed", || {
        site.state_sql("SELECT state FROM radkick_job").iter().any(|job| job["state"] == "lapsed")
    });
    assert_eq!(site.run(&["pause"]).code, Some(0));
    spool(&place, &event(&site, BOB.id, Wish::Disconnect));
    wait_until("the job is there", || live(&site).len() == 1);
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!(site.server.coa_requests().len(), 0);
    assert_eq!(site.run(&["resume"]).code, Some(0));
    wait_until("the cut", || !site.is_open(BOB.id));
    assert_eq!((site.server.coa_requests().len(), site.is_open(ALICE.id)), (1, true));
    assert_eq!(daemon.stop().code, Some(0));
}

/// The hook may run before its row is written: what it told waits for the row.
#[test]
fn an_event_before_its_row_waits_for_it() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(&site);
    let mut early = Event::new(Kind::Interim, Wish::Check, Clock.epoch());
    early.acct_unique_id = Octets::new("u-bob");
    (early.input_octets, early.output_octets, early.session_time) = (Some(0), Some(77), Some(60));
    spool(&place, &early);
    let is_late = || daemon.metric("radkick_hook_events_total{result=\"later\"}").is_some_and(|count| count >= 1.0);
    wait_until("it is looked at", is_late);
    assert_eq!(place.files().len(), 1);
    let now = Clock.epoch() - 100;
    site.server.sql(&format!(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime)
         VALUES ('s', 'u-bob', 'bob', '127.0.0.1', {now}, {now});"
    ));
    wait_until("it is counted", || counted(&site, "bob") == 77);
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!(daemon.stop().code, Some(0));
}
