//! The login: closed by each mode, judged by FreeRADIUS itself, and opened again.
use serde_json::json;

use super::{ONCE, customer, enforcing, top_up, users};
use crate::disconnect::site::{Session, Site};
use crate::support::freeradius::Authentication;

const ALICE: Session<'_> = Session::new("80a00001");

fn login(site: &Site) -> Authentication {
    site.server.authenticate("alice", "pw")
}

fn rejected(message: &str) -> Authentication {
    Authentication::Reject(Some(message.to_owned()))
}

#[test]
fn a_blocked_user_is_rejected_until_the_top_up() {
    let site = enforcing("[block]\nreply_message = \"Your data is used up\"");
    customer(&site, "alice", ALICE, "1000");
    let before = site.tables();
    assert_eq!(login(&site), Authentication::Accept);
    let reports = site.reports(&ONCE, 0);
    assert_eq!((&reports[0]["fate"], &reports[0]["blocked"]), (&json!("ended"), &json!(true)));
    assert_eq!(login(&site), rejected("Your data is used up"));
    assert_eq!(site.check_rows("alice"), ["Cleartext-Password := pw", "Max-Octets := 1000", "Auth-Type := Reject"]);
    // Still over: still closed
    assert_eq!(site.reports(&ONCE, 0)[0]["blocked"], true);
    assert_eq!(login(&site), rejected("Your data is used up"));
    top_up(&site, "alice");
    assert!(site.reports(&ONCE, 0).is_empty());
    assert_eq!(login(&site), Authentication::Accept);
    assert_eq!(site.check_rows("alice"), ["Cleartext-Password := pw", "Max-Octets := 1000000"]);
    let rows = |tables: &[(String, Vec<_>)]| tables.iter().find(|(name, _)| name == "radreply").cloned();
    assert_eq!(rows(&site.tables()), rows(&before));
}

#[test]
fn with_remove_the_password_leaves_and_comes_back() {
    let site = enforcing("[block]\nmode = \"remove\"");
    customer(&site, "alice", ALICE, "1000");
    let before = site.server.sql("SELECT * FROM radcheck");
    assert_eq!(login(&site), Authentication::Accept);
    site.reports(&ONCE, 0);
    assert_eq!(login(&site), Authentication::Reject(None));
    assert_eq!(site.check_rows("alice"), ["Max-Octets := 1000"]);
    let reports = site.reports(&["restore", "--user", "alice"], 0);
    assert_eq!(reports, [json!({ "user": "alice", "blocked": false, "rows": 1, "superseded": 0 })]);
    assert_eq!(login(&site), Authentication::Accept);
    assert_eq!(site.server.sql("SELECT * FROM radcheck"), before, "the same row, its id too");
}

#[test]
fn with_remove_what_somebody_wrote_meanwhile_stands() {
    let site = enforcing("[block]\nmode = \"remove\"");
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 0);
    site.check("alice", &[("Cleartext-Password", "new")]);
    let reports = site.reports(&["restore", "--user", "alice"], 0);
    assert_eq!(reports, [json!({ "user": "alice", "blocked": false, "rows": 0, "superseded": 1 })]);
    assert_eq!(site.check_rows("alice"), ["Max-Octets := 1000", "Cleartext-Password := new"]);
}

#[test]
fn with_group_the_best_group_is_the_closed_one() {
    let site = enforcing("[block]\nmode = \"group\"\ngroup = \"closed\"");
    site.server.sql(
        "INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('closed', 'Auth-Type', ':=', 'Reject');
         INSERT INTO radgroupreply (groupname, attribute, op, value) VALUES ('closed', 'Reply-Message', ':=', 'Go away');
         INSERT INTO radusergroup (username, groupname, priority) VALUES ('alice', 'gold', 1);",
    );
    customer(&site, "alice", ALICE, "1000");
    let before = site.server.sql("SELECT * FROM radusergroup");
    assert_eq!(login(&site), Authentication::Accept);
    site.reports(&ONCE, 0);
    assert_eq!(login(&site), rejected("Go away"));
    let groups = site.server.sql("SELECT groupname AS name FROM radusergroup ORDER BY priority");
    assert_eq!(groups.iter().map(|row| &row["name"]).collect::<Vec<_>>(), ["closed", "gold"]);
    top_up(&site, "alice");
    site.reports(&ONCE, 0);
    assert_eq!(login(&site), Authentication::Accept);
    assert_eq!(site.server.sql("SELECT * FROM radusergroup"), before);
}

#[test]
fn with_none_only_the_session_ends() {
    let site = enforcing("[block]\nmode = \"none\"");
    customer(&site, "alice", ALICE, "1000");
    let reports = site.reports(&ONCE, 0);
    assert_eq!((&reports[0]["fate"], &reports[0]["blocked"]), (&json!("ended"), &json!(false)));
    assert_eq!(login(&site), Authentication::Accept);
    let refused = site.run(&["block", "--user", "alice"]);
    assert_eq!(refused.code, Some(2), "{refused:#?}");
}

#[test]
fn by_hand_the_login_is_closed_and_opened() {
    let site = enforcing("");
    customer(&site, "alice", ALICE, "10");
    assert_eq!(site.reports(&["block", "--user", "alice"], 0), [json!({ "user": "alice", "blocked": true })]);
    assert_eq!(login(&site), Authentication::Reject(None));
    assert!(site.is_open(ALICE.id), "a block cuts nobody");
    // The worker leaves it alone, though alice is not over
    site.reports(&ONCE, 0);
    assert_eq!(login(&site), Authentication::Reject(None));
    let restored = json!({ "user": "alice", "blocked": false, "rows": 1, "superseded": 0 });
    assert_eq!(site.reports(&["restore", "--user", "alice"], 0), [restored]);
    assert_eq!(login(&site), Authentication::Accept);
    let nothing = site.run(&["restore", "--user", "alice"]);
    assert_eq!(nothing.code, Some(4), "{nothing:#?}");
    assert_eq!(nothing.stderr, "error: nothing of ours is held for user alice\n");
}

#[test]
fn a_block_by_hand_over_one_for_quota_outlasts_the_top_up() {
    let site = enforcing("");
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 0);
    site.reports(&["block", "--user", "alice"], 0);
    top_up(&site, "alice");
    site.reports(&ONCE, 0);
    assert_eq!(login(&site), Authentication::Reject(None));
    site.reports(&["restore", "--user", "alice"], 0);
    assert_eq!(login(&site), Authentication::Accept);
}

#[test]
fn the_exempt_are_left_alone() {
    let site = enforcing("[exempt]\nusers = [\"alice\"]\ngroups = [\"staff\"]");
    customer(&site, "alice", ALICE, "1000");
    customer(&site, "bob", Session::new("80a00002").at("192.168.88.42"), "1000");
    customer(&site, "carol", Session::new("80a00003").at("192.168.88.43"), "1000");
    site.server.sql("INSERT INTO radusergroup (username, groupname, priority) VALUES ('bob', 'staff', 5);");
    assert_eq!(users(&site.reports(&ONCE, 0)), ["carol"]);
    for (user, why) in [("alice", "[exempt] users"), ("bob", "[exempt] groups: staff")] {
        for command in ["disconnect", "block"] {
            let refused = site.run(&[command, "--user", user]);
            assert_eq!(refused.code, Some(2), "{refused:#?}");
            assert!(refused.stderr.contains(&format!("user {user} is exempt ({why})")), "{refused:#?}");
        }
    }
    assert_eq!(site.server.coa_requests().len(), 1);
    assert_eq!(site.reports(&["disconnect", "--user", "alice", "--force"], 0)[0]["fate"], "ended");
}
