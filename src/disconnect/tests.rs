//! The table of fates, which NAS a session is on, and what names it there.

mod directory;
mod identity;

use super::router_view::Sought;
use super::*;
use crate::quota::UserName;
use crate::routeros::ActiveRow;
use crate::store::SessionRow;

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
        interims: None,
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
        interims: None,
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
fn reports_that_stop_with_the_ack_are_proof_where_others_go_on() {
    let findings = |router| Findings { row: OPEN, router };
    let verdict = |others_at, router: RouterView, attempts: &[Attempt]| {
        let interims = Some(Interims { every: 300, others_at });
        decide(&Facts {
            attempts,
            findings: &findings(router),
            selected_at: 2_000,
            effect_at: Some(2_001),
            started_at: Some(1_000),
            updated_at: Some(1_500),
            seen_on_router: false,
            interims,
            now: 3_000,
        })
    };
    let ack = [attempt(AttemptOutcome::Ack, None)];
    let proven = Verdict { fate: Fate::Ended, evidence: Some(Evidence::InterimsStopped) };
    assert_eq!(verdict(2_400, RouterView::NotAsked, &ack), proven);
    assert_eq!(verdict(2_399, RouterView::NotAsked, &ack).fate, Fate::Unknown, "not yet three intervals");
    assert_eq!(verdict(2_400, ABSENT, &ack).evidence, Some(Evidence::AbsentFromRouter), "a list says more");
    let unreadable = RouterView::Unreadable { reason: "slow".into() };
    assert_eq!(verdict(2_400, unreadable, &ack).fate, Fate::Unknown, "and is to be asked");
    let removed = [Attempt::over_rest(AttemptOutcome::Removed, None, None)];
    assert_eq!(verdict(2_400, RouterView::NotAsked, &removed).fate, Fate::Unknown);
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
