//! config/panels/attributes.toml, on rows as daloRADIUS and phpnuxbill write them.
use serde_json::json;

use super::on_each;
use super::site::{Engine, Site, users};

const CONFIG: &str = include_str!("../../../config/panels/attributes.toml");

/// What FreeRADIUS' own login knows these attributes by.
const DICTIONARY: &str = "ATTRIBUTE Max-Data 3101 integer64\nATTRIBUTE Max-Daily-Octets 3102 integer64\n\
                          ATTRIBUTE Max-All-Session 3103 integer\n";

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
    let dictionary = site.server.raddb().join("dictionary");
    let known = std::fs::read_to_string(&dictionary).expect("its dictionary");
    assert!(!known.contains("Max-Data"), "radkick needs no dictionary\n{DICTIONARY}");
    for (place, user) in ["seconds", "secondsunder", "ignored", "ownlimit", "member", "routed"].iter().enumerate() {
        site.online(user, &format!("81{place:03}"), 1000);
    }
    site.online("memberunder", "82000", 999);
    let told = site.step();
    assert_eq!(users(&told), ["member", "seconds"], "{told:#?}");
    let of = |user: &str| {
        let report = told.iter().find(|report| report["user"] == user).expect("a report");
        json!(["fate", "blocked", "reason", "limit_source"].map(|key| report[key].clone()))
    };
    assert_eq!(of("member"), json!(["ended", true, "quota", "radgroupcheck 1GB_plan Max-Data"]));
    assert_eq!(of("seconds"), json!(["ended", true, "time", "radcheck Max-All-Session"]));
}

on_each!(what_the_attributes_mean);
