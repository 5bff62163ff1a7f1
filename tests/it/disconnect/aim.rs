//! Which sessions are meant: several on several NAS, narrowing, and refusals to guess.
use std::net::{Ipv4Addr, UdpSocket};

use serde_json::{Value, json};

use super::site::{HASTY, PATIENT, Session, Site, object, offline};
use super::stand::Stand;
use crate::support::freeradius::FreeRadiusOptions;

const FIRST: Session<'_> = Session::new("80a00001").on("127.0.1.1");
const SECOND: Session<'_> =
    Session { mac: "AA:BB:CC:DD:EE:02", ..Session::new("80a00002").on("127.0.1.1").at("192.168.88.42") };
const THIRD: Session<'_> =
    Session { mac: "AA:BB:CC:DD:EE:03", ..Session::new("81a00003").on("127.0.1.2").at("192.168.88.43") };

/// Two NAS, R1 at 127.0.1.1 and R2 at 127.0.1.2; alice on both, three times.
fn two_routers() -> Site {
    let das_addresses = vec![[127, 0, 1, 1].into(), [127, 0, 1, 2].into()];
    let site = Site::with(&FreeRadiusOptions { das_addresses, ..FreeRadiusOptions::default() });
    let port = site.server.coa_addr().port();
    let nas = |name, last| site.nas(name, &format!("127.0.1.{last}"), ([127, 0, 1, last], port).into(), PATIENT);
    site.configure("", &[nas("R1", 1), nas("R2", 2)].concat());
    for session in [FIRST, SECOND, THIRD] {
        site.open("alice", &session);
    }
    site
}

fn sessions(reports: &[Value]) -> Vec<&str> {
    reports.iter().map(|report| report["acct_session_id"].as_str().expect("a session")).collect()
}

fn open_sessions(site: &Site) -> Vec<String> {
    let rows = site.server.sql("SELECT acctsessionid AS id FROM radacct WHERE acctstoptime IS NULL ORDER BY radacctid");
    rows.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect()
}

#[test]
fn three_sessions_on_two_nas_are_three_objects() {
    let site = two_routers();
    let reports = site.reports(&["disconnect", "--user", "alice"], 0);
    assert_eq!(sessions(&reports), ["80a00001", "80a00002", "81a00003"]);
    for (report, nas) in reports.iter().zip(["R1", "R1", "R2"]) {
        assert_eq!((&report["fate"], &report["nas"]), (&json!("ended"), &json!(nas)), "{report}");
    }
    let hotspot = json!(["User-Name", "Framed-IP-Address", "Acct-Session-Id"]);
    assert_eq!(reports[0]["attempts"][0]["identity"], hotspot);
    assert_eq!(reports[2]["attempts"][0]["identity"], json!(["Acct-Session-Id", "User-Name"]), "PPP");
    assert_eq!(site.server.coa_requests().len(), 3);
    assert!(open_sessions(&site).is_empty());
}

#[test]
fn each_option_narrows() {
    let site = two_routers();
    let unique = site.row(SECOND.id)["acctuniqueid"].as_str().expect("an id").to_owned();
    for (narrow, expected) in [
        (["--mac", "aa-bb-cc-dd-ee-02"], vec!["80a00002"]),
        (["--ip", "192.168.88.43"], vec!["81a00003"]),
        (["--nas", "R1"], vec!["80a00001", "80a00002"]),
        (["--session", "80a00001"], vec!["80a00001"]),
        (["--session", &unique], vec!["80a00002"]),
    ] {
        let arguments = [&["disconnect", "--dry-run", "--user", "alice"], &narrow[..]].concat();
        assert_eq!(sessions(&site.reports(&arguments, 0)), expected, "{narrow:?}");
    }
    assert_eq!(site.server.coa_requests().len(), 0);
    let cut = site.reports(&["disconnect", "--user", "alice", "--mac", "AABB.CCDD.EE02"], 0);
    assert_eq!(sessions(&cut), ["80a00002"]);
    let cut = site.reports(&["disconnect", "--user", "alice", "--nas", "R2"], 0);
    assert_eq!(sessions(&cut), ["81a00003"]);
    assert_eq!(open_sessions(&site), ["80a00001"]);
    let none = site.reports(&["disconnect", "--user", "alice", "--ip", "192.168.88.99"], 0);
    assert_eq!(none, [offline("alice", &json!({}))]);
    let cut = site.reports(&["disconnect", "--user", "alice", "--ip", "192.168.88.41"], 0);
    assert_eq!(sessions(&cut), ["80a00001"]);
    assert!(open_sessions(&site).is_empty());
}

