//! A panel that writes the same rows all the while: as fast as it can, during the block, the steps after it, and the restore.
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::database::Engine;
use super::on_each;
use super::site::Site;
use crate::support::wait::wait_until;

const ENFORCE: &str = "[quota]\nmode = \"enforce\"\n[block]\n";

const UPSERT: &str = "UPDATE radcheck SET value = 'pw' WHERE username = 'alice' AND attribute = 'Cleartext-Password';
    INSERT INTO radcheck (username, attribute, op, value)
    SELECT 'alice', 'Cleartext-Password', ':=', 'pw' FROM (SELECT 1 AS one) AS it WHERE NOT EXISTS
    (SELECT 1 FROM radcheck WHERE username = 'alice' AND attribute = 'Cleartext-Password');";

/// All that the panel has of alice in radcheck.
const ANEW: &str = "DELETE FROM radcheck WHERE username = 'alice';
    INSERT INTO radcheck (username, attribute, op, value) VALUES ('alice', 'Cleartext-Password', ':=', 'pw');
    INSERT INTO radcheck (username, attribute, op, value) VALUES ('alice', 'Max-Octets', ':=', '{limit}');";

const REPLIES: &str = "DELETE FROM radreply WHERE username = 'alice';
    INSERT INTO radreply (username, attribute, op, value) VALUES ('alice', 'Session-Timeout', ':=', '600');";

const GROUPS: &str = "DELETE FROM radusergroup WHERE username = 'alice';
    INSERT INTO radusergroup (username, groupname, priority) VALUES ('alice', 'home', 1);";

/// Stops the panel, also when the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Does `work` while the panel writes; what it gets waits for so many more of its writes.
fn beside(site: &Site, rewrite: &str, work: impl FnOnce(&dyn Fn(usize))) {
    let (ends, written) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ends.load(Ordering::Relaxed) {
                site.rewrite(rewrite);
                written.fetch_add(1, Ordering::Relaxed);
            }
        });
        let _stop = Stop(&ends);
        work(&|more| {
            let until = written.load(Ordering::Relaxed) + more;
            wait_until("the panel writes", || written.load(Ordering::Relaxed) >= until);
        });
    });
}

/// alice, who is over, with a row of each table, as the panel wrote them.
fn alice(engine: Engine, block: &str) -> Site {
    let site = Site::start(engine);
    site.configure(&format!("{ENFORCE}{block}"));
    site.check("alice", &[("Max-Octets", "1000")]);
    site.online("alice", "81", 1000);
    site.sql(REPLIES);
    site.sql(GROUPS);
    site.sql(
        "INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('closed', 'Auth-Type', ':=', 'Reject');",
    );
    site
}

fn panel_rows(site: &Site) -> [Vec<String>; 3] {
    ["radcheck", "radreply", "radusergroup"].map(|table| site.rows(table))
}

fn step(site: &Site) {
    let finished = site.any_step();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}

/// alice is cut and stays out, or it is told that she does not, and she gets back what the panel gave her, each row once.
fn survives(engine: Engine, block: &str, rewrite: &str, stays_closed: bool) {
    let site = alice(engine, block);
    let before = panel_rows(&site);
    beside(&site, &rewrite.replace("{limit}", "1000"), |writes| {
        writes(1);
        step(&site);
        for _ in 0..5 {
            writes(2);
            step(&site);
            assert!(!stays_closed || !site.lets_in("alice"));
        }
    });
    assert!(site.sql("SELECT 1 AS one FROM radacct WHERE acctstoptime IS NULL").is_empty(), "cut");
    let told = site.step();
    let blocked = !site.lets_in("alice");
    assert_eq!(told.iter().map(|told| &told["blocked"]).collect::<Vec<_>>(), [&serde_json::json!(blocked)]);
    assert!(blocked || !stays_closed);
    site.sql("UPDATE radcheck SET value = '5000' WHERE username = 'alice' AND attribute = 'Max-Octets';");
    beside(&site, &rewrite.replace("{limit}", "5000"), |writes| {
        writes(1);
        step(&site);
        writes(2);
    });
    assert!(site.step().is_empty());
    assert!(site.lets_in("alice"));
    let after = before.map(|rows| rows.into_iter().map(|row| row.replace(" 1000", " 5000")).collect::<Vec<_>>());
    assert_eq!(panel_rows(&site), after);
}

