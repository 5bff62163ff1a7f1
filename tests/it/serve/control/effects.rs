//! What is done by the daemon, and told as the command itself would have told it.
use std::net::UdpSocket;

use serde_json::{Value, json};

use super::{Client, asked, begin, configure, sent, text};
use crate::disconnect::site::{HASTY, PATIENT, Session, Site, object, offline, reports};
use crate::enforce::customer;
use crate::serve::{BRISK, SLOW, live};
use crate::support::freeradius::Authentication;
use crate::support::ports::free_udp_ports;
use crate::support::radkick::Radkick;
use crate::support::wait::{PATIENCE, wait_until};

const ALICE: Session<'_> = Session::new("80a00001");
const BOBBY: Session<'_> = Session::new("80a00002").at("192.168.88.42");
const CAROL: Session<'_> = Session::new("80a00003").at("192.168.88.43");

fn actors(site: &Site, user: &str) -> Vec<(String, String)> {
    let sql = format!("SELECT actor, event FROM radkick_journal WHERE user_name = '{user}' ORDER BY id");
    let word = |value: &Value| value.as_str().expect("text").to_owned();
    site.state_sql(&sql).iter().map(|row| (word(&row["actor"]), word(&row["event"]))).collect()
}

/// What differs from one session to the next, made alike.
fn anonymous(text: &str, user: &str, session: Session<'_>) -> String {
    let alike = text.replace(user, "NAME").replace(session.id, "ID").replace(session.address, "ADDRESS");
    let is_time = |word: &&str| word.ends_with('h') || word.parse::<f64>().is_ok();
    alike.split_whitespace().filter(|word| !is_time(word)).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_cut_is_told_as_the_command_itself_tells_it() {
    let site = Site::start();
    configure(&site, SLOW, "", &site.r1(PATIENT));
    for (user, session) in [("alice", ALICE), ("bobby", BOBBY), ("carol", CAROL)] {
        customer(&site, user, session, "5");
    }
    let by_itself = text(&site, &["disconnect", "--user", "alice", "--block"]);
    let daemon = begin(site.radkick(&["serve"]));
    let by_daemon = text(&site, &["disconnect", "--user", "bobby", "--block"]);
    assert_eq!((by_itself.code, by_daemon.code), (Some(0), Some(0)), "{by_itself:#?} {by_daemon:#?}");
    assert_eq!(anonymous(&by_itself.stdout, "alice", ALICE), anonymous(&by_daemon.stdout, "bobby", BOBBY));
    assert!(by_daemon.stdout.contains("ENDED") && by_daemon.stdout.contains("login closed"), "{by_daemon:#?}");
    assert_eq!((by_itself.stderr, by_daemon.stderr), (String::new(), String::new()));
    assert_eq!((sent(&daemon), asked(&daemon, "disconnect", "done")), (Some(1.0), 1));
    let finished = site.radkick(&["disconnect", "--user", "carol", "--reason", "rent"]).env("SUDO_USER", "ann").run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let told = reports(&finished);
    let ack = told[0]["attempts"][0].clone();
    assert_eq!((&ack["path"], &ack["outcome"], &ack["code"]), (&"radius".into(), &"ack".into(), &41.into()));
    let ended = json!({ "fate": "ended", "path": "radius", "evidence": "accounting_stop", "attempts": [ack], "reason": "rent" });
    assert_eq!(told, [object(&site, "carol", CAROL.id, &ended)]);
    assert_eq!(sent(&daemon), Some(2.0));
    // Who asked, by the kernel's word; root's alone is taken for whom sudo was called
    assert_eq!(actors(&site, "bobby"), [("cli:root", "blocked"), ("cli:root", "cut")].map(owned));
    assert_eq!(actors(&site, "carol"), [("cli:ann", "cut")].map(owned));
    assert_eq!(site.reports(&["disconnect", "--user", "carol"], 0), [offline("carol", &json!({}))]);
    let unknown = site.run(&["disconnect", "--user", "mallory"]);
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(4), ""), "{unknown:#?}");
    assert!(unknown.stderr.contains("error: user mallory is unknown: no row of radacct"), "{unknown:#?}");
    assert_eq!(asked(&daemon, "disconnect", "unknown"), 1);
    assert_eq!(daemon.stop().code, Some(0));
    assert!(!super::socket(&site).exists(), "its file goes with it");
}

fn owned((actor, event): (&str, &str)) -> (String, String) {
    (actor.to_owned(), event.to_owned())
}

