//! What hooks bring when a part of it all does not do what it should.
use radkick::clock::Clock;
use radkick::hook::{Event, Kind, Octets, Wish};
use rustix::net::{AddressFamily, SendFlags, SocketAddrUnix, SocketType, connect, send, socket};

use super::daemon::Daemon;
use super::hooks::{begin, configure, counted, event, spool};
use super::{BRISK, live, sections};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::customer;
use crate::hook::Place;
use crate::support::process::Running;
use crate::support::wait::{PATIENCE, wait_until};

const ALICE: Session<'_> = Session::new("80a00001");
const BOB: Session<'_> = Session::new("80a00002").at("192.168.88.42");

/// An Interim-Update of so many octets.
fn told(site: &Site, session: &str, octets: u64) -> Event {
    let mut event = event(site, session, Wish::Check);
    (event.input_octets, event.output_octets, event.session_time) = (Some(0), Some(octets), Some(90));
    event
}

fn aside(place: &Place) -> Vec<String> {
    let entries = place.spool().join("aside").read_dir().expect("it is there");
    entries.map(|entry| entry.expect("an entry").file_name().display().to_string()).collect()
}

/// The database refuses what one of them asks for: the others are counted, and it is set aside.
#[test]
fn one_that_the_database_refuses_holds_up_no_others() {
    const OTHERS: u64 = 40;
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "5");
    customer(&site, "bob", BOB, "5");
    assert_eq!(begin(&site).stop().code, Some(0));
    site.state_sql(
        "CREATE TRIGGER refuses BEFORE INSERT ON radkick_usage WHEN NEW.user_name = 'bob' AND NEW.output > 0
         BEGIN SELECT RAISE(ABORT, 'not this one'); END;",
    );
    let refused = told(&site, BOB.id, 700);
    let daemon = begin(&site);
    // Alone it may be that the database is not well: it waits
    spool(&place, &refused);
    daemon.wait_for("what hooks brought waits: ");
    assert_eq!((place.files().len(), aside(&place).len()), (1, 0));
    daemon.running.process.signal("STOP");
    for octets in 100..100 + OTHERS {
        spool(&place, &told(&site, ALICE.id, octets));
    }
    daemon.running.process.signal("CONT");
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!((counted(&site, "alice"), counted(&site, "bob")), (i64::try_from(99 + OTHERS).expect("few"), 5));
    let aside = aside(&place);
    assert!(aside.len() == 1 && aside[0].ends_with(".refused"), "{aside:?}");
    assert_eq!(daemon.metric("radkick_hook_events_total{result=\"set_aside\"}"), Some(1.0));
    assert!(daemon.log().contains("not this one"), "{}", daemon.log());
    // The next ones are taken at once
    site.state_sql("DROP TRIGGER refuses");
    spool(&place, &told(&site, BOB.id, 800));
    wait_until("it is counted", || counted(&site, "bob") == 800);
    assert_eq!(daemon.stop().code, Some(0));
}

/// A table is gone: that is no event's fault.
#[test]
fn where_the_database_refuses_them_all_none_is_set_aside() {
    const EVENTS: u64 = 40;
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(&site);
    site.state_sql("ALTER TABLE radkick_usage RENAME TO elsewhere");
    for octets in 100..100 + EVENTS {
        spool(&place, &told(&site, ALICE.id, octets));
    }
    daemon.wait_for("what hooks brought waits: ");
    site.state_sql("ALTER TABLE elsewhere RENAME TO radkick_usage");
    wait_until("it is counted", || counted(&site, "alice") == i64::try_from(99 + EVENTS).expect("few"));
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!(aside(&place).len(), 0);
    assert_eq!(daemon.stop().code, Some(0));
}

