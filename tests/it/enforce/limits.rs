//! Who is over, on rows that FreeRADIUS wrote, at every edge.
use serde_json::{Value, json};

use super::{ENFORCE, ONCE, Used, users};
use crate::disconnect::site::{PATIENT, Session, Site, object, offline};

/// 6 GiB: more than 32 bits hold.
const SIX_GIB: &str = "6442450944";
/// Of which the second gigaword holds this much.
const REST_OF_SIX: &str = "2147483648";

fn reply(site: &Site, user: &str, items: &[(&str, &str)]) {
    for (attribute, value) in items {
        site.server.sql(&format!(
            "INSERT INTO radreply (username, attribute, op, value) VALUES ('{user}', '{attribute}', ':=', '{value}');"
        ));
    }
}

fn group(site: &Site, group: &str, users: &[&str], limit: &str) {
    site.server.sql(&format!(
        "INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('{group}', 'Max-Octets', ':=', '{limit}');"
    ));
    for user in users {
        let row = format!("('{user}', '{group}', 1)");
        site.server.sql(&format!("INSERT INTO radusergroup (username, groupname, priority) VALUES {row};"));
    }
}

/// One user of each kind; those of [`over`] are over.
fn everybody() -> Site {
    let site = Site::start();
    let quota = "[accounting]\ntime_zone = \"UTC\"\n[quota.attributes]\n\"Mikrotik-Total-Limit\" = \"total\"\n\
                 \"Mikrotik-Recv-Limit\" = \"remaining\"";
    site.configure(&format!("{ENFORCE}\n{quota}"), &site.r1(PATIENT));
    for (user, limit) in [
        ("under", "1000"),
        ("exact", "1000"),
        ("offline", "1000"),
        ("twice", "1000"),
        ("ownlimit", "5000"),
        ("zero", "0"),
        ("unreadable", "a lot"),
        ("negative", "-1"),
        ("toolarge", "18446744073709551616"),
        ("big", SIX_GIB),
        ("bigunder", SIX_GIB),
    ] {
        site.check(user, &[("Max-Octets", limit)]);
    }
    group(&site, "small", &["grouped", "ownlimit"], "1000");
    reply(&site, "routed", &[("Mikrotik-Total-Limit", REST_OF_SIX), ("Mikrotik-Total-Limit-Gigawords", "1")]);
    reply(&site, "routedunder", &[("Mikrotik-Total-Limit", REST_OF_SIX), ("Mikrotik-Total-Limit-Gigawords", "2")]);
    reply(&site, "unlimited", &[("Mikrotik-Total-Limit", "0")]);
    reply(&site, "prepaid", &[("Mikrotik-Recv-Limit", "700")]);
    reply(&site, "prepaidunder", &[("Mikrotik-Recv-Limit", "701")]);
    site.check("expired", &[("Expiration", "01 Jan 2020 00:00:00")]);
    site.check("expiring", &[("Expiration", "01 Jan 2100 00:00:00")]);
    account_everybody(&site);
    site
}

fn account_everybody(site: &Site) {
    let used = Used::octets;
    let big = |octets| Used { gigawords: "1", ..used(octets) };
    let both = Used { input: "400", ..used("600") };
    let usage = [
        ("under", "Interim-Update", used("999")),
        ("exact", "Interim-Update", both),
        ("offline", "Stop", used("5000")),
        ("twice", "Interim-Update", used("500")),
        ("twice", "Interim-Update", used("501")),
        ("grouped", "Interim-Update", used("1000")),
        ("ownlimit", "Interim-Update", used("4000")),
        ("unreadable", "Interim-Update", big("9")),
        ("negative", "Interim-Update", used("9")),
        ("toolarge", "Interim-Update", used("9")),
        ("big", "Interim-Update", big(REST_OF_SIX)),
        ("bigunder", "Interim-Update", big("2147483647")),
        ("routed", "Interim-Update", big(REST_OF_SIX)),
        ("routedunder", "Interim-Update", big(REST_OF_SIX)),
        ("unlimited", "Interim-Update", big("9")),
        // What a panel has subtracted already is closed; what counts is open
        ("prepaid", "Stop", used("90000")),
        ("prepaid", "Interim-Update", used("700")),
        ("prepaidunder", "Stop", used("90000")),
        ("prepaidunder", "Interim-Update", used("700")),
        ("expired", "Interim-Update", used("9")),
        ("expiring", "Interim-Update", used("9")),
        ("nolimit", "Interim-Update", big("9")),
    ];
    let ids: Vec<(String, String)> =
        (0..usage.len()).map(|index| (format!("81000{index:03}"), format!("10.0.0.{}", index + 1))).collect();
    let mut records = Vec::new();
    for ((user, status, used), (id, address)) in usage.iter().zip(&ids) {
        let session = Session::new(id).at(address);
        records.push(session.record(user, "Start"));
        records.push(used.record(user, session, status));
    }
    site.account_all(&records);
    assert_eq!(site.server.sql("SELECT * FROM radacct").len(), usage.len());
    assert_eq!(site.server.sql("SELECT * FROM radacct WHERE acctstoptime IS NULL").len(), usage.len() - 3);
}

