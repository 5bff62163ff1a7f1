//! Whom the daemon does not listen to, and what it makes of nonsense.
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;

use serde_json::{Value, json};

use super::{Client, asked, begin, configure, socket};
use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::customer;
use crate::serve::SLOW;
use crate::serve::daemon::Daemon;
use crate::support::process::{Finished, Running, program};
use crate::support::wait::{PATIENCE, wait_until};

const ALICE: Session<'_> = Session::new("80a00001");
const NOBODY: u32 = 65534;

/// A daemon with alice online, 5 of 1000 octets used.
fn serving(more: &str) -> (Site, Daemon) {
    let site = Site::start();
    configure(&site, SLOW, more, &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(site.radkick(&["serve"]));
    (site, daemon)
}

fn why(told: &Value) -> &str {
    told["refused"]["why"].as_str().unwrap_or_else(|| panic!("{told}"))
}

#[test]
fn nonsense_is_told_to_be_so_and_does_nothing() {
    let (site, daemon) = serving("");
    let ask = |protocol: u32, request: &str| {
        let mut client = Client::connect(&site);
        let hello = client.hear().expect("a hello");
        let databases = &hello["hello"]["databases"];
        client.say(format!("{{\"protocol\":{protocol},\"databases\":{databases},\"request\":{request}}}\n").as_bytes());
        client.hear().expect("an answer")
    };
    let long = format!("{{\"disconnect\":{{\"user\":\"{}\"}}}}", "x".repeat(254));
    let cases = [
        (1, "\"format_disk\"", "unknown variant `format_disk`"),
        (1, "{\"disconnect\":{}}", "missing field `user`"),
        (1, "{\"disconnect\":{\"user\":\"alice\",\"dry_run\":true}}", "unknown field `dry_run`"),
        (1, "{\"disconnect\":{\"user\":\"\"}}", "user: a user name is empty; it has 1 to 253 octets"),
        (1, &long, "user: this user name has 254 octets"),
        (1, "{\"disconnect\":{\"user\":\"alice\",\"session\":\"\"}}", "session: it is empty"),
        (1, "{\"disconnect\":{\"user\":\"alice\",\"mac\":\"::\"}}", "mac: it names no MAC address"),
        (1, "{\"disconnect\":{\"user\":\"alice\",\"ip\":\"1.2.3\"}}", "invalid IP address"),
        (1, "{\"retry_job\":{\"id\":\"x\"}}", "expected i64"),
        (9, "{\"disconnect\":{\"user\":\"alice\"}}", "protocol 9; this daemon speaks 1"),
    ];
    for (protocol, request, wanted) in cases {
        let told = ask(protocol, request);
        assert!(why(&told).contains(wanted), "{request}: {told}");
    }
    for octets in [&b"\n"[..], b"disconnect alice\n", b"{\"protocol\":1}\n", b"\xff\xfe\n", b"[[[[\n"] {
        let mut client = Client::connect(&site);
        client.hear().expect("a hello");
        client.say(octets);
        let told = client.hear().expect("an answer");
        assert!(why(&told).starts_with("the request cannot be understood: "), "{octets:?} {told}");
        assert_eq!(client.hear(), None, "{octets:?}");
    }
    let mut client = Client::connect(&site);
    client.hear().expect("a hello");
    client.say(&vec![b' '; 64 * 1024 + 1]);
    assert_eq!(why(&client.hear().expect("an answer")), "the request: a line of more than 65536 octets");
    let refused = u32::try_from(cases.len() + 5 + 1).expect("some");
    assert_eq!(asked(&daemon, "none", "refused"), refused);
    assert!(site.is_open(ALICE.id) && site.state_sql("SELECT id FROM radkick_job").is_empty());
    assert_eq!(site.reports(&["disconnect", "--user", "alice"], 0)[0]["fate"], "ended", "and it goes on");
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn who_does_not_finish_is_given_up_and_holds_nobody_up() {
    let (site, daemon) = serving("");
    let mut half: Vec<Client> = (0..32).map(|_| Client::connect(&site)).collect();
    for client in &mut half {
        client.hear().expect("a hello");
        client.say(b"{\"protocol\":1,");
    }
    let busy = site.run(&["disconnect", "--user", "alice"]);
    assert_eq!((busy.code, busy.stdout.as_str()), (Some(5), ""), "{busy:#?}");
    assert!(busy.stderr.contains("the daemon refuses: 32 commands are being answered already; try again"), "{busy:#?}");
    assert!(site.is_open(ALICE.id), "the bound is not gone round");
    for client in &mut half {
        assert_eq!(why(&client.hear().expect("word")), "the request: nothing for 5 s");
        assert_eq!(client.hear(), None);
    }
    wait_until("the places are free", || asked(&daemon, "none", "refused") >= 33);
    // One that has gone in the middle
    let mut gone = Client::connect(&site);
    gone.say(b"{\"protocol\":1,");
    drop(gone);
    wait_until("it is noticed", || asked(&daemon, "none", "refused") >= 34);
    assert_eq!(site.reports(&["disconnect", "--user", "alice"], 0)[0]["fate"], "ended");
    assert_eq!(daemon.stop().code, Some(0));
}

/// As another user, who has a copy of the program.
fn as_nobody(site: &Site, arguments: &[&str]) -> Finished {
    let copy = site.folder().join("radkick");
    // The built program may stand where nobody else may look
    // By another process: one that is forked here meanwhile would hold the copy open for writing, and nobody could run it
    let mut cp = std::process::Command::new(program("cp", "coreutils"));
    let copied = Running::start(cp.arg(env!("CARGO_BIN_EXE_radkick")).arg(&copy), "").finish(PATIENCE);
    assert_eq!(copied.code, Some(0), "{copied:#?}");
    let config = site.folder().join("nobody.toml");
    std::fs::copy(site.config(), &config).expect("a copy");
    chown(&config, Some(NOBODY), None).expect("as root");
    set_mode(site.folder(), 0o755);
    let mut command = std::process::Command::new(program("setpriv", "util-linux"));
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy).arg("--config").arg(config);
    Running::start(command.args(arguments).env_clear().env("SUDO_USER", "root"), "").finish(PATIENCE)
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
}

#[test]
fn others_do_not_get_in() {
    let own = std::fs::metadata("/proc/self").expect("this process").uid();
    if own != 0 {
        return;
    }
    let (site, daemon) = serving("hook_users = [\"nobody\"]");
    let made = std::fs::metadata(socket(&site)).expect("a socket");
    assert_eq!((made.mode() & 0o777, made.uid(), made.gid()), (0o660, 0, rustix::process::getegid().as_raw()));
    // By the file's mode it cannot ask: what it may do on the databases is their business, and that is nothing
    let finished = as_nobody(&site, &["disconnect", "--user", "alice"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(5), ""), "{finished:#?}");
    assert!(finished.stderr.contains("control.sock: Permission denied"), "{finished:#?}");
    // By its user id, whatever the mode: hooks run under it
    set_mode(&socket(&site), 0o666);
    let finished = as_nobody(&site, &["disconnect", "--user", "alice"]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(5), ""), "{finished:#?}");
    let said = "error: the daemon refuses: user id 65534 may not ask: FreeRADIUS' hooks run under it";
    assert!(finished.stderr.contains(said), "{finished:#?}");
    assert_eq!(asked(&daemon, "none", "refused"), 1);
    assert!(site.is_open(ALICE.id) && site.state_sql("SELECT id FROM radkick_job").is_empty());
    assert_eq!(daemon.stop().code, Some(0));
}

