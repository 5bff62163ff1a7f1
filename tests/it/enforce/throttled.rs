//! Penalties that leave the user online: who came back under one is not cut again for the same.
use super::{ONCE, customer, enforcing};
use crate::disconnect::site::{Session, Site};

const ALICE: Session<'_> = Session::new("80a00001");
const AGAIN: Session<'_> = Session::new("80a00002");

/// alice comes back: a session that begins after whatever has been done by now.
fn comes_back(site: &Site, session: Session<'_>) {
    let mut record = session.record("alice", "Start");
    record.retain(|(name, _)| *name != "Event-Timestamp");
    record.push(("Event-Timestamp", "2000000000"));
    site.server.account(&record);
    assert!(site.is_open(session.id));
}

fn cut_once_a_limit(sections: &str) {
    let site = enforcing(sections);
    customer(&site, "alice", ALICE, "1000");
    site.reports(&ONCE, 0);
    assert!(!site.is_open(ALICE.id));
    comes_back(&site, AGAIN);
    for _ in 0..2 {
        site.reports(&ONCE, 0);
        assert!(site.is_open(AGAIN.id), "{sections}: under the penalty already");
    }
    assert_eq!(site.server.coa_requests().len(), 1, "{sections}");
    // Another session, begun before the penalty, is not under it
    site.open("alice", &Session::new("80a00003"));
    site.reports(&ONCE, 0);
    assert!(!site.is_open("80a00003") && site.is_open(AGAIN.id), "{sections}");
    // Another limit, gone over again, is another matter
    site.server.sql("UPDATE radcheck SET value = '900' WHERE attribute = 'Max-Octets';");
    site.reports(&ONCE, 0);
    assert!(!site.is_open(AGAIN.id), "{sections}");
}

#[test]
fn with_group_who_came_back_is_left_on() {
    cut_once_a_limit("[block]\nmode = \"group\"\ngroup = \"slow\"");
}

#[test]
fn with_none_who_came_back_is_left_on() {
    cut_once_a_limit("[block]\nmode = \"none\"");
}
