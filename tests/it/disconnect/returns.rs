//! Who comes straight back after a cut: cut again where the login is closed, told where it is open; and what is taken away so
//! that it does not happen.
use std::time::Duration;

use radkick::simulator::{Event, RestFault, SessionSpec, WayBack};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;

use super::site::{PATIENT, reports};
use super::stand::{CLIENT, MAC, Stand};
use crate::support::process::Finished;
use crate::support::wait::PATIENCE;

const ALICE: [&str; 3] = ["disconnect", "--user", "alice"];
const BLOCK: [&str; 4] = ["disconnect", "--user", "alice", "--block"];

fn alice() -> SessionSpec {
    SessionSpec::hotspot("alice", MAC, CLIENT)
}

async fn ended(events: &mut Receiver<Event>) {
    let ended = async { while !matches!(events.recv().await.expect("an event"), Event::Ended { .. }) {} };
    tokio::time::timeout(PATIENCE, ended).await.expect("a session that ends");
}

/// Runs radkick while somebody logs in again `times` times, each time that a session of the router's has ended.
async fn while_coming_back(
    stand: &Stand,
    arguments: &[&str],
    times: usize,
    back: impl Fn() -> SessionSpec,
) -> Finished {
    let mut events = stand.router.events();
    let running = stand.site.radkick(arguments).spawn();
    for _ in 0..times {
        ended(&mut events).await;
        // The Stop first, as a router sends it
        stand.router.accounting_settled().await;
        stand.login(back()).await;
    }
    running.finish()
}

