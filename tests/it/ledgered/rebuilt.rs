//! `radkick usage --rebuild`: history once more, after the periods of limits were changed.
use super::{Acct, DAY, HOUR, configure, grow, now, person, step, used};
use crate::disconnect::site::Site;
use crate::support::wait::wait_until;

const REBUILD: [&str; 2] = ["usage", "--rebuild"];

fn attribute(site: &Site, period: &str) {
    let meaning = format!("{{ meaning = \"total\", unit = \"octets\", period = \"{period}\" }}");
    configure(site, &format!("[quota.attributes]\n\"Max-Data\" = {meaning}"));
}

/// alice has used 5000 octets forty days ago, 600 ten days ago, and 300 in a session that is open: a total, and by now a
/// window of thirty days.
fn alice() -> Site {
    let site = Site::start();
    attribute(&site, "total");
    person(&site, "alice", "Max-Data", "1000000");
    person(&site, "bob", "Max-Data", "1000000");
    let at = now(&site);
    Acct::closed("alice", "a1", (at - 40 * DAY, at - 40 * DAY + 60), 5000).write(&site, Some(1));
    Acct::closed("alice", "a2", (at - 10 * DAY, at - 10 * DAY + 60), 600).write(&site, Some(2));
    Acct::closed("bob", "b1", (at - 10 * DAY, at - 10 * DAY + 60), 70).write(&site, Some(3));
    Acct::open("alice", "a3", (at - HOUR, at - 60), 300).write(&site, Some(5000));
    step(&site);
    assert_eq!(used(&site, "alice"), 5900);
    attribute(&site, "30d");
    step(&site);
    assert_eq!(used(&site, "alice"), 0, "nobody knows when");
    site
}

#[test]
fn history_goes_to_its_days() {
    let site = alice();
    let finished = site.run(&REBUILD);
    assert_eq!((finished.code, finished.stderr.as_str()), (Some(0), ""), "{finished:#?}");
    // What the ledger saw itself stays as it is, in a slot of all time
    assert_eq!((used(&site, "alice"), used(&site, "bob")), (600, 70));
    grow(&site, "a3", now(&site), 350);
    step(&site);
    assert_eq!(used(&site, "alice"), 650);
    // And back: nothing is lost, nothing is twice
    attribute(&site, "total");
    site.reports(&REBUILD, 0);
    step(&site);
    assert_eq!((used(&site, "alice"), used(&site, "bob")), (5950, 70));
}

#[test]
fn of_one_user_alone() {
    let site = alice();
    site.reports(&["usage", "--rebuild", "--user", "bob"], 0);
    assert_eq!((used(&site, "alice"), used(&site, "bob")), (0, 70));
    assert_eq!(site.run(&["usage", "--rebuild", "--user", "nobody"]).code, Some(4));
}

#[test]
fn where_rows_were_deleted_what_was_counted_stays() {
    let site = alice();
    site.server.sql("DELETE FROM radacct WHERE acctuniqueid = 'a1';");
    let finished = site.run(&REBUILD);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let said = "user alice: radacct holds 600 B of history, 5.6 KB were counted; rows were deleted";
    assert!(finished.stderr.contains(said), "{finished:#?}");
    assert_eq!((used(&site, "alice"), used(&site, "bob")), (0, 70));
    attribute(&site, "total");
    assert_eq!(used(&site, "alice"), 5900);
}

#[test]
fn not_while_another_keeps_the_ledger() {
    let site = alice();
    let running = site.radkick(&["enforce"]).spawn();
    running.wait_for_stderr("enforcing quotas");
    let holder = format!(" {} ", running.process.pid());
    wait_until("it has the lease", || {
        let row = site.state_sql("SELECT lease_holder AS holder FROM radkick_feed");
        row[0]["holder"].as_str().is_some_and(|name| name.contains(&holder))
    });
    let finished = site.run(&REBUILD);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(5), ""), "{finished:#?}");
    assert!(finished.stderr.contains("another radkick keeps the ledger just now"), "{finished:#?}");
    assert_eq!(running.terminate().code, Some(0));
    assert_eq!(site.run(&REBUILD).code, Some(0));
}