#[test]
fn jobs_logins_and_brakes() {
    let site = Site::start();
    let asleep = ([127, 0, 0, 1], free_udp_ports::<1>()[0]).into();
    configure(&site, SLOW, "", &site.nas("R1", "127.0.0.1", asleep, HASTY));
    customer(&site, "alice", ALICE, "1000");
    let daemon = begin(site.radkick(&["serve"]));
    wait_until("the job waits", || live(&site) == [("waiting".to_owned(), false)]);
    let id = site.reports(&["jobs"], 0)[0]["id"].clone();
    let retried = site.reports(&["jobs", "retry", &id.to_string()], 0);
    assert_eq!((retried.len(), &retried[0]["id"], &retried[0]["at_work"]), (1, &id, &Value::Null));
    wait_until("it is run again", || site.state_sql("SELECT attempts FROM radkick_job")[0]["attempts"] == 2);
    wait_until("the job waits", || live(&site) == [("waiting".to_owned(), false)]);
    assert_eq!(
        site.reports(&["jobs", "cancel", &id.to_string()], 0),
        [json!({ "id": id, "state": "lapsed", "blocked": false })]
    );
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
    let lines = actors(&site, "alice");
    assert!(lines.contains(&owned(("cli:root", "brought_forward"))), "{lines:?}");
    assert_eq!(lines.last(), Some(&owned(("cli:root", "cancelled"))));
    let gone = site.run(&["jobs", "retry", "99"]);
    assert_eq!((gone.code, gone.stderr.contains("there is no job 99")), (Some(4), true), "{gone:#?}");
    assert_eq!(site.reports(&["block", "--user", "alice"], 0), [json!({ "user": "alice", "blocked": true })]);
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Reject(None));
    let opened = json!({ "user": "alice", "blocked": false, "rows": 1, "superseded": 0 });
    let finished = site.radkick(&["restore", "--user", "alice"]).env("SUDO_USER", "ann").run();
    assert_eq!((finished.code, finished.json_lines()), (Some(0), vec![opened]), "{finished:#?}");
    let lines = actors(&site, "alice");
    assert_eq!(lines[lines.len() - 2..], [("cli:root", "blocked"), ("cli:ann", "restored")].map(owned));
    assert_eq!(site.run(&["restore", "--user", "alice"]).code, Some(4));
    site.state_sql("INSERT INTO radkick_brake (name, tripped_at, detail) VALUES ('cut', 1, 'too many');");
    assert_eq!(site.reports(&["confirm"], 0), [json!({ "confirmed": ["too many"] })]);
    assert_eq!(text(&site, &["confirm"]).stdout, "No brake has tripped.\n");
    for (command, result, times) in [
        ("retry_job", "done", 1),
        ("retry_job", "unknown", 1),
        ("cancel_job", "done", 1),
        ("block", "done", 1),
        ("restore", "done", 1),
        ("restore", "unknown", 1),
        ("confirm", "done", 2),
    ] {
        assert_eq!(asked(&daemon, command, result), times, "{command} {result}");
    }
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn two_who_ask_for_the_same_are_one() {
    let site = Site::start();
    let router = UdpSocket::bind("127.0.0.1:0").expect("a port");
    router.set_read_timeout(Some(PATIENCE)).expect("a socket of ours");
    let timers = "irt = \"1s\"\nmrt = \"1s\"\nmrc = 0\nmrd = \"3s\"\nverify_within = \"1s\"\n";
    let nas = site.nas("R1", "127.0.0.1", router.local_addr().expect("an address"), timers);
    configure(&site, SLOW, "", &nas);
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(site.radkick(&["serve"]));
    let call = || site.radkick(&["disconnect", "--user", "alice"]);
    let first = call().spawn();
    router.recv_from(&mut [0; 4096]).expect("a request");
    let second = call().env("RADKICK_LOG", "radkick=info").spawn();
    let (first, second) = (first.finish(), second.finish());
    assert_eq!((first.code, second.code), (Some(3), Some(3)), "{first:#?} {second:#?}");
    assert_eq!(reports(&first), reports(&second));
    assert_eq!(reports(&first)[0]["attempts"].as_array().map(Vec::len), Some(1));
    assert_eq!((sent(&daemon), asked(&daemon, "disconnect", "unproven")), (Some(1.0), 2));
    assert_eq!(site.state_sql("SELECT id FROM radkick_job").len(), 1);
    assert_eq!(daemon.stop().code, Some(0));
}

