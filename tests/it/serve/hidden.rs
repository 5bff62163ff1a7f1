//! Sessions that a router has and radacct does not: found by a slow sweep, counted, and cut where the user may not be on.
use std::net::Ipv4Addr;
use std::time::Duration;

use radkick::simulator::{RestOptions, Rights, SessionSpec, SessionView};
use serde_json::{Value, json};

use super::daemon::Daemon;
use super::sections;
use crate::disconnect::site::{PATIENT, Site};
use crate::disconnect::stand::{CLIENT, MAC, Stand};
use crate::panels::database::{Database, Engine};
use crate::support::freeradius::FreeRadiusOptions;
use crate::support::radkick::Radkick;
use crate::support::wait::wait_until;

const QUOTA: &str = "interval = \"1s\"\nghost_sweep = \"1s\"";
const BOB: Ipv4Addr = Ipv4Addr::new(192, 168, 88, 42);
const CAROL: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 3);
const FOUND: &str = "radkick_ghost_sessions{nas=\"R7\"}";

/// On for an hour already.
fn for_an_hour(spec: SessionSpec) -> SessionSpec {
    SessionSpec { already_on: Duration::from_hours(1), ..spec }
}

/// alice and bob on the hotspot, carol on PPP, all for an hour; alice and carol are rejected by radcheck meanwhile.
async fn stand(sections: &str) -> Stand {
    let stand = Stand::start(|_| ()).await;
    configure(&stand, sections, "identity = \"R7\"");
    for spec in [
        SessionSpec::hotspot("alice", MAC, CLIENT),
        SessionSpec::hotspot("bob", "02:00:00:00:00:42", BOB),
        SessionSpec::ppp("carol", "02:00:00:00:00:43", CAROL),
    ] {
        let user = spec.user.clone();
        stand.login(for_an_hour(spec)).await;
        stand.site.check(&user, &[("Cleartext-Password", "pw")]);
    }
    for user in ["alice", "carol"] {
        stand.site.check(user, &[("Auth-Type", "Reject")]);
    }
    stand
}

fn configure(stand: &Stand, more: &str, rest: &str) {
    stand.site.configure(&format!("{}\n{more}", sections(QUOTA, "")), &(stand.nas(PATIENT) + &stand.rest(rest)));
}

/// What a panel's cron does: closes every row in its own words.
fn close_all(stand: &Stand) {
    stand.site.server.sql(
        "UPDATE radacct SET acctstoptime = acctupdatetime, acctterminatecause = 'Cleared by cron' WHERE acctstoptime IS NULL;",
    );
}

fn online(stand: &Stand) -> Vec<String> {
    let mut users: Vec<String> = stand.router.sessions().into_iter().map(|session: SessionView| session.user).collect();
    users.sort();
    users
}

