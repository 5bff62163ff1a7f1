//! Who comes straight back to a login that was closed, while something goes on running.
use std::time::Duration;

use radkick::simulator::{Event, Octets, SessionSpec};

use super::daemon::Daemon;
use super::sections;
use crate::disconnect::site::PATIENT;
use crate::disconnect::stand::{CLIENT, MAC, Stand};
use crate::support::wait::{PATIENCE, wait_until};

/// The worker's own steps are out of the way after the first.
const SLOW: &str = "interval = \"1h\"";

/// alice on the hotspot for an hour, and over.
async fn over() -> Stand {
    let stand = Stand::start(|_| ()).await;
    let nas = stand.nas(PATIENT) + &stand.rest("identity = \"R7\"");
    stand.site.configure(&sections(SLOW, ""), &nas);
    stand.site.check("alice", &[("Cleartext-Password", "pw"), ("Max-Octets", "1000")]);
    let alice = SessionSpec { already_on: Duration::from_hours(1), ..SessionSpec::hotspot("alice", MAC, CLIENT) };
    let session = stand.login(alice).await;
    stand.router.use_data(&session.acct_session_id, Octets { input: 600, output: 600 }).expect("her session");
    stand.router.interim(&session.acct_session_id).expect("her session");
    stand.router.accounting_settled().await;
    stand
}

async fn cut(stand: &Stand, mark: u64) -> u64 {
    let ended = stand.router.event_since(mark, |event| matches!(event, Event::Ended { .. }));
    let number = tokio::time::timeout(PATIENCE, ended).await.expect("a session that ends").number + 1;
    stand.router.accounting_settled().await;
    number
}

async fn back(stand: &Stand) {
    stand.login(SessionSpec::hotspot("alice", MAC, CLIENT)).await;
}

fn bounces(stand: &Stand) -> usize {
    stand.site.state_sql("SELECT id FROM radkick_target WHERE detail LIKE '%bounce%' AND fate = 'ended'").len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_cuts_again() {
    let stand = over().await;
    let daemon = Daemon::begin(stand.site.radkick(&["serve"]));
    let mark = cut(&stand, 0).await;
    wait_until("it is watched", || states(&stand) == ["watching"]);
    back(&stand).await;
    cut(&stand, mark).await;
    wait_until("the bounce is proven off", || bounces(&stand) == 1);
    assert!(daemon.log().contains("came straight back"), "{}", daemon.log());
    // While a brake waits for a person nobody is cut, not even again
    stand.site.state_sql("INSERT INTO radkick_brake (name, tripped_at, detail) VALUES ('cut', 1, 'of the test')");
    stand.login(SessionSpec::hotspot("bob", "02:00:00:00:00:42", [192, 168, 88, 42].into())).await;
    back(&stand).await;
    // The daemon's runner looks every second, and this takes longer
    assert_eq!(stand.site.run(&["disconnect", "--user", "bob"]).code, Some(0));
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!((stand.router.sessions().len(), bounces(&stand)), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_loop_of_enforce_cuts_again() {
    let stand = over().await;
    let running = stand.site.radkick(&["enforce"]).spawn();
    let mark = cut(&stand, 0).await;
    wait_until("it is watched", || states(&stand) == ["watching"]);
    back(&stand).await;
    cut(&stand, mark).await;
    wait_until("the bounce is proven off", || bounces(&stand) == 1);
    assert_eq!(running.terminate().code, Some(0));
}

fn states(stand: &Stand) -> Vec<String> {
    let rows = stand.site.state_sql("SELECT state FROM radkick_job");
    rows.iter().map(|row| row["state"].as_str().expect("a state").to_owned()).collect()
}
