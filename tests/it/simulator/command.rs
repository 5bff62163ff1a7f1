//! `radkick simulate`, asked by radclient.
use std::fs::{Permissions, read_to_string, set_permissions, write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::SECRET;
use crate::support::pairs::packet;
use crate::support::radclient::{Radclient, Reply, RequestKind};
use crate::support::radkick::{Radkick, RunningRadkick};

/// Files for the command, and radclient's dictionary.
struct Desk {
    directory: TempDir,
}

impl Desk {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let desk = Self { directory };
        for (name, text) in [
            ("secret", SECRET),
            ("password", "p:ss\n"),
            ("empty", ""),
            ("dictionary", "$INCLUDE /usr/share/freeradius/dictionary\n"),
        ] {
            write(desk.file(name), text).expect("a file");
            set_permissions(desk.file(name), Permissions::from_mode(0o600)).expect("its mode");
        }
        desk
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The command, on a free port, with JSON.
    fn simulate(&self, arguments: &[&str]) -> Radkick {
        let common = ["simulate", "--output", "json", "--coa-port", "0"];
        Radkick::new(&[&common, arguments].concat()).arg("--secret-file").arg(self.file("secret"))
    }

    fn disconnect(&self, to: SocketAddr, secret: &str, pairs: &[(&str, &str)]) -> Option<Reply> {
        let raddb = self.directory.path().to_owned();
        let kind = RequestKind::Disconnect;
        let radclient = Radclient { raddb, to, kind, secret: secret.to_owned(), tries: 4, wait_secs: 5 };
        radclient.send(&(packet(pairs) + "Message-Authenticator = 0x00\n"))
    }
}

/// Its first line, once it is there.
fn introduction(router: &RunningRadkick) -> Value {
    router.wait_for_stdout("\n");
    serde_json::from_str(router.process.stdout().lines().next().expect("a line")).expect("JSON")
}

fn coa_addr(introduction: &Value) -> SocketAddr {
    introduction["coa"].as_str().expect("an address").parse().expect("an address")
}

#[test]
fn radclient_ends_a_session_and_then_finds_none() {
    let desk = Desk::new();
    let router = desk.simulate(&["--user", "alice@hotel@192.168.88.41", "--ppp", "bob@10.0.0.2"]).spawn();
    let first = introduction(&router);
    assert_eq!((&first["event"], &first["simulated"]), (&json!("listening"), &json!(true)));
    let request = [("User-Name", "alice@hotel"), ("Framed-IP-Address", "192.168.88.41"), ("Proxy-State", "0x0102")];
    let ack = desk.disconnect(coa_addr(&first), SECRET, &request).expect("an answer");
    assert_eq!((ack.code.as_str(), &ack.attributes["Proxy-State"][..]), ("Disconnect-ACK", &["0x0102".to_owned()][..]));
    let nak = desk.disconnect(coa_addr(&first), SECRET, &request).expect("an answer");
    assert_eq!(nak.code, "Disconnect-NAK");
    assert_eq!(nak.attributes["Error-Cause"], ["Unsupported-Extension"]);
    let ppp = desk.disconnect(coa_addr(&first), SECRET, &[("User-Name", "bob"), ("Acct-Session-Id", "81000002")]);
    assert_eq!(ppp.expect("an answer").code, "Disconnect-ACK");

    let finished = router.terminate();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let lines = finished.json_lines();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().expect("an event")).collect();
    assert_eq!(events[..3], ["listening", "logged_in", "logged_in"]);
    assert!(lines.iter().any(|line| line["event"] == "ended" && line["terminate_cause"] == 6), "{lines:#?}");
}

#[test]
fn behaviours_go_by_name() {
    let desk = Desk::new();
    let arguments = ["--user", "alice@192.168.88.41", "--behaviour", "ack-noop", "--behaviour", "not-found-503"];
    let router = desk.simulate(&arguments).spawn();
    let coa = coa_addr(&introduction(&router));
    let alice = [("User-Name", "alice"), ("Framed-IP-Address", "192.168.88.41")];
    for _ in 0..2 {
        assert_eq!(desk.disconnect(coa, SECRET, &alice).expect("an answer").code, "Disconnect-ACK");
    }
    let nobody = [("User-Name", "nobody"), ("Framed-IP-Address", "192.168.88.41")];
    let nak = desk.disconnect(coa, SECRET, &nobody).expect("an answer");
    assert_eq!(nak.attributes["Error-Cause"], ["Session-Context-Not-Found"]);
}

