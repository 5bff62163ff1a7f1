//! The spool when all is well: each event once, the oldest first, whole.
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use radkick::clock::Clock;
use radkick::hook::{Event, Kind, Octets, Spool, Trusted, Wish, keep};

use super::{Place, run, users};
use crate::support::process::program;

fn event(user: &str) -> Vec<u8> {
    let mut event = Event::new(Kind::Interim, Wish::Check, 1);
    event.user_name = Octets::new(user);
    event.encode().expect("an event")
}

#[test]
fn ten_thousand_events_come_once_each() {
    const HOOKS: usize = 10_000;
    let place = Place::new();
    let keep_some = |some: usize| {
        for number in (some..HOOKS).step_by(4) {
            keep(&place.spool(), &event(&format!("user{number}")), Clock).expect("kept");
        }
    };
    thread::scope(|scope| (0..4).for_each(|some| drop(scope.spawn(move || keep_some(some)))));
    assert_eq!(place.files().len(), HOOKS);
    let mut spool = Spool::open(&place.spool(), Trusted::own(), Clock).expect("a spool");
    let mut seen = BTreeSet::new();
    loop {
        let batch = spool.batch(500).expect("a batch");
        assert!(batch.set_aside.is_empty() && batch.events.len() <= 500, "{:?}", batch.set_aside);
        if batch.events.is_empty() {
            break;
        }
        for spooled in &batch.events {
            assert!(seen.insert(users(std::slice::from_ref(&spooled.event))), "{spooled:?} came twice");
            spool.done(spooled).expect("done");
        }
        assert_eq!(batch.waiting, HOOKS - seen.len());
    }
    assert_eq!(seen.len(), HOOKS);
    assert_eq!(place.files(), [""; 0]);
}

#[test]
fn the_same_hook_many_times_is_as_many_events() {
    let place = Place::new();
    for _ in 0..20 {
        assert_eq!(run(place.hook(&[], &[("User-Name", b"alice")])).code, Some(3));
    }
    assert_eq!(users(&place.drain().0), ["alice"; 20], "what they come to is for the jobs to say");
}

#[test]
fn the_oldest_comes_first_and_stays_until_it_is_done() {
    let place = Place::new();
    for user in ["first", "second", "third"] {
        keep(&place.spool(), &event(user), Clock).expect("kept");
    }
    // The names are drawn, so the times alone tell the order; three in one tick of the kernel's clock would have the same
    for (user, age) in [("second", 20), ("third", 10), ("first", 30)] {
        let is_users = |path: &std::path::PathBuf| std::fs::read(path).expect("a file") == event(user);
        let mut paths = place.files().into_iter().map(|name| place.spool().join(name));
        let file = std::fs::File::options().write(true).open(paths.find(is_users).expect("its file")).expect("a file");
        let now = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_795_000_000 - age);
        file.set_modified(now).expect("a time");
    }
    let mut spool = Spool::open(&place.spool(), Trusted::own(), Clock).expect("a spool");
    let mut next = |most| spool.batch(most).expect("a batch").events;
    let names = |events: &[radkick::hook::Spooled]| -> Vec<String> {
        events.iter().map(|spooled| spooled.event.user_name.as_ref().expect("a user").to_text()).collect()
    };
    assert_eq!(names(&next(2)), ["first", "second"]);
    assert_eq!(names(&next(2)), ["third"]);
    let again = next(2);
    assert_eq!(names(&again), ["first", "second"], "none was done");
    let second_time = Spool::open(&place.spool(), Trusted::own(), Clock).expect("after a crash");
    second_time.done(&again[0]).expect("done");
    second_time.done(&again[0]).expect("and done again");
    assert_eq!(users(&place.drain().0), ["second", "third"]);
}

#[test]
fn done_leaves_alone_what_took_the_files_place() {
    let place = Place::new();
    keep(&place.spool(), &event("old"), Clock).expect("kept");
    let mut spool = Spool::open(&place.spool(), Trusted::own(), Clock).expect("a spool");
    let batch = spool.batch(1).expect("a batch");
    let path = place.spool().join(&place.files()[0]);
    let other = place.folder.path().join("other");
    std::fs::write(&other, event("new")).expect("a file");
    std::fs::rename(&other, &path).expect("in its place");
    spool.done(&batch.events[0]).expect("done");
    assert_eq!(users(&place.drain().0), ["new"]);
}

/// FreeRADIUS may be started with any umask, and may search and write the spool but not list it.
#[test]
fn files_are_readable_to_the_group_whatever_the_umask() {
    let place = Place::new();
    let hook = place.hook(&[], &[]);
    let mut command = std::process::Command::new(program("sh", "dash"));
    command.env_clear().env("User-Name", "alice").args(["-c", "umask 0777; exec \"$0\" \"$@\""]);
    // A shell drops such a name, so it goes by env
    command.arg(program("env", "coreutils")).arg("User-Name=alice").arg(hook.get_program()).args(hook.get_args());
    assert_eq!(run(command).code, Some(3));
    let file = place.spool().join(&place.files()[0]);
    assert_eq!(std::fs::metadata(file).expect("a file").permissions().mode() & 0o7777, 0o640);
    assert_eq!(users(&place.drain().0), ["alice"]);
}
