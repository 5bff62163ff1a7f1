//! Counters that are not what they should be.
use super::{Acct, HOUR, account, change, enforcing, explain, explained, grow, is_closed, now, person};
use super::{standing, step, used};
use crate::disconnect::site::Site;

/// alice, with this limit and an open session of an hour: last updated ten minutes ago at this many octets, and seen.
fn alice(limit: &str, octets: u64) -> (Site, i64) {
    let site = enforcing("");
    person(&site, "alice", "Max-Octets", limit);
    let at = now(&site);
    Acct::open("alice", "a1", (at - HOUR, at - 600), octets).write(&site, None);
    step(&site);
    assert_eq!(used(&site, "alice"), octets);
    (site, at)
}

#[test]
fn a_counter_of_32_bits_that_runs_over() {
    let site = enforcing("");
    person(&site, "alice", "Max-Octets", "5000000000");
    let began = now(&site) - HOUR;
    account(&site, "alice", "81000001", ("Start", began), (0, 0));
    account(&site, "alice", "81000001", ("Interim-Update", began + 600), (4_294_967_000, 600));
    step(&site);
    // A NAS that sends no gigawords
    account(&site, "alice", "81000001", ("Interim-Update", began + 900), (204, 900));
    step(&site);
    assert_eq!(used(&site, "alice"), 4_294_967_500);
    account(&site, "alice", "81000001", ("Interim-Update", began + 1200), (704, 1200));
    step(&site);
    assert_eq!(used(&site, "alice"), 4_294_968_000);
}

#[test]
fn counters_that_run_backwards() {
    let (site, at) = alice("1000", 600);
    // An older packet, late: fewer octets and seconds
    change(&site, "a1", "acctoutputoctets = 400, acctsessiontime = acctsessiontime - 60");
    step(&site);
    assert_eq!(used(&site, "alice"), 600);
    grow(&site, "a1", at - 300, 650);
    step(&site);
    assert_eq!(used(&site, "alice"), 650);
}

#[test]
fn octets_that_are_null() {
    let (site, at) = alice("1000", 600);
    change(&site, "a1", "acctoutputoctets = NULL, acctinputoctets = NULL");
    step(&site);
    assert_eq!(used(&site, "alice"), 600);
    grow(&site, "a1", at - 300, 700);
    step(&site);
    assert_eq!(used(&site, "alice"), 700);
}

const JUMP: u64 = 1_000_000_000_000_000;

/// alice's counter jumps by what no line carries: held, and she is not over.
fn held() -> (Site, i64) {
    let (site, at) = alice("2000", 500);
    grow(&site, "a1", at - 590, 500 + JUMP);
    assert!(step(&site).is_empty());
    assert!(site.server.coa_requests().is_empty() && !is_closed(&site, "alice"));
    let standing = standing(&site, "alice");
    assert_eq!((&standing["used_octets"], &standing["held_octets"]), (&500.into(), &JUMP.into()));
    assert_eq!(standing["over"], false);
    assert_eq!(explain(&site, "alice")["sessions"][0]["held_octets"], JUMP);
    assert!(explained(&site, "alice").contains("held, not counted"));
    (site, at)
}

#[test]
fn a_jump_that_was_real() {
    let (site, at) = held();
    grow(&site, "a1", at - 500, 500 + JUMP + 1499);
    assert!(step(&site).is_empty());
    let now = standing(&site, "alice");
    assert_eq!((&now["used_octets"], &now["held_octets"]), (&1999.into(), &JUMP.into()));
    grow(&site, "a1", at - 400, 500 + JUMP + 1500);
    assert_eq!(step(&site)[0]["used_octets"], 2000);
}

#[test]
fn a_jump_that_was_a_glitch() {
    let (site, at) = held();
    grow(&site, "a1", at - 500, 600);
    step(&site);
    let now = standing(&site, "alice");
    assert_eq!((&now["used_octets"], &now["held_octets"]), (&600.into(), &0.into()));
}

#[test]
fn a_jump_that_is_believed() {
    let site = enforcing("max_rate = \"off\"");
    person(&site, "alice", "Max-Octets", "2000");
    let at = now(&site);
    Acct::open("alice", "a1", (at - HOUR, at - 600), 500).write(&site, None);
    step(&site);
    grow(&site, "a1", at - 590, 500 + JUMP);
    assert_eq!(step(&site)[0]["used_octets"], 500 + JUMP);
}

/// Two open rows of one session: an old schema has no unique key.
fn two_rows(site: &Site, output: u64) {
    site.server.sql("DROP INDEX acctuniqueid; CREATE INDEX acctuniqueid ON radacct(acctuniqueid);");
    let at = now(site);
    for _ in 0..2 {
        Acct::open("alice", "a1", (at - HOUR, at - 600), output).write(site, None);
    }
}

#[test]
fn two_rows_of_one_session() {
    let site = enforcing("");
    person(&site, "alice", "Max-Octets", "1000");
    step(&site);
    two_rows(&site, 600);
    for octets in [600, 700] {
        // An update lands in both
        grow(&site, "a1", now(&site), octets);
        for _ in 0..2 {
            step(&site);
            assert_eq!(used(&site, "alice"), octets);
        }
    }
    change(&site, "a1", "acctstoptime = acctupdatetime, acctoutputoctets = 800");
    step(&site);
    step(&site);
    assert_eq!(used(&site, "alice"), 800);
}

#[test]
fn two_rows_of_one_session_that_were_there_before() {
    let site = enforcing("");
    person(&site, "alice", "Max-Octets", "1000");
    two_rows(&site, 600);
    assert_eq!(used(&site, "alice"), 600);
    step(&site);
    assert_eq!(used(&site, "alice"), 600);
}
