//! A FreeRADIUS that keeps its tables on MariaDB, and a radkick that reads them there.
use serde_json::Value;
use tempfile::TempDir;

use crate::support::freeradius::{Dialect, FreeRadius, FreeRadiusOptions, SqlServer};
use crate::support::mariadb::{MariaDb, PASSWORD, PASSWORD_IN_URL, RADIUS};
use crate::support::process::Finished;
use crate::support::radkick::Radkick;

/// What every session of the tests has.
const SESSION: [(&str, &str); 3] =
    [("NAS-IP-Address", "127.0.0.1"), ("Framed-IP-Address", "192.168.88.41"), ("Called-Station-Id", "hot'spot 1")];

pub(super) struct Site {
    pub(super) database: MariaDb,
    pub(super) server: FreeRadius,
    folder: TempDir,
}

impl Site {
    /// With the character set that Debian's server has.
    pub(super) fn start() -> Self {
        let database = MariaDb::with_charset("utf8mb4");
        let (login, password) = RADIUS;
        let (port, name) = (database.port(), database.name().to_owned());
        let sql = SqlServer { dialect: Dialect::Mysql, port, login, password, database: name };
        let server = FreeRadius::start(&FreeRadiusOptions { sql: Some(sql), ..FreeRadiusOptions::default() });
        let values = format!("('127.0.0.1', 'R1', '{}')", server.secret());
        database.sql(&format!("INSERT INTO nas (nasname, shortname, secret) VALUES {values}"));
        let site = Self { database, server, folder: tempfile::tempdir().expect("a folder") };
        site.configure("");
        site
    }

    /// The smallest configuration: the NAS is known from FreeRADIUS' own table but for the port.
    pub(super) fn configure(&self, sections: &str) {
        let url = self.database.url().replace(PASSWORD_IN_URL, "${DB_PASS}");
        let port = self.server.coa_addr().port();
        let text = format!("[database]\nurl = \"{url}\"\n[nas_defaults]\ncoa_port = {port}\nmrd = \"40s\"\n{sections}");
        std::fs::write(self.folder.path().join("radkick.toml"), text).expect("a configuration");
    }

    /// Runs radkick; whatever it says, no password is in it.
    pub(super) fn run(&self, arguments: &[&str]) -> Finished {
        let common = ["--config", "radkick.toml", "--output", "json"];
        let radkick = Radkick::new(&[&common[..], arguments].concat()).current_dir(self.folder.path());
        let finished = radkick.env("DB_PASS", PASSWORD).env("RADKICK_LOG", "trace").run();
        for text in [&finished.stdout, &finished.stderr] {
            assert!(!text.contains(PASSWORD) && !text.contains(PASSWORD_IN_URL), "{finished:#?}");
        }
        finished
    }

    /// Runs radkick and demands this exit code; what it printed.
    pub(super) fn reports(&self, arguments: &[&str], code: i32) -> Vec<Value> {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(code), "{finished:#?}\n{}", self.server.log());
        finished.json_lines()
    }

    /// An Accounting-Request about a session.
    pub(super) fn account(&self, user: &str, id: &str, status: &str, more: &[(&str, &str)]) {
        let of_user = [("User-Name", user), ("Acct-Session-Id", id), ("Acct-Status-Type", status)];
        self.server.account(&[&of_user[..], &SESSION, more].concat());
    }

    /// Adds a check item.
    pub(super) fn check(&self, user: &str, attribute: &str, value: &str) {
        let values = format!("('{user}', '{attribute}', ':=', '{value}')");
        self.database.sql(&format!("INSERT INTO radcheck (username, attribute, op, value) VALUES {values}"));
    }
}