/// Who is over: user, session, used, limit, source.
fn over() -> Vec<(&'static str, Option<&'static str>, Value, Value, &'static str)> {
    let six_gib = json!(6_442_450_944_u64);
    vec![
        ("big", Some("81000010"), six_gib.clone(), six_gib.clone(), "radcheck Max-Octets"),
        ("exact", Some("81000001"), json!(1000), json!(1000), "radcheck Max-Octets"),
        ("expired", Some("81000019"), json!(9), Value::Null, "radcheck Expiration"),
        ("grouped", Some("81000005"), json!(1000), json!(1000), "radgroupcheck small Max-Octets"),
        ("offline", None, json!(5000), json!(1000), "radcheck Max-Octets"),
        ("prepaid", Some("81000016"), json!(700), json!(700), "radreply Mikrotik-Recv-Limit"),
        ("routed", Some("81000012"), six_gib.clone(), six_gib, "radreply Mikrotik-Total-Limit"),
        ("twice", Some("81000003"), json!(1001), json!(1000), "radcheck Max-Octets"),
        ("twice", Some("81000004"), json!(1001), json!(1000), "radcheck Max-Octets"),
        ("zero", None, json!(0), json!(0), "radcheck Max-Octets"),
    ]
}

/// The contract's objects for everybody who is over, all cut.
fn expected(site: &Site) -> Vec<Value> {
    let one = |(user, session, used, limit, source): (&str, Option<&str>, Value, Value, &str)| {
        let reason = if user == "expired" { "expiry" } else { "quota" };
        let why = json!({
            "reason": reason, "used_octets": used, "limit_octets": limit, "limit_source": source, "actor": "worker",
            "blocked": true,
        });
        let Some(session) = session else { return offline(user, &why) };
        let mut object = object(site, user, session, &why);
        object["fate"] = json!("ended");
        object["path"] = json!("radius");
        object["evidence"] = json!("accounting_stop");
        object
    };
    over().into_iter().map(one).collect()
}

fn sorted(mut reports: Vec<Value>) -> Vec<Value> {
    let key = |report: &Value| [&report["user"], &report["acct_session_id"]].map(ToString::to_string);
    reports.sort_by_key(key);
    reports
}

#[test]
fn exactly_those_over_are_cut_and_blocked() {
    let site = everybody();
    let finished = site.run(&ONCE);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    for (user, value) in [("unreadable", "\"a lot\""), ("negative", "\"-1\""), ("toolarge", "\"18446744073709551616\"")]
    {
        let said = format!("user {user}: radcheck Max-Octets is {value}, not a whole number");
        assert!(finished.stderr.contains(&said), "{finished:#?}");
    }
    let mut reports = sorted(crate::disconnect::site::reports(&finished));
    for report in &mut reports {
        let ended = report["fate"] == "ended";
        assert_eq!(report["attempts"].as_array().map(Vec::len), Some(usize::from(ended)), "{report}");
        report["attempts"] = json!([]);
    }
    assert_eq!(reports, expected(&site));
    let rejected = site.server.sql("SELECT DISTINCT username AS name FROM radcheck WHERE value = 'Reject' ORDER BY 1");
    let rejected: Vec<&str> = rejected.iter().map(|row| row["name"].as_str().expect("a name")).collect();
    assert_eq!(rejected, users(&reports));
    assert_eq!(site.server.sql("SELECT * FROM radcheck WHERE value = 'Reject'").len(), rejected.len());
    // Nobody is cut twice, and those who are off stay closed
    let mut again = sorted(site.reports(&ONCE, 0));
    assert_eq!(site.server.coa_requests().len(), 8);
    again.retain(|report| report["user"] != "prepaid");
    reports.retain(|report| report["user"] != "prepaid");
    assert_eq!(users(&again), users(&reports), "{again:#?}");
    assert!(again.iter().all(|report| report["blocked"] == true && report["evidence"] == "no_open_row"), "{again:#?}");
    // What was left is used up until somebody says that something else is left
    assert!(site.check_rows("prepaid").contains(&"Auth-Type := Reject".to_owned()));
    site.server.sql("UPDATE radreply SET value = '5000' WHERE username = 'prepaid'");
    site.reports(&ONCE, 0);
    assert!(!site.check_rows("prepaid").contains(&"Auth-Type := Reject".to_owned()));
}

#[test]
fn another_meaning_makes_others_over() {
    let site = everybody();
    let quota = "[quota.attributes]\n\"Max-Octets\" = \"ignore\"\n\"Mikrotik-Total-Limit\" = \"remaining\"";
    site.configure(&format!("{ENFORCE}\nexpiration = false\n{quota}"), &site.r1(PATIENT));
    let reports = site.reports(&["enforce", "--dry-run"], 0);
    assert_eq!(users(&reports), ["routed"]);
    assert_eq!(reports[0]["limit_octets"], json!(6_442_450_944_u64));
    let per_session = quota.replace("remaining", "per_session");
    site.configure(&format!("{ENFORCE}\nexpiration = false\n{per_session}"), &site.r1(PATIENT));
    assert!(site.reports(&["enforce", "--dry-run"], 0).is_empty());
}

#[test]
fn one_user_alone_is_looked_at() {
    let site = everybody();
    let reports = site.reports(&["enforce", "--once", "--user", "twice"], 0);
    assert_eq!(users(&reports), ["twice"]);
    assert_eq!(site.server.coa_requests().len(), 2);
    assert_eq!(site.check_rows("exact"), ["Max-Octets := 1000"]);
}
