//! Users and sessions that are not there, or not one.
use serde_json::json;

use super::site::{OpenSession, Site, assert_says};

const ON_TWO_NAS: [OpenSession<'static>; 3] = [
    OpenSession { user: "alice", id: "80000001", nas: "127.0.1.7", called: "h", address: "192.168.88.41", octets: 1 },
    OpenSession { user: "alice", id: "80000001", nas: "127.0.1.8", called: "h", address: "192.168.89.41", octets: 2 },
    OpenSession { user: "alice", id: "80000002", nas: "127.0.1.8", called: "h", address: "192.168.89.42", octets: 3 },
];

/// Both routers in FreeRADIUS' nas table; nothing listens there.
fn two_nas(sessions: &[OpenSession<'_>]) -> Site {
    let site = Site::new();
    for session in sessions {
        site.open(session);
    }
    site.sql(
        "INSERT INTO nas (nasname, shortname, secret) VALUES ('127.0.1.7', 'R7', 'hunter2'), ('127.0.1.8', 'R8', 'hunter2')",
    );
    site
}

#[test]
fn an_unknown_user() {
    let site = Site::with(&OpenSession::default());
    site.configure("[quota]\nmode = \"enforce\"\n");
    for command in [
        &["disconnect"][..],
        &["disconnect", "--dry-run"],
        &["disconnect", "--block", "--force"],
        &["sessions"],
        &["usage"],
        &["block"],
        &["enforce", "--once"],
        &["enforce", "--dry-run"],
    ] {
        let said = site.refused(&[command, &["--user", "alic"]].concat(), 4);
        assert_says(
            &said,
            &["error: user alic is unknown: no row of radacct, radcheck, radreply or radusergroup has the name"],
        );
    }
    let short = site.refused(&["--disconnect", "alic"], 4);
    assert_says(&short, &["user alic is unknown"]);
    let nothing_held = site.refused(&["restore", "--user", "alic"], 4);
    assert_says(&nothing_held, &["nothing of ours is held for user alic"]);
}

#[test]
fn a_user_who_is_offline() {
    let site = Site::new();
    site.check("alice", "Cleartext-Password", "x");
    let before = site.tables();
    let said = site.run(&["disconnect", "--user", "alice", "--output", "json"]);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let objects = said.json_lines();
    assert_eq!(objects.len(), 1);
    let wanted = json!({ "user": "alice", "nas": null, "acct_session_id": null, "fate": "already_gone",
        "evidence": "no_open_row", "path": null, "attempts": [], "blocked": false });
    for (key, value) in wanted.as_object().expect("an object") {
        assert_eq!(objects[0][key], *value, "{key}: {objects:#?}");
    }
    let text = site.run(&["disconnect", "--user", "alice"]);
    assert_eq!(text.code, Some(0), "{text:#?}");
    assert_says(&text.stdout, &["OFFLINE", "User alice has no open session. Login still allowed (--block closes it)."]);
    assert_eq!(site.tables(), before);
}

#[test]
fn a_session_id_on_two_nas() {
    let site = two_nas(&ON_TWO_NAS);
    let said = site.refused(&["disconnect", "--user", "alice", "--session", "80000001"], 2);
    assert_says(&said, &["session 80000001 of user alice stands on more than one NAS: R7, R8; say which with --nas"]);
    let dry = site.run(&[
        "disconnect",
        "--user",
        "alice",
        "--session",
        "80000001",
        "--nas",
        "R8",
        "--dry-run",
        "--output",
        "json",
    ]);
    assert_eq!(dry.code, Some(0), "{dry:#?}");
    let unique: Vec<_> = dry.json_lines().iter().map(|line| line["acct_unique_id"].clone()).collect();
    assert_eq!(unique, ["80000001-127.0.1.8-h"]);
    let unknown = site.refused(&["disconnect", "--user", "alice", "--session", "80000003"], 4);
    assert_says(&unknown, &["user alice has no open session \"80000003\""]);
}

#[test]
fn three_sessions_on_two_nas_are_three_objects() {
    let site = two_nas(&ON_TWO_NAS);
    let dry = site.run(&["disconnect", "--user", "alice", "--dry-run", "--output", "json"]);
    let nas: Vec<_> = dry.json_lines().iter().map(|line| line["nas"].clone()).collect();
    assert_eq!((dry.code, nas), (Some(0), vec![json!("R7"), json!("R8"), json!("R8")]));
    assert!(!site.path("radkick-state.db").exists());
}

/// Both rows name no address, and two NAS by their Called-Station-Id.
#[test]
fn a_session_id_on_two_nas_known_by_name_alone() {
    let site = Site::new();
    for called in ["h7", "h8"] {
        site.open(&OpenSession { nas: "", called, ..OpenSession::default() });
    }
    let nas = |name: &str, called: &str, address: &str| {
        format!("[[nas]]\nname = \"{name}\"\nmatch = [\"{called}\"]\naddress = \"{address}\"\nsecret = \"hunter2\"\n")
    };
    site.configure(&(nas("R7", "h7", "127.0.1.7") + &nas("R8", "h8", "127.0.1.8")));
    let said = site.refused(&["disconnect", "--user", "alice", "--session", "80000001"], 2);
    assert_says(&said, &["stands on more than one NAS: R7, R8; say which with --nas"]);
    let dry = ["disconnect", "--user", "alice", "--nas", "R8", "--dry-run", "--output", "json"];
    let dry = site.run(&dry).json_lines();
    let unique: Vec<_> = dry.iter().map(|line| line["acct_unique_id"].clone()).collect();
    assert_eq!(unique, ["80000001--h8"]);
}

#[test]
fn an_empty_filter_is_no_filter() {
    let site = two_nas(&ON_TWO_NAS);
    site.open(&OpenSession { id: "", ..OpenSession::default() });
    for option in ["--session", "--mac", "--ip", "--nas"] {
        let said = site.refused(&["disconnect", "--user", "alice", option, ""], 2);
        assert_says(&said, &[option]);
    }
    for nothing in ["::--", "-"] {
        let said = site.refused(&["disconnect", "--user", "alice", &format!("--mac={nothing}")], 2);
        assert_says(&said, &["names no MAC address"]);
    }
}
