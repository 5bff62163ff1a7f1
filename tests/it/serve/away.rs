//! A database that is away: at the start, and in the middle.
use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;

use super::daemon::Daemon;
use super::{BRISK, sections};
use crate::support::freeradius::{Dialect, FreeRadius, FreeRadiusOptions, SqlServer};
use crate::support::mariadb::{MariaDb, RADIUS};
use crate::support::radkick::Radkick;
use crate::support::wait::wait_until;

fn over(database: &MariaDb, user: &str, id: &str) {
    database.sql(&format!(
        "INSERT INTO radcheck (username, attribute, op, value) VALUES ('{user}', 'Max-Octets', ':=', '1000');
         INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, acctstarttime, acctupdatetime,
             acctinputoctets, acctoutputoctets, framedipaddress, callingstationid, calledstationid)
         VALUES ('{id}', '{id}', '{user}', '127.0.0.1', now() - INTERVAL 1 HOUR, now(), 0, 1000, '10.0.0.1', '', '');"
    ));
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let database = MariaDb::alone();
    let (login, password) = RADIUS;
    let sql = SqlServer {
        dialect: Dialect::Mysql,
        port: database.port(),
        login,
        password,
        database: database.name().to_owned(),
    };
    let server = FreeRadius::start(&FreeRadiusOptions { sql: Some(sql), ..FreeRadiusOptions::default() });
    let folder = tempfile::tempdir().expect("a folder");
    let config = folder.path().join("radkick.toml");
    let nas = format!(
        "[[nas]]\nname = \"R1\"\nmatch = [\"127.0.0.1\"]\ncoa_port = {}\nsecret = \"{}\"\nverify_within = \"2s\"\n",
        server.coa_addr().port(),
        server.secret()
    );
    let pause = folder.path().join("pause");
    let brakes = format!("[brakes]\npause_file = \"{}\"\n", pause.display());
    write(&config, format!("[database]\nurl = \"{}\"\n{}\n{brakes}{nas}", database.url(), sections(BRISK, "")))
        .expect("written");
    set_permissions(&config, Permissions::from_mode(0o600)).expect("our own file");
    over(&database, "alice", "80a00001");
    database.stop();

    let daemon = Daemon::begin(Radkick::new(&["serve", "--config"]).arg(&config));
    daemon.wait_for("not ready: mysql://");
    let (status, ready) = daemon.ready();
    assert_eq!((status, &ready["ready"], &ready["databases"]), (503, &false.into(), &serde_json::Value::Null));
    assert!(ready["wrong"][0].as_str().expect("why").starts_with("the databases: mysql://"), "{ready:#}");
    assert_eq!(daemon.get("/healthz").0, 200, "it lives");
    assert_eq!(daemon.metric("radkick_database_up{database=\"accounting\"}"), Some(0.0));
    daemon.manager.wait_for("EXTEND_TIMEOUT_USEC=");
    assert!(!daemon.manager.has("READY=1"));
    assert!(daemon.manager.has("STATUS=waiting for the databases: mysql://"));

    database.start_again();
    daemon.manager.wait_for("READY=1");
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    daemon.wait_ready(200);

    database.stop();
    daemon.wait_ready(503);
    let wrong = daemon.ready().1["wrong"].to_string();
    assert!(wrong.contains("FreeRADIUS' database: ") && wrong.contains("radkick's own tables: "), "{wrong}");
    wait_until("a step failed", || daemon.metric("radkick_steps_total{result=\"failed\"}") > Some(0.0));
    assert_eq!(daemon.metric("radkick_database_up{database=\"state\"}"), Some(0.0));
    assert_eq!(daemon.metric("radkick_blocks{state=\"held\"}"), None, "what is not known is not told");
    let (_, text) = daemon.get("/metrics");
    assert!(text.lines().any(|line| line.starts_with("radkick_database_errors_total{kind=\"")), "{text}");

    database.start_again();
    over(&database, "bob", "80a00002");
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    daemon.wait_ready(200);
    let finished = daemon.stop();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let jobs = database.sql("SELECT user_name, state FROM radkick_job ORDER BY id");
    let jobs: Vec<_> = jobs.iter().map(|job| (&job["user_name"], &job["state"])).collect();
    assert_eq!(jobs, [(&"alice".into(), &"ended".into()), (&"bob".into(), &"ended".into())]);
}
