//! Files that hold secrets: who may read them, and what does not belong to the secret.
use std::fs::{Permissions, set_permissions};
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt;

use radkick::radius::SharedSecret;
use radkick::simulator::{Incoming, RadiusEntry, Router, RouterOptions, SessionSpec};
use serde_json::json;
use tokio::task::block_in_place;

use super::site::{OpenSession, Site, assert_says};

const SECRET: &str = "hunter2 of RADIUS";
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 41);

/// A router that takes Disconnect-Requests under `SECRET`.
async fn router() -> Router {
    let mut options = RouterOptions::new("R7", Ipv4Addr::new(127, 0, 1, 7));
    options.coa = Incoming::Accept(0);
    let secret = SharedSecret::new(SECRET.as_bytes().to_vec()).expect("not empty");
    options.radius_servers = vec![RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), secret)];
    Router::start(options).await.expect("a router")
}

/// A site whose router takes requests at this port, under what the file `secret` holds.
fn site(router: &Router, secret: &str) -> Site {
    let session = router.login(SessionSpec::hotspot("alice", "02:00:00:00:00:41", ADDRESS));
    let site = Site::with(&OpenSession { id: &session.acct_session_id, ..OpenSession::default() });
    site.file("secret", secret);
    site.configure(&format!(
        "[[nas]]\nname = \"R7\"\nmatch = [\"127.0.1.7\"]\nsecret_file = \"secret\"\ncoa_port = {}\nverify_within = \"1s\"\n\
         irt = \"200ms\"\nmrd = \"1s\"\n",
        router.coa_addr().port()
    ));
    site
}

#[tokio::test(flavor = "multi_thread")]
async fn line_ends_do_not_belong_to_a_secret() {
    let router = router().await;
    for line_end in ["", "\n", "\r\n"] {
        let site = site(&router, &format!("{SECRET}{line_end}"));
        let finished = block_in_place(|| site.run(&["disconnect", "--user", "alice", "--output", "json", "-vv"]));
        let object = finished.json_lines().pop().expect("an object");
        assert_eq!(object["attempts"][0]["outcome"], json!("ack"), "{line_end:?}\n{finished:#?}");
        assert_eq!(router.sessions().len(), 0);
        assert!(!format!("{finished:?}").contains("hunter2"), "{finished:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_octet_belongs_to_it() {
    let router = router().await;
    let site = site(&router, &format!("{SECRET} \n"));
    let finished = block_in_place(|| site.run(&["disconnect", "--user", "alice", "--output", "json"]));
    let object = finished.json_lines().pop().expect("an object");
    assert_eq!(finished.code, Some(3), "{finished:#?}");
    assert_eq!((&object["fate"], &object["attempts"][0]["outcome"]), (&json!("unknown"), &json!("no_reply")));
    assert_eq!(router.sessions().len(), 1);
}

#[test]
fn a_file_that_everyone_can_read_is_a_warning() {
    let site = Site::with(&OpenSession::default());
    let secret = site.file("secret", SECRET);
    site.configure("[[nas]]\nname = \"R7\"\nsecret_file = \"secret\"\n");
    for (mode, warned) in [(0o644, true), (0o604, true), (0o640, false), (0o600, false)] {
        set_permissions(&secret, Permissions::from_mode(mode)).expect("changed");
        let finished = site.run(&["sessions"]);
        assert_eq!(finished.code, Some(0), "{finished:#?}");
        let words = format!("secret (mode 0{mode:o}); chmod 640 ");
        assert_eq!(finished.stderr.contains(&words), warned, "{finished:#?}");
        assert_eq!(finished.stderr.contains("warning: "), warned, "{finished:#?}");
        assert!(!finished.stderr.contains("hunter2"), "{finished:#?}");
    }
    let text = "[database]\nurl = \"sqlite:radius.db\"\n[[nas]]\nname = \"R7\"\nsecret = \"hunter2\"\n";
    set_permissions(site.file("radkick.toml", text), Permissions::from_mode(0o644)).expect("changed");
    let finished = site.run(&["sessions"]);
    assert_says(&finished.stderr, &["warning: ", "everyone on this machine can read this file and the secrets in it"]);
    assert!(!finished.stderr.contains("hunter2"), "{finished:#?}");
}
