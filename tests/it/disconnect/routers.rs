//! Against a simulated RouterOS: both ways, the order between them, and what counts as proof.
use radkick::simulator::{Incoming, RouterOptions, SessionSpec, StopTiming};
use serde_json::{Value, json};

use super::site::{HASTY, PATIENT, object};
use super::stand::{CLIENT, MAC, Stand};

const ALICE: [&str; 3] = ["disconnect", "--user", "alice"];
const REST: [&str; 4] = ["user", "address", "mac-address", "radius"];

/// The router's list is R7's, and so is the proof.
fn of_r7(stand: &Stand, session: &str, other: &Value) -> Value {
    let mut object = object(&stand.site, "alice", session, other);
    object["nas"] = json!("R7");
    object
}

fn by_rest(outcome: &str, code: &Value) -> Value {
    json!({
        "path": "rest", "identity": REST, "outcome": outcome, "code": code, "error_cause": null, "transmissions": 1,
    })
}

/// Path and outcome of every attempt.
fn attempts(report: &Value) -> Vec<(&str, &str)> {
    let attempts = report["attempts"].as_array().expect("attempts");
    attempts.iter().map(|a| (a["path"].as_str().expect("a path"), a["outcome"].as_str().expect("an outcome"))).collect()
}

fn fate(report: &Value) -> [&Value; 3] {
    [&report["fate"], &report["evidence"], &report["path"]]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hotspot_session_ends_with_its_stop() {
    let stand = Stand::start(|_| {}).await;
    stand.configure("", PATIENT);
    let session = stand.alice().await;
    let reports = stand.site.reports(&ALICE, 0);
    assert_eq!(reports.len(), 1);
    assert_eq!(fate(&reports[0]), [&json!("ended"), &json!("accounting_stop"), &json!("radius")]);
    assert_eq!(attempts(&reports[0]), [("radius", "ack")]);
    assert!(stand.router.sessions().is_empty());
    assert_eq!(stand.site.row(&session.acct_session_id)["acctterminatecause"], "Admin-Reset");
    assert!(stand.removals().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_answers_from_the_second_of_its_other_addresses_is_heard() {
    let elsewhere = std::net::Ipv4Addr::new(127, 0, 1, 77);
    let stand = Stand::start(|options| options.behaviours.faults.reply_from = Some(elsewhere)).await;
    stand.configure("", &format!("{PATIENT}reply_from = [\"127.0.1.76\", \"{elsewhere}\"]\n"));
    stand.alice().await;
    let reports = stand.site.reports(&ALICE, 0);
    assert_eq!(attempts(&reports[0]), [("radius", "ack")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_hears_no_radius_is_cut_by_rest() {
    let closed = |options: &mut RouterOptions| {
        options.coa = Incoming::Closed;
        options.behaviours.stop = StopTiming::Lost;
    };
    let stand = Stand::start(closed).await;
    stand.configure("", HASTY);
    let session = stand.alice().await;
    stand.an_hour_later();
    let mut reports = stand.site.reports(&ALICE, 0);
    assert_eq!(reports.len(), 1);
    let radius = reports[0]["attempts"].as_array_mut().expect("attempts").remove(0);
    assert!(["no_reply", "unreachable"].map(Value::from).contains(&radius["outcome"]), "{radius}");
    let ended = json!({
        "fate": "ended", "evidence": "absent_from_router", "path": "rest", "cookies_removed": 2,
        "attempts": [by_rest("removed", &Value::Null)],
    });
    assert_eq!(reports, [of_r7(&stand, &session.acct_session_id, &ended)]);
    assert!(stand.router.sessions().is_empty());
    assert_eq!(stand.removals(), [Some(204)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ack_that_does_nothing_is_found_out_on_the_list() {
    let stand = Stand::start(|options| options.behaviours.ack_does_nothing = true).await;
    stand.configure("", &PATIENT.replace("40s", "2s"));
    stand.alice().await;
    stand.an_hour_later();
    let reports = stand.site.reports(&ALICE, 0);
    assert_eq!(attempts(&reports[0]), [("radius", "ack"), ("rest", "removed")]);
    assert_eq!(fate(&reports[0])[0], "ended");
    assert_eq!(reports[0]["path"], "rest", "what removed it, not what said so");
    assert!(stand.router.sessions().is_empty());
    // Without REST the lie stays one
    let stand = Stand::start(|options| options.behaviours.ack_does_nothing = true).await;
    stand.site.configure("", &stand.nas(&PATIENT.replace("verify_within = \"40s\"", "verify_within = \"1s\"")));
    stand.alice().await;
    let reports = stand.site.reports(&ALICE, 3);
    assert_eq!(fate(&reports[0]), [&json!("unknown"), &json!("disconnect_ack"), &Value::Null]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rest_alone_is_enough() {
    let stand = Stand::start(|_| {}).await;
    let nas = stand.nas("paths = [\"rest\"]\nverify_within = \"40s\"\n");
    stand.site.configure("", &(nas + &stand.rest("identity = \"R7\"")));
    let session = stand.alice().await;
    let reports = stand.site.reports(&ALICE, 0);
    let ended = json!({
        "fate": "ended", "evidence": "accounting_stop", "path": "rest", "cookies_removed": 2,
        "attempts": [by_rest("removed", &Value::Null)],
    });
    assert_eq!(reports, [of_r7(&stand, &session.acct_session_id, &ended)]);
    assert_eq!(stand.router.counters().requests, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_router_is_refused_and_nothing_is_removed() {
    let stand = Stand::start(|_| {}).await;
    let nas = stand.nas("paths = [\"rest\"]\nverify_within = \"1s\"\n");
    stand.site.configure("", &(nas + &stand.rest("identity = \"R8\"")));
    let session = stand.alice().await;
    stand.an_hour_later();
    let mut reports = stand.site.reports(&ALICE, 3);
    let detail = reports[0]["attempts"][0].as_object_mut().expect("an attempt").remove("detail");
    let said = "this is not the router it should be: its identity is \"R7\", not \"R8\"";
    assert_eq!(detail, Some(json!(said)));
    let unknown = json!({ "fate": "unknown", "attempts": [by_rest("refused", &Value::Null)] });
    assert_eq!(reports, [of_r7(&stand, &session.acct_session_id, &unknown)]);
    assert_eq!(stand.router.sessions().len(), 1);
    assert!(stand.removals().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_radius_did_not_let_in_is_never_removed() {
    let stand = Stand::start(|_| {}).await;
    stand.configure("", &HASTY.replace("verify_within", "paths = [\"rest\"]\nverify_within"));
    let session = stand.alice().await;
    stand.an_hour_later();
    // The same user, address and MAC, but a local login by now: alice's session ended, its Stop was lost
    stand.router.change(|behaviours| behaviours.stop = StopTiming::Lost);
    stand.router.vanish(&session.acct_session_id).expect("her session");
    stand.router.login(SessionSpec { radius: false, ..SessionSpec::hotspot("alice", MAC, CLIENT) });
    let reports = stand.site.reports(&ALICE, 3);
    assert_eq!(attempts(&reports[0]), [("rest", "not_listed")]);
    assert_eq!(fate(&reports[0]), [&json!("unknown"), &Value::Null, &Value::Null], "nothing vouches for the list");
    assert_eq!(stand.router.sessions().len(), 1);
    assert!(stand.removals().is_empty());
    // Another session of radacct's on the list vouches for it
    stand.login(SessionSpec::hotspot("bob", "02:00:00:00:00:42", [192, 168, 88, 42].into())).await;
    let reports = stand.site.reports(&ALICE, 0);
    assert_eq!(fate(&reports[0]), [&json!("already_gone"), &json!("absent_from_router"), &Value::Null]);
    assert_eq!(stand.router.sessions().len(), 2);
    assert!(stand.removals().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_any_way_in_nothing_is_known() {
    let stand = Stand::start(|options| options.behaviours.faults.silent = true).await;
    let gone = stand.router.rest_url().to_owned();
    stand.configure("", HASTY);
    // Nothing listens there
    let text = std::fs::read_to_string(stand.site.config()).expect("the configuration");
    let closed = format!("http://127.0.0.1:{}", crate::support::ports::free_tcp_port());
    std::fs::write(stand.site.config(), text.replace(&gone, &closed)).expect("the configuration");
    stand.alice().await;
    let reports = stand.site.reports(&ALICE, 3);
    assert_eq!(attempts(&reports[0]), [("radius", "no_reply"), ("rest", "unreachable")]);
    assert_eq!(fate(&reports[0]), [&json!("unknown"), &Value::Null, &Value::Null]);
    assert_eq!(stand.router.sessions().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_that_keeps_it_is_still_active() {
    let stand = Stand::start(|options| options.behaviours.ack_does_nothing = true).await;
    let nas = stand.nas(&PATIENT.replace("verify_within = \"40s\"", "paths = [\"radius\"]\nverify_within = \"1s\""));
    stand.site.configure("", &(nas + &stand.rest("identity = \"R7\"")));
    stand.alice().await;
    let reports = stand.site.reports(&ALICE, 1);
    assert_eq!(fate(&reports[0]), [&json!("still_active"), &json!("on_router"), &Value::Null]);
    assert!(stand.removals().is_empty(), "the list is looked at, no more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ppp_session_goes_by_its_id() {
    let stand = Stand::start(|_| {}).await;
    stand.configure("", PATIENT);
    let address = [10, 20, 4, 7].into();
    let spec = SessionSpec::ppp("alice", MAC, address);
    let session = stand.login(spec.clone()).await;
    let other = stand.login(SessionSpec { address: [10, 20, 4, 8].into(), ..spec.clone() }).await;
    let id = session.acct_session_id.as_str();
    let reports = stand.site.reports(&["disconnect", "--user", "alice", "--session", id], 0);
    assert_eq!(reports[0]["attempts"][0]["identity"], json!(["Acct-Session-Id", "User-Name"]));
    assert_eq!(fate(&reports[0]), [&json!("ended"), &json!("accounting_stop"), &json!("radius")]);
    assert_eq!(stand.router.sessions(), [stand.router.session(&other.acct_session_id).expect("the other one")]);
    // And on the list
    let nas = stand.nas("paths = [\"rest\"]\nverify_within = \"40s\"\n");
    stand.site.configure("", &(nas + &stand.rest("identity = \"R7\"")));
    stand.login(SessionSpec { address: [10, 20, 4, 9].into(), ..spec }).await;
    let id = other.acct_session_id.as_str();
    let reports = stand.site.reports(&["disconnect", "--user", "alice", "--session", id], 0);
    assert_eq!(attempts(&reports[0]), [("rest", "removed")]);
    assert!(stand.router.session(id).is_none());
    assert_eq!(stand.router.sessions().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_ppp_session_at_the_same_address_is_another_one() {
    let stand = Stand::start(|_| {}).await;
    let nas = stand.nas("paths = [\"rest\"]\nverify_within = \"1s\"\n");
    stand.site.configure("", &(nas + &stand.rest("identity = \"R7\"")));
    let spec = SessionSpec::ppp("alice", MAC, [10, 20, 4, 7].into());
    let lost = stand.login(spec.clone()).await;
    stand.router.vanish(&lost.acct_session_id).expect("her session");
    let back = stand.login(spec).await;
    let reports = stand.site.reports(&["disconnect", "--user", "alice", "--session", &lost.acct_session_id], 3);
    assert_eq!(attempts(&reports[0]), [("rest", "not_listed")]);
    assert_eq!(stand.router.sessions(), [stand.router.session(&back.acct_session_id).expect("the later one")]);
}