#[test]
fn stations_leases_and_local_users_are_there_from_the_start() {
    let desk = Desk::new();
    let (station, lease) = ("02:00:00:00:00:01", "02:00:00:00:00:02@192.168.88.2");
    let arguments = ["--wifi", station, "--dhcp", lease, "--user", "alice@192.168.88.41", "--local-user", "alice"];
    let router = desk.simulate(&arguments).spawn();
    let coa = coa_addr(&introduction(&router));
    let refused = desk.disconnect(coa, SECRET, &[("User-Name", "02:00:00:00:00:02")]).expect("an answer");
    assert_eq!(refused.code, "Disconnect-NAK");
    let taken = desk.disconnect(coa, SECRET, &[("User-Name", station)]).expect("an answer");
    assert_eq!(taken.code, "Disconnect-ACK");
    let alice = [("User-Name", "alice"), ("Framed-IP-Address", "192.168.88.41")];
    assert_eq!(desk.disconnect(coa, SECRET, &alice).expect("an answer").code, "Disconnect-ACK");
    router.wait_for_stdout("\"login_by\":\"cookie\"");
    let lines = router.terminate().json_lines();
    let back = lines.iter().rev().find(|line| line["event"] == "logged_in").expect("alice is back");
    assert_eq!((&back["session"]["user"], &back["session"]["radius"]), (&json!("alice"), &json!(false)));
}

#[test]
fn behaviours_come_from_a_file_that_is_checked() {
    let desk = Desk::new();
    let file = desk.file("behaviours.toml");
    write(&file, "ack-does-nothing = true\nnot-found = 'no-error-cause'\n").expect("a file");
    let with_file = |names: &[&str]| desk.simulate(names).arg("--behaviour-file").arg(&file);
    let router = with_file(&["--user", "alice@192.168.88.41", "--behaviour", "not-found-503"]).spawn();
    let coa = coa_addr(&introduction(&router));
    let alice = [("User-Name", "alice"), ("Framed-IP-Address", "192.168.88.41")];
    for _ in 0..2 {
        assert_eq!(desk.disconnect(coa, SECRET, &alice).expect("an answer").code, "Disconnect-ACK");
    }
    let nobody = [("User-Name", "nobody"), ("Framed-IP-Address", "192.168.88.41")];
    let nak = desk.disconnect(coa, SECRET, &nobody).expect("an answer");
    assert_eq!(nak.attributes["Error-Cause"], ["Session-Context-Not-Found"], "the name goes over the file");

    write(&file, "stop = 'lost'\ncolour = 'red'\n").expect("a file");
    let finished = with_file(&[]).run();
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
    for words in ["behaviours.toml: TOML parse error at line 2", "unknown field `colour`"] {
        assert!(finished.stderr.contains(words), "{words}: {finished:#?}");
    }
    let finished = desk.simulate(&["--behaviour-file", "/no/such/file"]).run();
    assert_eq!(finished.code, Some(2), "{finished:#?}");
    assert!(finished.stderr.contains("cannot read /no/such/file"), "{finished:#?}");
}

#[test]
fn rest_comes_with_its_certificate_and_fingerprint() {
    let desk = Desk::new();
    let certificate = desk.file("router.pem");
    let router = desk
        .simulate(&["--rest-user", "kick", "--tls", "ca-signed", "--coa-closed"])
        .arg("--rest-password-file")
        .arg(desk.file("password"))
        .arg("--certificate-file")
        .arg(&certificate)
        .spawn();
    let first = introduction(&router);
    assert!(first["rest"].as_str().expect("a URL").starts_with("https://127.0.1.1:"));
    assert_eq!(first["fingerprint"].as_str().map(str::len), Some(64));
    assert!(read_to_string(certificate).expect("the certificate").starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn people_read_that_it_is_simulated() {
    let desk = Desk::new();
    let router = Radkick::new(&["simulate", "--coa-port", "0", "--user", "alice@192.168.88.41", "--secret-file"])
        .arg(desk.file("secret"))
        .spawn();
    router.wait_for_stdout("login    80000001 192.168.88.41 alice");
    let finished = router.terminate();
    assert!(finished.stdout.starts_with("simulated router R1: no real one is touched\n"), "{finished:#?}");
    assert_eq!(finished.code, Some(0));
}

#[test]
fn wrong_arguments_are_all_named_before_anything_starts() {
    let desk = Desk::new();
    let finished = Radkick::new(&["simulate", "--bind", "192.0.2.1", "--secret-file"]).arg(desk.file("empty")).run();
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
    assert!(finished.stderr.contains("--bind 192.0.2.1: the simulated router stays on loopback"), "{finished:#?}");
    assert!(finished.stderr.contains("empty is empty"), "{finished:#?}");
    for (arguments, words) in [
        (vec!["--user", "alice"], "NAME@IP"),
        (vec!["--user", "@192.168.88.41"], "1 to 253 octets"),
        (vec!["--behaviour", "kind"], "ack-noop"),
        (vec!["--interim", "5m"], "--accounting"),
        (vec!["--rest-user", "kick"], "--rest-password-file"),
    ] {
        let finished = desk.simulate(&arguments).run();
        assert_eq!(finished.code, Some(2), "{finished:#?}");
        assert!(finished.stderr.contains(words), "{words}: {finished:#?}");
    }
}

#[test]
fn an_address_in_use_is_named() {
    let desk = Desk::new();
    let router = desk.simulate(&[]).spawn();
    let port = coa_addr(&introduction(&router)).port().to_string();
    let second = Radkick::new(&["simulate", "--coa-port", &port, "--secret-file"]).arg(desk.file("secret")).run();
    assert_eq!(second.code, Some(5), "{second:#?}");
    assert!(second.stderr.contains("cannot start the router on 127.0.1.1"), "{second:#?}");
}
