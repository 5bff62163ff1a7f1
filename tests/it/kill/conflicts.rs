//! Another program takes a row's id between the plan and the change, with a kill in between.
use serde_json::json;

use super::{ALICE, done, journal, kill_at, login, nothing_is_pending, watch};
use crate::disconnect::site::{PATIENT, Site};
use crate::enforce::{ENFORCE, customer};
use crate::support::freeradius::Authentication;

const COMMAND: [&str; 2] = ["enforce", "--once"];

fn alice() -> Site {
    let site = Site::start();
    site.configure(&format!("{ENFORCE}\n[block]\nreply_message = \"Used up\""), &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    watch(&site);
    site
}

/// A panel adds a customer: the next ids of both tables are gone.
fn a_panel_writes(site: &Site, table: &str) {
    site.server.sql(&format!(
        "INSERT INTO {table} (username, attribute, op, value) VALUES ('bob', 'Session-Timeout', ':=', '60');"
    ));
}

fn finishes(site: &Site) {
    let reports = site.reports(&COMMAND, 0);
    assert_eq!((&reports[0]["fate"], &reports[0]["blocked"]), (&json!("ended"), &json!(true)));
    assert_eq!(login(site), Authentication::Reject(Some("Used up".to_owned())));
    let ours = "SELECT (SELECT count(*) FROM radcheck WHERE value = 'Reject') AS rejects,
                (SELECT count(*) FROM radreply WHERE value = 'Used up') AS messages";
    assert_eq!(site.server.sql(ours)[0], *json!({ "rejects": 1, "messages": 1 }).as_object().expect("a row"));
    nothing_is_pending(site, "conflict");
    assert_eq!(journal(site).iter().filter(|event| *event == "blocked").count(), 1);
    // And the way back
    site.reports(&["restore", "--user", "alice"], 0);
    assert_eq!(login(site), Authentication::Accept);
}

/// What the panel wrote is as it wrote it.
fn the_panels_row_stands(site: &Site, table: &str) {
    let rows = site.server.sql(&format!("SELECT attribute, value FROM {table} WHERE username = 'bob'"));
    assert_eq!(rows, [json!({ "attribute": "Session-Timeout", "value": "60" }).as_object().expect("a row").clone()]);
}

#[test]
fn a_taken_id_makes_a_new_plan() {
    let site = alice();
    kill_at(site.radkick(&COMMAND), "block_planned");
    a_panel_writes(&site, "radcheck");
    finishes(&site);
    the_panels_row_stands(&site, "radcheck");
    let rejects = done(&site).into_iter().filter(|what| what == "+ alice Auth-Type Reject").count();
    assert_eq!(rejects, 1);
}

#[test]
fn half_a_block_is_undone_and_made_anew() {
    let site = alice();
    kill_at(site.radkick(&COMMAND), "block_planned");
    // The id of the message is taken, that of the Reject is not: half of the plan can be made
    a_panel_writes(&site, "radreply");
    kill_at(site.radkick(&COMMAND), "block_changed");
    assert_eq!(site.check_rows("alice").len(), 3, "halted with half a block");
    finishes(&site);
    the_panels_row_stands(&site, "radreply");
}
