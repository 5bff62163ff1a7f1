//! The table of fates, and which NAS a session is on.

mod identity;

use std::collections::BTreeSet;
use std::path::Path;

use super::router_view::Sought;
use super::*;
use crate::config::Config;
use crate::quota::UserName;
use crate::routeros::ActiveRow;
use crate::store::{NasRow, SessionRow};

fn session(nas_ip_address: &str, called_station_id: &str) -> SessionRow {
    SessionRow {
        acct_session_id: "80100001".into(),
        acct_unique_id: "u".into(),
        user: UserName::new("alice"),
        nas_ip_address: nas_ip_address.into(),
        called_station_id: called_station_id.into(),
        calling_station_id: "02:00:00:00:00:01".into(),
        framed_ip_address: "10.5.50.2".into(),
        framed_ipv6_prefix: String::new(),
        service_type: String::new(),
        framed_protocol: String::new(),
        nas_port_type: String::new(),
        nas_port_id: String::new(),
        nas_identifier: String::new(),
        start: Some(1_000),
        update: Some(1_500),
        stop: None,
        input_octets: 1,
        output_octets: 2,
        session_time: None,
    }
}

fn attempt(outcome: AttemptOutcome, error_cause: Option<u32>) -> Attempt {
    let path = if matches!(outcome, AttemptOutcome::Removed | AttemptOutcome::AlreadyGone) { "rest" } else { "radius" };
    Attempt { path: path.into(), error_cause, ..Attempt::over_rest(outcome, None, None) }
}

const OPEN: RowFinding = RowFinding::Open { update: Some(1_500) };
const LISTED: fn() -> RouterView = || RouterView::Listed { id: "*1".into() };
const ABSENT: RouterView = RouterView::Absent { vouched: false, local: false };

/// One line of the table: what was tried, what radacct says, what the list says, when ours took effect.
fn fate(attempts: &[Attempt], row: RowFinding, router: RouterView, effect_at: Option<i64>) -> (Fate, Option<Evidence>) {
    let findings = Findings { row, router };
    let facts = Facts {
        attempts,
        findings: &findings,
        selected_at: 2_000,
        effect_at,
        started_at: Some(1_000),
        updated_at: Some(1_500),
        seen_on_router: false,
        now: 2_010,
    };
    let verdict = decide(&facts);
    (verdict.fate, verdict.evidence)
}

#[test]
fn an_ack_alone_proves_nothing() {
    let ack = [attempt(AttemptOutcome::Ack, None)];
    let unproven = (Fate::Unknown, Some(Evidence::DisconnectAck));
    assert_eq!(fate(&ack, OPEN, RouterView::NotAsked, Some(2_001)), unproven);
    assert_eq!(fate(&ack, OPEN, RouterView::Unreadable { reason: String::new() }, Some(2_001)), unproven);
    assert_eq!(fate(&ack, RowFinding::Missing, RouterView::NotAsked, Some(2_001)), unproven);
}

#[test]
fn a_stop_after_our_selection_is_proof() {
    let ack = [attempt(AttemptOutcome::Ack, None)];
    let stop = |stop| RowFinding::Closed { stop };
    let stopped = |fate| (fate, Some(Evidence::AccountingStop));
    assert_eq!(fate(&ack, stop(2_000), RouterView::NotAsked, Some(2_001)), stopped(Fate::Ended));
    assert_eq!(fate(&[], stop(1_900), RouterView::NotAsked, None), stopped(Fate::AlreadyGone));
    let slow_clock = fate(&ack, stop(1_501), RouterView::NotAsked, Some(2_001));
    assert_eq!(slow_clock, stopped(Fate::Ended), "by the router's own clock it is later than anything before");
    let tidied_up = fate(&ack, stop(1_500), RouterView::NotAsked, Some(2_001));
    assert_eq!(tidied_up, (Fate::Unknown, Some(Evidence::DisconnectAck)), "closed at its last update: nobody stopped");
}

#[test]
fn the_list_outranks_radacct() {
    let ack = [attempt(AttemptOutcome::Ack, None)];
    let on = (Fate::StillActive, Some(Evidence::OnRouter));
    assert_eq!(fate(&ack, RowFinding::Closed { stop: 2_005 }, LISTED(), Some(2_001)), on);
    assert_eq!(fate(&ack, OPEN, LISTED(), Some(2_001)), on);
}

#[test]
fn absence_counts_only_where_it_can_be_believed() {
    let off = (Fate::Ended, Some(Evidence::AbsentFromRouter));
    let ack = [attempt(AttemptOutcome::Ack, None)];
    let silent = [attempt(AttemptOutcome::NoReply, None)];
    assert_eq!(fate(&ack, OPEN, ABSENT, Some(2_001)), off, "the same router ACKed it");
    assert_eq!(fate(&silent, OPEN, ABSENT, None), (Fate::Unknown, None), "any router lacks it");
    let vouched = fate(&silent, OPEN, RouterView::Absent { vouched: true, local: false }, None);
    assert_eq!(vouched, (Fate::AlreadyGone, Some(Evidence::AbsentFromRouter)));
    let gone = [attempt(AttemptOutcome::NoReply, None), attempt(AttemptOutcome::AlreadyGone, None)];
    assert_eq!(fate(&gone, OPEN, ABSENT, None), (Fate::AlreadyGone, Some(Evidence::AbsentFromRouter)), "404");
}

