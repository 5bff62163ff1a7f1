//! `radkick enforce`, end to end: limits in FreeRADIUS' tables, a radacct that FreeRADIUS wrote, its own login.
mod brakes;
mod closed;
mod limits;
mod logins;
mod loops;
mod observing;
mod remembered;
mod taken_over;
mod throttled;
mod troubles;

use serde_json::Value;

use crate::disconnect::site::{PATIENT, Session, Site};

pub(crate) const ENFORCE: &str = "[quota]\nmode = \"enforce\"";
const ONCE: [&str; 2] = ["enforce", "--once"];

/// A site behind R1 that enforces; `sections` are further ones.
fn enforcing(sections: &str) -> Site {
    let site = Site::start();
    site.configure(&format!("{ENFORCE}\n{sections}"), &site.r1(PATIENT));
    site
}

/// What a session has used.
#[derive(Clone, Copy)]
pub(crate) struct Used<'a> {
    input: &'a str,
    output: &'a str,
    gigawords: &'a str,
}

impl<'a> Used<'a> {
    pub(crate) const fn octets(output: &'a str) -> Self {
        Self { input: "0", output, gigawords: "0" }
    }

    /// The Accounting-Request that tells so: `Interim-Update` or `Stop`.
    pub(crate) fn record(self, user: &'a str, session: Session<'a>, status: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut record = session.record(user, status);
        record.extend([
            ("Acct-Input-Octets", self.input),
            ("Acct-Output-Octets", self.output),
            ("Acct-Output-Gigawords", self.gigawords),
            ("Acct-Session-Time", "60"),
        ]);
        record
    }
}

/// Whose sessions a run named, in order, each once.
fn users(reports: &[Value]) -> Vec<&str> {
    let mut users: Vec<&str> = reports.iter().map(|report| report["user"].as_str().expect("a user")).collect();
    users.dedup();
    users
}

/// Someone with a password and 1000 octets, who has used this much in one open session.
pub(crate) fn customer(site: &Site, user: &str, session: Session<'_>, octets: &str) {
    site.check(user, &[("Cleartext-Password", "pw"), ("Max-Octets", "1000")]);
    site.open(user, &session);
    site.server.account(&Used::octets(octets).record(user, session, "Interim-Update"));
}

/// Buys a user more than anybody uses.
pub(crate) fn top_up(site: &Site, user: &str) {
    site.server
        .sql(&format!("UPDATE radcheck SET value = '1000000' WHERE username = '{user}' AND attribute = 'Max-Octets';"));
}
