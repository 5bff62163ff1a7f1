//! The row in radacct, where the session is proven off and its Stop never comes.
use radkick::simulator::{RouterOptions, StopTiming};

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
