//! Each wrong argument has its message; nothing is sent then.
use super::{file, send};
use crate::engine::das::SECRET;
use crate::engine::loopback::LoopbackDas;
use crate::support::radkick::Radkick;

const ALICE: [&str; 2] = ["--attr", "User-Name=alice"];

/// Standard error of a call that must exit with 2 and send nothing.
fn refused(more: &[&str]) -> String {
    refused_with(SECRET, more)
}

fn refused_with(secret: &str, more: &[&str]) -> String {
    let das = LoopbackDas::silent();
    let finished = send("disconnect", das.addr, &file(secret), more).run();
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
    assert_eq!(das.received(), []);
    finished.stderr
}

fn assert_says(stderr: &str, what: &str) {
    assert!(stderr.contains(what), "{what:?} is not in:\n{stderr}");
}

#[test]
fn secret_files() {
    assert_says(&refused_with("", &ALICE), " is empty");
    assert_says(&refused_with("\n", &ALICE), " is empty");
    let missing =
        ["send", "disconnect", "--to", "127.0.0.1", "--secret-file", "/nonexistent/secret", "--attr", "User-Name=a"];
    let finished = Radkick::new(&missing).run();
    assert_eq!(finished.code, Some(2));
    assert_says(&finished.stderr, "cannot read the secret file /nonexistent/secret: No such file");
}

#[test]
fn attributes_each_with_its_line() {
    let stderr =
        refused(&["--attr", "User-Nam=alice", "--attr", "NAS-Port=x", "--attr", "nonsense", "--attr", "Class="]);
    assert_says(
        &stderr,
        "error: --attr 'User-Nam=alice': no attribute is called \"User-Nam\"; the nearest is User-Name",
    );
    assert_says(&stderr, "error: --attr 'NAS-Port=x': NAS-Port: \"x\" is not a number");
    assert_says(&stderr, "error: --attr 'nonsense': \"nonsense\" is not of the form Name=value");
    assert_says(&stderr, "error: --attr 'Class=': Class: ");
    let long = format!("User-Name={}", "x".repeat(254));
    assert_says(&refused(&["--attr", &long]), "a value of 254 octets does not fit");
    assert_says(&refused(&[]), "nothing to send: give --attr 'Name=value' or --file FILE");
}

#[test]
fn packet_files() {
    let wrong = file("User-Name = John Smith\nNonsense\n\nFoo-Bar = 1\nNAS-Port = 1\n");
    let path = wrong.path().to_str().expect("a path in UTF-8");
    let stderr = refused(&["--file", path]);
    assert_says(&stderr, &format!("error: {path}:1: User-Name: \"John Smith\" is not one value"));
    assert_says(&stderr, &format!("error: {path}:2: \"Nonsense\" is not of the form"));
    assert_says(&stderr, &format!("error: {path}:4: no attribute is called \"Foo-Bar\""));
    assert_says(&refused(&["--file", "/nonexistent/packets"]), "cannot read /nonexistent/packets: No such file");
    assert_says(&refused(&["--file", "-"]), "standard input holds no request");
    let huge = "Class = 0x00\n".replace("00", &"00".repeat(250)).repeat(17);
    let huge = file(&format!("User-Name = a\n\n{huge}"));
    let path = huge.path().to_str().expect("a path in UTF-8");
    assert_says(
        &refused(&["--file", path]),
        "19: this and what stands above it, from line 3 on, is more than the 4096 octets of a packet",
    );
}

#[test]
fn destinations() {
    let secret = file(SECRET);
    let to = |to: &str| {
        let finished = send("disconnect", to, &secret, &ALICE).run();
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
        finished.stderr
    };
    assert_says(&to("::1"), "an IPv6 address stands in brackets, as in [2001:db8::1]:3799");
    assert_says(&to("[::1"), "the bracket is not closed");
    assert_says(&to("[::1]3799"), "a port stands behind a colon");
    assert_says(&to(":3799"), "there is no host");
    assert_says(&to("127.0.0.1:0"), "the port is not a number from 1 to 65535");
    assert_says(&to("127.0.0.1:65536"), "the port is not a number from 1 to 65535");
    assert_says(&to("nowhere.invalid"), "unknown host \"nowhere.invalid\"");
    let finished = send("disconnect", "127.0.0.1", &secret, &[&ALICE[..], &["--source", "::1"]].concat()).run();
    assert_eq!(finished.code, Some(2));
    assert_says(&finished.stderr, "no address of the same family as --source");
}

#[test]
fn timers() {
    let with = |more: &[&str]| refused(&[&ALICE[..], more].concat());
    for unit in ["5", "5x", "-1s", ""] {
        let option = format!("--irt={unit}");
        assert_says(&with(&[&option]), "not a time with its unit, such as 500ms or 2s");
    }
    assert_says(&with(&["--irt", "0s"]), "--irt must be more than nothing");
    assert_says(&with(&["--mrc", "0", "--mrd", "0s"]), "would never end");
    assert_says(&with(&["--in-flight", "0"]), "1..=16384");
    assert_says(&with(&["--in-flight", "16385"]), "1..=16384");
    assert_says(&with(&["--rate", "0"]), "1..=1000000");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let stderr = refused_with("", &["--attr", "Foo-Bar=1", "--irt", "0s"]);
    assert_eq!(stderr.lines().count(), 3, "{stderr}");
}

#[test]
fn an_address_that_is_not_ours_is_exit_5() {
    let finished =
        send("disconnect", "192.0.2.9", &file(SECRET), &[&ALICE[..], &["--source", "192.0.2.1"]].concat()).run();
    assert_eq!(finished.code, Some(5), "{finished:#?}");
    assert_says(&finished.stderr, "cannot open a socket at 192.0.2.1");
}
