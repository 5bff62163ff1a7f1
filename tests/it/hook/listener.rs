//! The socket: who may speak, what is answered, and that nobody can hold it up.
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use radkick::clock::Clock;
use radkick::door::DoorError;
use radkick::hook::{Account, Event, Kind, Listener, MAX_EVENT_OCTETS, Octets, Spool, Trusted, Wish};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketType, bind, connect, listen, recv, send, socket,
};

use super::daemon::{Daemon, Manner};
use super::{Place, is_root, run, set_mode, users};
use crate::support::process::program as program_at;
use crate::support::wait::{PATIENCE, wait_until};

fn connected(path: &Path) -> OwnedFd {
    let socket = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None).expect("a socket");
    connect(&socket, &SocketAddrUnix::new(path).expect("a path")).expect("a connection");
    set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE)).expect("a bound");
    socket
}

/// What comes back; empty when the other side hangs up.
fn answer(socket: &OwnedFd) -> String {
    let mut octets = [0; 300];
    let received = recv(socket, &mut octets, RecvFlags::empty());
    assert_ne!(received.err(), Some(Errno::AGAIN), "nothing within {PATIENCE:?}");
    let length = received.map_or(0, |(length, _)| length);
    String::from_utf8_lossy(&octets[..length]).into_owned()
}

fn event(user: &str) -> Vec<u8> {
    let mut event = Event::new(Kind::Interim, Wish::Check, 1);
    event.user_name = Octets::new(user);
    event.encode().expect("an event")
}

#[test]
fn every_hook_is_answered_and_every_fault_counted() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    let say = |message: &[u8]| {
        let socket = connected(&place.socket());
        send(&socket, message, SendFlags::empty()).expect("sent");
        answer(&socket)
    };
    assert_eq!(say(&event("alice")), "stored");
    assert!(say(b"no JSON").starts_with("refused: no event"));
    assert!(say(br#"{"v":9}"#).starts_with("refused: an event of version 9"));
    assert!(say(&vec![b' '; MAX_EVENT_OCTETS + 1]).starts_with("refused: an event of 65537 octets"));
    assert!(say(&vec![b' '; 2 * MAX_EVENT_OCTETS]).starts_with("refused: an event of 65537 octets"));
    drop(connected(&place.socket()));
    assert_eq!(say(&event("bob")), "stored", "and it goes on");
    wait_until("the counts", || {
        let counts = daemon.counts();
        (counts.events, counts.malformed, counts.silent, counts.strangers) == (2, 4, 1, 0)
    });
    assert_eq!(users(&daemon.events()), ["alice", "bob"]);
}

#[test]
fn who_says_nothing_is_dropped_and_holds_nobody_up() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    let silent: Vec<OwnedFd> = (0..256).map(|_| connected(&place.socket())).collect();
    let late = connected(&place.socket());
    assert_eq!(answer(&late), "refused: busy", "there are no more places");
    for socket in &silent {
        assert_eq!(answer(socket), "", "hung up on");
    }
    wait_until("the counts", || (daemon.counts().silent, daemon.counts().turned_away) == (256, 1));
    let socket = connected(&place.socket());
    send(&socket, &event("alice"), SendFlags::empty()).expect("sent");
    assert_eq!(answer(&socket), "stored", "the places are free again");
}

#[test]
fn who_does_not_read_is_not_waited_for() {
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    let deaf = connected(&place.socket());
    for _ in 0..100 {
        send(&deaf, &event("deaf"), SendFlags::empty()).ok();
    }
    let gone = connected(&place.socket());
    send(&gone, &event("gone"), SendFlags::empty()).expect("sent");
    drop(gone);
    let socket = connected(&place.socket());
    send(&socket, &event("alice"), SendFlags::empty()).expect("sent");
    assert_eq!(answer(&socket), "stored");
    assert_eq!(users(&daemon.wait_for(3)), ["alice", "deaf", "gone"], "one event a connection");
}

