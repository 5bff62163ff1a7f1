//! What breaks in the middle: the daemon, the command, or the line between them. Nothing is done twice.
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::net::UdpSocket;
use std::os::unix::net::UnixListener;

use serde_json::json;

use super::{Client, asked, begin, begin_to_halt, configure, socket, text};
use crate::disconnect::site::{BEGAN, PATIENT, Session, Site};
use crate::enforce::customer;
use crate::serve::daemon::Daemon;
use crate::serve::{SLOW, live};
use crate::support::wait::{PATIENCE, wait_until};

const ALICE: Session<'_> = Session::new("80a00001");

fn site_of_alice() -> Site {
    let site = Site::start();
    configure(&site, SLOW, "", &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "5");
    site
}

const DISCONNECT: [&str; 3] = ["disconnect", "--user", "alice"];

#[test]
fn the_daemon_is_killed_at_work() {
    for (step, sent) in [("job_submitted", 0), ("intent_recorded", 0), ("request_answered", 1), ("fate_recorded", 1)] {
        let site = site_of_alice();
        let daemon = begin(site.radkick(&["serve"]).env("RADKICK_FAILPOINT", step));
        let command = site.radkick(&DISCONNECT).spawn();
        daemon.wait_for("halted at a failpoint");
        daemon.running.process.signal("KILL");
        let finished = command.finish();
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(3), ""), "{step} {finished:#?}");
        let said = "has taken it, and what became of it is not known: it ended in the middle";
        assert!(finished.stderr.contains(said) && finished.stderr.contains("`radkick jobs`"), "{finished:#?}");
        assert_eq!(daemon.running.finish().code, None);
        assert_eq!(site.server.coa_requests().len(), sent, "{step}");
        // Its file is left: nobody listens on it, and the command goes on by itself
        assert!(socket(&site).exists());
        let again = site.run(&DISCONNECT);
        assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""), "{step} {again:#?}");
        assert_eq!(site.server.coa_requests().len(), 1, "{step}: once");
        assert!(!site.is_open(ALICE.id) && live(&site).is_empty(), "{step}");
        // The next daemon takes its place
        let daemon = begin(site.radkick(&["serve"]));
        assert_eq!(text(&site, &["confirm"]).code, Some(0));
        assert_eq!(asked(&daemon, "confirm", "done"), 1, "{step}");
        assert_eq!(daemon.stop().code, Some(0), "{step}");
    }
}

