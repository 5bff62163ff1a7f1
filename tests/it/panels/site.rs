//! A FreeRADIUS that keeps its tables on any of the three databases, and a radkick beside it with no more than its rights.
use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt as _;

use radkick::quota::UserName;
use serde_json::Value;
use tempfile::TempDir;

use super::database::{Database, Engine};
use crate::support::freeradius::{Authentication, FreeRadius, FreeRadiusOptions};
use crate::support::pairs::packet;
use crate::support::process::Finished;
use crate::support::radclient::{Radclient, RequestKind};
use crate::support::radkick::Radkick;
use crate::support::sqlite::{Row, sql_text};

/// The tables that say who may log in.
const LOGIN: [&str; 5] = ["radcheck", "radreply", "radusergroup", "radgroupcheck", "radgroupreply"];

pub(crate) struct Site {
    pub(crate) server: FreeRadius,
    pub(crate) engine: Engine,
    pub(crate) database: Database,
    pub(crate) folder: TempDir,
}

impl Site {
    /// With one NAS, behind which FreeRADIUS' own Dynamic Authorization Server listens, and a radkick that enforces.
    pub(crate) fn start(engine: Engine) -> Self {
        let database = Database::start(engine);
        let server = FreeRadius::start(&FreeRadiusOptions { sql: database.server(), ..FreeRadiusOptions::default() });
        let site = Self { server, engine, database, folder: tempfile::tempdir().expect("a folder") };
        let values = ["127.0.0.1", "R1", site.server.secret()].map(sql_text).join(", ");
        site.sql(&format!("INSERT INTO nas (nasname, shortname, secret) VALUES ({values});"));
        site.configure("[quota]\nmode = \"enforce\"\n");
        site
    }

    /// Writes radkick.toml: where the database and the NAS are, then `sections`.
    pub(crate) fn configure(&self, sections: &str) {
        let (url, port) = (self.database.url(&self.server), self.server.coa_addr().port());
        let state = match self.engine {
            Engine::Sqlite => "[state]\nurl = \"sqlite:state.db\"\n",
            Engine::Postgres | Engine::Mariadb => "",
        };
        let nas = format!("[nas_defaults]\ncoa_port = {port}\nmrd = \"40s\"\nverify_within = \"40s\"\n");
        self.write_config(&format!("[database]\nurl = \"{url}\"\n{state}{nas}{sections}"));
    }

    /// Takes a shipped example: its own text, but for where this site's database and NAS are, its zone, and the mode.
    pub(crate) fn configure_shipped(&self, shipped: &str) {
        let url = "url = \"mysql://radkick:${DB_PASS}@localhost/radius\"";
        let mut changes = vec![
            (url, format!("url = \"{}\"", self.database.url(&self.server))),
            ("mode = \"observe\"", ENFORCE.to_owned()),
        ];
        if shipped.contains("[accounting]") {
            changes.push(("\"Africa/Lagos\"", "\"UTC\"".to_owned()));
        }
        let text = changes.iter().fold(shipped.to_owned(), |text, (was, now)| {
            assert!(text.contains(was), "{was}\n{shipped}");
            text.replace(was, now)
        });
        let port = self.server.coa_addr().port();
        let state = if self.engine == Engine::Sqlite { "[state]\nurl = \"sqlite:state.db\"\n" } else { "" };
        self.write_config(&format!("{text}\n{state}[nas_defaults]\ncoa_port = {port}\nmrd = \"40s\"\n"));
    }

    fn write_config(&self, text: &str) {
        let path = self.folder.path().join("radkick.toml");
        write(&path, text).expect("a configuration");
        // The password stands in it
        set_permissions(&path, Permissions::from_mode(0o600)).expect("our own file");
    }

    /// Runs SQL as the database's owner; the rows of the last query.
    pub(crate) fn sql(&self, statements: &str) -> Vec<Row> {
        self.database.sql(&self.server, statements)
    }

    /// Runs a panel's SQL, again where the server let somebody else go first, as panels do.
    pub(crate) fn rewrite(&self, statements: &str) {
        self.database.rewrite(&self.server, statements);
    }

    /// Makes a panel's tables, and lets radkick read them: no more.
    pub(crate) fn panel(&self, [sqlite, postgres, mariadb]: [&str; 3], tables: &[&str]) {
        self.sql(match self.engine {
            Engine::Sqlite => sqlite,
            Engine::Postgres => postgres,
            Engine::Mariadb => mariadb,
        });
        for table in tables {
            self.database.grant(table);
        }
    }

