//! `radkick coa`, end to end: the built program, a radacct that FreeRADIUS wrote, FreeRADIUS' own Dynamic Authorization
//! Server (which decodes what we send by its own dictionaries) or a simulated router at the other end.
mod answers;
mod refused;
mod routers;

use serde_json::{Value, json};

use crate::disconnect::site::{Session, Site};

/// A hotspot session of RouterOS.
pub(crate) const ALICE: Session<'_> = Session::new("80a00f31");

/// What the contract's object for alice on R1 holds, but for what differs in `other`.
fn object(site: &Site, user: &str, session: Session<'_>, other: &Value) -> Value {
    let row = site.row(session.id);
    let mut object = json!({
        "user": user, "nas": "R1", "acct_session_id": session.id, "acct_unique_id": row["acctuniqueid"],
        "framed_ip_address": row["framedipaddress"], "framed_ipv6_prefix": null,
        "calling_station_id": row["callingstationid"], "changes": ["Mikrotik-Rate-Limit = 2M/8M"], "outcome": null,
        "code": null, "error_cause": null, "confirmed": "not_asked", "seen": { "Mikrotik-Rate-Limit": "not_asked" },
        "attempts": [], "reason": "by_hand", "actor": "command",
    });
    for (key, value) in other.as_object().expect("an object") {
        object[key] = value.clone();
    }
    object
}

fn attempt(outcome: &str, code: &Value, error_cause: &Value) -> Value {
    json!({
        "path": "radius", "identity": ["User-Name", "Framed-IP-Address", "Acct-Session-Id"], "outcome": outcome,
        "code": code, "error_cause": error_cause, "transmissions": 1,
    })
}

/// The arguments that make a user slower.
pub(crate) fn slower(user: &str) -> [&str; 5] {
    ["coa", "--user", user, "--rate-limit", "2M/8M"]
}

/// The lines of the journal about a user: who, and what.
pub(crate) fn journal(site: &Site, user: &str) -> Vec<(String, String)> {
    let sql = format!("SELECT actor, event FROM radkick_journal WHERE user_name = '{user}' ORDER BY id");
    let word = |value: &Value| value.as_str().expect("text").to_owned();
    site.state_sql(&sql).iter().map(|row| (word(&row["actor"]), word(&row["event"]))).collect()
}
