//! `send` against the `coa` listener of a real FreeRADIUS, with radclient beside it.
use super::{HASTY, file, send};
use crate::support::freeradius::{FreeRadius, FreeRadiusOptions};
use crate::support::pairs::Attributes;
use crate::support::radclient::RequestKind;

fn session(server: &FreeRadius, user: &str, id: &str) {
    server.account(&[
        ("Acct-Status-Type", "Start"),
        ("User-Name", user),
        ("Acct-Session-Id", id),
        ("NAS-IP-Address", "127.0.0.1"),
        ("Framed-IP-Address", "192.168.88.41"),
        ("Event-Timestamp", "1700000000"),
    ]);
}

fn open_rows(server: &FreeRadius) -> usize {
    server.sql("SELECT radacctid FROM radacct WHERE acctstoptime IS NULL").len()
}

#[test]
fn an_ack_and_then_a_nak_503() {
    let server = FreeRadius::start(&FreeRadiusOptions::default());
    session(&server, "o'brien", "80a00f31");
    let secret = file(server.secret());
    let more = ["--attr", "User-Name=o'brien", "--attr", "Acct-Session-Id=80a00f31", "--output", "json"];
    let finished = send("disconnect", server.coa_addr(), &secret, &more).run();
    assert_eq!(finished.code, Some(0), "{finished:#?}\n{}", server.log());
    assert_eq!(finished.json_lines()[0]["code"], 41);
    assert_eq!(open_rows(&server), 0);
    let finished = send("disconnect", server.coa_addr(), &secret, &more).run();
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    let nak = &finished.json_lines()[0];
    assert_eq!((&nak["outcome"], &nak["code"], &nak["error_cause"]), (&"nak".into(), &42.into(), &503.into()));
    assert_eq!(server.coa_requests()[0]["User-Name"], ["o'brien"]);
}

#[test]
fn a_nak_without_a_cause_and_others() {
    let server = FreeRadius::start(&FreeRadiusOptions::default());
    let requests = "User-Name = naknone-\n\nUser-Name = nak403-\n\nUser-Name = nak406-\n\nCalled-Station-Id = x\n";
    let more = ["--file", "-", "--in-flight", "1"];
    let finished = send("coa", server.coa_addr(), &file(server.secret()), &more).stdin(requests).run();
    assert_eq!(finished.code, Some(1));
    let lines: Vec<&str> = finished.stdout.lines().take(4).collect();
    assert_eq!(
        lines,
        [
            "#0 NAK without an Error-Cause",
            "#1 NAK 403 NAS-Identification-Mismatch",
            "#2 NAK 406 Unsupported-Extension",
            "#3 NAK 402 Missing-Attribute",
        ]
    );
}

#[test]
fn a_wrong_secret_is_silence() {
    let server = FreeRadius::start(&FreeRadiusOptions::default());
    session(&server, "alice", "81");
    let more = [&["--attr", "User-Name=alice"], &HASTY[..]].concat();
    let finished = send("disconnect", server.coa_addr(), &file("not-the-secret"), &more).run();
    assert_eq!(finished.code, Some(3), "{finished:#?}");
    assert!(finished.stdout.contains("the secret differs"));
    assert_eq!((open_rows(&server), server.coa_requests()), (1, Vec::new()));
}

