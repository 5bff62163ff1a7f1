//! What was used, as a user of the built program sees it: `enforce`, `usage`, `explain` and `quota` on the usage ledger.
//!
//! Rows of radacct come from FreeRADIUS where it can write them so, else from SQL.
mod checked;
mod counted;
mod explained;
mod feed;
mod oddities;
mod periods;
mod query;
mod quota;
mod rebuilt;
mod silent;
mod waiting;

use serde_json::Value;

use crate::disconnect::site::{PATIENT, Session, Site};
use crate::enforce::ENFORCE;
use crate::support::sqlite::sql_text;

const ONCE: [&str; 2] = ["enforce", "--once"];
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A site behind R1 that enforces; `sections` go on inside `[quota]`.
fn enforcing(sections: &str) -> Site {
    let site = Site::start();
    configure(&site, sections);
    site
}

fn configure(site: &Site, sections: &str) {
    site.configure(&format!("{ENFORCE}\n{sections}"), &site.r1(PATIENT));
}

/// The present time, by the database's clock.
fn now(site: &Site) -> i64 {
    site.server.sql("SELECT unixepoch() AS now")[0]["now"].as_i64().expect("a time")
}

/// Someone with a password and a limit.
fn person(site: &Site, user: &str, attribute: &str, limit: &str) {
    site.check(user, &[("Cleartext-Password", "pw"), (attribute, limit)]);
}

/// A row of radacct.
#[derive(Clone, Copy)]
struct Acct<'a> {
    /// acctuniqueid and acctsessionid.
    id: &'a str,
    user: &'a str,
    nas: &'a str,
    start: i64,
    update: i64,
    stop: Option<i64>,
    input: u64,
    output: u64,
}

impl<'a> Acct<'a> {
    /// Open at R1, from `start` on, last updated at `update`.
    const fn open(user: &'a str, id: &'a str, (start, update): (i64, i64), output: u64) -> Self {
        Self { id, user, nas: "127.0.0.1", start, update, stop: None, input: 0, output }
    }

    /// The same, and closed at its last update.
    const fn closed(user: &'a str, id: &'a str, times: (i64, i64), output: u64) -> Self {
        let open = Self::open(user, id, times, output);
        Self { stop: Some(times.1), ..open }
    }

    /// Writes it; `row_id` as radacctid, or the next one.
    fn write(self, site: &Site, row_id: Option<i64>) {
        let Self { start, update, stop, input, output, .. } = self;
        let number = |number: Option<i64>| number.map_or_else(|| "NULL".to_owned(), |number| number.to_string());
        let [id, user, nas] = [self.id, self.user, self.nas].map(sql_text);
        let (row_id, stop, seconds) = (number(row_id), number(stop), update - start);
        site.server.sql(&format!(
            "INSERT INTO radacct (radacctid, acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime,
                 acctupdatetime, acctstoptime, acctsessiontime, acctinputoctets, acctoutputoctets, framedipaddress,
                 callingstationid)
             VALUES ({row_id}, {id}, {id}, {user}, {nas}, {start}, {update}, {stop}, {seconds}, {input}, {output},
                 '10.0.0.1', 'AA:BB:CC:DD:EE:01');"
        ));
    }
}

/// Changes the row of a session, by acctuniqueid.
fn change(site: &Site, id: &str, set: &str) {
    site.server.sql(&format!("UPDATE radacct SET {set} WHERE acctuniqueid = {};", sql_text(id)));
}

/// An update of an open row at `at`: its octets to the user are these by now.
fn grow(site: &Site, id: &str, at: i64, output: u64) {
    let time = format!("acctupdatetime = {at}, acctsessiontime = {at} - acctstarttime");
    change(site, id, &format!("{time}, acctoutputoctets = {output}"));
}

/// An Accounting-Request to FreeRADIUS.
fn account(site: &Site, user: &str, id: &str, (status, at): (&str, i64), (output, seconds): (u64, u64)) {
    let mut record = Session::new(id).record(user, status);
    record.retain(|(name, _)| *name != "Event-Timestamp");
    let [at, output, seconds] = [at.to_string(), output.to_string(), seconds.to_string()];
    record.push(("Event-Timestamp", &at));
    if status != "Start" {
        record.extend([("Acct-Output-Octets", output.as_str()), ("Acct-Session-Time", seconds.as_str())]);
    }
    site.server.account(&record);
}

/// One cycle that goes well.
fn step(site: &Site) -> Vec<Value> {
    site.reports(&ONCE, 0)
}

/// What `usage` says of a user with one limit; that of all, that of the one, and `explain` must agree.
fn standing(site: &Site, user: &str) -> Value {
    let one = still(site.reports(&["usage", "--user", user], 0).remove(0));
    let all = site.reports(&["usage"], 0);
    let of_all = all.into_iter().find(|line| line["user"] == user).expect("a line in usage");
    assert_eq!(still(of_all), one, "usage and usage --user {user}");
    let explained = still(explain(site, user)["limits"][0].take());
    for key in ["used_octets", "limit_octets", "used_seconds", "limit_seconds", "limit_source", "period_start"] {
        assert_eq!(explained[key], one[key], "explain --user {user}: {key}");
    }
    one
}

/// Without the start of a window, which moves on with every second.
fn still(mut standing: Value) -> Value {
    if standing["period"] == "rolling" {
        standing["period_start"] = Value::Null;
    }
    standing
}

/// What a user has used, by `usage`.
fn used(site: &Site, user: &str) -> u64 {
    standing(site, user)["used_octets"].as_u64().expect("octets")
}

fn explain(site: &Site, user: &str) -> Value {
    site.reports(&["explain", "--user", user], 0).remove(0)
}

/// `explain` for people.
fn explained(site: &Site, user: &str) -> String {
    let config = site.config();
    let config = config.to_str().expect("a path in UTF-8");
    let call = crate::support::radkick::Radkick::new(&["--config", config, "explain", "--user", user]);
    let finished = call.run();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    finished.stdout
}

/// Whether the login is closed by a row of ours.
fn is_closed(site: &Site, user: &str) -> bool {
    site.check_rows(user).contains(&"Auth-Type := Reject".to_owned())
}
