//! NAS of which nothing comes, and rows that were forgotten.
use serde_json::json;

use super::{Acct, HOUR, ONCE, grow, is_closed, now, person, step};
use crate::disconnect::site::{HASTY, PATIENT, Site};
use crate::enforce::ENFORCE;
use crate::support::process::Finished;

const TOLD: &str = "[accounting]\ninterim_interval = \"30s\"\n";
const R1: &str = "127.0.0.1";
const R2: &str = "127.0.0.2";

/// Configures R1 and R2.
fn configure(site: &Site, accounting: &str) {
    let r2 = site.nas("R2", R2, site.server.coa_addr(), PATIENT);
    site.configure(&format!("{ENFORCE}\n{accounting}"), &format!("{}{r2}", site.r1(PATIENT)));
}

fn on<'a>(nas: &'a str, user: &'a str, id: &'a str, times: (i64, i64)) -> Acct<'a> {
    Acct { nas, ..Acct::open(user, id, times, 500) }
}

/// alice is online at R1, bob at R2, both seen, both under their limit.
fn two_routers() -> Site {
    let site = Site::start();
    configure(&site, TOLD);
    let at = now(&site);
    for (nas, user, id) in [(R1, "alice", "a1"), (R2, "bob", "b1")] {
        person(&site, user, "Max-Octets", "1000");
        on(nas, user, id, (at - HOUR, at)).write(&site, None);
    }
    assert!(step(&site).is_empty());
    site
}

/// Nothing has come from this NAS for a thousand seconds.
fn unheard(site: &Site, nas: &str) {
    let at = now(site) - 1000;
    site.state_sql(&format!(
        "UPDATE radkick_feed SET detail = json_set(detail, '$.rhythms.\"{nas}\".heard_at', {at});"
    ));
}

fn limit(site: &Site, user: &str, octets: &str) {
    let of_user = format!("username = '{user}' AND attribute = 'Max-Octets'");
    site.server.sql(&format!("UPDATE radcheck SET value = '{octets}' WHERE {of_user};"));
}

/// One cycle that leaves something for later, and says so.
fn held(site: &Site, said: &[&str]) -> Finished {
    let finished = site.run(&ONCE);
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    for text in said {
        assert!(finished.stderr.contains(text), "{text}: {finished:#?}");
    }
    finished
}

#[test]
fn nobody_behind_it_is_cut_and_the_others_are() {
    let site = two_routers();
    unheard(&site, R1);
    limit(&site, "alice", "400");
    grow(&site, "b1", now(&site), 1000);
    let finished =
        held(&site, &["user alice is over, but nothing comes from the NAS", "NAS 127.0.0.1: no accounting for 16 min"]);
    let reports = finished.json_lines();
    assert_eq!((reports.len(), &reports[0]["user"], &reports[0]["fate"]), (1, &json!("bob"), &json!("ended")));
    assert!(site.is_open("a1") && !is_closed(&site, "alice"));
    // It speaks again
    grow(&site, "a1", now(&site), 501);
    step(&site);
    assert!(!site.is_open("a1") && is_closed(&site, "alice"));
}

#[test]
fn nobody_behind_it_is_let_in() {
    let site = Site::start();
    let nobody = ([127, 0, 0, 1], crate::support::ports::free_udp_ports::<1>()[0]).into();
    site.configure(&format!("{ENFORCE}\n{TOLD}"), &site.nas("R1", R1, nobody, HASTY));
    let at = now(&site);
    person(&site, "alice", "Max-Octets", "500");
    on(R1, "alice", "a1", (at - HOUR, at)).write(&site, None);
    // The router is asleep: the login is closed, the session goes on
    site.reports(&ONCE, 3);
    assert!(is_closed(&site, "alice") && site.is_open("a1"));
    unheard(&site, R1);
    limit(&site, "alice", "600");
    held(&site, &["user alice is no longer over as far as is known, but nothing comes from the NAS"]);
    assert!(is_closed(&site, "alice"));
    grow(&site, "a1", now(&site), 599);
    step(&site);
    assert!(!is_closed(&site, "alice"));
}

#[test]
fn when_no_nas_speaks_it_is_the_database() {
    let site = two_routers();
    unheard(&site, R1);
    unheard(&site, R2);
    limit(&site, "alice", "400");
    limit(&site, "bob", "400");
    let said =
        "no NAS has written accounting for 16 min: FreeRADIUS or its database is silent rather than all 2 routers";
    held(&site, &[said, "user alice is over, but", "user bob is over, but"]);
    assert!(site.is_open("a1") && site.is_open("b1") && !is_closed(&site, "alice") && !is_closed(&site, "bob"));
}

#[test]
fn an_expiry_does_not_wait() {
    let site = two_routers();
    unheard(&site, R1);
    site.check("alice", &[("Expiration", "01 Jan 2020 00:00:00")]);
    let reports = step(&site);
    assert_eq!((&reports[0]["user"], &reports[0]["reason"]), (&json!("alice"), &json!("expiry")));
    assert!(!site.is_open("a1") && is_closed(&site, "alice"));
    // Neither does its end
    unheard(&site, R1);
    site.server.sql("UPDATE radcheck SET value = '01 Jan 2100 00:00:00' WHERE attribute = 'Expiration';");
    step(&site);
    assert!(!is_closed(&site, "alice"));
}

#[test]
fn who_was_away_has_heard_nothing_and_looks_first() {
    let site = two_routers();
    // radkick did not run for a while; the routers did
    unheard(&site, R1);
    unheard(&site, R2);
    grow(&site, "a1", now(&site), 1000);
    grow(&site, "b1", now(&site), 600);
    let reports = step(&site);
    assert_eq!((reports.len(), &reports[0]["user"], &reports[0]["fate"]), (1, &json!("alice"), &json!("ended")));
}

#[test]
fn rows_that_were_forgotten_are_told_and_closed_where_wanted() {
    let site = two_routers();
    let at = now(&site);
    let last = at - 1200;
    on(R1, "carol", "c1", (at - HOUR, last)).write(&site, None);
    on(R2, "erin", "e1", (at - HOUR, last)).write(&site, None);
    let told = site.run(&ONCE);
    assert_eq!(told.code, Some(0), "{told:#?}");
    // Heard of just now: the rhythm is the operator's, so both rows are stale at once
    let told = site.run(&ONCE);
    assert!(told.stderr.contains("open rows that are updated no more") && told.stderr.contains("rows=2"), "{told:#?}");
    assert!(site.is_open("c1") && site.is_open("e1"), "told, not closed");
    configure(&site, &format!("{TOLD}close_stale = \"10m\""));
    unheard(&site, R2);
    site.run(&ONCE);
    let row = site.row("c1");
    let closed = (&row["acctstoptime"], &row["acctterminatecause"], &row["acctsessiontime"]);
    assert_eq!(closed, (&json!(last), &json!("Stale-Session"), &json!(HOUR - 1200)));
    assert!(site.is_open("a1") && site.is_open("b1"), "updated lately");
    assert!(site.is_open("e1"), "its whole NAS is silent");
}
