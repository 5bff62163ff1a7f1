//! The row in radacct, where the session is proven off and its Stop never comes.
use radkick::simulator::{RouterOptions, StopTiming};
use serde_json::json;

use super::site::PATIENT;
use super::stand::Stand;

const ALICE: [&str; 3] = ["disconnect", "--user", "alice"];

fn stops_are_lost(options: &mut RouterOptions) {
    options.behaviours.stop = StopTiming::Lost;
}

/// alice is off, her row is open: nobody told FreeRADIUS.
async fn cut_without_stop(accounting: &str) -> (Stand, String) {
    let stand = Stand::start(stops_are_lost).await;
    stand.configure(accounting, PATIENT);
    let session = stand.alice().await;
    stand.an_hour_later();
    let reports = stand.site.reports(&ALICE, 0);
    assert_eq!(reports[0]["evidence"], "absent_from_router");
    assert!(stand.router.sessions().is_empty());
    (stand, session.acct_session_id)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_closed_by_the_next_run_once_the_grace_is_over() {
    let (stand, session) = cut_without_stop("[accounting]\nstop_grace = \"0s\"").await;
    assert!(stand.site.is_open(&session), "closing is the next run's work: a Stop that comes at once is in time");
    stand.site.reports(&ALICE, 0);
    let row = stand.site.row(&session);
    let (start, stop) = (row["acctstarttime"].as_i64(), row["acctstoptime"].as_i64());
    assert_eq!(row["acctterminatecause"], "Admin-Reset");
    assert_eq!(row["acctsessiontime"].as_i64(), Some(stop.expect("a stop") - start.expect("a start")));
    assert!(stop >= start.map(|start| start + 3600), "{row:?}");
    // Once: what somebody writes later stays
    stand.site.server.sql("UPDATE radacct SET acctstoptime = acctstoptime + 5;");
    stand.site.reports(&ALICE, 0);
    assert_eq!(stand.site.row(&session)["acctstoptime"].as_i64(), stop.map(|stop| stop + 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_not_closed_before() {
    let (stand, session) = cut_without_stop("[accounting]\nstop_grace = \"1h\"").await;
    // It waits for the Stop, and is cut again meanwhile: the row is all that says it is there
    stand.site.run(&ALICE);
    assert!(stand.site.is_open(&session));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_not_closed_where_that_is_not_wanted() {
    let (stand, session) = cut_without_stop("[accounting]\nstop_grace = \"0s\"\nclose_rows = \"never\"").await;
    stand.site.run(&ALICE);
    assert!(stand.site.is_open(&session));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_counts_on_keeps_its_row() {
    let (stand, session) = cut_without_stop("[accounting]\nstop_grace = \"0s\"").await;
    stand.site.server.sql("UPDATE radacct SET acctupdatetime = acctupdatetime + 7200;");
    stand.site.run(&ALICE);
    assert!(stand.site.is_open(&session));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_proven_stays_proven_while_the_stop_is_awaited() {
    let stand = Stand::start(stops_are_lost).await;
    stand.configure("[quota]\nmode = \"enforce\"\n[accounting]\nstop_grace = \"1h\"", PATIENT);
    stand.site.check("alice", &[("Max-Octets", "0")]);
    stand.alice().await;
    stand.an_hour_later();
    let once = ["enforce", "--once"];
    assert_eq!(stand.site.reports(&once, 0)[0]["fate"], "ended");
    let sent = stand.router.counters().requests;
    let gone = (&json!("already_gone"), &json!("absent_from_router"));
    let again = stand.site.reports(&once, 0);
    assert_eq!((&again[0]["fate"], &again[0]["evidence"]), gone);
    // The grace is over while a job has the session in hand
    let halted = stand.site.radkick(&once).env("RADKICK_FAILPOINT", "target_selected").spawn();
    halted.wait_for_stderr("halted at a failpoint");
    halted.process.signal("KILL");
    halted.finish();
    stand.site.state_sql("UPDATE radkick_target SET close_due_at = 1 WHERE close_due_at IS NOT NULL;");
    let again = stand.site.reports(&once, 0);
    // Closed by us: no Stop of the NAS
    assert_eq!((&again[0]["fate"], &again[0]["evidence"]), gone);
    let row = stand.site.server.sql("SELECT acctterminatecause AS cause FROM radacct");
    assert_eq!(row[0]["cause"], "Admin-Reset");
    assert_eq!(stand.router.counters().requests, sent, "nothing is sent for what is known to be off");
}
