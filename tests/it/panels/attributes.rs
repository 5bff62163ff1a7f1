//! config/panels/attributes.toml, on rows as daloRADIUS and phpnuxbill write them.
use serde_json::json;

use super::database::Engine;
use super::on_each;
use super::site::{Site, users};

const CONFIG: &str = include_str!("../../../config/panels/attributes.toml");

/// What the panel means: rows of radcheck of one's own, or of a group.
fn everybody(engine: Engine) -> Site {
    let site = Site::start(engine);
    site.configure_shipped(CONFIG);
    let own = [
        ("day", "Max-Daily-Octets", "1000"),
        ("dayunder", "Max-Daily-Octets", "1001"),
        ("seconds", "Max-All-Session", "60"),
        ("secondsunder", "Max-All-Session", "61"),
        ("ignored", "Max-Octets", "1"),
        ("ownlimit", "Max-Data", "1001"),
    ];
    for (user, attribute, value) in own {
        site.check(user, &[(attribute, value)]);
    }
    site.sql(
        "INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('1GB_plan', 'Max-Data', ':=', '1000');
         INSERT INTO radusergroup (username, groupname, priority) VALUES
             ('member', '1GB_plan', 1), ('ownlimit', '1GB_plan', 1), ('memberunder', '1GB_plan', 1);
         INSERT INTO radreply (username, attribute, op, value)
             VALUES ('routed', 'Mikrotik-Total-Limit', ':=', '1');",
    );
    site
}

fn what_the_attributes_mean(engine: Engine) {
    let site = everybody(engine);
    let known = std::fs::read_to_string(site.server.raddb().join("dictionary")).expect("its dictionary");
    assert!(!known.contains("Max-Data"), "radkick needs no dictionary");
    for (place, user) in ["seconds", "secondsunder", "ignored", "ownlimit", "member", "routed"].iter().enumerate() {
        site.online(user, &format!("81{place:03}"), 1000);
    }
    site.online("memberunder", "82000", 999);
    assert!(!site.lets_in("memberunder"), "FreeRADIUS does");
    let told = site.step();
    assert_eq!(users(&told), ["member", "seconds"], "{told:#?}");
    let of = |user: &str| {
        let report = told.iter().find(|report| report["user"] == user).expect("a report");
        json!(["fate", "blocked", "reason", "limit_source"].map(|key| report[key].clone()))
    };
    assert_eq!(of("member"), json!(["ended", true, "quota", "radgroupcheck 1GB_plan Max-Data"]));
    assert_eq!(of("seconds"), json!(["ended", true, "time", "radcheck Max-All-Session"]));
}

/// The day that it is where radkick runs: `[accounting] time_zone` is the system's.
fn today(site: &Site) -> String {
    let day = match site.engine {
        Engine::Sqlite => "date('now', 'localtime')",
        Engine::Postgres | Engine::Mariadb => "CURRENT_DATE",
    };
    site.sql(&format!("SELECT {day} AS day"))[0]["day"].as_str().expect("a date").to_owned()
}

/// What was used today counts today; what a session of 2023 used before the first look does not.
fn a_limit_by_the_day(engine: Engine) {
    // Once more where midnight comes in between
    while !within_one_day(engine) {}
}

fn within_one_day(engine: Engine) -> bool {
    let site = everybody(engine);
    let day = today(&site);
    site.check("before", &[("Max-Daily-Octets", "1000")]);
    site.online("before", "83000", 5000);
    for (user, id) in [("day", "83001"), ("dayunder", "83002")] {
        for (status, octets) in [("Start", "0"), ("Interim-Update", "1000")] {
            let mut record = site.record(user, id, status, octets);
            record.retain(|(name, _)| *name != "Event-Timestamp");
            site.server.account(&record);
        }
    }
    let told = site.step();
    if today(&site) != day {
        return false;
    }
    assert_eq!(users(&told), ["day"], "{told:#?}");
    let keys = ["fate", "blocked", "used_octets", "limit_octets", "limit_source"];
    let wanted = json!(["ended", true, 1000, 1000, "radcheck Max-Daily-Octets"]);
    assert_eq!(json!(keys.map(|key| told[0][key].clone())), wanted);
    true
}

on_each!(what_the_attributes_mean, a_limit_by_the_day);
