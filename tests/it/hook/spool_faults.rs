//! The spool when things are wrong in it: nothing is followed, nothing waits, nothing is lost in silence.
use std::collections::BTreeSet;
use std::fs::{File, create_dir, read_dir, write};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use radkick::clock::Clock;
use radkick::hook::{
    Event, Fate, KeepError, Kind, MAX_SPOOLED, Octets, Reason, Spool, SpoolError, Trusted, Wish, keep,
};

use super::{Place, is_root, run, set_mode, users};
use crate::support::process::program;

fn event(user: &str) -> Vec<u8> {
    let mut event = Event::new(Kind::Interim, Wish::Check, 1);
    event.user_name = Octets::new(user);
    event.encode().expect("an event")
}

fn aside(place: &Place) -> Vec<String> {
    let entries = read_dir(place.spool().join("aside")).expect("the folder");
    entries.map(|entry| entry.expect("an entry").file_name().display().to_string()).collect()
}

fn grow_old(path: &Path) {
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000)).expect("a time");
}

#[test]
fn what_is_no_event_is_set_aside_with_its_reason() {
    let place = Place::new();
    let (spool, outside) = (place.spool(), place.folder.path().join("outside"));
    let at = |name: &str| spool.join(name);
    write(&outside, event("outside")).expect("a file");
    write(at("00001.event"), &event("torn")[..40]).expect("a file");
    write(at("00002.event"), "").expect("a file");
    symlink(&outside, at("00003.event")).expect("a link");
    std::fs::hard_link(&outside, at("00004.event")).expect("a link");
    create_dir(at("00005.event")).expect("a folder");
    let fifo = Command::new("mkfifo").arg(at("00006.event")).status();
    assert!(fifo.expect("coreutils").success());
    write(at("00007.event"), vec![b' '; 65_537]).expect("a file");
    write(at("00008.event"), String::from_utf8(event("x")).expect("JSON").replace("\"v\":1", "\"v\":2"))
        .expect("a file");
    write(at("hello\n"), event("x")).expect("a file");
    write(at("1.event"), event("x")).expect("a file");
    write(at("65536.event"), event("x")).expect("a file");
    symlink("/dev/zero", at("00009.tmp")).expect("a link");
    Command::new("touch").args(["-h", "-d", "@1000000"]).arg(at("00009.tmp")).status().expect("coreutils");
    write(at("00010.event"), event("alice")).expect("a file");
    let (events, mut told) = place.drain();
    assert_eq!(users(&events), ["alice"]);
    told.sort();
    let expected = [
        "00001.event: torn",
        "00002.event: torn",
        "00003.event: not-a-file",
        "00004.event: linked",
        "00005.event: not-a-file",
        "00006.event: not-a-file",
        "00007.event: too-large",
        "00008.event: version",
        "00009.tmp: not-a-file",
        "1.event: name",
        "65536.event: name",
        "hello\n: name",
    ];
    assert_eq!(told, expected);
    assert_eq!((aside(&place).len(), place.files()), (expected.len(), Vec::new()));
    assert!(aside(&place).iter().all(|name| name.is_ascii() && !name.contains('\n')), "{:?}", aside(&place));
    assert_eq!(std::fs::read(outside).expect("still there"), event("outside"));
}

/// As root alone, which may give files away.
#[test]
fn files_of_other_users_are_set_aside() {
    if !is_root() {
        return;
    }
    let place = Place::new();
    for (name, uid) in [("00001.event", 65534), ("00002.event", 12345), ("00003.event", 0)] {
        write(place.spool().join(name), event(name)).expect("a file");
        std::os::unix::fs::chown(place.spool().join(name), Some(uid), None).expect("as root");
    }
    let mut spool = Spool::open(&place.spool(), Trusted::own().with_user(12345), Clock).expect("a spool");
    let batch = spool.batch(10).expect("a batch");
    let events: Vec<Event> = batch.events.iter().map(|spooled| spooled.event.clone()).collect();
    assert_eq!(users(&events), ["00002.event", "00003.event"]);
    let reasons: Vec<Reason> = batch.set_aside.iter().map(|set| set.reason).collect();
    assert_eq!(reasons, [Reason::Foreign]);
}

#[test]
fn no_more_is_kept_aside_than_a_thousand() {
    let place = Place::new();
    (0..1010).for_each(|number| write(place.spool().join(format!("rubbish{number}")), "").expect("a file"));
    let mut spool = Spool::open(&place.spool(), Trusted::own(), Clock).expect("a spool");
    let batch = spool.batch(2000).expect("a batch");
    let removed = batch.set_aside.iter().filter(|set| set.fate == Fate::Removed).count();
    assert_eq!((batch.set_aside.len(), removed, aside(&place).len()), (1010, 10, 1000));
    assert_eq!(place.files(), [""; 0]);
    write(place.spool().join("more"), "").expect("a file");
    place.drain();
    assert_eq!(aside(&place).len(), 1000, "nor after a restart");
}

#[test]
fn what_a_dead_hook_left_is_its_event_or_nothing() {
    let place = Place::new();
    for (name, text) in [("00001.tmp", &event("whole")[..]), ("00002.tmp", b"{\"v\":1"), ("00003.tmp", b"")] {
        write(place.spool().join(name), text).expect("a file");
        grow_old(&place.spool().join(name));
    }
    let of_tomorrow = File::create(place.spool().join("00005.tmp")).expect("a file");
    of_tomorrow.set_modified(UNIX_EPOCH + Duration::from_secs(4_000_000_000)).expect("a time");
    write(place.spool().join("00004.tmp"), event("being written")).expect("a file");
    let (events, told) = place.drain();
    assert_eq!((users(&events), told), (vec!["whole".to_owned()], Vec::new()));
    assert_eq!(place.files(), ["00004.tmp"]);
}

