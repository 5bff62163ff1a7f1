//! Limits of the operator's own query, good and bad.
use serde_json::{Value, json};

use super::{Acct, HOUR, ONCE, enforcing, explain, grow, is_closed, now, person, standing, step};
use crate::disconnect::site::Site;
use crate::support::radkick::RunningRadkick;
use crate::support::wait::wait_until;

const QUERY: &str = "sources = [\"query\"]\nquery = \"SELECT * FROM plans\"\n";

/// A panel with a table of plans; `sections` go on inside `[quota]`.
fn panel(sections: &str) -> Site {
    let site = enforcing(&format!("{QUERY}{sections}"));
    site.server.sql(
        "CREATE TABLE plans (username TEXT, limit_bytes, used_offset, period_start, expires_at, subject TEXT, note TEXT);",
    );
    site
}

/// A plan: what stands in the columns behind username, as SQL; and a password.
fn plan(site: &Site, user: &str, columns: &str) {
    site.check(user, &[("Cleartext-Password", "pw")]);
    site.server.sql(&format!("INSERT INTO plans VALUES ('{user}', {columns}, 'ours');"));
}

/// An open session of a minute with this use.
fn online(site: &Site, user: &str, octets: u64) {
    let at = now(site);
    Acct::open(user, user, (at - 60, at), octets).write(site, None);
}

fn by_user<'a>(reports: &'a [Value], user: &str) -> &'a Value {
    reports.iter().find(|report| report["user"] == user).expect("a report")
}

#[test]
fn every_column_counts() {
    let site = panel("[accounting]\ntime_zone = \"Etc/GMT-3\"");
    let at = now(&site);
    plan(&site, "offset", "1000, 400, NULL, NULL, ''");
    plan(&site, "offsetunder", "1000, '399', NULL, NULL, NULL");
    plan(&site, "renewed", &format!("'1000.00', NULL, {}, NULL, NULL", at - 4 * HOUR));
    // The same time as the panel's clock shows it, three hours ahead
    plan(&site, "dated", &format!("1000, NULL, datetime({}, 'unixepoch'), NULL, NULL", at - HOUR));
    plan(&site, "expired", "NULL, NULL, NULL, '2020-01-01', NULL");
    plan(&site, "expiring", "NULL, NULL, NULL, '2100-01-01 12:00:00', NULL");
    plan(&site, "unlimited", "NULL, 5, NULL, NULL, NULL");
    for user in ["renewed", "dated"] {
        Acct::closed(user, &format!("{user}0"), (at - 6 * HOUR, at - 5 * HOUR), 5000).write(&site, None);
    }
    for user in ["offset", "offsetunder", "renewed", "dated", "expired", "expiring", "unlimited"] {
        online(&site, user, 600);
    }
    let reports = step(&site);
    let users: Vec<&Value> = reports.iter().map(|report| &report["user"]).collect();
    assert_eq!(users, ["expired", "offset"]);
    let offset = by_user(&reports, "offset");
    assert_eq!((&offset["used_octets"], &offset["limit_octets"]), (&json!(1000), &json!(1000)));
    assert_eq!((&offset["limit_source"], &offset["reason"]), (&json!("query"), &json!("quota")));
    assert_eq!(by_user(&reports, "expired")["reason"], "expiry");
    assert_eq!(standing(&site, "offsetunder")["used_octets"], 999);
    for (user, start) in [("renewed", at - 4 * HOUR), ("dated", at - 4 * HOUR)] {
        let standing = standing(&site, user);
        let told = (&standing["used_octets"], &standing["period"], &standing["period_start"]);
        assert_eq!(told, (&json!(600), &json!("since"), &json!(start)), "{user}");
    }
    assert_eq!(standing(&site, "unlimited")["limit_octets"], Value::Null);
}

#[test]
fn a_renewed_plan_lets_in() {
    let site = panel("");
    plan(&site, "alice", &format!("1000, NULL, {}, NULL, NULL", now(&site) - HOUR));
    online(&site, "alice", 1000);
    step(&site);
    assert!(is_closed(&site, "alice"));
    site.server.sql("UPDATE plans SET period_start = unixepoch();");
    step(&site);
    assert!(!is_closed(&site, "alice"));
    assert_eq!(standing(&site, "alice")["used_octets"], 0);
}

