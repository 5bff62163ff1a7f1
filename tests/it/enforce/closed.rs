//! What is called closed is closed: other programs write the same tables, and groups have a say.
use serde_json::json;

use super::{ONCE, customer, enforcing};
use crate::disconnect::site::{Session, Site};
use crate::support::freeradius::Authentication;

const ALICE: Session<'_> = Session::new("80a00001");
const BLOCK: [&str; 3] = ["block", "--user", "alice"];

fn login(site: &Site) -> Authentication {
    site.server.authenticate("alice", "pw")
}

fn alice(sections: &str) -> Site {
    let site = enforcing(sections);
    customer(&site, "alice", ALICE, "1000");
    site
}

#[test]
fn a_row_that_somebody_deleted_is_made_again_three_times() {
    let site = alice("");
    site.reports(&ONCE, 0);
    for command in [&ONCE[..], &BLOCK, &ONCE] {
        site.server.sql("DELETE FROM radcheck WHERE value = 'Reject'");
        assert_eq!(login(&site), Authentication::Accept);
        assert_eq!(site.reports(command, 0)[0]["blocked"], true);
        assert_eq!(login(&site), Authentication::Reject(None));
    }
    site.server.sql("DELETE FROM radcheck WHERE value = 'Reject'");
    for (command, code) in [(&ONCE[..], 0), (&BLOCK, 5)] {
        let finished = site.run(command);
        assert_eq!(finished.code, Some(code), "{finished:#?}");
        assert!(finished.stdout.contains(r#""blocked":false"#), "{finished:#?}");
        assert!(finished.stderr.contains("somebody changed back what the block had changed"), "{finished:#?}");
    }
    assert_eq!(site.check_rows("alice"), ["Cleartext-Password := pw", "Max-Octets := 1000"]);
    site.reports(&["restore", "--user", "alice"], 0);
    assert_eq!(site.reports(&BLOCK, 0), [json!({ "user": "alice", "blocked": true })], "a new block counts anew");
}

#[test]
fn with_remove_there_must_be_something_to_take_away() {
    let site = alice("[block]\nmode = \"remove\"");
    site.server.sql("DELETE FROM radcheck WHERE attribute = 'Cleartext-Password'");
    let refused = site.run(&BLOCK);
    assert_eq!(refused.code, Some(5), "{refused:#?}");
    assert!(refused.stderr.contains("there is no password or Auth-Type row to take away"), "{refused:#?}");
    assert_eq!(site.reports(&ONCE, 0)[0]["blocked"], false);
    assert_eq!(site.run(&["restore", "--user", "alice"]).code, Some(4), "nothing is held");
}

/// FreeRADIUS reads a group's check items after the user's: `Auth-Type := Accept` there would win.
#[test]
fn a_group_does_not_let_in_who_is_blocked() {
    let site = alice("[block]\nreply_message = \"Used up\"");
    a_group_that_accepts(&site);
    assert_eq!(site.server.authenticate("alice", "any"), Authentication::Accept);
    assert_eq!(site.reports(&BLOCK, 0)[0]["blocked"], true);
    assert_eq!(site.server.authenticate("alice", "any"), Authentication::Reject(Some("Used up".to_owned())));
    site.reports(&["restore", "--user", "alice"], 0);
    assert_eq!(site.server.authenticate("alice", "any"), Authentication::Accept);
    assert!(site.server.sql("SELECT * FROM radreply").is_empty());
}

fn a_group_that_accepts(site: &Site) {
    site.server.sql(
        "INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('open', 'Auth-Type', ':=', 'Accept');
         INSERT INTO radusergroup (username, groupname, priority) VALUES ('alice', 'open', 1);",
    );
}

#[test]
fn a_group_that_lets_in_all_the_same_is_told() {
    for (sections, reply) in [
        ("", "INSERT INTO radreply (username, attribute, op, value) VALUES ('alice', 'Fall-Through', '=', 'Yes')"),
        ("[block]\nmode = \"remove\"", "SELECT 1;"),
    ] {
        let site = alice(sections);
        a_group_that_accepts(&site);
        site.server.sql(reply);
        let finished = site.run(&BLOCK);
        assert_eq!(site.server.authenticate("alice", "any"), Authentication::Accept, "{sections}");
        assert_eq!(finished.code, Some(5), "{finished:#?}");
        assert!(finished.stdout.contains(r#""blocked":false"#), "{finished:#?}");
        assert!(finished.stderr.contains("group open has Auth-Type Accept"), "{finished:#?}");
        assert_eq!(site.reports(&ONCE, 0)[0]["blocked"], false);
    }
}
