//! A NAS that is unknown, that more than one entry fits, or that no address leads to: told, and nothing is guessed.
use serde_json::json;

use super::site::{OpenSession, Site, assert_says};

const ROW: OpenSession<'static> =
    OpenSession { user: "alice", id: "80000001", nas: "127.0.1.7", called: "hotspot1", address: "10.0.0.2", octets: 0 };

/// `disconnect` tells the problem of the session's NAS, sends nothing and leaves FreeRADIUS' tables alone; `check` and
/// `sessions` tell it as well.
#[track_caller]
fn not_told_apart(site: &Site, problem: &str) {
    let before = site.tables();
    let json = site.run(&["disconnect", "--user", "alice", "--output", "json"]);
    assert_eq!(json.code, Some(3), "{json:#?}");
    let object = json.json_lines().pop().expect("an object");
    let known = (&object["fate"], &object["evidence"], &object["attempts"]);
    assert_eq!(known, (&json!("unknown"), &json!(null), &json!([])), "{object:#}");
    assert_eq!(object["problem"], json!(problem));
    let text = site.run(&["disconnect", "--user", "alice"]);
    assert_eq!(text.code, Some(3), "{text:#?}");
    assert_says(&text.stdout, &["NOT PROVEN", problem]);
    assert_eq!(site.run(&["sessions", "--output", "json"]).json_lines()[0]["nas_problem"], json!(problem));
    assert_says(&site.run(&["check"]).stderr, &[&format!("warning: {problem}")]);
    assert_eq!(site.tables(), before);
}

/// The NAS is told, and reached over RADIUS.
#[track_caller]
fn told(site: &Site, name: &str) {
    let dry = site.run(&["disconnect", "--user", "alice", "--dry-run", "--output", "json"]);
    let object = dry.json_lines().pop().expect("an object");
    assert_eq!((&object["nas"], &object["would"]["paths"]), (&json!(name), &json!(["radius"])), "{object:#}");
}

fn nas(name: &str, matches: &str, more: &str) -> String {
    format!("[[nas]]\nname = \"{name}\"\nmatch = [{matches}]\nsecret = \"hunter2\"\n{more}")
}

#[test]
fn unknown() {
    let site = Site::with(&ROW);
    let problem =
        "no [[nas]] and no row of the nas table matches nasipaddress \"127.0.1.7\", Called-Station-Id \"hotspot1\"";
    not_told_apart(&site, problem);
    site.configure(&nas("R8", "\"127.0.1.8\", \"hotspot8\"", ""));
    not_told_apart(&site, problem);
    let named = site.refused(&["disconnect", "--user", "alice", "--nas", "R7"], 4);
    assert_says(&named, &["error: NAS R7 is unknown: known are R8"]);
    site.configure("");
    let named = site.refused(&["disconnect", "--user", "alice", "--nas", "R7"], 4);
    assert_says(&named, &["NAS R7 is unknown: none known (no [[nas]], and FreeRADIUS' nas table is empty)"]);
}

#[test]
fn two_by_one_name() {
    let site = Site::with(&OpenSession { nas: "", ..ROW });
    let address = |last: u8| format!("address = \"127.0.1.{last}\"\n");
    site.configure(&(nas("R7", "\"hotspot1\"", &address(7)) + &nas("R8", "\"hotspot1\"", &address(8))));
    let problem = "nasipaddress \"\" and Called-Station-Id \"hotspot1\" fit more than one NAS: R7, R8";
    not_told_apart(&site, problem);
}

#[test]
fn two_rows_of_the_nas_table() {
    let site = Site::with(&ROW);
    site.sql("INSERT INTO nas (nasname, shortname, secret) VALUES ('127.0.1.7', 'R7', 'x'), ('127.0.1.7', 'R7b', 'y')");
    let problem = "nasipaddress \"127.0.1.7\" and Called-Station-Id \"hotspot1\" fit more than one NAS: R7, R7b";
    not_told_apart(&site, problem);
}

#[test]
fn an_address_and_a_name_that_disagree() {
    let site = Site::with(&ROW);
    site.configure(&(nas("R7", "\"127.0.1.7\"", "") + &nas("R8", "\"127.0.1.8\", \"hotspot1\"", "")));
    let problem = "nasipaddress \"127.0.1.7\" and Called-Station-Id \"hotspot1\" fit more than one NAS: R7, R8";
    not_told_apart(&site, problem);
    site.configure(&nas("R8", "\"127.0.1.8\", \"hotspot1\"", ""));
    site.sql("INSERT INTO nas (nasname, shortname, secret) VALUES ('127.0.1.7', 'table7', 'x')");
    not_told_apart(&site, &problem.replace("R7, R8", "R8, table7"));
}

#[test]
fn no_usable_nasipaddress() {
    for address in ["", "gateway", "300.1.2.3", "127.0.1.7 "] {
        let site = Site::with(&OpenSession { nas: address, ..ROW });
        let unknown = "no [[nas]] and no row of the nas table matches nasipaddress ";
        not_told_apart(&site, &format!("{unknown}{address:?}, Called-Station-Id \"hotspot1\""));
        site.configure(&nas("R7", "\"hotspot1\"", ""));
        not_told_apart(&site, &format!("NAS R7: nasipaddress {address:?} is no address; give its [[nas]] an address"));
        site.configure(&nas("R7", "\"hotspot1\"", "address = \"127.0.1.7\"\n"));
        told(&site, "R7");
    }
}

#[test]
fn nothing_to_reach_it_by() {
    let site = Site::with(&ROW);
    site.configure("[[nas]]\nname = \"R7\"\nmatch = [\"127.0.1.7\"]\n");
    not_told_apart(&site, "NAS R7: no secret and no [nas.rest]: nothing to disconnect it by");
    site.sql("INSERT INTO nas (nasname, shortname, secret) VALUES ('127.0.1.7', 'table7', 'x')");
    told(&site, "R7");
}