/// The lines themselves, as any program may read them: one that takes long says that it is at work.
#[test]
fn what_takes_long_says_so() {
    let site = Site::start();
    let router = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let timers = "irt = \"1s\"\nmrt = \"2s\"\nmrc = 0\nmrd = \"6s\"\nverify_within = \"1s\"\n";
    configure(&site, SLOW, "", &site.nas("R1", "127.0.0.1", router.local_addr().expect("an address"), timers));
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(site.radkick(&["serve"]));
    let mut client = Client::connect(&site);
    client.ask(&json!({ "disconnect": { "user": "alice" } }));
    assert_eq!(client.hear(), Some(json!({ "accepted": {} })));
    assert_eq!(client.hear(), Some(json!({ "at_work": {} })));
    let rest: Vec<Value> = std::iter::from_fn(|| client.hear()).filter(|line| line.get("at_work").is_none()).collect();
    let [report, end] = &rest[..] else { panic!("{rest:#?}") };
    assert_eq!(
        (&report["report"]["report"]["user"], &report["report"]["report"]["fate"]),
        (&"alice".into(), &"unknown".into())
    );
    assert_eq!((&end["end"]["exit"], &end["end"]["answer"]["cut"]["user"]), (&3.into(), &"alice".into()));
    assert_eq!(daemon.stop().code, Some(0));
}

#[test]
fn a_new_configuration_serves_the_next_request() {
    let site = Site::start();
    let asleep = ([127, 0, 0, 1], free_udp_ports::<1>()[0]).into();
    configure(&site, BRISK, "", &site.nas("R1", "127.0.0.1", asleep, HASTY));
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(site.radkick(&["serve"]));
    site.reports(&["disconnect", "--user", "alice"], 3);
    configure(&site, BRISK, "", &site.r1(PATIENT));
    daemon.running.process.signal("HUP");
    daemon.wait_for("the new configuration is in force");
    assert_eq!(site.reports(&["disconnect", "--user", "alice"], 0)[0]["fate"], "ended");
    assert_eq!((asked(&daemon, "disconnect", "unproven"), asked(&daemon, "disconnect", "done")), (1, 1));
    let elsewhere = std::fs::read_to_string(site.config()).expect("a file").replace("control.sock", "other.sock");
    std::fs::write(site.config(), elsewhere).expect("a file");
    daemon.running.process.signal("HUP");
    daemon.wait_for("serve.control_socket: another one than at the start; it takes a restart");
    assert_eq!(daemon.stop().code, Some(0));
}

/// Its configuration names other tables of ours: that is no business of this daemon's.
#[test]
fn a_command_that_means_other_databases_works_on_those() {
    let site = Site::start();
    configure(&site, SLOW, "", &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "5");
    let daemon = begin(site.radkick(&["serve"]));
    let other = std::fs::read_to_string(site.config()).expect("a file").replace("state.db", "other.db");
    let config = site.folder().join("other.toml");
    std::fs::write(&config, other).expect("a file");
    let finished =
        Radkick::new(&["--output", "json", "disconnect", "--user", "alice"]).arg("--config").arg(&config).run();
    assert_eq!((finished.code, &finished.json_lines()[0]["fate"]), (Some(0), &"ended".into()), "{finished:#?}");
    assert!(finished.stderr.contains("works on other databases than this configuration names"), "{finished:#?}");
    assert!(site.folder().join("other.db").exists());
    assert!(site.state_sql("SELECT id FROM radkick_job").is_empty());
    // Nor does the daemon take it from whoever insists
    let mut client = Client::connect(&site);
    client.hear().expect("a hello");
    client.say(b"{\"protocol\":1,\"databases\":\"0\",\"request\":{\"confirm\":{}}}\n");
    let refused = json!({ "refused": { "why": "the daemon works on other databases by now", "directly": true } });
    assert_eq!((client.hear(), client.hear()), (Some(refused), None));
    // The same file by another way is the same
    let way = site.folder().join("way");
    std::os::unix::fs::symlink(site.folder(), &way).expect("a link");
    let state = site.state().display().to_string();
    let same = std::fs::read_to_string(site.config()).expect("a file");
    std::fs::write(&config, same.replace(&state, &way.join("state.db").display().to_string())).expect("a file");
    let finished = Radkick::new(&["confirm"]).arg("--config").arg(&config).run();
    assert_eq!((finished.code, asked(&daemon, "confirm", "done")), (Some(0), 1), "{finished:#?}");
    assert_eq!(daemon.stop().code, Some(0));
}