/// The ledger was taken over from somebody who had not read all history: what a packet told waits until that is done.
#[test]
fn nothing_is_counted_before_history_is() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(&site);
    let before = site.state_sql("SELECT * FROM radkick_usage");
    site.state_sql(
        "UPDATE radkick_feed SET detail = json_set(detail, '$.import_at', 0), lease_token = lease_token + 1,
             lease_holder = 'elsewhere pid:[1] 1 1', lease_until = 1;",
    );
    spool(&place, &told(&site, ALICE.id, 700));
    let later = || daemon.metric("radkick_hook_events_total{result=\"later\"}").is_some_and(|count| count >= 2.0);
    wait_until("it is looked at again and again", later);
    assert_eq!(site.state_sql("SELECT * FROM radkick_usage"), before);
    assert_eq!(place.files().len(), 1);
    site.state_sql("UPDATE radkick_feed SET detail = json_remove(detail, '$.import_at')");
    // The reload brings a new worker, whose first step reads the feed as it is
    daemon.running.process.signal("HUP");
    wait_until("it is counted", || counted(&site, "alice") == 700);
    wait_until("the spool is empty", || place.files().is_empty());
    assert_eq!(daemon.stop().code, Some(0));
}

/// Steps go on while a router takes its time over a cut that a hook began.
#[test]
fn a_step_does_not_wait_for_a_cut_that_a_hook_began() {
    let place = Place::new();
    let site = Site::start();
    let router = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    router.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
    let (socket, files) = (place.socket(), place.spool());
    let serve = format!("hook_socket = \"{}\"\nspool = \"{}\"", socket.display(), files.display());
    let silent = site.nas("R1", "127.0.0.1", router.local_addr().expect("an address"), PATIENT);
    site.configure(&sections(BRISK, &serve), &silent);
    customer(&site, "alice", ALICE, "5");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    let steps = || daemon.metric("radkick_steps_total{result=\"ok\"}").unwrap_or(0.0);
    wait_until("a step", || steps() >= 1.0);
    spool(&place, &told(&site, ALICE.id, 1000));
    router.recv_from(&mut [0; 4096]).expect("a request");
    let begun = steps();
    wait_until("three more steps", || steps() >= begun + 3.0);
    assert_eq!(live(&site), [("cutting".to_owned(), true)], "the router still has its time");
    daemon.running.process.signal("KILL");
}

/// Who comes to the socket is told to those who watch.
#[test]
fn connections_are_counted() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(&site);
    let of = |result: &str| daemon.metric(&format!("radkick_hook_connections_total{{result=\"{result}\"}}"));
    wait_until("it is told", || of("turned_away") == Some(0.0));
    let mut hook = place.hook(&[], &[("ACCT_STATUS_TYPE", b"Start"), ("USER_NAME", b"\"alice\"")]);
    assert!(matches!(Running::start(&mut hook, "").finish(PATIENCE).code, Some(0 | 3)));
    wait_until("it is counted", || of("event") == Some(1.0));
    let stranger = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None).expect("a socket");
    connect(&stranger, &SocketAddrUnix::new(place.socket()).expect("a path")).expect("a connection");
    send(&stranger, b"no event", SendFlags::empty()).expect("sent");
    wait_until("it is counted", || of("malformed") == Some(1.0));
    assert_eq!(["event", "stranger", "silent"].map(of), [Some(1.0), Some(0.0), Some(0.0)]);
    assert_eq!(daemon.stop().code, Some(0));
}

/// A second packet of somebody who has just been cut, before the next look: nothing more is done.
#[test]
fn what_comes_after_the_cut_is_no_second_one() {
    let place = Place::new();
    let site = Site::start();
    configure(&site, &place, "");
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(&site);
    spool(&place, &told(&site, ALICE.id, 1000));
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    wait_until("the spool is empty", || place.files().is_empty());
    // A login that is refused; then the Stop
    let mut by_name = Event::new(Kind::PostAuth, Wish::Check, Clock.epoch());
    by_name.user_name = Octets::new("alice");
    let mut stop = told(&site, ALICE.id, 1200);
    stop.kind = Kind::Stop;
    for event in [by_name, stop] {
        spool(&place, &event);
        wait_until("the spool is empty", || place.files().is_empty());
    }
    // Until what they began has ended as well
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(site.state_sql("SELECT id FROM radkick_job").len(), 1);
    assert_eq!(site.server.coa_requests().len(), 1);
}