#[test]
fn the_first_source_decides() {
    for (first, limit) in [("attributes", 1), ("query", 2), ("table", 3)] {
        let site = panel("");
        let others = ["attributes", "query", "table"].into_iter().filter(|source| *source != first);
        let sources: Vec<String> = [first].into_iter().chain(others).map(|source| format!("{source:?}")).collect();
        let query = QUERY.lines().last().expect("the query");
        super::configure(&site, &format!("sources = [{}]\n{query}", sources.join(", ")));
        person(&site, "alice", "Max-Octets", "1");
        plan(&site, "alice", "2, NULL, NULL, NULL, NULL");
        site.reports(&["quota", "set", "--user", "alice", "--limit", "3"], 0);
        assert_eq!(standing(&site, "alice")["limit_octets"], limit, "{first}");
        // Who stands in one alone is found there
        plan(&site, "bob", "7, NULL, NULL, NULL, NULL");
        assert_eq!(standing(&site, "bob")["limit_octets"], 7, "{first}");
    }
}

const FAMILY: [&str; 5] = ["anna", "ben", "cleo", "dora", "emil"];

#[test]
fn a_family_goes_and_comes_as_one() {
    let site = panel("[brakes]\nper_cycle = 1\ntrip_users = 1\ntrip_share = \"1 %\"");
    for user in FAMILY {
        let limit = if user == "ben" { "1000" } else { "NULL" };
        plan(&site, user, &format!("{limit}, NULL, NULL, NULL, 'ben'"));
    }
    plan(&site, "zoe", "1000, NULL, NULL, NULL, NULL");
    for user in FAMILY {
        online(&site, user, 199);
    }
    online(&site, "zoe", 999);
    assert!(step(&site).is_empty());
    assert_eq!(standing(&site, "emil")["used_octets"], 995);
    assert_eq!(standing(&site, "emil")["subject"], "ben");
    grow(&site, "anna", now(&site), 204);
    let reports = step(&site);
    let users: Vec<&Value> = reports.iter().map(|report| &report["user"]).collect();
    assert_eq!(users, FAMILY);
    for report in &reports {
        let told = (&report["fate"], &report["blocked"], &report["subject"], &report["used_octets"]);
        assert_eq!(told, (&json!("ended"), &json!(true), &json!("ben"), &json!(1000)), "{report}");
    }
    let members = explain(&site, "dora");
    assert_eq!((&members["members"], &members["subject"]), (&json!(FAMILY), &json!("ben")));
    assert!(
        super::explained(&site, "dora").contains("dora shares the allowance of ben with anna, ben, cleo, dora, emil")
    );
    assert!(!is_closed(&site, "zoe"));
    // The head of the family has paid
    site.server.sql("UPDATE plans SET limit_bytes = 2000 WHERE username = 'ben';");
    step(&site);
    for user in FAMILY {
        assert!(!is_closed(&site, user), "{user}");
    }
}

/// alice has used up her plan and is closed; bob, and three more, have not.
fn five(sections: &str) -> Site {
    let site = panel(sections);
    for user in ["alice", "bob", "carol", "dave", "erin"] {
        plan(&site, user, "1000, NULL, NULL, NULL, NULL");
        online(&site, user, if user == "alice" { 1000 } else { 500 });
    }
    assert_eq!(step(&site).len(), 1);
    assert!(is_closed(&site, "alice"));
    site
}

/// Runs the loop, and sees it at work with everybody's limits: bob is cut, and let in again.
fn at_work(site: &Site) -> RunningRadkick {
    let running = site.radkick(&["enforce"]).spawn();
    running.wait_for_stderr("enforcing quotas");
    grow(site, "bob", now(site), 1000);
    wait_until("bob is cut", || !site.is_open("bob") && is_closed(site, "bob"));
    running
}

