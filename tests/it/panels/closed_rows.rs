//! Another program closes rows of radacct without a word to the router: radkick does not take that for the end.
use serde_json::json;

use super::database::Engine;
use super::on_each;
use super::site::{Site, users};

/// What such a job writes.
fn close_all(site: &Site) {
    let now = match site.engine {
        Engine::Sqlite => "CAST(strftime('%s', 'now') AS INTEGER)",
        Engine::Postgres | Engine::Mariadb => "CURRENT_TIMESTAMP",
    };
    site.sql(&format!(
        "UPDATE radacct SET acctstoptime = {now}, acctterminatecause = 'Admin-Reset' WHERE acctstoptime IS NULL;"
    ));
}

/// What `radkick usage` says of alice.
fn used(site: &Site) -> u64 {
    let told = site.reports(&["usage"], 0);
    let alice: Vec<_> = told.iter().filter(|told| told["user"] == "alice").collect();
    assert_eq!(alice.len(), 1, "{told:#?}");
    assert_eq!(alice[0]["open_sessions"], 0);
    alice[0]["used_octets"].as_u64().expect("octets")
}

/// alice has used 400 of 1000 octets when her row is closed; her session goes on.
fn alice(engine: Engine) -> Site {
    let site = Site::start(engine);
    site.check("alice", &[("Max-Octets", "1000")]);
    site.online("alice", "81", 400);
    assert!(site.step().is_empty());
    close_all(&site);
    assert!(site.step().is_empty());
    assert_eq!(used(&site), 400);
    site
}

/// She is over, and what is known of her session is that no row of it is open.
fn is_shut_out(site: &Site, octets: u64) {
    let told = site.step();
    assert_eq!(users(&told), ["alice"], "{told:#?}");
    let keys = ["fate", "evidence", "path", "blocked", "acct_session_id", "used_octets"];
    let wanted = json!(["already_gone", "no_open_row", null, true, null, octets]);
    assert_eq!(json!(keys.map(|key| told[0][key].clone())), wanted);
    assert!(site.server.coa_requests().is_empty());
    assert!(!site.lets_in("alice"));
    assert_eq!(used(site), octets);
}

fn what_the_router_says_afterwards_counts_once(engine: Engine) {
    let site = alice(engine);
    if engine == Engine::Postgres {
        // No stock query finds a row to write, and FreeRADIUS does not answer
        site.account_unanswered("alice", "81", 1000);
        assert!(site.step().is_empty());
        assert_eq!(used(&site), 400);
    } else {
        site.account("alice", "81", "Interim-Update", 1000);
        is_shut_out(&site, 1000);
    }
    site.account("alice", "81", "Stop", 1200);
    is_shut_out(&site, 1200);
    // Sent again, as a router does whose answer was lost
    site.account("alice", "81", "Stop", 1200);
    is_shut_out(&site, 1200);
    let rebuilt = site.radkick(&["usage", "--rebuild"]).run();
    assert_eq!(rebuilt.code, Some(0), "{rebuilt:#?}");
    assert_eq!(used(&site), 1200);
}

/// The job comes again and again, between the router's updates.
fn a_job_that_closes_every_row(engine: Engine) {
    let site = alice(engine);
    for octets in [500, 700, 999] {
        if engine == Engine::Postgres {
            site.account_unanswered("alice", "81", octets);
        } else {
            site.account("alice", "81", "Interim-Update", octets);
        }
        close_all(&site);
        assert!(site.step().is_empty());
        assert_eq!(used(&site), if engine == Engine::Postgres { 400 } else { octets });
    }
    // The next session is another one, and counts beside it
    site.account("alice", "82", "Start", 0);
    site.account("alice", "82", "Interim-Update", 601);
    let told = site.step();
    assert_eq!(users(&told), ["alice"], "{told:#?}");
    assert_eq!(json!([told[0]["fate"], told[0]["evidence"]]), json!(["ended", "accounting_stop"]));
    let total = if engine == Engine::Postgres { 1001 } else { 1600 };
    assert_eq!(told[0]["used_octets"], total);
}

on_each!(what_the_router_says_afterwards_counts_once, a_job_that_closes_every_row);