#[test]
fn the_command_is_killed_while_it_waits() {
    let site = site_of_alice();
    let router = UdpSocket::bind("127.0.0.1:0").expect("a port");
    router.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
    let timers = "irt = \"1s\"\nmrt = \"1s\"\nmrc = 0\nmrd = \"5s\"\nverify_within = \"1s\"\n";
    configure(&site, SLOW, "", &site.nas("R1", "127.0.0.1", router.local_addr().expect("an address"), timers));
    let daemon = begin(site.radkick(&["serve"]));
    let command = site.radkick(&DISCONNECT).spawn();
    router.recv_from(&mut [0; 4096]).expect("a request");
    // SIGINT is ignored by what a shell starts in the background, and whatever that starts
    command.process.signal("TERM");
    assert_eq!(command.finish().code, None);
    // Accepted is accepted
    wait_until("the daemon has done it all the same", || asked(&daemon, "disconnect", "unproven") == 1);
    assert!(live(&site).is_empty());
    assert_eq!(site.state_sql("SELECT fate FROM radkick_target")[0]["fate"], "unknown");
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn what_was_accepted_is_finished_before_the_daemon_ends() {
    let site = site_of_alice();
    let (daemon, pipe) = begin_to_halt(&site, "intent_recorded");
    let mut early = Client::connect(&site);
    early.hear().expect("a hello");
    let command = site.radkick(&DISCONNECT).spawn();
    daemon.wait_for("halted at a failpoint");
    daemon.running.process.signal("TERM");
    let refused = json!({ "why": "the daemon is stopping: nothing more is begun", "directly": true });
    assert_eq!(early.hear().expect("word")["refused"], refused);
    wait_until("nobody finds it any more", || !socket(&site).exists());
    assert_eq!(live(&site), [("cutting".to_owned(), true)], "at work, and left to it");
    std::fs::write(&pipe, "go").expect("a pipe");
    let finished = command.finish();
    assert_eq!((finished.code, &finished.json_lines()[0]["fate"]), (Some(0), &"ended".into()), "{finished:#?}");
    assert_eq!(daemon.running.finish().code, Some(0));
    assert_eq!(site.server.coa_requests().len(), 1);
}

/// It can be told apart: what was not accepted is not done later, and may be done at once.
#[test]
fn a_frozen_daemon_does_nothing_later() {
    let site = site_of_alice();
    let daemon = begin(site.radkick(&["serve"]));
    // One that has asked, and goes before it is accepted
    let mut gone = Client::connect(&site);
    let hello = gone.hear().expect("a hello");
    daemon.running.process.signal("STOP");
    let request = json!({ "disconnect": { "user": "alice" } });
    let ask = json!({ "protocol": 1, "databases": hello["hello"]["databases"], "request": request });
    gone.say(format!("{ask}\n").as_bytes());
    drop(gone);
    daemon.running.process.signal("CONT");
    wait_until("it is noticed", || asked(&daemon, "disconnect", "refused") == 1);
    assert!(site.is_open(ALICE.id) && site.state_sql("SELECT id FROM radkick_job").is_empty());
    daemon.running.process.signal("STOP");
    let finished = site.run(&DISCONNECT);
    assert_eq!((finished.code, &finished.json_lines()[0]["fate"]), (Some(0), &"ended".into()), "{finished:#?}");
    assert!(finished.stderr.contains("does not answer within 5 s; it has done nothing of this and will not"));
    daemon.running.process.signal("CONT");
    // Whoever comes next is answered, so the one who had gone was looked at before
    assert_eq!(text(&site, &["confirm"]).code, Some(0));
    wait_until("it is noticed", || asked(&daemon, "none", "refused") >= 1);
    assert_eq!((asked(&daemon, "confirm", "done"), asked(&daemon, "disconnect", "done")), (1, 0));
    assert_eq!(site.state_sql("SELECT id FROM radkick_job").len(), 1);
    assert_eq!(site.server.coa_requests().len(), 1);
    assert_eq!(daemon.stop().code, Some(0));
}

/// A daemon of our own, which stops between the request and its `accepted`.
#[test]
fn a_daemon_that_accepts_too_late_cannot() {
    let site = site_of_alice();
    // From a real one: what it calls its databases
    let daemon = begin(site.radkick(&["serve"]));
    let hello = Client::connect(&site).hear().expect("a hello");
    assert_eq!(daemon.stop().code, Some(0));
    let listener = UnixListener::bind(socket(&site)).expect("a socket");
    let command = site.radkick(&DISCONNECT).spawn();
    let (stream, _) = listener.accept().expect("the command");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
    writeln!(&stream, "{hello}").expect("heard");
    let mut request = String::new();
    BufReader::new(&stream).read_line(&mut request).expect("a request");
    assert!(request.contains("\"disconnect\":{\"user\":\"alice\""), "{request}");
    let finished = command.finish();
    assert_eq!((finished.code, &finished.json_lines()[0]["fate"]), (Some(0), &"ended".into()), "{finished:#?}");
    assert!(finished.stderr.contains("did not take it: done by this command itself"), "{finished:#?}");
    assert!(writeln!(&stream, "{{\"accepted\":{{}}}}").is_err(), "the line is shut: a daemon would not begin");
    assert_eq!(site.server.coa_requests().len(), 1);
}

/// One that has accepted and says nothing more, and one that says nonsense.
#[test]
fn after_accepted_the_command_never_does_it_itself() {
    let site = site_of_alice();
    let daemon = begin(site.radkick(&["serve"]));
    let hello = Client::connect(&site).hear().expect("a hello");
    assert_eq!(daemon.stop().code, Some(0));
    let listener = UnixListener::bind(socket(&site)).expect("a socket");
    for (behind, why) in [
        ("", "it ended in the middle"),
        ("{\"end\":", "it ended in the middle"),
        ("{\"hello\":{\"protocol\":1,\"version\":\"\",\"databases\":\"\"}}\n", "it says what it should not"),
        ("gibberish\n", "expected value"),
    ] {
        let command = site.radkick(&DISCONNECT).spawn();
        let (mut stream, _) = listener.accept().expect("the command");
        writeln!(stream, "{hello}").expect("heard");
        let mut request = String::new();
        BufReader::new(&stream).read_line(&mut request).expect("a request");
        write!(stream, "{{\"accepted\":{{}}}}\n{{\"at_work\":{{}}}}\n{behind}").expect("heard");
        drop(stream);
        let finished = command.finish();
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(3), ""), "{behind} {finished:#?}");
        assert!(finished.stderr.contains(why), "{behind} {finished:#?}");
    }
    assert_eq!(site.server.coa_requests().len(), 0);
    // Another version is refused, and nothing done
    let command = site.radkick(&DISCONNECT).spawn();
    let (stream, _) = listener.accept().expect("the command");
    let other = hello.to_string().replace("\"protocol\":1", "\"protocol\":2");
    writeln!(&stream, "{other}").expect("heard");
    let finished = command.finish();
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(5), ""), "{finished:#?}");
    assert!(finished.stderr.contains("speaks protocol 2") && finished.stderr.contains("restart it"), "{finished:#?}");
    assert!(site.is_open(ALICE.id));
}

/// A thousand users over at once trip the brake: an answer of a thousand reports, more than a socket holds.
#[test]
fn who_stops_reading_holds_nobody_up() {
    let site = Site::start();
    configure(&site, SLOW, "", &site.r1(PATIENT));
    let mut rows = "BEGIN;".to_owned();
    for n in 0..1000 {
        write!(
            rows,
            "INSERT INTO radcheck (username, attribute, op, value) VALUES ('user{n}', 'Max-Octets', ':=', '1');
             INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
               acctinputoctets) VALUES ('s{n}', 'u{n}', 'user{n}', '127.0.0.1', {BEGAN}, {BEGAN}, 100);"
        )
        .expect("text");
    }
    site.server.sql(&(rows + "COMMIT;"));
    let daemon: Daemon = begin(site.radkick(&["serve"]));
    let answer = site.run(&["enforce", "--once"]);
    assert_eq!((answer.code, answer.json_lines().len()), (Some(1), 1000), "{}", answer.stderr);
    assert!(answer.stdout.len() > 300_000, "more than a socket takes: {}", answer.stdout.len());
    let deaf: Vec<Client> = (0..8)
        .map(|_| {
            let mut client = Client::connect(&site);
            client.ask(&json!({ "enforce_once": {} }));
            client
        })
        .collect();
    wait_until("the work is done", || asked(&daemon, "enforce_once", "still_active") == 9);
    assert_eq!(site.reports(&["confirm"], 0)[0]["confirmed"].as_array().map(Vec::len), Some(1), "others are answered");
    daemon.wait_for("a command did not wait for its answer; what it asked for is done");
    let mut last = Client::connect(&site);
    last.ask(&json!({ "enforce_once": { "user": "user1" } }));
    let finished = daemon.stop();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(!finished.stderr.contains("takes too long"), "{finished:#?}");
    drop((deaf, last));
}
