//! FreeRADIUS copies its accounting to the daemon, as config/freeradius says: no process for each packet.
use super::daemon::Daemon;
use super::hooks::{begin, counted};
use super::{SLOW, live, sections};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::{Used, customer};
use crate::support::freeradius::{Authentication, FreeRadiusOptions, More};
use crate::support::ports::free_udp_ports;
use crate::support::wait::wait_until;

const SITE: &str = include_str!("../../../config/freeradius/sites-available/radkick");
const ACCOUNTING: &str = include_str!("../../../config/freeradius/accounting-copy.conf");
const BOB: Session<'_> = Session::new("80a00002").at("192.168.88.42");
const NASTY: Session<'_> = Session::new("80a00003").at("192.168.88.43");

/// FreeRADIUS with the shipped files and a daemon that listens where they say, its own steps an hour away.
fn site(secret: &str) -> Site {
    let [port] = free_udp_ports();
    let sites = SITE.replace("18139", &port.to_string());
    assert_ne!(sites, SITE);
    let more = More { sites, accounting: ACCOUNTING.to_owned(), ..More::default() };
    let site = Site::with(&FreeRadiusOptions { more, ..FreeRadiusOptions::default() });
    let serve = format!("accounting_listen = \"127.0.0.1:{port}\"\naccounting_secret = \"{secret}\"");
    site.configure(&sections(SLOW, &serve), &site.r1(PATIENT));
    site
}

fn goes_over(site: &Site, user: &str, session: Session<'_>) {
    site.server.account(&Used::octets("1500").record(user, session, "Interim-Update"));
}

#[test]
fn a_copy_is_enough() {
    let site = site("change-me");
    customer(&site, "bob", BOB, "999");
    customer(&site, "o'brien %{x} $(id)", NASTY, "999");
    let daemon = begin(&site);
    for (user, session) in [("bob", BOB), ("o'brien %{x} $(id)", NASTY)] {
        goes_over(&site, user, session);
        daemon.wait_for(&format!("Successfully disconnected user {user} from MikroTik"));
        assert_eq!(site.server.authenticate(user, "pw"), Authentication::Reject(None));
    }
    assert_eq!((counted(&site, "bob"), site.server.coa_requests().len()), (1500, 2));
    assert_eq!(daemon.metric("radkick_steps_total{result=\"ok\"}"), Some(1.0), "the worker has made no other step");
    assert_eq!(daemon.stop().code, Some(0));
    assert!(live(&site).is_empty());
}

/// FreeRADIUS answers the NAS whether or not anybody is there, and the next daemon's first step finds what was lost.
#[test]
fn a_copy_that_is_lost_costs_nothing_but_time() {
    let site = site("change-me");
    customer(&site, "bob", BOB, "999");
    begin(&site).stop();
    goes_over(&site, "bob", BOB);
    let daemon = Daemon::start(site.radkick(&["serve"]));
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    assert_eq!(daemon.stop().code, Some(0));
    // What a session that only went on used is written later, at the end at the latest
    assert_eq!((counted(&site, "bob"), site.server.coa_requests().len()), (1500, 1));
}

#[test]
fn a_copy_with_another_secret_is_counted_and_no_more() {
    let site = site("another");
    customer(&site, "bob", BOB, "999");
    let daemon = begin(&site);
    goes_over(&site, "bob", BOB);
    let malformed = || daemon.metric("radkick_hook_packets_total{result=\"malformed\"}") == Some(1.0);
    wait_until("the packet is counted", malformed);
    assert_eq!((counted(&site, "bob"), site.server.coa_requests().len()), (999, 0));
    assert_eq!(daemon.stop().code, Some(0));
}

/// The daemon says what is wrong with where it is to listen.
#[test]
fn an_address_that_is_taken_or_has_no_secret() {
    let site = Site::start();
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("bound");
    let listen = format!("accounting_listen = \"{address}\"\n");
    site.configure(&sections(SLOW, &format!("{listen}accounting_secret = \"x\"")), &site.r1(PATIENT));
    let finished = site.radkick(&["serve"]).run();
    assert_eq!(finished.code, Some(5), "{}", finished.stderr);
    assert!(finished.stderr.contains(&format!("accounting_listen = \"{address}\": Address already in use")));
    site.configure(&sections(SLOW, &listen), &site.r1(PATIENT));
    let finished = site.radkick(&["serve"]).run();
    assert_eq!(finished.code, Some(2));
    assert!(finished.stderr.contains("write what FreeRADIUS signs with as accounting_secret"), "{}", finished.stderr);
}
