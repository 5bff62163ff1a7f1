//! A database that is away: at the start, and in the middle.
use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

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

/// FreeRADIUS' server for disconnects, a database that can be stopped, and a radkick.toml for both.
struct Place {
    database: MariaDb,
    server: FreeRadius,
    folder: TempDir,
}

impl Place {
    fn start() -> Self {
        let database = MariaDb::alone();
        let (login, password) = RADIUS;
        let (port, name) = (database.port(), database.name().to_owned());
        let sql = SqlServer { dialect: Dialect::Mysql, port, login, password, database: name };
        let server = FreeRadius::start(&FreeRadiusOptions { sql: Some(sql), ..FreeRadiusOptions::default() });
        let place = Self { database, server, folder: tempfile::tempdir().expect("a folder") };
        write(place.config(), place.text()).expect("a configuration");
        set_permissions(place.config(), Permissions::from_mode(0o600)).expect("our own file");
        place
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("radkick.toml")
    }

    fn text(&self) -> String {
        let (url, pause) = (self.database.url(), self.folder.path().join("pause"));
        let (port, secret) = (self.server.coa_addr().port(), self.server.secret());
        let (sections, pause) = (sections(BRISK, ""), pause.display());
        format!(
            "[database]\nurl = \"{url}\"\n{sections}\n[brakes]\npause_file = \"{pause}\"\n[[nas]]\nname = \"R1\"\n\
             match = [\"127.0.0.1\"]\ncoa_port = {port}\nsecret = \"{secret}\"\nverify_within = \"2s\"\n"
        )
    }

    /// Begins while the database is away, and says so.
    fn begin(&self) -> Daemon {
        let daemon = Daemon::begin(Radkick::new(&["serve", "--config"]).arg(self.config()));
        daemon.wait_for("not ready: mysql://");
        let (status, ready) = daemon.ready();
        assert_eq!((status, &ready["ready"], &ready["databases"]), (503, &false.into(), &serde_json::Value::Null));
        assert!(ready["wrong"][0].as_str().expect("why").starts_with("the databases: mysql://"), "{ready:#}");
        assert_eq!(daemon.get("/healthz").0, 200, "it lives");
        assert_eq!(daemon.metric("radkick_database_up{database=\"accounting\"}"), Some(0.0));
        daemon.manager.wait_for("EXTEND_TIMEOUT_USEC=");
        assert!(!daemon.manager.has("READY=1"));
        assert!(daemon.manager.has("STATUS=waiting for the databases: mysql://"));
        daemon
    }
}

/// What is told while the database is away in the middle.
fn tells_of_it(daemon: &Daemon) {
    wait_until("/readyz names both", || {
        let (status, ready) = daemon.ready();
        let wrong = ready["wrong"].to_string();
        status == 503 && wrong.contains("FreeRADIUS' database: ") && wrong.contains("radkick's own tables: ")
    });
    wait_until("a step failed", || daemon.metric("radkick_steps_total{result=\"failed\"}") > Some(0.0));
    assert_eq!(daemon.metric("radkick_database_up{database=\"state\"}"), Some(0.0));
    assert_eq!(daemon.metric("radkick_blocks{state=\"held\"}"), None, "what is not known is not told");
    let (_, text) = daemon.get("/metrics");
    assert!(text.lines().any(|line| line.starts_with("radkick_database_errors_total{kind=\"")), "{text}");
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let place = Place::start();
    let database = &place.database;
    over(database, "alice", "80a00001");
    database.stop();
    let daemon = place.begin();
    database.start_again();
    daemon.manager.wait_for("READY=1");
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    daemon.wait_ready(200);
    database.stop();
    tells_of_it(&daemon);
    database.start_again();
    over(database, "bob", "80a00002");
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    daemon.wait_ready(200);
    wait_until("nobody is watched any more", || {
        database.sql("SELECT state FROM radkick_job WHERE state = 'watching'").is_empty()
    });
    let finished = daemon.stop();
    assert_eq!(finished.code, Some(0), "{finished:#?}");
    let jobs = database.sql("SELECT user_name, state FROM radkick_job ORDER BY id");
    let jobs: Vec<_> = jobs.iter().map(|job| (&job["user_name"], &job["state"])).collect();
    assert_eq!(jobs, [(&"alice".into(), &"ended".into()), (&"bob".into(), &"ended".into())]);
    assert_eq!(place.server.coa_requests().len(), 2, "each once");
}

/// It may be read, and not written, for a while: FreeRADIUS', too.
#[test]
fn a_server_that_is_read_only_for_a_while() {
    let place = Place::start();
    let database = &place.database;
    over(database, "alice", "80a00001");
    let daemon = Daemon::start(Radkick::new(&["serve", "--config"]).arg(place.config()));
    daemon.wait_for("Successfully disconnected user alice from MikroTik");
    database.sql("SET GLOBAL read_only = 1");
    // By the administrator, for whom that does not hold
    over(database, "bob", "80a00002");
    over(database, "carol", "80a00003");
    let failed = || daemon.metric("radkick_database_errors_total{kind=\"read_only\"}");
    wait_until("it is told", || failed() > Some(1.0));
    database.sql("SET GLOBAL read_only = 0");
    daemon.wait_for("Successfully disconnected user bob from MikroTik");
    daemon.wait_for("Successfully disconnected user carol from MikroTik");
    daemon.wait_ready(200);
    assert_eq!(daemon.stop().code, Some(0));
    let jobs = database.sql("SELECT user_name, state FROM radkick_job ORDER BY user_name");
    let jobs: Vec<_> = jobs.iter().map(|job| job["user_name"].as_str().expect("a name")).collect();
    assert_eq!(jobs, ["alice", "bob", "carol"]);
    assert_eq!(place.server.coa_requests().len(), 3, "each once");
    let blocks = "SELECT username FROM radcheck WHERE attribute = 'Auth-Type' ORDER BY username";
    assert_eq!(database.sql(blocks).len(), 3, "one block each");
}