const REJECT: &str = "mode = \"reject\"\nreply_message = \"Used up\"\n";
const REMOVE: &str = "mode = \"remove\"\n";
const GROUP: &str = "mode = \"group\"\ngroup = \"closed\"\n";

fn upserts_under_reject(engine: Engine) {
    survives(engine, REJECT, UPSERT, true);
}

fn upserts_under_remove(engine: Engine) {
    survives(engine, REMOVE, &engine.at_once("radcheck", UPSERT), false);
}

fn all_anew_under_reject(engine: Engine) {
    survives(engine, REJECT, &engine.at_once("radcheck", ANEW), false);
}

fn all_anew_under_remove(engine: Engine) {
    survives(engine, REMOVE, &engine.at_once("radcheck", ANEW), false);
}

fn replies_under_reject(engine: Engine) {
    survives(engine, REJECT, REPLIES, true);
}

fn groups_under_reject(engine: Engine) {
    survives(engine, REJECT, GROUPS, true);
}

fn groups_under_group(engine: Engine) {
    survives(engine, GROUP, &engine.at_once("radusergroup", GROUPS), false);
}

/// The panel takes the user's new password for granted: it is the one that comes back.
fn a_password_changed_under_remove(engine: Engine) {
    let site = alice(engine, REMOVE);
    step(&site);
    for password in ["first", "second", "third"] {
        site.sql("DELETE FROM radcheck WHERE username = 'alice' AND attribute = 'Cleartext-Password';");
        site.check("alice", &[("Cleartext-Password", password)]);
        assert_eq!(site.step()[0]["blocked"], true, "{password}");
        assert!(!site.rows("radcheck").iter().any(|row| row.contains("Password")));
    }
    site.check("alice", &[("Cleartext-Password", "fourth")]);
    let finished = site.any_step();
    assert!(finished.stdout.contains("\"blocked\":false"), "{finished:#?}");
    site.sql("DELETE FROM radcheck WHERE username = 'alice' AND attribute = 'Cleartext-Password';");
    site.sql("UPDATE radcheck SET value = '5000' WHERE username = 'alice' AND attribute = 'Max-Octets';");
    step(&site);
    assert_eq!(site.rows("radcheck"), ["Cleartext-Password := alice third", "Max-Octets := alice 5000"]);
}

/// A deleted user stays deleted: nothing of ours is left, and nothing comes back.
fn a_user_deleted_under_reject(engine: Engine) {
    let site = alice(engine, REJECT);
    step(&site);
    for table in ["radcheck", "radreply", "radusergroup"] {
        site.sql(&format!("DELETE FROM {table} WHERE username = 'alice';"));
    }
    step(&site);
    step(&site);
    assert_eq!(panel_rows(&site), [[""; 0]; 3]);
}

/// A deleted user looks like one whose limit was lifted: who is to stay out is restored before, as docs/panels.md says.
fn a_user_deleted_under_remove(engine: Engine) {
    for (restored_before, left) in [(false, vec!["Cleartext-Password := alice pw"]), (true, vec![])] {
        let site = alice(engine, REMOVE);
        step(&site);
        if restored_before {
            site.reports(&["restore", "--user", "alice"], 0);
        }
        site.sql("DELETE FROM radcheck WHERE username = 'alice';");
        step(&site);
        assert_eq!(site.rows("radcheck"), left);
    }
}

on_each!(
    upserts_under_reject,
    upserts_under_remove,
    all_anew_under_reject,
    all_anew_under_remove,
    replies_under_reject,
    groups_under_reject,
    groups_under_group,
    a_password_changed_under_remove,
    a_user_deleted_under_reject,
    a_user_deleted_under_remove,
);