#[test]
fn a_session_on_two_nas_is_not_guessed() {
    let site = two_routers();
    site.open("alice", &Session::new(FIRST.id).on("127.0.1.2").at("192.168.88.44"));
    let finished = site.run(&["disconnect", "--user", "alice", "--session", FIRST.id]);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(2), ""), "{finished:#?}");
    let said = "error: session 80a00001 of user alice stands on more than one NAS: R1, R2; \
                say which with --nas\n";
    assert_eq!(finished.stderr, said);
    assert!(site.server.coa_requests().is_empty());
    let reports = site.reports(&["disconnect", "--user", "alice", "--session", FIRST.id, "--nas", "R2"], 0);
    assert_eq!(sessions(&reports), [FIRST.id]);
    assert_eq!(reports[0]["framed_ip_address"], "192.168.88.44");
    assert_eq!(open_sessions(&site), ["80a00001", "80a00002", "81a00003"], "the other one is still there");
}

#[test]
fn what_is_unknown_is_said() {
    let site = two_routers();
    for (arguments, said) in [
        (vec!["--user", "bob"], "user bob is unknown"),
        (vec!["--user", "alic"], "user alic is unknown"),
        (vec!["--user", "alice", "--session", "80a0000f"], "user alice has no open session \"80a0000f\""),
        (vec!["--user", "alice", "--nas", "R9"], "NAS R9 is unknown: known are R1, R2"),
    ] {
        let finished = site.run(&[&["disconnect"], &arguments[..]].concat());
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(4), ""), "{finished:#?}");
        assert!(finished.stderr.contains(said), "{finished:#?}");
    }
    for (name, said) in [(String::new(), "a user name is empty"), ("x".repeat(254), "this user name has 254 octets")] {
        let finished = site.run(&["disconnect", "--user", &name]);
        assert_eq!(finished.code, Some(2), "{finished:#?}");
        assert!(finished.stderr.contains(said), "{finished:#?}");
    }
    assert!(site.server.coa_requests().is_empty());
    assert_eq!(open_sessions(&site).len(), 3);
}

#[test]
fn a_dry_run_tells_and_does_nothing() {
    let site = two_routers();
    let before = std::fs::read(site.server.database()).expect("the database");
    let reports = site.reports(&["disconnect", "--user", "alice", "--block", "--dry-run"], 0);
    let would = |identity: &[&str]| json!({ "block": true, "paths": ["radius"], "identity": identity });
    let expected = [
        (FIRST.id, "R1", would(&["User-Name", "Framed-IP-Address", "Acct-Session-Id"])),
        (SECOND.id, "R1", would(&["User-Name", "Framed-IP-Address", "Acct-Session-Id"])),
        (THIRD.id, "R2", would(&["Acct-Session-Id", "User-Name"])),
    ];
    let expected = expected
        .map(|(id, nas, would)| object(&site, "alice", id, &json!({ "nas": nas, "fate": "unknown", "would": would })));
    assert_eq!(reports, expected);
    assert!(site.server.coa_requests().is_empty());
    assert_eq!(std::fs::read(site.server.database()).expect("the database"), before);
    let left: Vec<_> = std::fs::read_dir(site.folder()).expect("a folder").map(|e| e.expect("a file").path()).collect();
    assert_eq!(left, [site.config()], "nothing is created");
}

/// A router that is dead keeps nobody from being cut on the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_three_routers_of_which_one_is_dead() {
    let stand = Stand::start(|_| {}).await;
    let dead = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port where nobody answers");
    let site = &stand.site;
    let r9 = site.nas("R9", "127.0.0.9", dead.local_addr().expect("an address"), HASTY);
    site.configure("", &[site.r1(HASTY), r9, stand.nas(HASTY), stand.rest("identity = \"R7\"")].concat());
    site.open("alice", &Session::new("80a00001").at("192.168.88.51"));
    site.open("alice", &Session::new("80a00009").on("127.0.0.9").at("192.168.88.59"));
    stand.alice().await;
    let reports = site.reports(&["disconnect", "--user", "alice"], 3);
    let fates: Vec<_> = reports.iter().map(|r| (r["nas"].as_str(), r["fate"].as_str())).collect();
    assert_eq!(fates, [(Some("R1"), Some("ended")), (Some("R9"), Some("unknown")), (Some("R7"), Some("ended"))]);
}