/// As root alone: another user's process has to be made. Its rights are those of FreeRADIUS' user: it may write and search the spool,
/// and not list it.
#[test]
fn strangers_are_refused_and_foreign_hooks_need_no_right_to_look() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    for folder in [place.folder.path().to_owned(), place.folder.path().join("run")] {
        set_mode(&folder, 0o755);
    }
    set_mode(&place.socket(), 0o666);
    std::os::unix::fs::chown(place.spool(), None, Some(65534)).expect("as root");
    set_mode(&place.spool(), 0o2730);
    let hook = place.hook(&[], &[]);
    let copy = place.folder.path().join("radkick");
    // The built program may stand where nobody else may look
    std::fs::copy(hook.get_program(), &copy).expect("a copy");
    let as_stranger = |program: &Path, arguments: &[&OsStr]| {
        let mut command = Command::new(program_at("setpriv", "util-linux"));
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(program).args(arguments);
        command.env_clear().env("User-Name", "mallory");
        run(command)
    };
    assert_ne!(as_stranger(Path::new("/bin/ls"), &[place.spool().as_os_str()]).code, Some(0), "it may not look");
    for _ in 0..2 {
        let finished = as_stranger(&copy, &hook.get_args().collect::<Vec<_>>());
        assert_eq!(finished.code, Some(3), "{finished:?}");
    }
    wait_until("strangers are counted", || daemon.counts().strangers == 2);
    assert_eq!(users(&daemon.events()), [""; 0]);
    let mut trusting = Spool::open(&place.spool(), Trusted::own().with_user(65534), Clock).expect("a spool");
    let batch = trusting.batch(1).expect("a batch");
    assert_eq!(users(&[batch.events[0].event.clone()]), ["mallory"]);
    trusting.done(&batch.events[0]).expect("done");
    let (events, aside) = place.drain();
    assert_eq!((events.len(), aside.len()), (0, 1), "to others it is a stranger's: {aside:?}");
    assert!(aside[0].ends_with(": foreign"), "{aside:?}");
}

fn refusal(path: &Path) -> DoorError {
    Listener::bind(path, None, Trusted::own()).expect_err("not there")
}

#[tokio::test]
async fn the_socket_is_made_safely() {
    let place = Place::new();
    let group = std::fs::metadata(place.spool()).expect("a spool").gid();
    let listener = Listener::bind(&place.socket(), Some(group), Trusted::own()).expect("it listens");
    let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o7777;
    let folder = place.folder.path().join("run");
    assert_eq!((mode(&folder), mode(&place.socket())), (0o750, 0o660));
    assert!(matches!(refusal(&place.socket()), DoorError::Occupied(_)), "a second daemon");
    drop(listener);
    assert!(!place.socket().exists(), "it went with its listener");

    std::fs::write(place.socket(), "precious").expect("a file");
    assert!(matches!(refusal(&place.socket()), DoorError::NoSocket(_)));
    assert_eq!(std::fs::read(place.socket()).expect("still there"), b"precious");
    std::fs::remove_file(place.socket()).expect("removed");

    set_mode(&folder, 0o770);
    assert!(matches!(refusal(&place.socket()), DoorError::Unsafe(_)));
    set_mode(&folder, 0o750);
    assert!(Listener::bind(&place.socket(), None, Trusted::own()).is_ok());
}

/// As root alone, which may give a directory to any group.
#[tokio::test]
async fn the_socket_has_the_group_of_hooks() {
    if !is_root() {
        return;
    }
    let gid = |path: &Path| std::fs::metadata(path).expect("there").gid();
    let made = Place::new();
    let _listener = Listener::bind(&made.socket(), Some(65534), Trusted::own()).expect("it listens");
    assert_eq!((gid(&made.folder.path().join("run")), gid(&made.socket())), (65534, 65534), "given to it");
    let prepared = Place::new();
    let folder = prepared.folder.path().join("run");
    std::fs::create_dir(&folder).expect("a folder");
    std::os::unix::fs::chown(&folder, None, Some(65534)).expect("as root");
    set_mode(&folder, 0o2750);
    let _listener = Listener::bind(&prepared.socket(), None, Trusted::own()).expect("it listens");
    assert_eq!(gid(&prepared.socket()), 65534, "from its directory");
}

#[tokio::test]
async fn a_stale_socket_is_replaced_and_a_living_one_is_not() {
    let place = Place::new();
    std::fs::create_dir(place.folder.path().join("run")).expect("a folder");
    set_mode(&place.folder.path().join("run"), 0o750);
    let address = SocketAddrUnix::new(place.socket()).expect("a path");
    let other = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None).expect("a socket");
    bind(&other, &address).expect("bound");
    listen(&other, 1).expect("listening");
    assert!(matches!(refusal(&place.socket()), DoorError::Occupied(_)), "somebody without our lock listens");
    drop(other);
    let name = place.folder.path().join("run/hook.sock.lock");
    let lock = std::fs::File::options().create(true).truncate(true).write(true).open(name).expect("a lock file");
    lock.lock().expect("locked");
    assert!(matches!(refusal(&place.socket()), DoorError::Occupied(_)), "somebody is about to listen");
    drop(lock);
    assert!(std::fs::metadata(place.socket()).expect("stale").file_type().is_socket());
    let daemon = Daemon::start(&place.socket(), Manner::Store);
    assert_eq!(run(place.hook(&[], &[("User-Name", b"alice")])).code, Some(0));
    assert_eq!(users(&daemon.events()), ["alice"]);
}

#[test]
fn accounts_are_those_of_the_machine() {
    assert_eq!(Account::named("root").expect("/etc/passwd"), Some(Account { uid: 0, gid: 0 }));
    assert_eq!(Account::named("no such user").expect("/etc/passwd"), None);
}