    /// A call of radkick, JSON on standard output.
    pub(crate) fn radkick(&self, arguments: &[&str]) -> Radkick {
        let common = ["--config", "radkick.toml", "--output", "json"];
        Radkick::new(&[&common[..], arguments].concat()).current_dir(self.folder.path())
    }

    /// Runs radkick and demands this exit code; what it printed.
    pub(crate) fn reports(&self, arguments: &[&str], code: i32) -> Vec<Value> {
        let finished = self.radkick(arguments).run();
        assert_eq!(finished.code, Some(code), "{finished:#?}\n{}", self.server.log());
        finished.json_lines()
    }

    /// One step of the worker, without trouble; what it printed.
    pub(crate) fn step(&self) -> Vec<Value> {
        self.reports(&["enforce", "--once"], 0)
    }

    /// One step of the worker, whatever becomes of it.
    pub(crate) fn any_step(&self) -> Finished {
        self.radkick(&["enforce", "--once"]).run()
    }

    /// An Accounting-Request: `status` of the session `id`, which has brought the user this many octets.
    pub(crate) fn account(&self, user: &str, id: &str, status: &str, octets: u64) {
        self.server.account(&self.record(user, id, status, &octets.to_string()));
    }

    /// An Interim-Update that FreeRADIUS finds no row for, and does not answer.
    pub(crate) fn account_unanswered(&self, user: &str, id: &str, octets: u64) {
        let once = Radclient { tries: 1, wait_secs: 1, ..self.server.radclient(RequestKind::Accounting) };
        let reply = once.send(&packet(&self.record(user, id, "Interim-Update", &octets.to_string())));
        assert!(reply.is_none(), "{reply:?}");
    }

    /// The same as attributes.
    #[expect(clippy::unused_self, reason = "what the site's NAS sends")]
    pub(crate) fn record<'a>(
        &self,
        user: &'a str,
        id: &'a str,
        status: &'a str,
        octets: &'a str,
    ) -> Vec<(&'a str, &'a str)> {
        vec![
            ("User-Name", user),
            ("Acct-Session-Id", id),
            ("Acct-Status-Type", status),
            ("NAS-IP-Address", "127.0.0.1"),
            ("Event-Timestamp", BEGAN),
            ("Acct-Output-Octets", octets),
            ("Acct-Session-Time", "60"),
        ]
    }

    /// Adds rows to radcheck, under the name as FreeRADIUS asks for it.
    pub(crate) fn check(&self, user: &str, items: &[(&str, &str)]) {
        for (attribute, value) in items {
            let name = UserName::new(user).to_table();
            let values = [name.as_str(), attribute, ":=", value].map(sql_text).join(", ");
            self.sql(&format!("INSERT INTO radcheck (username, attribute, op, value) VALUES ({values});"));
        }
    }

    /// Someone with the password "pw" who is online as `id` and has used this much.
    pub(crate) fn online(&self, user: &str, id: &str, octets: u64) {
        self.check(user, &[("Cleartext-Password", "pw")]);
        self.account(user, id, "Start", 0);
        self.account(user, id, "Interim-Update", octets);
    }

    pub(crate) fn login(&self, user: &str) -> Authentication {
        self.server.authenticate(user, "pw")
    }

    /// Whether the user may log in.
    pub(crate) fn lets_in(&self, user: &str) -> bool {
        self.login(user) == Authentication::Accept
    }

    /// The tables that say who may log in, whole.
    pub(crate) fn tables(&self) -> Vec<Vec<Row>> {
        LOGIN.iter().map(|table| self.sql(&format!("SELECT * FROM {table} ORDER BY id"))).collect()
    }

    /// The rows of radcheck, radreply or radusergroup, without ids, sorted.
    pub(crate) fn rows(&self, table: &str) -> Vec<String> {
        let rows = self.sql(&format!("SELECT * FROM {table} ORDER BY id"));
        let text = |row: &Row| {
            let cells = row.iter().filter(|(name, _)| *name != "id").map(|(_, value)| value);
            let cells =
                cells.map(|cell| cell.as_str().map_or_else(|| cell.to_string(), |text| text.trim_end().to_owned()));
            cells.collect::<Vec<_>>().join(" ")
        };
        let mut rows: Vec<String> = rows.iter().map(text).collect();
        rows.sort();
        rows
    }
}

const ENFORCE: &str = "mode = \"enforce\"";

/// When the sessions of the tests began: 2023-11-14 22:13:20 UTC.
const BEGAN: &str = "1700000000";

/// Whom reports are about, sorted, each once.
pub(crate) fn users(reports: &[Value]) -> Vec<String> {
    let mut users: Vec<_> = reports.iter().map(|report| report["user"].as_str().expect("a user").to_owned()).collect();
    users.sort();
    users.dedup();
    users
}
