//! Which NAS a session is on.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::*;
use super::session;
use crate::config::Config;
use crate::store::{NasRow, SessionRow};

fn directory(toml: &str, rows: &[(&str, &str)], open_nas: &[&str]) -> Directory {
    let rows: Vec<NasRow> = rows.iter().map(|(nasname, shortname)| row(nasname, shortname, "s")).collect();
    with_hosts(toml, (&rows, &HostNames::default()), open_nas)
}

fn row(nasname: &str, shortname: &str, secret: &str) -> NasRow {
    let [nasname, shortname, secret] = [nasname, shortname, secret].map(str::to_owned);
    NasRow { nasname, shortname: Some(shortname), secret }
}

fn with_hosts(toml: &str, known: (&[NasRow], &HostNames), open_nas: &[&str]) -> Directory {
    let text = format!("[database]\nurl = \"sqlite:radius.db\"\n{toml}");
    let environment = |name: &str| {
        let values = [("MIKROTIK_API_HOST", "10.9.9.9"), ("MIKROTIK_API_USER", "u"), ("MIKROTIK_API_PASSWORD", "p")];
        values.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    let config = Config::parse(Path::new("radkick.toml"), &text, &environment).unwrap();
    Directory::new(&config, known, &open_nas.iter().map(|nas| (*nas).to_owned()).collect::<BTreeSet<_>>())
}

const TWO: [&str; 2] = ["10.0.0.1", "10.0.0.2"];

#[test]
fn an_exact_address_beats_a_longer_prefix_beats_a_shorter_one() {
    let rows = [("10.0.0.0/8", "all"), ("10.0.0.0/24", "site"), ("10.0.0.1", "one")];
    let directory = directory("", &rows, &TWO);
    let name = |address: &str| directory.resolve(&session(address, "")).map(|nas| nas.name);
    assert_eq!(name("10.0.0.1").unwrap(), "one");
    assert_eq!(name("10.0.0.2").unwrap(), "site");
    assert_eq!(name("10.7.0.2").unwrap(), "all");
    assert!(matches!(name("192.0.2.1"), Err(NasProblem::Unknown { .. })));
}

#[test]
fn a_configured_nas_goes_over_its_row_and_over_the_defaults() {
    let toml = "[nas_defaults]\ncoa_port = 1700\nverify_within = \"2s\"\n\
                [[nas]]\nname = \"R1\"\nmatch = [\"10.0.0.1\"]\naddress = \"192.0.2.7\"\nverify_within = \"5s\"\n";
    let nas = directory(toml, &[("10.0.0.1", "row")], &TWO).resolve(&session("10.0.0.1", "")).unwrap();
    assert_eq!(nas.name, "R1");
    assert_eq!(nas.das_addr().to_string(), "192.0.2.7:1700");
    assert_eq!(nas.profile.verify_within.as_secs(), 5);
    assert!(nas.profile.secret.is_some(), "the row's secret");
}

#[test]
fn a_configured_network_goes_over_the_rows_of_its_routers() {
    let toml = "[[nas]]\nname = \"site\"\nmatch = [\"10.0.0.0/8\"]\ncoa_port = 1700\n";
    let nas = directory(toml, &[("10.0.0.1", "row")], &TWO).resolve(&session("10.0.0.1", "")).unwrap();
    assert_eq!((nas.name.as_str(), nas.profile.coa_port), ("site", 1700));
    assert!(nas.profile.secret.is_some(), "the row's secret");
}

#[test]
fn what_cannot_be_told_is_ambiguous() {
    let by_name = "[[nas]]\nname = \"A\"\nmatch = [\"hotspot1\"]\naddress = \"10.0.0.1\"\nsecret = \"a\"\n\
                   [[nas]]\nname = \"B\"\nmatch = [\"hotspot1\"]\naddress = \"10.0.0.2\"\nsecret = \"b\"\n";
    let problem = directory(by_name, &[], &TWO).resolve(&session("", "hotspot1")).unwrap_err();
    assert!(problem.to_string().contains("A, B"), "{problem}");
    let twice = directory("", &[("10.0.0.1", "one"), ("10.0.0.1", "uno")], &TWO).resolve(&session("10.0.0.1", ""));
    assert!(matches!(twice, Err(NasProblem::Ambiguous { .. })));
    let elsewhere = "[[nas]]\nname = \"A\"\nmatch = [\"10.0.0.9\", \"hotspot1\"]\nsecret = \"a\"\n";
    let conflict = directory(elsewhere, &[("10.0.0.1", "row")], &TWO).resolve(&session("10.0.0.1", "hotspot1"));
    assert!(matches!(conflict, Err(NasProblem::Ambiguous { .. })));
}

#[test]
fn a_session_without_address_is_found_by_name_and_needs_one() {
    let toml = "[[nas]]\nname = \"A\"\nmatch = [\"hotspot1\"]\nsecret = \"a\"\n";
    let problem = directory(toml, &[], &TWO).resolve(&session("not-an-address", "hotspot1")).unwrap_err();
    assert!(matches!(&problem, NasProblem::NoAddress { address, .. } if address == "not-an-address"), "{problem}");
    let with = toml.to_owned() + "address = \"10.0.0.1\"\n";
    assert_eq!(directory(&with, &[], &TWO).resolve(&session("", "hotspot1")).unwrap().name, "A");
}

#[test]
fn the_environments_router_is_asked_only_if_it_can_be_no_other() {
    let rest_with = |rows: &[(&str, &str)], open_nas: &[&str], address: &str| {
        directory("", rows, open_nas).resolve(&session(address, "")).unwrap().profile.rest.is_some()
    };
    let rows = [("10.0.0.1", "a"), ("10.9.9.9", "b")];
    let rest = |open_nas: &[&str], address: &str| rest_with(&rows, open_nas, address);
    assert!(rest_with(&rows[..1], &["10.0.0.1"], "10.0.0.1"), "there is one NAS");
    assert!(!rest(&["10.0.0.1"], "10.0.0.1"), "all open rows name one NAS, but the host is another's");
    assert!(!rest(&TWO, "10.0.0.1"), "it might be the other one");
    assert!(rest(&TWO, "10.9.9.9"), "nasipaddress is that host");
}

#[test]
fn a_url_for_all_nas_is_one_routers() {
    let toml = "[nas_defaults.rest]\nurl = \"https://10.0.0.1\"\nusername = \"u\"\npassword = \"p\"\n";
    let rest = |rows: &[(&str, &str)], address: &str| {
        directory(toml, rows, &TWO).resolve(&session(address, "")).unwrap().profile.rest.is_some()
    };
    let rows = [("10.0.0.1", "a"), ("10.0.0.2", "b")];
    assert!(rest(&rows, "10.0.0.1"));
    assert!(!rest(&rows, "10.0.0.2"), "that is the other router's list");
}

#[test]
fn ipv6_and_cidrs_are_addresses_like_others() {
    let rows = [("2001:db8::/32", "site"), ("2001:db8::1", "one"), (" 10.0.0.0/24 ", "v4"), ("10.0.0.7/32", "seven")];
    let directory = directory("", &rows, &TWO);
    let name = |address: &str| directory.resolve(&session(address, "")).map(|nas| nas.name);
    assert_eq!(name("2001:DB8:0::1").unwrap(), "one");
    assert_eq!(name("2001:db8::2").unwrap(), "site");
    assert_eq!(name("::ffff:10.0.0.9").unwrap(), "v4");
    assert_eq!(name("10.0.0.7").unwrap(), "seven");
    assert!(matches!(name("0.0.0.0"), Err(NasProblem::Unknown { .. })), "no address at all");
    let nas = directory.resolve(&session("2001:db8::1", "")).unwrap();
    assert_eq!(nas.das_addr().to_string(), "[2001:db8::1]:3799");
}

#[test]
fn a_tie_of_prefixes_is_ambiguous() {
    let rows = [("10.0.0.0/8", "wide"), ("10.0.0.0/24", "one"), ("10.0.0.0/24", "other")];
    let problem = directory("", &rows, &TWO).resolve(&session("10.0.0.1", "")).unwrap_err().to_string();
    assert!(problem.ends_with("fit more than one NAS: one, other"), "{problem}");
}

#[test]
fn the_nas_identifier_names_a_nas_too() {
    let toml = "[[nas]]\nname = \"A\"\nmatch = [\"R-A\"]\naddress = \"10.0.0.1\"\nsecret = \"a\"\n\
                [[nas]]\nname = \"B\"\nmatch = [\"R-B\", \"hotspot1\"]\naddress = \"10.0.0.2\"\nsecret = \"b\"\n";
    let directory = directory(toml, &[], &TWO);
    let of = |identifier: &str, called: &str| {
        directory.resolve(&SessionRow { nas_identifier: identifier.into(), ..session("", called) })
    };
    assert_eq!(of("R-A", "").unwrap().name, "A");
    assert_eq!(of("R-B", "hotspot1").unwrap().name, "B");
    let problem = of("R-A", "hotspot1").unwrap_err().to_string();
    assert!(problem.ends_with("\"hotspot1\", NAS-Identifier \"R-A\" fit more than one NAS: A, B"), "{problem}");
    assert!(matches!(of("", ""), Err(NasProblem::Unknown { .. })));
}

#[test]
fn a_name_does_not_move_a_nas_to_another_address() {
    let toml = "[[nas]]\nname = \"A\"\nmatch = [\"10.0.0.9\", \"hotspot1\"]\nsecret = \"a\"\n";
    let directory = directory(toml, &[], &TWO);
    let problem = directory.resolve(&session("10.0.0.1", "hotspot1")).unwrap_err();
    assert!(matches!(&problem, NasProblem::Elsewhere { name, .. } if name == "A"), "{problem}");
    assert!(problem.to_string().contains("nasipaddress \"10.0.0.1\" is none of NAS A's"), "{problem}");
    assert_eq!(directory.resolve(&session("10.0.0.9", "hotspot1")).unwrap().name, "A");
}

#[test]
fn a_nas_without_a_secret_has_no_way_to_it() {
    let known = HostNames::default();
    let rows = [row("10.0.0.1", "R1", "")];
    let problem = with_hosts("", (&rows, &known), &TWO).resolve(&session("10.0.0.1", "")).unwrap_err();
    assert_eq!(problem, NasProblem::NoPath { name: "R1".into() });
    let toml = "[[nas]]\nname = \"A\"\nmatch = [\"10.0.0.1\"]\nsource = \"10.0.0.250\"\naddress = \"192.0.2.1\"\n\
                coa_port = 1700\nsecret = \"s\"\n";
    let nas = with_hosts(toml, (&rows, &known), &TWO).resolve(&session("10.0.0.1", "")).unwrap();
    assert_eq!(nas.das_addr().to_string(), "192.0.2.1:1700");
    assert_eq!(nas.profile.source, "10.0.0.250".parse().ok());
    assert!(nas.profile.secret.is_some());
}

#[tokio::test]
async fn host_names_of_the_nas_table_are_resolved() {
    let rows = [row("localhost", "here", "s"), row("no-such-nas.invalid", "lost", "s"), row("10.0.0.1", "one", "s")];
    let known = HostNames::of(&rows).await;
    let directory = with_hosts("", (&rows, &known), &TWO);
    let nas = directory.resolve(&session("127.0.0.1", "")).unwrap();
    assert_eq!((nas.name.as_str(), nas.das_addr().to_string().as_str()), ("here", "127.0.0.1:3799"));
    assert_eq!(directory.resolve(&session("10.0.0.1", "")).unwrap().name, "one");
    let problem = directory.resolve(&session("10.0.0.2", "")).unwrap_err().to_string();
    assert!(problem.ends_with("; of the nas table, no address is known for no-such-nas.invalid"), "{problem}");
    assert!(!directory.knows("lost"));
}