/// Let in by the mode, it asks in its own name, whatever it says.
#[test]
fn whoever_is_let_in_asks_in_its_own_name() {
    if std::fs::metadata("/proc/self").expect("this process").uid() != 0 {
        return;
    }
    let (site, daemon) = serving("hook_users = []");
    chown(socket(&site), None, Some(NOBODY)).expect("as root");
    let finished = as_nobody(&site, &["disconnect", "--user", "alice"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let journal = site.state_sql("SELECT actor FROM radkick_journal WHERE event = 'cut'");
    assert_eq!(journal[0]["actor"], "cli:nobody", "SUDO_USER says root");
    assert_eq!(daemon.stop().code, Some(0));
}

/// As config/systemd has it: the folder is FreeRADIUS' group's, for the hook's socket. This one is radkick's.
#[test]
fn it_has_our_own_group_in_a_folder_of_another() {
    let own = rustix::process::getegid().as_raw();
    let folder = tempfile::tempdir().expect("a folder");
    if rustix::process::geteuid().is_root() {
        chown(folder.path(), None, Some(NOBODY)).expect("as root");
    }
    set_mode(folder.path(), 0o2751);
    let path = folder.path().join("control.sock");
    let door = radkick::control::Door::open(&path).expect("a door");
    let made = std::fs::metadata(&path).expect("a socket");
    assert_eq!((made.mode() & 0o777, made.gid()), (0o660, own));
    let refused = std::os::unix::net::UnixStream::connect(&path).map_err(|error| error.kind());
    assert_eq!(refused.err(), Some(std::io::ErrorKind::ConnectionRefused), "nobody before it listens");
    drop(door);
    assert!(!path.exists());
}

#[test]
fn a_socket_that_cannot_be_had() {
    let site = Site::start();
    configure(&site, SLOW, "", &site.r1(PATIENT));
    for (spoil, wanted) in [
        ((|site| std::fs::write(socket(site), "x").expect("a file")) as fn(&Site), "is there and is no socket"),
        (|site| set_mode(site.folder(), 0o777), "may be written by others than radkick"),
    ] {
        spoil(&site);
        let finished = site.run(&["serve"]);
        assert_eq!(finished.code, Some(5), "{finished:#?}");
        assert!(
            finished.stderr.contains("error: control socket: ") && finished.stderr.contains(wanted),
            "{finished:#?}"
        );
        std::fs::remove_file(socket(&site)).ok();
    }
    set_mode(site.folder(), 0o700);
    let daemon = begin(site.radkick(&["serve"]));
    // A second one, on other tables of its own
    let other = std::fs::read_to_string(site.config()).expect("a file").replace("state.db", "other.db");
    let config = site.folder().join("other.toml");
    std::fs::write(&config, other).expect("a file");
    let call = crate::support::radkick::Radkick::new(&["serve"]).arg("--config").arg(&config);
    let second = call.run();
    assert_eq!(second.code, Some(5), "{second:#?}");
    assert!(second.stderr.contains("another daemon listens on"), "{second:#?}");
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(json!(socket(&site).exists()), false);
}
