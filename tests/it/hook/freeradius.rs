//! The shipped configuration in a real FreeRADIUS: what a NAS sends reaches the daemon or the spool, and the NAS is answered.
use std::fmt::Write as _;

use radkick::hook::{Event, Kind, Octets, Wish};

use super::daemon::{Daemon, Manner};
use super::{Place, users};
use crate::support::freeradius::{Authentication, FreeRadius, FreeRadiusOptions, More};
use crate::support::wait::wait_until;

const MODULES: &str = include_str!("../../../config/freeradius/mods-available/radkick");
pub(crate) const ACCOUNTING: &str = include_str!("../../../config/freeradius/accounting.conf");
const POST_AUTH: &str = include_str!("../../../config/freeradius/post-auth.conf");

/// Names that a NAS may send, as octets.
const NAMES: [&[u8]; 9] = [
    b"alice",
    b"o'brien; DROP TABLE radacct",
    b"bob \"q\" \\ $(touch /tmp/x) `id` %{User-Name} ${x}",
    b"two\nlines\r\ttab",
    b"\xff\xfe\x01 not text \xc3",
    "é漢字".as_bytes(),
    b"USER_NAME=root",
    b"\"",
    b"-n --disconnect",
];

/// FreeRADIUS with the shipped files, their program pointed at the one that was built.
fn server(place: &Place, accounting: &str, change: impl Fn(&str) -> String) -> FreeRadius {
    FreeRadius::start(&options(place, accounting, change))
}

/// The same, not started yet.
pub(crate) fn options(place: &Place, accounting: &str, change: impl Fn(&str) -> String) -> FreeRadiusOptions {
    let program = env!("CARGO_BIN_EXE_radkick");
    let paths = format!("--socket {} --spool {}", place.socket().display(), place.spool().display());
    let modules = MODULES.replace("/usr/bin/radkick hook", &format!("{program} hook {paths}"));
    assert_eq!(modules.matches(program).count(), 3);
    let more = More {
        modules: change(&modules),
        accounting: accounting.to_owned(),
        post_auth: POST_AUTH.to_owned(),
        ..More::default()
    };
    FreeRadiusOptions { more, ..FreeRadiusOptions::default() }
}

/// The variant of accounting.conf that is commented out.
fn with_wait() -> String {
    let (_, other) =
        ACCOUNTING.split_once("process could not be started or was stopped.\n").expect("the other variant");
    other.lines().map(|line| line.trim_start_matches('#')).collect::<Vec<_>>().join("\n")
}

fn unquoted(text: &str) -> String {
    text.replace("shell_escape = yes", "shell_escape = no")
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold("0x".to_owned(), |mut text, octet| {
        write!(text, "{octet:02x}").expect("text in memory");
        text
    })
}

/// An Interim-Update, answered.
fn account(server: &FreeRadius, user: &[u8], session: &str) {
    let name = hex(user);
    server.account(&[
        ("Attr-1", &name),
        ("Acct-Status-Type", "Interim-Update"),
        ("Acct-Session-Id", session),
        ("NAS-IP-Address", "192.0.2.7"),
        ("NAS-Identifier", "R17-Uyo"),
        ("Framed-IP-Address", "192.168.88.41"),
        ("Calling-Station-Id", "AA:BB:CC:DD:EE:FF"),
        ("Acct-Input-Octets", "100"),
        ("Acct-Input-Gigawords", "1"),
        ("Acct-Output-Octets", "7"),
        ("Acct-Session-Time", "60"),
        ("Event-Timestamp", "Nov 22 2026 06:14:05 UTC"),
    ]);
}

fn check(event: &Event, user: &[u8], session: &str) {
    assert_eq!((event.kind, event.wish), (Kind::Interim, Wish::Check));
    assert_eq!(event.user_name, Octets::new(user), "{event:?}");
    assert_eq!(event.acct_session_id, Octets::new(session));
    assert_eq!(event.acct_unique_id.as_ref().map(|id| id.as_bytes().len()), Some(32), "acct_unique's");
    assert_eq!(event.nas_ip_address, "192.0.2.7".parse().ok());
    assert_eq!(event.nas_identifier, Octets::new("R17-Uyo"));
    assert_eq!(event.framed_ip_address, "192.168.88.41".parse().ok());
    assert_eq!(event.calling_station_id, Octets::new("AA:BB:CC:DD:EE:FF"));
    assert_eq!((event.input_octets, event.output_octets), (Some((1 << 32) + 100), Some(7)));
    assert_eq!((event.session_time, event.unusable.len()), (Some(60), 0));
}

/// Sends every name and demands its event, in the order in which `wait = yes` keeps or `wait = no` may not.
fn every_name_arrives(server: &FreeRadius, events: impl Fn(usize) -> Vec<Event>) {
    for (number, name) in NAMES.iter().enumerate() {
        account(server, name, &format!("session-{number}"));
    }
    let events = events(NAMES.len());
    for (number, name) in NAMES.iter().enumerate() {
        let session = format!("session-{number}");
        let of_session = |event: &&Event| event.acct_session_id == Octets::new(session.as_str());
        let found: Vec<&Event> = events.iter().filter(of_session).collect();
        assert_eq!(found.len(), 1, "{session}: {events:?}");
        check(found[0], name, &session);
    }
}