/// What became of the job's one session.
fn target(stand: &Stand, user: &str) -> Value {
    let sql = format!(
        "SELECT t.acct_unique_id AS id, t.fate AS fate, t.evidence AS evidence, j.reason AS reason, j.actor AS actor \
         FROM radkick_target t JOIN radkick_job j ON j.id = t.job_id WHERE j.user_name = '{user}'"
    );
    let rows = stand.site.state_sql(&sql);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    serde_json::to_value(&rows[0]).expect("a row")
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_cron_closed_is_found_and_the_unwanted_are_cut() {
    let stand = stand("").await;
    close_all(&stand);
    let daemon = Daemon::start(stand.site.radkick(&["serve"]));
    wait_until("the unwanted are off", || online(&stand) == ["bob"]);
    wait_until("it is told", || daemon.log().contains("Successfully disconnected user carol from MikroTik"));
    for user in ["alice", "carol"] {
        wait_until("it has its fate", || target(&stand, user)["fate"] == "ended");
        let target = target(&stand, user);
        assert!(!target["id"].as_str().unwrap_or_default().is_empty(), "the closed row: {target}");
        assert_eq!(
            (&target["fate"], &target["reason"], &target["actor"]),
            (&json!("ended"), &json!("hidden"), &json!("sweep"))
        );
    }
    wait_until("bob alone is left", || daemon.metric(FOUND) == Some(1.0));
    assert!(daemon.log().contains("the router has sessions that radacct does not have open"), "{}", daemon.log());
    assert_eq!(online(&stand), ["bob"], "he may be on");
    let cut = stand.site.state_sql("SELECT user_name FROM radkick_journal WHERE event = 'cut' ORDER BY user_name");
    assert_eq!(cut.len(), 2, "{cut:#?}");
    let id = stand.site.state_sql("SELECT id FROM radkick_job WHERE user_name = 'carol'")[0]["id"].clone();
    let shown = &stand.site.reports(&["jobs", "show", &id.to_string()], 0)[0];
    let evidence = shown["targets"][0]["evidence"].as_str().unwrap_or_default();
    assert!(
        ["accounting_stop", "absent_from_router"].contains(&evidence),
        "a Stop of its own may be quicker: {shown:#}"
    );
    assert_eq!(daemon.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_row_at_all_is_found_too() {
    let stand = stand("").await;
    stand.site.server.sql("DELETE FROM radacct WHERE username IN ('alice', 'carol');");
    let daemon = Daemon::start(stand.site.radkick(&["serve"]));
    wait_until("the unwanted are off", || online(&stand) == ["bob"]);
    for user in ["alice", "carol"] {
        wait_until("it has its fate", || target(&stand, user)["fate"] == "ended");
        assert_eq!(target(&stand, user)["id"], "", "{user}");
    }
    let sql = "SELECT detail FROM radkick_journal WHERE event = 'cut' AND user_name = 'alice'";
    assert_eq!(stand.site.state_sql(sql).len(), 1);
    let id = stand.site.state_sql("SELECT id FROM radkick_job WHERE user_name = 'alice'")[0]["id"].clone();
    let shown = &stand.site.reports(&["jobs", "show", &id.to_string()], 0)[0];
    let told = &shown["targets"][0];
    assert!(told["acct_unique_id"].is_null() && told["framed_ip_address"] == "192.168.88.41", "{shown:#}");
    assert_eq!(told["attempts"][0]["identity"], json!(["User-Name", "Framed-IP-Address"]), "{shown:#}");
    wait_until("nobody is left", || daemon.metric(FOUND) == Some(0.0));
    assert_eq!(daemon.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exempt_the_pause_and_the_brake() {
    let pause = |stand: &Stand| stand.site.folder().join("paused");
    let stand = stand("").await;
    let file = pause(&stand);
    let more = format!("[exempt]\nusers = [\"alice\"]\n[brakes]\ntrip_users = 1\npause_file = \"{}\"", file.display());
    configure(&stand, &more, "");
    stand.site.check("bob", &[("Auth-Type", "Reject")]);
    close_all(&stand);
    std::fs::write(&file, "").expect("a file");
    let daemon = Daemon::start(stand.site.radkick(&["serve"]));
    wait_until("they are found", || daemon.metric(FOUND) == Some(3.0));
    wait_until("the pause holds", || daemon.log().contains("nobody is cut until `radkick resume`"));
    assert!(stand.site.state_sql("SELECT id FROM radkick_job").is_empty());
    std::fs::remove_file(&file).expect("a file");
    wait_until("the brake trips", || daemon.log().contains("none of them is cut until `radkick confirm`"));
    assert!(stand.site.state_sql("SELECT id FROM radkick_job").is_empty());
    assert_eq!(online(&stand), ["alice", "bob", "carol"]);
    let confirmed = &stand.site.reports(&["confirm"], 0)[0]["confirmed"];
    assert!(confirmed[0].as_str().is_some_and(|why| why.contains("radacct does not have open")), "{confirmed}");
    wait_until("the others are off", || online(&stand) == ["alice"]);
    wait_until("one is left", || daemon.metric(FOUND) == Some(1.0));
    assert_eq!(online(&stand), ["alice"], "the exempt stay");
    assert_eq!(daemon.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_cannot_be_believed_tells_nothing() {
    let stand = stand("").await;
    configure(&stand, "", "identity = \"R8\"");
    close_all(&stand);
    let daemon = Daemon::start(stand.site.radkick(&["serve"]));
    let unreadable = "radkick_ghost_sweep_unreadable{nas=\"R7\"}";
    wait_until("a sweep is over", || daemon.metric(unreadable) == Some(1.0));
    assert!(daemon.log().contains("this is not the router it should be"), "{}", daemon.log());
    assert_eq!(daemon.metric(FOUND), None);
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(online(&stand).len(), 3);
    assert!(stand.site.state_sql("SELECT id FROM radkick_job").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_list_for_lack_of_rights_hides_nobody_and_cuts_nobody() {
    let stand = Stand::start(|options| {
        let rights = Rights { read: false, ..Rights::default() };
        options.rest = options.rest.take().map(|rest| RestOptions { rights, ..rest });
    });
    let stand = stand.await;
    configure(&stand, "", "");
    stand.login(for_an_hour(SessionSpec::hotspot("alice", MAC, CLIENT))).await;
    stand.site.check("alice", &[("Auth-Type", "Reject")]);
    close_all(&stand);
    let daemon = Daemon::start(stand.site.radkick(&["serve"]));
    wait_until("a sweep is over", || daemon.metric("radkick_ghost_sweep_unreadable{nas=\"R7\"}").is_some());
    assert!(daemon.metric(FOUND).is_none_or(|found| found < 0.5), "nobody");
    assert_eq!(daemon.stop().code, Some(0));
    assert_eq!(online(&stand), ["alice"]);
    assert!(stand.site.state_sql("SELECT id FROM radkick_job").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_shown_them() {
    let stand = stand("").await;
    close_all(&stand);
    stand.site.server.sql("DELETE FROM radacct WHERE username = 'carol';");
    let told = stand.site.reports(&["sessions", "--on-router"], 0);
    let users: Vec<&Value> = told.iter().map(|session| &session["user"]).collect();
    assert_eq!(users, ["alice", "bob", "carol"], "{told:#?}");
    let carol = &told[2];
    assert!(carol["acct_unique_id"].is_null() && carol["closed_at"].is_null(), "{carol}");
    assert_eq!((&carol["service"], &carol["nas"]), (&json!("ppp"), &json!("R7")));
    assert!(told[0]["acct_unique_id"].is_string() && told[0]["closed_at"].is_i64(), "{told:#?}");
    assert_eq!(stand.site.reports(&["sessions", "--on-router", "--user", "bob"], 0).len(), 1);
    let text = Radkick::new(&["sessions", "--on-router"]).arg("--config").arg(stand.site.config()).run().stdout;
    assert!(text.contains("no row") && text.contains("closed ") && text.contains("IN RADACCT"), "{text}");
    // One request for each list of the router, and nothing is changed
    let before = stand.router.rest_log().len();
    stand.site.reports(&["sessions", "--on-router"], 0);
    let asked = stand.router.rest_log().split_off(before);
    let lists = asked.iter().filter(|request| request.path.contains("active")).count();
    assert_eq!(lists, 2, "{asked:#?}");
    configure(&stand, "", "identity = \"R8\"");
    let unreadable = stand.site.run(&["sessions", "--on-router"]);
    assert_eq!((unreadable.code, unreadable.stdout.as_str()), (Some(3), ""), "{unreadable:#?}");
    assert!(unreadable.stderr.contains("its list tells nothing"), "{unreadable:#?}");
    assert!(!stand.site.state().exists());
}

/// The same on the servers: the rows are found there, and who may be on stays.
async fn on_a_server(engine: Engine) {
    let database = Database::start(engine);
    let site = Site::with(&FreeRadiusOptions { sql: database.server(), ..FreeRadiusOptions::default() });
    let stand = Stand::on(site, |_| ()).await;
    configure(&stand, "", "identity = \"R7\"");
    let text = std::fs::read_to_string(stand.site.config()).expect("a file");
    let sqlite = format!("sqlite:{}", stand.site.server.database().display());
    std::fs::write(stand.site.config(), text.replace(&sqlite, &database.url(&stand.site.server))).expect("a file");
    for spec in [
        SessionSpec::hotspot("alice", MAC, CLIENT),
        SessionSpec::hotspot("bob", "02:00:00:00:00:42", BOB),
        SessionSpec::ppp("carol", "02:00:00:00:00:43", CAROL),
    ] {
        stand.login(for_an_hour(spec)).await;
    }
    let sql = |statements: &str| database.sql(&stand.site.server, statements);
    for (user, attribute, value) in
        [("alice", "Auth-Type", "Reject"), ("bob", "Cleartext-Password", "pw"), ("carol", "Auth-Type", "Reject")]
    {
        sql(&format!(
            "INSERT INTO radcheck (username, attribute, op, value) VALUES ('{user}', '{attribute}', ':=', '{value}');"
        ));
    }
    sql("UPDATE radacct SET acctstoptime = acctupdatetime, acctterminatecause = '' WHERE username <> 'carol';");
    sql("DELETE FROM radacct WHERE username = 'carol';");
    let daemon = Daemon::start(stand.site.radkick(&["serve"]));
    wait_until("the unwanted are off", || online(&stand) == ["bob"]);
    for user in ["alice", "carol"] {
        wait_until("it has its fate", || target(&stand, user)["fate"] == "ended");
    }
    assert_ne!(target(&stand, "alice")["id"], "");
    assert_eq!(target(&stand, "carol")["id"], "");
    assert_eq!(daemon.stop().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres() {
    on_a_server(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_mariadb() {
    on_a_server(Engine::Mariadb).await;
}
