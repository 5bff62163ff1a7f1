//! What was counted stays, whatever becomes of the row.
use super::{Acct, DAY, HOUR, account, change, enforcing, explain, grow, is_closed, now, person, step, used};
use crate::disconnect::site::Site;
use crate::support::freeradius::Authentication;

/// alice may use a thousand octets, and has used 600 in a session that FreeRADIUS wrote.
fn alice() -> (Site, i64) {
    let site = enforcing("");
    person(&site, "alice", "Max-Octets", "1000");
    let began = now(&site) - HOUR;
    account(&site, "alice", "81000001", ("Start", began), (0, 0));
    account(&site, "alice", "81000001", ("Interim-Update", began + 600), (600, 600));
    step(&site);
    assert_eq!(used(&site, "alice"), 600);
    (site, began)
}

#[test]
fn a_row_that_is_deleted() {
    let (site, began) = alice();
    site.server.sql("DELETE FROM radacct;");
    step(&site);
    assert_eq!(used(&site, "alice"), 600);
    assert_eq!(explain(&site, "alice")["sessions"][0]["open"], false);
    // What she uses next comes on top, and the panel's reset has bought her nothing
    account(&site, "alice", "81000002", ("Start", began + 700), (0, 0));
    account(&site, "alice", "81000002", ("Interim-Update", began + 800), (399, 100));
    assert!(step(&site).is_empty());
    account(&site, "alice", "81000002", ("Interim-Update", began + 900), (400, 200));
    let reports = step(&site);
    assert_eq!((reports.len(), &reports[0]["fate"], &reports[0]["used_octets"]), (1, &"ended".into(), &1000.into()));
    assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Reject(None));
}

/// alice and bob have closed sessions of ten days ago; bob's is the newest row.
fn with_history() -> Site {
    let site = enforcing("");
    person(&site, "alice", "Max-Octets", "1000");
    person(&site, "bob", "Max-Octets", "1000");
    let then = now(&site) - 10 * DAY;
    Acct::closed("alice", "a1", (then, then + 60), 700).write(&site, Some(1000));
    Acct::closed("bob", "b1", (then, then + 60), 30).write(&site, Some(2500));
    Acct::closed("bob", "b2", (then, then + 60), 5).write(&site, Some(5000));
    step(&site);
    assert_eq!((used(&site, "alice"), used(&site, "bob")), (700, 35));
    site
}

#[test]
fn history_that_is_deleted() {
    let site = with_history();
    site.server.sql("DELETE FROM radacct;");
    step(&site);
    assert_eq!((used(&site, "alice"), used(&site, "bob")), (700, 35));
    let at = now(&site);
    Acct::open("alice", "a2", (at - 60, at), 300).write(&site, None);
    assert_eq!(step(&site)[0]["used_octets"], 1000);
}

#[test]
fn the_newest_rows_deleted() {
    let site = with_history();
    site.server.sql("DELETE FROM radacct WHERE radacctid = 5000;");
    for _ in 0..2 {
        step(&site);
        assert_eq!((used(&site, "alice"), used(&site, "bob")), (700, 35), "no row is history twice");
    }
    site.server.sql("DELETE FROM radacct WHERE radacctid = 2500;");
    for _ in 0..2 {
        step(&site);
        assert_eq!((used(&site, "alice"), used(&site, "bob")), (700, 35), "no row is history twice");
    }
}

#[test]
fn a_table_that_begins_again_at_one() {
    let site = with_history();
    // TRUNCATE of MariaDB: ids begin anew
    let at = now(&site);
    site.server.sql("DELETE FROM radacct; DELETE FROM sqlite_sequence WHERE name = 'radacct';");
    Acct::closed("alice", "a2", (at - 60, at), 100).write(&site, None);
    Acct::open("bob", "b3", (at - 60, at), 10).write(&site, None);
    for _ in 0..2 {
        step(&site);
        assert_eq!((used(&site, "alice"), used(&site, "bob")), (800, 45));
    }
}

#[test]
fn a_row_that_another_program_closes() {
    let (site, began) = alice();
    site.server.sql("UPDATE radacct SET acctstoptime = acctupdatetime, acctterminatecause = 'Stale-Session';");
    step(&site);
    // The session goes on: its next update lands in the closed row
    account(&site, "alice", "81000001", ("Interim-Update", began + 1200), (900, 1200));
    assert!(!site.is_open("81000001"));
    step(&site);
    assert_eq!(used(&site, "alice"), 900);
    account(&site, "alice", "81000001", ("Interim-Update", began + 1800), (1000, 1800));
    // No open row to cut: the login is closed
    assert_eq!(step(&site)[0]["evidence"], "no_open_row");
    assert!(is_closed(&site, "alice"));
}

#[test]
fn a_stop_after_the_row_was_closed() {
    let (site, began) = alice();
    site.server.sql("UPDATE radacct SET acctstoptime = acctupdatetime, acctterminatecause = 'Admin-Reset';");
    step(&site);
    account(&site, "alice", "81000001", ("Stop", began + 1200), (950, 1200));
    step(&site);
    assert_eq!(used(&site, "alice"), 950);
    step(&site);
    assert_eq!(used(&site, "alice"), 950);
}

#[test]
fn a_row_that_is_opened_again() {
    let (site, began) = alice();
    account(&site, "alice", "81000001", ("Stop", began + 700), (700, 700));
    step(&site);
    assert_eq!(used(&site, "alice"), 700);
    site.server.sql("UPDATE radacct SET acctstoptime = NULL;");
    step(&site);
    account(&site, "alice", "81000001", ("Interim-Update", began + 900), (800, 900));
    step(&site);
    assert_eq!(used(&site, "alice"), 800);
}

#[test]
fn a_row_of_history_that_is_opened_again() {
    let site = with_history();
    change(&site, "a1", "acctstoptime = NULL");
    step(&site);
    assert_eq!(used(&site, "alice"), 700);
    grow(&site, "a1", now(&site), 750);
    step(&site);
    assert_eq!(used(&site, "alice"), 750);
}

#[test]
fn a_session_id_used_again_after_a_reboot() {
    let (site, began) = alice();
    account(&site, "alice", "81000001", ("Stop", began + 700), (700, 700));
    step(&site);
    // The same id: FreeRADIUS moves the start of the old row, which stays closed
    account(&site, "alice", "81000001", ("Start", began + 1000), (0, 0));
    step(&site);
    account(&site, "alice", "81000001", ("Interim-Update", began + 1100), (100, 100));
    step(&site);
    assert_eq!(used(&site, "alice"), 800);
    account(&site, "alice", "81000001", ("Interim-Update", began + 1200), (250, 200));
    step(&site);
    assert_eq!(used(&site, "alice"), 950);
}
