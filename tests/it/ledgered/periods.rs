//! Limits that start again.
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Acct, DAY, HOUR, enforcing, grow, is_closed, now, person, standing, step, used};
use crate::disconnect::site::Site;
use crate::support::freeradius::Authentication;

/// The start of the hour, and a zone in which it is midnight.
fn midnight(site: &Site) -> (i64, String) {
    let start = now(site) / HOUR * HOUR;
    let hour = start % DAY / HOUR;
    let zone = if hour <= 12 { format!("Etc/GMT+{hour}") } else { format!("Etc/GMT-{}", 24 - hour) };
    (start, zone)
}

/// The day of the month that begins at midnight.
fn day_of_month(midnight: i64, zone: &str) -> i8 {
    let zone = TimeZone::get(zone).expect("a zone");
    Timestamp::from_second(midnight).expect("a time").to_zoned(zone).day()
}

/// A site with these attributes, in a zone where it has just been midnight.
fn with_attributes(attributes: &str) -> (Site, i64) {
    let site = Site::start();
    let (midnight, zone) = midnight(&site);
    let day = day_of_month(midnight, &zone);
    let attributes = format!("[quota.attributes]\n{attributes}\n[accounting]\ntime_zone = \"{zone}\"");
    super::configure(&site, &format!("month_day = {day}\n{attributes}"));
    (site, midnight)
}

/// Makes everything that the ledger has counted so many seconds older.
fn later(site: &Site, seconds: i64) {
    site.state_sql(&format!("UPDATE radkick_usage SET slot = slot - {seconds} WHERE slot > 0;"));
}

#[test]
fn a_daily_limit_counts_from_midnight_of_the_zone() {
    let (site, midnight) = with_attributes("\"Max-Daily-Octets\" = \"total\"");
    person(&site, "alice", "Max-Daily-Octets", "1000");
    // Yesterday's, and a session that an update at midnight parts
    Acct::closed("alice", "a1", (midnight - 5 * HOUR, midnight - 4 * HOUR), 5000).write(&site, None);
    Acct::open("alice", "a2", (midnight - HOUR, midnight), 700).write(&site, None);
    assert!(step(&site).is_empty());
    let today = standing(&site, "alice");
    assert_eq!((&today["used_octets"], &today["period"]), (&0.into(), &"daily".into()));
    assert_eq!((&today["period_start"], &today["period_end"]), (&midnight.into(), &(midnight + DAY).into()));
    grow(&site, "a2", now(&site), 1699);
    assert!(step(&site).is_empty());
    assert_eq!(used(&site, "alice"), 999);
    grow(&site, "a2", now(&site), 1700);
    let reports = step(&site);
    assert_eq!((&reports[0]["reason"], &reports[0]["used_octets"]), (&"quota".into(), &1000.into()));
    assert_eq!(reports[0]["limit_source"], "radcheck Max-Daily-Octets");
}

#[test]
fn a_gap_over_midnight_counts_to_yesterday() {
    let (site, midnight) = with_attributes("\"Max-Daily-Octets\" = \"total\"");
    person(&site, "alice", "Max-Daily-Octets", "1000");
    Acct::open("alice", "a1", (midnight - HOUR, midnight - 60), 700).write(&site, None);
    step(&site);
    grow(&site, "a1", now(&site), 5000);
    assert!(step(&site).is_empty());
    assert_eq!(used(&site, "alice"), 0, "used between a minute before midnight and now");
    grow(&site, "a1", now(&site), 5600);
    step(&site);
    assert_eq!(used(&site, "alice"), 600);
}

#[test]
fn a_monthly_limit_and_a_day_of_the_month() {
    let (site, midnight) = with_attributes("\"Max-Monthly-Octets\" = \"total\"");
    person(&site, "alice", "Max-Monthly-Octets", "1000");
    Acct::closed("alice", "a1", (midnight - HOUR, midnight - 60), 5000).write(&site, None);
    Acct::open("alice", "a2", (midnight, midnight), 0).write(&site, None);
    assert!(step(&site).is_empty());
    grow(&site, "a2", now(&site), 1000);
    let reports = step(&site);
    assert_eq!(reports[0]["used_octets"], 1000);
    let month = standing(&site, "alice");
    assert_eq!((&month["period"], &month["period_start"]), (&"monthly".into(), &midnight.into()));
}