#[test]
fn absence_of_a_session_younger_than_a_minute_says_nothing() {
    let findings = Findings { row: OPEN, router: RouterView::Absent { vouched: true, local: false } };
    let facts = |started_at| Facts {
        attempts: &[],
        findings: &findings,
        selected_at: 2_000,
        effect_at: Some(2_001),
        started_at,
        updated_at: Some(1_500),
        seen_on_router: true,
        now: 2_010,
    };
    assert_eq!(decide(&facts(Some(1_951))).fate, Fate::Unknown);
    assert_eq!(decide(&facts(None)).fate, Fate::Unknown);
    assert_eq!(decide(&facts(Some(1_950))).fate, Fate::Ended);
}

#[test]
fn usage_after_the_ack_means_that_it_is_on() {
    let ack = [attempt(AttemptOutcome::Ack, None)];
    let counted = fate(&ack, RowFinding::Open { update: Some(1_501) }, RouterView::NotAsked, Some(2_001));
    assert_eq!(counted, (Fate::StillActive, Some(Evidence::InterimAfterAck)), "by the router's own clock");
    let fast_clock = fate(&ack, OPEN, RouterView::NotAsked, Some(1_400));
    assert_eq!(fast_clock, (Fate::Unknown, Some(Evidence::DisconnectAck)), "no usage since, whatever its clock says");
}

#[test]
fn each_refusal_says_what_it_says_and_no_more() {
    let nak = |cause| fate(&[attempt(AttemptOutcome::Nak, cause)], OPEN, RouterView::NotAsked, None);
    assert_eq!(nak(Some(503)), (Fate::AlreadyGone, Some(Evidence::SessionNotFound)));
    for cause in (401..=405).chain([407, 501]).chain(504..=508) {
        assert_eq!(nak(Some(cause)), (Fate::StillActive, Some(Evidence::Refused)), "{cause}");
    }
    for cause in [None, Some(406), Some(502), Some(999)] {
        assert_eq!(nak(cause), (Fate::Unknown, None), "{cause:?}");
    }
    let asked = fate(&[attempt(AttemptOutcome::Nak, Some(503))], OPEN, ABSENT, None);
    assert_eq!(asked, (Fate::Unknown, None), "a list was asked and may be another router's");
    let silent = fate(&[attempt(AttemptOutcome::NoReply, None)], OPEN, RouterView::NotAsked, None);
    assert_eq!(silent, (Fate::Unknown, None));
}

fn directory(toml: &str, rows: &[(&str, &str)], open_nas: &[&str]) -> Directory {
    let text = format!("[database]\nurl = \"sqlite:radius.db\"\n{toml}");
    let environment = |name: &str| {
        let values = [("MIKROTIK_API_HOST", "10.9.9.9"), ("MIKROTIK_API_USER", "u"), ("MIKROTIK_API_PASSWORD", "p")];
        values.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
    };
    let config = Config::parse(Path::new("radkick.toml"), &text, &environment).unwrap();
    let rows: Vec<NasRow> = rows
        .iter()
        .map(|(nasname, shortname)| NasRow {
            nasname: (*nasname).to_owned(),
            shortname: Some((*shortname).to_owned()),
            secret: "s".to_owned(),
        })
        .collect();
    Directory::new(&config, &rows, &open_nas.iter().map(|nas| (*nas).to_owned()).collect::<BTreeSet<_>>())
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

fn listed(uptime_secs: u64) -> ActiveRow {
    ActiveRow {
        id: "*A053202".into(),
        user: "alice".into(),
        domain: None,
        address: "10.5.50.2".parse().ok(),
        mac: Some("02:00:00:00:00:01".into()),
        login_by: None,
        radius: true,
        session_id: None,
        uptime: Some(std::time::Duration::from_secs(uptime_secs)),
        bytes_in: None,
        bytes_out: None,
    }
}

#[test]
fn a_row_of_the_list_is_the_latest_login_that_fits_it() {
    let stale = session("10.0.0.1", "");
    let live = SessionRow { acct_unique_id: "v".into(), start: Some(5_000), update: Some(5_000), ..stale.clone() };
    let open = || vec![stale.clone(), live.clone()];
    let row = listed(600);
    assert!(Sought::new(&live, &open()).is(&row));
    assert!(!Sought::new(&stale, &open()).is(&row), "it is the later session of the same device");
    assert!(Sought::new(&stale, std::slice::from_ref(&stale)).is(&row));
    let elsewhere = SessionRow { framed_ip_address: "10.5.50.9".into(), ..live.clone() };
    assert!(Sought::new(&stale, &[stale.clone(), elsewhere]).is(&row));
}

#[test]
fn a_row_that_radius_did_not_let_in_is_never_a_session() {
    let session = session("10.0.0.1", "");
    assert!(Sought::new(&session, &[]).is(&listed(600)));
    let local = ActiveRow { radius: false, ..listed(600) };
    assert!(!Sought::new(&session, &[]).is(&local));
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
fn a_service_is_told_by_framed_protocol_or_routeros_session_id() {
    use crate::config::Service;
    let of = |id: &str, protocol: &str, setting| {
        let session = SessionRow { acct_session_id: id.into(), framed_protocol: protocol.into(), ..session("", "") };
        (service_of(&session, setting), identity_names(&session, service_of(&session, setting), None))
    };
    let (service, names) = of("80100001", "", Service::Auto);
    assert_eq!(
        (service, names),
        (Service::Hotspot, ["User-Name", "Framed-IP-Address", "Acct-Session-Id"].map(str::to_owned).to_vec())
    );
    let ppp = ["Acct-Session-Id", "User-Name"].map(str::to_owned).to_vec();
    assert_eq!(of("81100001", "", Service::Auto), (Service::Ppp, ppp.clone()));
    assert_eq!(of("x", "PPP", Service::Auto), (Service::Ppp, ppp));
    assert_eq!(of("8010000", "", Service::Auto).0, Service::Other);
    assert_eq!(of("81100001", "PPP", Service::Hotspot).0, Service::Hotspot);
}