#[test]
fn hooks_killed_at_any_moment_leave_a_whole_event_or_nothing() {
    let place = Place::new();
    let (mut told, mut killed) = (BTreeSet::new(), 0);
    for number in 0..150_usize {
        let user = format!("user{number:03}");
        let mut hook = place.hook(&[], &[("User-Name", user.as_bytes())]);
        let mut process = hook.stdin(Stdio::null()).spawn().expect("a hook");
        // From before it has begun to after its end, whatever this machine has to do besides
        (0..number * 20).for_each(|_| std::thread::yield_now());
        process.kill().ok();
        match process.wait().expect("a hook").code() {
            Some(code) => {
                assert_eq!(code, 3);
                told.insert(user);
            }
            None => killed += 1,
        }
    }
    let temporary = place.files().into_iter().filter(|name| name.ends_with("tmp"));
    temporary.for_each(|name| grow_old(&place.spool().join(name)));
    let (events, aside) = place.drain();
    let there: BTreeSet<String> = users(&events).into_iter().collect();
    assert_eq!((there.len(), aside), (events.len(), Vec::new()), "each once, and nothing torn");
    assert!(told.is_subset(&there), "{told:?} were told that they are kept, {there:?} are");
    assert_eq!((killed + told.len(), place.files().len()), (150, 0));
    assert!(killed > 0, "none was killed");
}

#[test]
fn an_event_that_nothing_can_be_done_with_is_put_aside() {
    let place = Place::new();
    keep(&place.spool(), &event("alice"), Clock).expect("kept");
    let mut spool = Spool::open(&place.spool(), Trusted::own(), Clock).expect("a spool");
    let batch = spool.batch(1).expect("a batch");
    let set = spool.refuse(batch.events.into_iter().next().expect("an event"));
    assert_eq!(set.reason, Reason::Refused);
    assert_eq!((aside(&place).len(), place.files()), (1, Vec::new()));
}

#[test]
fn a_spool_that_is_not_safe_is_not_read() {
    let place = Place::new();
    set_mode(&place.spool(), 0o777);
    assert!(matches!(Spool::open(&place.spool(), Trusted::own(), Clock), Err(SpoolError::Unsafe(_))));
    set_mode(&place.spool(), 0o2730);
    symlink("/etc", place.spool().join("aside")).expect("a link");
    assert!(matches!(Spool::open(&place.spool(), Trusted::own(), Clock), Err(SpoolError::Failed { .. })));
    let missing = place.spool().join("missing");
    assert!(matches!(Spool::open(&missing, Trusted::own(), Clock), Err(SpoolError::Failed { .. })));
}

#[test]
fn a_full_spool_says_so_and_keeps_what_it_has() {
    let place = Place::new();
    (0..MAX_SPOOLED)
        .for_each(|slot| drop(File::create(place.spool().join(format!("{slot:05}.event"))).expect("a file")));
    let finished = run(place.hook(&[], &[("User-Name", b"alice")]));
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(9), ""));
    assert!(finished.stderr.contains("is full"), "{}", finished.stderr);
    assert!(matches!(keep(&place.spool(), &event("bob"), Clock), Err(KeepError::Full(_))));
    let entries = read_dir(place.spool()).expect("the spool").map(|entry| entry.expect("an entry"));
    let sizes: Vec<u64> = entries.map(|entry| entry.metadata().expect("a file").len()).collect();
    assert_eq!((sizes.len(), sizes.iter().sum::<u64>()), (MAX_SPOOLED as usize, 0), "none added, none replaced");
}

/// A small file system, in a mount namespace that ends with the shell.
#[test]
fn a_full_disk_loses_one_event_and_leaves_nothing_half_written() {
    let place = Place::new();
    let hook = place.hook(&[], &[]);
    let script = "set -e; spool=$1; shift
        mount -t tmpfs -o size=64k,mode=0700 tmpfs \"$spool\"
        env User-Name=before \"$@\" && exit 90 || [ $? = 3 ]
        head -c 1M /dev/zero >\"$spool/filling\" 2>/dev/null && exit 91
        env User-Name=during \"$@\" && exit 92 || [ $? = 9 ]
        ls \"$spool\"
        rm \"$spool/filling\"
        env User-Name=after \"$@\" && exit 93 || [ $? = 3 ]
        cat \"$spool\"/*.event";
    let mut command = Command::new(program("unshare", "util-linux"));
    command.args(["--map-root-user", "--mount", "sh", "-c", script, "sh"]).arg(place.spool());
    command.arg(hook.get_program()).args(hook.get_args());
    let finished = run(command);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    assert!(finished.stderr.contains("No space left on device"), "{finished:?}");
    let (names, events) = finished.stdout.split_once("filling\n").expect("the list, then the events");
    assert_eq!(names.lines().count(), 1, "{names}");
    assert!(names.ends_with(".event\n"), "{names}");
    assert_eq!(events.matches("\"v\":1").count(), 2, "{events}");
    assert!(events.contains("before") && events.contains("after"), "{events}");
}