#[test]
fn who_is_closed_is_let_in_when_the_next_period_begins() {
    for (attribute, period) in [("Max-Daily-Octets", DAY), ("Max-Hourly-Octets", HOUR)] {
        let (site, _) = with_attributes(&format!("\"{attribute}\" = \"total\""));
        person(&site, "alice", "Max-Octets", "1000000");
        site.server
            .sql(&format!("UPDATE radcheck SET attribute = '{attribute}', value = '1000' WHERE value = '1000000';"));
        let at = now(&site);
        Acct::open("alice", "a1", (at, at), 1000).write(&site, None);
        assert_eq!(step(&site)[0]["blocked"], true);
        step(&site);
        assert!(is_closed(&site, "alice"));
        later(&site, period);
        step(&site);
        assert!(!is_closed(&site, "alice"), "{attribute}");
        site.server.sql(&format!("DELETE FROM radcheck WHERE attribute = '{attribute}';"));
        assert_eq!(site.server.authenticate("alice", "pw"), Authentication::Accept);
    }
}

#[test]
fn each_nas_has_its_own_midnight() {
    let site = Site::start();
    let (midnight, zone) = midnight(&site);
    let r2 = site.nas("R2", "127.0.0.2", site.server.coa_addr(), &format!("time_zone = \"{zone}\"\n"));
    // Elsewhere at the site it was midnight six hours ago
    let hour = (midnight - 6 * HOUR) % DAY / HOUR;
    let elsewhere = if hour <= 12 { format!("Etc/GMT+{hour}") } else { format!("Etc/GMT-{}", 24 - hour) };
    let sections = format!(
        "{}\n[quota.attributes]\n\"Max-Daily-Octets\" = \"total\"\n[accounting]\ntime_zone = \"{elsewhere}\"",
        crate::enforce::ENFORCE
    );
    site.configure(&sections, &format!("{}{r2}", site.r1("")));
    person(&site, "alice", "Max-Daily-Octets", "1000");
    let times = (midnight - 2 * HOUR, midnight - HOUR);
    Acct::closed("alice", "a1", times, 300).write(&site, None);
    Acct { nas: "127.0.0.2", ..Acct::closed("alice", "a2", times, 5000) }.write(&site, None);
    assert!(step(&site).is_empty());
    assert_eq!(used(&site, "alice"), 300, "at R2 that was yesterday");
}

#[test]
fn a_window_moves() {
    let attribute = "\"Max-Data\" = { meaning = \"total\", unit = \"octets\", period = \"24h\" }";
    let (site, _) = with_attributes(attribute);
    person(&site, "alice", "Max-Data", "1000");
    let at = now(&site);
    Acct::closed("alice", "a1", (at - 30 * HOUR, at - 29 * HOUR), 5000).write(&site, None);
    Acct::closed("alice", "a2", (at - 20 * HOUR, at - 19 * HOUR), 600).write(&site, None);
    Acct::open("alice", "a3", (at, at), 400).write(&site, None);
    assert_eq!(step(&site)[0]["used_octets"], 1000);
    later(&site, 5 * HOUR);
    step(&site);
    assert!(!is_closed(&site, "alice"));
    assert_eq!(used(&site, "alice"), 400);
}

#[test]
fn one_direction_alone() {
    for (direction, octets) in [("download", 600), ("upload", 50), ("both", 650)] {
        let site = enforcing(&format!("direction = \"{direction}\""));
        person(&site, "alice", "Max-Octets", "600");
        let at = now(&site);
        Acct { input: 50, ..Acct::open("alice", "a1", (at - 60, at), 600) }.write(&site, None);
        let over: Vec<_> = step(&site).iter().map(|report| report["used_octets"].clone()).collect();
        assert_eq!(used(&site, "alice"), octets, "{direction}");
        let expected: Vec<serde_json::Value> = if octets < 600 { Vec::new() } else { vec![octets.into()] };
        assert_eq!(over, expected, "{direction}");
    }
}

#[test]
fn time_online_runs_out() {
    let (site, midnight) = with_attributes("\"Max-Daily-Session\" = \"total\"");
    for user in ["alice", "bob"] {
        person(&site, user, "Max-Daily-Session", "3600");
    }
    Acct::closed("alice", "a0", (midnight - 2 * HOUR, midnight - 60), 0).write(&site, None);
    for (user, id) in [("alice", "a1"), ("bob", "b1")] {
        Acct::open(user, id, (midnight, midnight), 9).write(&site, None);
    }
    step(&site);
    for (id, seconds) in [("a1", 3599), ("b1", 3600)] {
        super::change(&site, id, &format!("acctsessiontime = {seconds}, acctupdatetime = unixepoch()"));
    }
    let reports = step(&site);
    assert_eq!((reports.len(), &reports[0]["user"], &reports[0]["reason"]), (1, &"bob".into(), &"time".into()));
    let time = standing(&site, "alice");
    assert_eq!((&time["used_seconds"], &time["limit_seconds"]), (&3599.into(), &3600.into()));
    assert_eq!((&time["used_octets"], &time["limit_octets"]), (&().into(), &().into()));
    assert_eq!(standing(&site, "bob")["over"], true);
}
