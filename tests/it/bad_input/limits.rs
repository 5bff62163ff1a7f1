//! Limits that cannot be read: reported, and the user left alone.
use serde_json::json;

use super::site::{OpenSession, Site, assert_says};

const NO_NUMBERS: [&str; 9] =
    ["-1", "", "lots", "5 GB", "1e9", "1000.5", "0x10", "18446744073709551616", "99999999999999999999999999999999"];

fn site(attribute: &str, value: &str, mode: &str) -> Site {
    let site = Site::with(&OpenSession { octets: 2000, ..OpenSession::default() });
    site.check("alice", "Cleartext-Password", "x");
    site.check("alice", attribute, value);
    site.configure(&format!("[quota]\nmode = \"{mode}\"\n"));
    site
}

#[track_caller]
fn left_alone(attribute: &str, value: &str, words: &str) {
    for mode in ["enforce", "observe"] {
        let site = site(attribute, value, mode);
        let before = site.tables();
        let finished = site.run(&["enforce", "--once", "--output", "json"]);
        assert_eq!((finished.code, finished.stdout.as_str()), (Some(0), ""), "{finished:#?}");
        assert_says(&finished.stderr, &["user alice: ", words, "; left alone"]);
        assert_eq!(site.tables(), before);
        let usage = site.run(&["usage", "--user", "alice", "--output", "json"]);
        assert_eq!((usage.code, &usage.json_lines()[0]["over"]), (Some(0), &json!(false)), "{usage:#?}");
        assert_says(&usage.stderr, &["warning: user alice: ", words]);
    }
}

#[test]
fn what_is_no_number_of_octets() {
    for value in NO_NUMBERS {
        let words = format!("radcheck Max-Octets is {value:?}, not a whole number from 0 to 18446744073709551615");
        left_alone("Max-Octets", value, &words);
    }
}

#[test]
fn what_is_no_date() {
    for value in ["someday", "", "32 Jan 2030", "2030-13-01"] {
        left_alone("Expiration", value, "radcheck Expiration: ");
    }
}

#[test]
fn a_limit_of_a_group() {
    let site = Site::with(&OpenSession { octets: 2000, ..OpenSession::default() });
    site.sql(
        "INSERT INTO radusergroup (username, groupname, priority) VALUES ('alice', 'gold', 1);
         INSERT INTO radgroupcheck (groupname, attribute, op, value) VALUES ('gold', 'Max-Octets', ':=', '5 GB')",
    );
    let finished = site.run(&["enforce", "--once"]);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert_says(&finished.stderr, &["user alice: radgroupcheck gold Max-Octets is \"5 GB\", not a whole number"]);
}

#[test]
fn one_unreadable_limit_keeps_no_other_user_from_being_found() {
    let site = site("Max-Octets", "lots", "observe");
    site.open(&OpenSession { user: "bob", id: "80000002", octets: 5, ..OpenSession::default() });
    site.check("bob", "Max-Octets", "5");
    let finished = site.run(&["enforce", "--once", "--output", "json"]);
    let users: Vec<_> = finished.json_lines().iter().map(|line| line["user"].clone()).collect();
    assert_eq!((finished.code, users), (Some(0), vec![json!("bob")]), "{finished:#?}");
}

#[test]
fn the_largest_limit_is_one() {
    let site = site("Max-Octets", "18446744073709551615", "enforce");
    let finished = site.run(&["enforce", "--once"]);
    let said = (finished.code, finished.stdout.as_str(), finished.stderr.as_str());
    assert_eq!(said, (Some(0), "Nobody is over.\n", ""), "{finished:#?}");
}
