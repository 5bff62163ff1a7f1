//! Every mode of `[block]`, from over the limit to back again: restored, the tables are what they were, to the octet.
use serde_json::json;

use super::database::Engine;
use super::on_each;
use super::site::{Site, users};
use crate::support::freeradius::Authentication;

const ENFORCE: &str = "[quota]\nmode = \"enforce\"\n";

/// alice, who is over 1000 octets, and bob, who is under; both with everything that a panel may give.
fn customers(engine: Engine, block: &str) -> Site {
    let site = Site::start(engine);
    site.configure(&format!("{ENFORCE}[block]\n{block}"));
    for (user, id, octets) in [("alice", "81", 1000), ("bob", "82", 999)] {
        site.check(user, &[("Max-Octets", "1000")]);
        site.online(user, id, octets);
        site.sql(&format!(
            "INSERT INTO radusergroup (username, groupname, priority) VALUES ('{user}', 'home', 5);
             INSERT INTO radreply (username, attribute, op, value) VALUES ('{user}', 'Session-Timeout', ':=', '600');"
        ));
    }
    assert!(site.lets_in("alice") && site.lets_in("bob"));
    site
}

fn limit(site: &Site, octets: &str) {
    site.sql(&format!("UPDATE radcheck SET value = '{octets}' WHERE username = 'alice' AND attribute = 'Max-Octets';"));
}

/// alice is cut; what the worker told of her.
fn cut(site: &Site, blocked: bool) {
    let told = site.step();
    assert_eq!(users(&told), ["alice"], "{told:#?}");
    let keys = ["fate", "evidence", "blocked"].map(|key| told[0][key].clone());
    assert_eq!(json!(keys), json!(["ended", "accounting_stop", blocked]));
    assert_eq!(site.server.coa_requests().len(), 1);
    assert!(site.lets_in("bob"));
}

/// A new limit lets her in, and the tables are as before.
fn restored(site: &Site, before: &impl PartialEq<Vec<Vec<crate::support::sqlite::Row>>>) {
    limit(site, "5000");
    assert!(site.step().is_empty());
    assert!(site.lets_in("alice"));
    limit(site, "1000");
    assert!(*before == site.tables(), "{:#?}", site.tables());
}

fn reject(engine: Engine) {
    let site = customers(engine, "mode = \"reject\"\nreply_message = \"Data used up\"\n");
    let before = site.tables();
    cut(&site, true);
    assert_eq!(site.login("alice"), Authentication::Reject(Some("Data used up".to_owned())));
    assert!(site.step().iter().all(|told| told["attempts"] == json!([]) && told["blocked"] == true));
    restored(&site, &before);
}

/// Also what a panel wrote twice, and hashed passwords beside clear ones.
fn remove(engine: Engine) {
    let site = customers(engine, "mode = \"remove\"\n");
    site.check("alice", &[("NT-Password", "5C86AD9B1D6A7A8C5F1B6E5C1F3F7A2B"), ("Cleartext-Password", "pw")]);
    site.check("alice", &[("Auth-Type", "PAP"), ("Auth-Type", "PAP")]);
    let before = site.tables();
    cut(&site, true);
    assert_eq!(site.login("alice"), Authentication::Reject(None));
    assert!(!site.rows("radcheck").iter().any(|row| row.contains("alice") && !row.contains("Max-Octets")));
    restored(&site, &before);
}

fn group(engine: Engine) {
    let site = customers(engine, "mode = \"group\"\ngroup = \"closed\"\n");
    site.sql(
        "INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('closed', 'Auth-Type', ':=', 'Reject');
         INSERT INTO radgroupreply (groupname, attribute, op, value) VALUES ('closed', 'Reply-Message', ':=', 'Pay');",
    );
    let before = site.tables();
    cut(&site, true);
    let groups = site.sql("SELECT groupname FROM radusergroup WHERE username = 'alice' ORDER BY priority");
    assert_eq!(json!(groups), json!([{ "groupname": "closed" }, { "groupname": "home" }]));
    assert_eq!(site.login("alice"), Authentication::Reject(Some("Pay".to_owned())));
    restored(&site, &before);
}

/// Cut, and free to come back; not cut for the same once more.
fn none(engine: Engine) {
    let site = customers(engine, "mode = \"none\"\n");
    let before = site.tables();
    cut(&site, false);
    assert!(site.lets_in("alice"));
    assert_eq!(before, site.tables());
    let mut back = site.record("alice", "83", "Start", "0");
    back.retain(|(name, _)| *name != "Event-Timestamp");
    back.push(("Event-Timestamp", "2000000000"));
    site.server.account(&back);
    site.step();
    assert_eq!(site.server.coa_requests().len(), 1);
    restored(&site, &before);
}

/// A panel moves the user to a group that goes before ours: ours goes before it again, three times; then it is told.
fn another_group_in_front(engine: Engine) {
    let site = customers(engine, "mode = \"group\"\ngroup = \"closed\"\n");
    site.sql(
        "INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('closed', 'Auth-Type', ':=', 'Reject');",
    );
    cut(&site, true);
    site.sql(
        "UPDATE radusergroup SET groupname = 'office', priority = 6 WHERE groupname = 'home' AND username = 'alice';",
    );
    assert!(site.step().iter().all(|told| told["blocked"] == true));
    assert!(!site.lets_in("alice"));
    // FreeRADIUS takes the first group that fits, and goes no further without Fall-Through
    site.sql(
        "INSERT INTO radgroupreply (groupname, attribute, op, value) VALUES ('office', 'Session-Timeout', ':=', '9');",
    );
    let in_front = |priority: i32| {
        let office = "username = 'alice' AND groupname = 'office'";
        site.sql(&format!("UPDATE radusergroup SET priority = {priority} WHERE {office};"));
        assert!(site.lets_in("alice"));
    };
    for priority in [-9, -19, -29] {
        in_front(priority);
        assert!(site.step().iter().all(|told| told["blocked"] == true));
        assert!(!site.lets_in("alice"));
    }
    in_front(-39);
    let told = site.any_step();
    assert!(told.stdout.contains("\"blocked\":false"), "{told:#?}");
    assert!(told.stderr.contains("group office stands before it"), "{told:#?}");
    limit(&site, "5000");
    site.step();
    let groups = site.rows("radusergroup");
    assert_eq!(groups, ["home 5 bob", "office -39 alice"]);
}

on_each!(reject, remove, group, none, another_group_in_front);