/// Every kind of name and value, some of them twice, every form of quoting, and the characters that it is about.
const EVERYTHING: &str = r#"
# A comment. "Another's quote
User-Name = "a\"b\\c d,e=f'g\303\251"
Acct-Session-Id = '80a00f31' # comment
NAS-IP-Address = "127.0.0.1"
NAS-Port = '2147483650'# comment
NAS-Port-Id = "bridge1/ether2"
NAS-Identifier = hotspot1#comment
Framed-IP-Address = 192.168.88.41/32
Framed-IPv6-Prefix = 2001:db8:1:2::/64
Framed-IPv6-Prefix = 2001:db8::1
Framed-Interface-Id = 1:2:3:D
Called-Station-Id = "hotspot 1"
Calling-Station-Id = AA:BB:CC:DD:EE:01
Class = 0x00ff41
Class = 0x01
Class = text, Class = te\nxt\\, Class = "0x00fe"
Class = "te\nxt\"\\", Class = 'te\'xt\"', Class = "a%{ff}\n"
State = 0x73746174650a
Proxy-State = 0x0102
Session-Timeout = 0xff
Idle-Timeout = " 010 "
Acct-Terminate-Cause = "Admin-Reset"
NAS-Port-Type = 'ethernet'
Event-Timestamp = "Nov 22 2026 08:00:00 UTC"
Chargeable-User-Identity = "cui"
Reply-Message = "one", Reply-Message = "two"
Reply-Message == a\tb, Reply-Message += a\qb\18\x41\', Reply-Message := a\"b\303\251\\,
Reply-Message = a"b'c`d, Reply-Message=o'brien,Reply-Message=0x4142
Reply-Message = -a!b+c:d*e%f|g&h~i@j
Reply-Message = 'a"b\\', Reply-Message = 'a\'b', Reply-Message = 'a\nb\101\"c\`', Reply-Message = 'a\\nb'
Reply-Message = "\x41 a\xb \q \1 \' \477", Reply-Message = "a,b#c=d"
Reply-Message = `a\`b\n'`, Reply-Message = 'a%{b}\n'
Reply-Message = "a%{b}\n\"\\", Reply-Message = "a%%{b}\n" # , Reply-Message = "no"
Mikrotik-Rate-Limit = "2M/10M 4M/20M"
Mikrotik-Total-Limit = 1000000
Mikrotik-Host-IP = 10.5.88.2
Mikrotik-Address-List = "cut\toff"
Attr-26.14988.3 = 0x66756c6c
Vendor-14988-Attr-9 = 0x7265616c6d
ATTR-26.14988.77 = 0x01
Attr-250 = "0X0102"
WISPr-Bandwidth-Max-Up = 128000
WISPr-Session-Terminate-Time = "2026-11-22T23:59:59+01:00"
Ascend-Data-Rate = 64000
Framed-IPv6-Address = 2001:db8::1
Delegated-IPv6-Prefix = 2001:db8:4::/56
"#;

/// Lines that radclient does not send.
const WRONG: &[&str] = &[
    "User-Name = a b",
    "User-Name = a=b",
    "User-Name = a;b",
    "User-Name = {b}",
    "User-Name = a++b",
    "User-Name = \"a\" b",
    "User-Name = 'a'b",
    "User-Name = \"a\\\"",
    "User-Name = #a",
    "User-Name = a\\ b",
    "User-Name = a\\",
    "NAS-Port = \"1\\n\"",
    "Class = 0x0",
    "Attr-250 = text",
    "Attr-26.14988.256 = 0x01",
    "Framed-Interface-Id = +1:2:3:4",
    "Framed-IPv6-Address = 2001:db8::1/64",
];

/// What FreeRADIUS decoded, without what differs between any two packets.
fn decoded(server: &FreeRadius) -> Vec<Attributes> {
    let mut requests = server.coa_requests();
    for request in &mut requests {
        let authenticator = request.remove("Message-Authenticator");
        assert!(authenticator.is_some(), "{request:?}");
    }
    requests
}

#[test]
fn radclient_sends_the_same() {
    for (kind, oracle) in [("coa", RequestKind::Coa), ("disconnect", RequestKind::Disconnect)] {
        let server = FreeRadius::start(&FreeRadiusOptions::default());
        let answer =
            server.radclient(oracle).send(&format!("{}Message-Authenticator = 0x00\n", EVERYTHING.trim_start()));
        assert!(answer.is_some(), "{}", server.log());
        let finished = send(kind, server.coa_addr(), &file(server.secret()), &["--file", "-"]).stdin(EVERYTHING).run();
        assert_eq!(finished.code, Some(1), "{finished:#?}\n{}", server.log());
        let [theirs, ours] = decoded(&server).try_into().expect("two requests");
        assert_eq!(ours, theirs);
        assert!(ours.len() > 30, "{ours:?}");
        assert_eq!(ours["Class"][..4], ["0x00ff41", "0x01", "0x74657874", "0x74655c6e78745c5c"]);
        assert_eq!(ours["Reply-Message"].len(), 19);
    }
}

#[test]
fn what_radclient_refuses_we_refuse() {
    let server = FreeRadius::start(&FreeRadiusOptions::default());
    for line in WRONG {
        let radclient = server.radclient(RequestKind::Coa);
        let sent = std::panic::catch_unwind(|| radclient.send(&format!("{line}\n")));
        assert!(sent.is_err(), "radclient takes {line}");
        let finished = send("coa", server.coa_addr(), &file(server.secret()), &["--file", "-"]).stdin(line).run();
        assert_eq!(finished.code, Some(2), "{line}: {finished:#?}");
    }
    assert_eq!(server.coa_requests(), []);
}

#[test]
fn what_radclient_does_not_add_we_add() {
    let server = FreeRadius::start(&FreeRadiusOptions::default());
    let finished = send("coa", server.coa_addr(), &file(server.secret()), &["--attr", "User-Name=nak403-"]).run();
    assert_eq!(finished.code, Some(1));
    let request = &server.coa_requests()[0];
    assert!(request.contains_key("Event-Timestamp") && request.contains_key("Message-Authenticator"), "{request:?}");
}
