//! Observing: everything is computed, nothing is touched.
use serde_json::{Value, json};

use super::{ENFORCE, ONCE, customer};
use crate::disconnect::site::{PATIENT, Session, Site, object};

fn with_customers(sections: &str) -> Site {
    let site = Site::start();
    site.configure(sections, &site.r1(PATIENT));
    customer(&site, "alice", Session::new("80a00001"), "1000");
    customer(&site, "bob", Session::new("80a00002").at("192.168.88.42"), "999");
    site
}

fn would_cut_alice(site: &Site) -> Value {
    let would = json!({
        "block": true, "paths": ["radius"], "identity": ["User-Name", "Framed-IP-Address", "Acct-Session-Id"],
    });
    let why = json!({
        "reason": "quota", "used_octets": 1000, "limit_octets": 1000, "limit_source": "radcheck Max-Octets",
        "actor": "worker", "fate": "unknown", "would": would,
    });
    object(site, "alice", "80a00001", &why)
}

/// Runs it and demands that nothing has changed.
fn nothing_happens(site: &Site, arguments: &[&str]) -> Vec<Value> {
    let (tables, file) = (site.tables(), std::fs::read(site.server.database()).expect("the database"));
    let reports = site.reports(arguments, 0);
    assert_eq!(site.tables(), tables, "{arguments:?}");
    assert_eq!(std::fs::read(site.server.database()).expect("the database"), file, "{arguments:?}");
    assert!(site.server.coa_requests().is_empty(), "{arguments:?}");
    let left: Vec<_> = std::fs::read_dir(site.folder()).expect("a folder").map(|e| e.expect("a file").path()).collect();
    assert_eq!(left, [site.config()], "{arguments:?}");
    reports
}

#[test]
fn observe_mode_touches_nothing() {
    let site = with_customers("");
    assert_eq!(nothing_happens(&site, &ONCE), [would_cut_alice(&site)]);
    assert_eq!(nothing_happens(&site, &["enforce", "--dry-run"]), [would_cut_alice(&site)]);
    assert!(nothing_happens(&site, &["enforce", "--once", "--user", "bob"]).is_empty());
}

#[test]
fn a_dry_run_touches_nothing_where_it_would_enforce() {
    let site = with_customers(ENFORCE);
    assert_eq!(nothing_happens(&site, &["enforce", "--once", "--dry-run"]), [would_cut_alice(&site)]);
    nothing_happens(&site, &["usage"]);
    nothing_happens(&site, &["sessions"]);
    nothing_happens(&site, &["check"]);
}