async fn hotspot() -> Stand {
    let stand = Stand::start(|_| {}).await;
    stand.configure("", PATIENT);
    stand.site.check("alice", &[("Cleartext-Password", "pw")]);
    stand.login(SessionSpec { already_on: Duration::from_hours(1), ..alice() }).await;
    stand
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_let_in_again_is_told_and_left_alone() {
    let stand = hotspot().await;
    let finished = while_coming_back(&stand, &ALICE, 1, alice).await;
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let reports = reports(&finished);
    assert_eq!((reports.len(), &reports[0]["fate"]), (1, &json!("ended")));
    let session = &stand.router.sessions()[0];
    assert_eq!(reports[0]["reconnected"]["acct_session_id"], json!(session.acct_session_id));
    assert_eq!(stand.router.counters().acks, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_back_to_a_closed_login_is_cut_again() {
    let stand = hotspot().await;
    let finished = while_coming_back(&stand, &BLOCK, 2, alice).await;
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let reports = reports(&finished);
    let times: Vec<&Value> = reports.iter().map(|report| &report["bounce"]["time"]).collect();
    assert_eq!(times, [&Value::Null, &json!(1), &json!(2)]);
    assert!(reports.iter().all(|report| report["fate"] == "ended"), "{reports:#?}");
    assert!(stand.router.sessions().is_empty());
    let live = stand.site.state_sql("SELECT state FROM radkick_job");
    assert_eq!(live.iter().map(|row| &row["state"]).collect::<Vec<_>>(), ["ended"], "nothing is left to do");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_back_for_ever_is_left_for_a_while() {
    let stand = hotspot().await;
    stand.configure("", &format!("{PATIENT}max_bounces = 1\n"));
    let finished = while_coming_back(&stand, &BLOCK, 2, alice).await;
    assert_eq!(finished.code, Some(1), "{finished:#?}");
    let reports = reports(&finished);
    assert_eq!(reports.iter().map(|report| &report["fate"]).collect::<Vec<_>>(), ["ended", "ended", "still_active"]);
    let problem = reports[2]["problem"].as_str().expect("a problem");
    assert!(problem.starts_with("came straight back 2 times"), "{problem}");
    assert_eq!(stand.router.sessions().len(), 1);
    assert_eq!(stand.router.counters().acks, 2, "once, and once again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_local_user_of_that_name_is_told_and_never_removed() {
    let stand = hotspot().await;
    let local = || SessionSpec { radius: false, ..alice() };
    let finished = while_coming_back(&stand, &BLOCK, 1, local).await;
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let back = json!({ "acct_session_id": null, "cause": "local_user" });
    assert_eq!(reports(&finished)[0]["reconnected"], back);
    assert_eq!(stand.router.sessions().len(), 1);
    assert!(stand.removals().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cookies_of_the_device_go_and_all_of_the_users_where_the_login_is_closed() {
    for (command, left) in [(&ALICE[..], &["alice", "alice", "bob", "bob"][..]), (&BLOCK[..], &["bob", "bob"][..])] {
        let stand = hotspot().await;
        stand.login(SessionSpec::hotspot("alice", "02:00:00:00:00:42", [192, 168, 88, 42].into())).await;
        stand.login(SessionSpec::hotspot("bob", "02:00:00:00:00:43", [192, 168, 88, 43].into())).await;
        stand.site.reports(&[command, &["--ip", "192.168.88.41"]].concat(), 0);
        let users: Vec<String> = stand.router.cookies().into_iter().map(|cookie| cookie.user).collect();
        assert_eq!(users, left, "{command:?}");
        assert_eq!(stand.cookies_taken(), 6 - left.len(), "before the router itself did");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rest_service_that_is_silent_holds_no_cut_up() {
    let stand = hotspot().await;
    stand.router.change(|behaviours| behaviours.rest.fault = Some(RestFault::NoAnswer));
    let finished = stand.site.run(&ALICE);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert!(finished.stderr.contains("cookies on the router are left alone"), "{finished:#?}");
    assert_eq!(reports(&finished)[0]["fate"], "ended");
}

/// A router whose clients come back by themselves, a moment after they are cut.
async fn insistent(spec: SessionSpec, change: impl FnOnce(&mut WayBack)) -> Stand {
    let stand = Stand::with_logins(|options| change(&mut options.behaviours.way_back)).await;
    stand.configure("", PATIENT);
    stand.site.check("alice", &[("Cleartext-Password", "alice")]);
    stand.login(SessionSpec { already_on: Duration::from_hours(1), ..spec }).await;
    stand
}

fn dialled() -> SessionSpec {
    SessionSpec::ppp("alice", MAC, CLIENT)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ppp_that_dials_again_is_let_in_or_not() {
    let stand = insistent(dialled(), |_| {}).await;
    let reports = stand.site.reports(&ALICE, 0);
    assert_eq!((&reports[0]["fate"], &reports[0]["reconnected"]["cause"]), (&json!("ended"), &json!("ppp_redial")));
    assert_eq!(stand.router.sessions().len(), 1);
    let stand = insistent(dialled(), |_| {}).await;
    let mark = stand.router.mark();
    let reports = stand.site.reports(&BLOCK, 0);
    assert_eq!((reports.len(), &reports[0]["fate"], &reports[0]["reconnected"]), (1, &json!("ended"), &Value::Null));
    let refused = |event: &Event| matches!(event, Event::Asked { answer: Some("Access-Reject"), .. });
    stand.router.event_since(mark, refused).await;
    assert!(stand.router.sessions().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cookie_that_was_taken_away_lets_nobody_in() {
    let stand = insistent(alice(), |_| {}).await;
    let reports = stand.site.reports(&ALICE, 0);
    assert_eq!((&reports[0]["cookies_removed"], &reports[0]["reconnected"]), (&json!(2), &Value::Null));
    assert!(stand.router.sessions().is_empty());
    // Without REST the browser's stays, and the user is back
    let stand = insistent(alice(), |_| {}).await;
    stand.site.configure("", &stand.nas(PATIENT));
    let reports = stand.site.reports(&ALICE, 0);
    assert_eq!(reports[0]["reconnected"]["cause"], "unknown", "{reports:#?}");
    assert_eq!(stand.router.sessions().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_is_named() {
    let stand = insistent(alice(), |ways| ways.login_by_mac = true).await;
    stand.site.check(MAC, &[("Cleartext-Password", MAC), ("Auth-Type", "Accept")]);
    let reports = stand.site.reports(&ALICE, 0);
    // The MAC is another user's name: alice is off, and who is back is not she
    assert_eq!((&reports[0]["fate"], &reports[0]["reconnected"]), (&json!("ended"), &Value::Null));
}