#[test]
fn without_waiting_every_name_reaches_the_daemon() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    every_name_arrives(&server(&place, ACCOUNTING, str::to_owned), |count| daemon.wait_for(count));
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn waiting_every_name_reaches_the_daemon_before_the_answer_does() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    let server = server(&place, &with_wait(), str::to_owned);
    every_name_arrives(&server, |_| daemon.events());
}

#[test]
fn unquoted_values_arrive_as_well() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    every_name_arrives(&server(&place, &with_wait(), unquoted), |_| daemon.events());
}

#[test]
fn with_the_daemon_down_everything_waits_in_the_spool() {
    for change in [str::to_owned as fn(&str) -> String, unquoted] {
        let place = Place::new();
        let server = server(&place, &with_wait(), change);
        every_name_arrives(&server, |_| place.drain().0);
    }
}

#[test]
fn without_waiting_and_with_the_daemon_down_everything_reaches_the_spool() {
    let place = Place::new();
    let server = server(&place, ACCOUNTING, str::to_owned);
    every_name_arrives(&server, |count| {
        wait_until("the spool", || {
            !place.files().iter().any(|name| name.contains("tmp")) && place.files().len() == count
        });
        place.drain().0
    });
}

/// FreeRADIUS cuts the variable without saying so; part of a name may be another user's.
#[test]
fn a_name_that_freeradius_cut_is_no_name() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    let server = server(&place, &with_wait(), str::to_owned);
    account(&server, &[0xff; 253], "long");
    account(&server, &[b'x'; 253], "fits");
    account(&server, b"nul\0octet", "nul");
    let events = daemon.events();
    assert_eq!((events[0].user_name.as_ref(), &*events[0].unusable), (None, &["User-Name".to_owned()][..]));
    assert_eq!(events[0].acct_session_id, Octets::new("long"), "the session is still known");
    assert_eq!(events[1].user_name, Octets::new([b'x'; 253]));
    assert_eq!(events[2].user_name, Octets::new(*b"nul\0octet"));
}

/// Why the shipped files quote: without it nobody can tell that this is not the user `nul`.
#[test]
fn unquoted_a_name_ends_at_its_nul() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    account(&server(&place, &with_wait(), unquoted), b"nul\0octet", "nul");
    assert_eq!(users(&daemon.events()), ["nul"]);
    assert!(!MODULES.contains("shell_escape = no"));
}

#[test]
fn whatever_becomes_of_the_hook_the_nas_is_answered() {
    let programs = ["/bin/false", "/nonexistent/radkick", "/bin/sleep 5"];
    for program in programs {
        let place = Place::new();
        let change = |text: &str| {
            let lines = text.lines().map(|line| match line.split_once("program = ") {
                Some((before, _)) => format!("{before}program = \"{program}\""),
                None => line.to_owned(),
            });
            lines.collect::<Vec<_>>().join("\n")
        };
        for accounting in [ACCOUNTING, &with_wait()] {
            let server = server(&place, accounting, change);
            account(&server, b"alice", "answered");
        }
    }
    let place = Place::new();
    std::fs::remove_dir(place.spool()).expect("an empty spool");
    account(&server(&place, &with_wait(), str::to_owned), b"alice", "lost, and answered");
}

#[test]
fn kinds_are_told_apart_and_logins_seen() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    let server = server(&place, &with_wait(), str::to_owned);
    for status in ["Start", "Interim-Update", "Stop"] {
        server.account(&[("User-Name", "alice"), ("Acct-Status-Type", status), ("Acct-Session-Id", "1")]);
    }
    server.account(&[("Acct-Status-Type", "Accounting-On"), ("NAS-IP-Address", "192.0.2.7")]);
    server.sql(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES ('alice', 'Cleartext-Password', ':=', 'pw')",
    );
    assert_eq!(server.authenticate("alice", "pw"), Authentication::Accept);
    assert_eq!(server.authenticate("alice", "wrong"), Authentication::Reject(None));
    let events = daemon.wait_for(4);
    let kinds: Vec<Kind> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [Kind::Start, Kind::Interim, Kind::Stop, Kind::PostAuth]);
    assert_eq!(users(&events), ["alice"; 4]);
    assert!(!format!("{events:?}").contains("pw"));
}

#[test]
fn a_policy_may_ask_for_the_session_to_be_cut() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    let server = server(&place, "radkick_disconnect\n", str::to_owned);
    account(&server, b"alice", "this very one");
    let events = daemon.wait_for(1);
    assert_eq!((events[0].wish, &events[0].acct_session_id), (Wish::Disconnect, &Octets::new("this very one")));
}
