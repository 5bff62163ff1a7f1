//! User names as people and machines make them: each is this one user, in the tables, on the wire and on the screen.
use std::net::{IpAddr, Ipv4Addr};

use radkick::radius::SharedSecret;
use radkick::simulator::{Incoming, RadiusEntry, Router, RouterOptions, SessionSpec};
use serde_json::json;
use tokio::task::block_in_place;

use super::site::{OpenSession, Site, assert_says};

/// Names, and how FreeRADIUS spells them in its tables.
const NAMES: [(&str, &str); 15] = [
    ("o'brien", "o=27brien"),
    ("o=27brien", "o=3D27brien"),
    ("o=3D27brien", "o=3D3D27brien"),
    ("a\"b", "a=5C=22b"),
    ("a\\b", "a=5C=5Cb"),
    ("a\nb", "a=5Cnb"),
    ("100%", "100=25"),
    ("%{User-Name}", "=25=7BUser-Name=7D"),
    ("a&b", "a=26b"),
    ("../../etc/passwd", "../../etc/passwd"),
    ("$(x)`y`", "=24=28x=29=60y=60"),
    ("';DROP TABLE radacct;--", "=27=3BDROP TABLE radacct=3B--"),
    ("müller", "müller"),
    (" alice ", " alice "),
    ("-rf", "-rf"),
];

fn id(index: usize) -> String {
    format!("8000{index:04}")
}

/// A site where all of them are online.
fn site() -> Site {
    let site = Site::new();
    for (index, (_, spelled)) in NAMES.iter().enumerate() {
        site.open(&OpenSession { user: spelled, id: &id(index), ..OpenSession::default() });
    }
    site
}

#[test]
fn each_is_one_user() {
    let site = site();
    for (index, (name, _)) in NAMES.iter().enumerate() {
        let user = format!("--user={name}");
        let found = site.run(&["sessions", &user, "--output", "json"]).json_lines();
        let found: Vec<_> = found.iter().map(|line| (&line["user"], &line["acct_session_id"])).collect();
        assert_eq!(found, [(&json!(name), &json!(id(index)))], "{name:?}");
        let text = site.run(&["disconnect", &user, "--dry-run"]);
        let lines: Vec<&str> = text.stdout.lines().filter(|line| line.contains(&id(index))).collect();
        assert_eq!((text.code, lines.len()), (Some(0), 1), "{text:#?}");
    }
}

#[test]
fn an_escaped_name_on_the_command_line_is_another_user() {
    let site = Site::with(&OpenSession { user: "o=27brien", ..OpenSession::default() });
    site.check("o=27brien", "Cleartext-Password", "x");
    assert_eq!(site.run(&["sessions", "--user", "o'brien", "--output", "json"]).json_lines().len(), 1);
    for other in ["o=27brien", "O'Brien", "o'brien ", "o''brien", "o%27brien"] {
        for command in ["disconnect", "block", "sessions", "usage"] {
            assert_says(&site.refused(&[command, "--user", other], 4), &[&format!("user {other} is unknown")]);
        }
    }
}

#[test]
fn blocks_stand_under_the_name_that_freeradius_looks_up() {
    let site = site();
    for (name, spelled) in NAMES {
        let before = site.tables();
        let user = format!("--user={name}");
        assert_eq!(site.run(&["block", &user]).code, Some(0));
        let row = site.sql("SELECT username, attribute, op, value FROM radcheck");
        let wanted = json!([{ "username": spelled, "attribute": "Auth-Type", "op": ":=", "value": "Reject" }]);
        assert_eq!(json!(row), wanted);
        assert_eq!(site.run(&["restore", &user]).code, Some(0));
        assert_eq!(site.tables(), before);
    }
}

#[test]
fn names_that_user_name_cannot_hold() {
    let site = Site::with(&OpenSession::default());
    site.configure("[quota]\nmode = \"enforce\"\n");
    let long = "x".repeat(254);
    let accents = "é".repeat(127);
    let commands = [&["disconnect"][..], &["block"], &["restore"], &["sessions"], &["usage"], &["enforce", "--once"]];
    for (name, words) in [
        ("", "a user name is empty; it has 1 to 253 octets"),
        (&long, "this user name has 254 octets; User-Name holds 1 to 253"),
        (&accents, "this user name has 254 octets; User-Name holds 1 to 253"),
    ] {
        for command in commands {
            assert_says(&site.refused(&[command, &["--user", name]].concat(), 2), &[words]);
        }
        assert_says(&site.refused(&["--disconnect", name], 2), &[words]);
    }
    let longest = "x".repeat(253);
    site.open(&OpenSession { user: &longest, id: "80000002", ..OpenSession::default() });
    assert_eq!(site.run(&["disconnect", "--user", &longest, "--dry-run"]).code, Some(0));
}

#[test]
fn no_name_breaks_a_line_or_a_terminal() {
    let name = "evil\u{1b}]0;owned\u{7}\nroot";
    let site = Site::with(&OpenSession { user: name, called: "h\n\u{1b}[2J", ..OpenSession::default() });
    let user = format!("--user={name}");
    for command in [&["sessions"][..], &["disconnect", "--dry-run", &user], &["disconnect", &user], &["check"]] {
        let finished = site.run(command);
        for told in [&finished.stdout, &finished.stderr] {
            assert!(!told.contains('\u{1b}') && !told.contains('\u{7}'), "{finished:#?}");
            assert!(told.lines().all(|line| !line.starts_with("root")), "{finished:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_goes_over_the_wire_as_the_nas_knows_it() {
    let mut options = RouterOptions::new("R7", Ipv4Addr::new(127, 0, 1, 7));
    options.coa = Incoming::Accept(0);
    let secret = SharedSecret::new(b"hunter2".to_vec()).expect("not empty");
    options.radius_servers = vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret)];
    let router = Router::start(options).await.expect("a router");
    let site = Site::new();
    site.configure(&format!(
        "[nas_defaults]\ncoa_port = {}\nsecret = \"hunter2\"\nverify_within = \"1s\"\n",
        router.coa_addr().port()
    ));
    let mut running = Vec::new();
    for (last, (name, spelled)) in (1..).zip(NAMES) {
        let address = Ipv4Addr::new(192, 168, 88, last);
        let session = router.login(SessionSpec::hotspot(name, "02:00:00:00:00:41", address));
        let (id, address) = (session.acct_session_id.as_str(), address.to_string());
        site.open(&OpenSession { user: spelled, id, address: &address, ..OpenSession::default() });
        running.push((name, site.radkick(&["disconnect", &format!("--user={name}"), "--output", "json"]).spawn()));
    }
    for (name, running) in running {
        let finished = block_in_place(|| running.finish());
        let object = finished.json_lines().pop().expect("an object");
        assert_eq!(
            (&object["user"], &object["attempts"][0]["outcome"]),
            (&json!(name), &json!("ack")),
            "{finished:#?}"
        );
    }
    assert_eq!(router.sessions().len(), 0);
}
