//! From a row of radacct to a cut that is proven, on a file and on servers, and what the pages say meanwhile.
use super::daemon::Daemon;
use super::{BRISK, configure, live, sections};
use crate::disconnect::site::{HASTY, PATIENT, Session, Site};
use crate::enforce::{customer, top_up};
use crate::panels::database::Engine;
use crate::support::freeradius::Authentication;
use crate::support::ports::free_udp_ports;
use crate::support::wait::wait_until;

const ALICE: Session<'_> = Session::new("80a00001");
const BOB: Session<'_> = Session::new("80a00002").at("192.168.88.42");

#[test]
fn it_cuts_who_goes_over_and_says_so() {
    let site = Site::start();
    configure(&site, BRISK, &site.r1(PATIENT));
    let daemon = Daemon::start(site.radkick(&["serve"]));
    customer(&site, "alice", ALICE, "999");
    customer(&site, "bob", BOB, "1000");
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    assert_eq!(site.server.authenticate("bob", "pw"), Authentication::Reject(None));
    assert!(site.is_open(ALICE.id));
    // The step that cut bob has ended
    wait_until("a step that knows it", || daemon.metric("radkick_blocks{state=\"held\"}") == Some(1.0));
    wait_until("a step that ended", || daemon.metric("radkick_users_over") == Some(1.0));
    let counted = |name: &str| daemon.metric(&format!("radkick_dynauth_client_disconnect_{name}_total{{nas=\"R1\"}}"));
    assert_eq!([counted("requests"), counted("acks")], [Some(1.0); 2]);
    assert_eq!(daemon.metric("radkick_dynauth_client_disconnect_pending_requests{nas=\"R1\"}"), Some(0.0));
    assert_eq!(daemon.metric("radkick_session_fates_total{fate=\"ended\"}"), Some(1.0));
    assert_eq!(daemon.metric("radkick_brake_tripped{brake=\"cut\"}"), Some(0.0));
    assert!(daemon.metric("radkick_steps_total{result=\"ok\"}").expect("counted") >= 1.0);
    assert!(daemon.metric("radkick_last_step_timestamp_seconds").expect("told") > 1_700_000_000.0);
    let text = daemon.get("/metrics").1;
    assert!(!text.contains("bob") && !text.contains("alice"), "no label names a user\n{text}");
    assert!(text.ends_with("# EOF\n"));
    let (status, ready) = daemon.ready();
    assert_eq!((status, &ready["ready"], &ready["mode"]), (200, &true.into(), &"enforce".into()), "{ready:#}");
    assert_eq!(
        ready["jobs"],
        serde_json::json!({
            "live": 0, "oldest_age_s": null, "blocks_held": 1, "brakes_tripped": [],
        })
    );
    assert_eq!(ready["last_step"]["result"], "ok");
    assert_eq!(daemon.get("/healthz").0, 200);
    top_up(&site, "bob");
    wait_until("bob may log in", || site.check_rows("bob").len() == 2);
    let finished = daemon.stop();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    assert_eq!(site.server.coa_requests().len(), 1, "cut once");
    assert!(live(&site).is_empty());
}

#[test]
fn what_a_router_refuses_or_leaves_out_is_counted() {
    let site = Site::start();
    let mute = ([127, 0, 0, 1], free_udp_ports::<1>()[0]).into();
    configure(&site, BRISK, &site.nas("R1", "127.0.0.1", mute, HASTY));
    customer(&site, "alice", ALICE, "1000");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    daemon.wait_for("it is not known whether user alice is off");
    let counted = |name: &str| daemon.metric(&format!("radkick_dynauth_client_disconnect_{name}_total{{nas=\"R1\"}}"));
    assert_eq!([counted("requests"), counted("retransmissions"), counted("timeouts")], [Some(1.0); 3]);
    assert_eq!(daemon.metric("radkick_session_fates_total{fate=\"unknown\"}"), Some(1.0));
    wait_until("the job waits", || daemon.metric("radkick_jobs{state=\"waiting\"}") == Some(1.0));
    assert!(daemon.metric("radkick_oldest_job_age_seconds{state=\"waiting\"}").expect("told") >= 0.0);
    let jobs = &daemon.ready().1["jobs"];
    assert_eq!((&jobs["live"], jobs["oldest_age_s"].is_i64()), (&1.into(), true), "{jobs}");
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(live(&site), [("waiting".to_owned(), false)]);
}

/// With FreeRADIUS' tables and ours on a server.
fn cuts_on(engine: Engine) {
    let site = crate::panels::site::Site::start(engine);
    site.configure(&sections(BRISK, ""));
    let daemon = Daemon::start(site.radkick(&["serve"]));
    let row = "INSERT INTO radcheck (username, attribute, op, value) VALUES ";
    site.sql(&format!("{row} ('bob', 'Cleartext-Password', ':=', 'pw'), ('bob', 'Max-Octets', ':=', '1000');"));
    site.account("bob", "80a00002", "Start", 0);
    site.account("bob", "80a00002", "Interim-Update", 1000);
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    assert_eq!(site.server.authenticate("bob", "pw"), Authentication::Reject(None));
    assert_eq!(daemon.metric("radkick_database_up{database=\"accounting\"}"), Some(1.0));
    assert_eq!(daemon.metric("radkick_dynauth_client_disconnect_acks_total{nas=\"R1\"}"), Some(1.0));
    daemon.wait_ready(200);
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(site.server.coa_requests().len(), 1);
}

#[test]
fn on_postgresql() {
    cuts_on(Engine::Postgres);
}

#[test]
fn on_mariadb() {
    cuts_on(Engine::Mariadb);
}

#[test]
fn where_it_observes_it_cuts_nobody_and_changes_nothing() {
    let site = Site::start();
    site.configure("[quota]\ninterval = \"1s\"\n[serve]\nlisten = \"127.0.0.1:0\"", &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "1000");
    let before = site.tables();
    let daemon = Daemon::start(site.radkick(&["serve"]));
    daemon.wait_for("would cut off alice");
    wait_until("a step that ended", || daemon.metric("radkick_users_over") == Some(1.0));
    assert_eq!(daemon.ready().1["mode"], "observe");
    // What a person asks for is done all the same
    assert_eq!(site.reports(&["disconnect", "--user", "alice"], 0)[0]["fate"], "ended");
    assert_eq!(site.server.coa_requests().len(), 1);
    assert_eq!(daemon.stop().code, Some(0));
    let but_radacct = |tables: Vec<(String, Vec<_>)>| -> Vec<_> {
        tables.into_iter().filter(|(name, _)| name != "radacct").collect()
    };
    assert_eq!(but_radacct(site.tables()), but_radacct(before));
}

/// A step sees a row and cannot count it; the next one does.
#[test]
fn what_a_step_that_failed_had_seen_counts_all_the_same() {
    let site = Site::start();
    configure(&site, BRISK, &site.r1(PATIENT));
    customer(&site, "alice", ALICE, "999");
    let daemon = Daemon::start(site.radkick(&["serve"]));
    wait_until("a step", || daemon.metric("radkick_steps_total{result=\"ok\"}").is_some_and(|steps| steps >= 2.0));
    site.state_sql("ALTER TABLE radkick_quota RENAME TO elsewhere");
    site.server.sql(
        "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctstoptime, acctinputoctets)
         VALUES ('s', 'u', 'alice', '127.0.0.1', 1700000000, 1700000100, 1);",
    );
    daemon.wait_for("this cycle was cut short");
    site.state_sql("ALTER TABLE elsewhere RENAME TO radkick_quota");
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    assert_eq!(daemon.stop().code, Some(0));
}