/// Waits for two more looks at radacct.
fn two_looks(site: &Site) {
    for _ in 0..2 {
        let read_at = || site.state_sql("SELECT detail ->> '$.read_at' AS at FROM radkick_feed")[0]["at"].clone();
        let before = read_at();
        wait_until("another look", || read_at() != before);
    }
}

#[test]
fn a_query_that_fails_in_a_running_loop() {
    let site = five("interval = \"1s\"\nlimit_sweep = \"10s\"");
    let running = at_work(&site);
    site.server.sql("ALTER TABLE plans RENAME TO gone;");
    running.wait_for_stderr("limits of the query are not renewed");
    two_looks(&site);
    assert!(is_closed(&site, "alice") && is_closed(&site, "bob"), "nobody is let in");
    assert!(site.is_open("carol") && !is_closed(&site, "carol"), "nobody is cut");
    site.server.sql("ALTER TABLE gone RENAME TO plans; UPDATE plans SET limit_bytes = 5000 WHERE username = 'alice';");
    wait_until("alice may log in", || !is_closed(&site, "alice"));
    assert!(is_closed(&site, "bob"));
    assert_eq!(running.terminate().code, Some(0));
}

#[test]
fn a_query_that_loses_rows_between_two_sweeps() {
    let site = five("interval = \"1s\"");
    let running = at_work(&site);
    site.server.sql("DELETE FROM plans WHERE username <> 'carol';");
    two_looks(&site);
    assert!(is_closed(&site, "alice") && is_closed(&site, "bob"), "nobody is let in");
    grow(&site, "carol", now(&site), 1000);
    wait_until("carol is cut", || is_closed(&site, "carol"));
    assert!(is_closed(&site, "alice") && is_closed(&site, "bob"), "nobody is let in");
    assert_eq!(running.terminate().code, Some(0));
}

#[test]
fn a_query_that_loses_rows_waits_for_a_person() {
    let site = five("interval = \"1s\"\nlimit_sweep = \"10s\"");
    site.server.sql("DELETE FROM plans WHERE username IN ('alice', 'erin');");
    for _ in 0..2 {
        let finished = site.run(&ONCE);
        assert_eq!(finished.code, Some(5), "{finished:#?}");
        assert!(finished.stderr.contains("it gave 3 rows, last time 5: more than 20 % are gone"), "{finished:#?}");
        assert!(is_closed(&site, "alice"));
    }
    let confirmed = site.reports(&["confirm"], 0);
    assert!(confirmed[0]["confirmed"][0].as_str().is_some_and(|told| told.contains("3 rows")), "{confirmed:#?}");
    step(&site);
    assert!(!is_closed(&site, "alice"));
    // Three are what it has from now on
    assert!(site.state_sql("SELECT * FROM radkick_brake").is_empty());
    step(&site);
}

#[test]
fn one_row_of_five_may_go() {
    let site = five("");
    site.server.sql("DELETE FROM plans WHERE username = 'alice';");
    step(&site);
    assert!(!is_closed(&site, "alice"));
}

#[test]
fn a_query_that_fails_from_the_beginning() {
    let site = panel("");
    plan(&site, "alice", "1000, NULL, NULL, NULL, NULL");
    online(&site, "alice", 1000);
    site.server.sql("ALTER TABLE plans RENAME TO gone;");
    let before = site.tables();
    let finished = site.run(&ONCE);
    assert_eq!((finished.code, finished.stdout.as_str()), (Some(5), ""), "{finished:#?}");
    assert!(finished.stderr.contains("plans"), "{finished:#?}");
    assert_eq!(site.tables(), before);
    // A process that is new, on a ledger that is not
    site.server.sql("ALTER TABLE gone RENAME TO plans;");
    step(&site);
    assert!(is_closed(&site, "alice"));
    site.server.sql("ALTER TABLE plans RENAME TO gone;");
    let before = site.tables();
    for command in [&ONCE[..], &["enforce", "--dry-run"], &["usage"], &["explain", "--user", "alice"]] {
        let finished = site.run(command);
        assert_eq!(finished.code, Some(5), "{command:?} {finished:#?}");
        assert!(finished.stderr.contains("plans"), "{command:?} {finished:#?}");
        assert_eq!(site.tables(), before, "{command:?}");
    }
}
