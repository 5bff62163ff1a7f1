//! One operator's site: a private FreeRADIUS, a radkick.toml beside it, and the built radkick that reads it.
//!
//! Set-up for the tests of `disconnect`, `enforce` and `kill` alike.
use std::fs::{Permissions, set_permissions};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::freeradius::{FreeRadius, FreeRadiusOptions};
use crate::support::pairs::packet;
use crate::support::process::Finished;
use crate::support::radclient::RequestKind;
use crate::support::radkick::Radkick;
use crate::support::sqlite::{Row, sql_text, sqlite};

/// Timers that no busy machine reaches, for a NAS that answers.
pub(crate) const PATIENT: &str = "irt = \"1s\"\nmrt = \"5s\"\nmrc = 0\nmrd = \"40s\"\nverify_within = \"40s\"\n";

/// Timers that are soon over, for a NAS that does not answer, or whose proof never comes.
pub(crate) const HASTY: &str = "irt = \"50ms\"\nmrt = \"100ms\"\nmrc = 2\nmrd = \"1s\"\nverify_within = \"1s\"\n";

/// When the sessions of the tests began.
pub(crate) const BEGAN: &str = "1700000000";

pub(crate) struct Site {
    pub(crate) server: FreeRadius,
    directory: TempDir,
}

impl Site {
    /// With a default FreeRADIUS and no configuration yet.
    pub(crate) fn start() -> Self {
        Self::with(&FreeRadiusOptions::default())
    }

    /// With a FreeRADIUS of these options.
    pub(crate) fn with(options: &FreeRadiusOptions) -> Self {
        let directory = tempfile::Builder::new().prefix("radkick-site-").tempdir().expect("a directory");
        Self { server: FreeRadius::start(options), directory }
    }

    /// With a default FreeRADIUS behind the NAS R1 at 127.0.0.1.
    pub(crate) fn of_r1() -> Self {
        let site = Self::start();
        site.configure("", &site.r1(PATIENT));
        site
    }

    /// Writes radkick.toml: the databases, then `sections`, then `nas`.
    pub(crate) fn configure(&self, sections: &str, nas: &str) {
        let database = self.server.database();
        let text = format!(
            "[database]\nurl = \"sqlite:{}\"\n[state]\nurl = \"sqlite:{}\"\n{sections}\n{nas}",
            database.display(),
            self.state().display()
        );
        std::fs::write(self.config(), text).expect("a configuration");
        // Secrets stand in it: radkick warns of a file that others may read
        set_permissions(self.config(), Permissions::from_mode(0o600)).expect("our own file");
    }

    /// The `[[nas]]` R1 at 127.0.0.1, behind which FreeRADIUS' own Dynamic Authorization Server listens.
    pub(crate) fn r1(&self, timers: &str) -> String {
        self.nas("R1", "127.0.0.1", self.server.coa_addr(), timers)
    }

    /// A `[[nas]]` with FreeRADIUS' secret.
    pub(crate) fn nas(&self, name: &str, matches: &str, at: SocketAddr, timers: &str) -> String {
        let (address, port, secret) = (at.ip(), at.port(), self.server.secret());
        format!(
            "[[nas]]\nname = \"{name}\"\nmatch = [\"{matches}\"]\naddress = \"{address}\"\ncoa_port = {port}\n\
             secret = \"{secret}\"\n{timers}"
        )
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder().join("radkick.toml")
    }

    /// The file with radkick's own tables.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder().join("state.db")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.directory.path()
    }

    /// A call of radkick with this site's configuration, JSON on standard output.
    pub(crate) fn radkick(&self, arguments: &[&str]) -> Radkick {
        let config = self.config();
        let config = config.to_str().expect("a path in UTF-8");
        Radkick::new(&[&["--config", config, "--output", "json"], arguments].concat())
    }

    /// Runs radkick to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.radkick(arguments).run()
    }

    /// Runs radkick and demands this exit code; the objects it printed, times of round trips left out.
    pub(crate) fn reports(&self, arguments: &[&str], code: i32) -> Vec<Value> {
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(code), "{finished:#?}\n{}", self.server.log());
        reports(&finished)
    }

    /// Opens a session: a Start that FreeRADIUS writes into radacct.
    pub(crate) fn open(&self, user: &str, session: &Session<'_>) {
        self.server.account(&session.record(user, "Start"));
    }

    /// Sends many Accounting-Requests at once and waits for every answer.
    pub(crate) fn account_all(&self, records: &[Vec<(&str, &str)>]) {
        let text: Vec<String> = records.iter().map(|record| packet(record)).collect();
        let radclient = self.server.radclient(RequestKind::Accounting);
        assert!(radclient.send(&text.join("\n")).is_some(), "{}", self.server.log());
    }

    /// Runs SQL on radkick's own tables.
    pub(crate) fn state_sql(&self, statements: &str) -> Vec<Row> {
        sqlite(&self.state(), statements)
    }

    /// The one row of a user in radacct, by session.
    pub(crate) fn row(&self, session: &str) -> Row {
        let mut rows = self.server.sql(&format!("SELECT * FROM radacct WHERE acctsessionid = {}", sql_text(session)));
        assert_eq!(rows.len(), 1, "{rows:?}");
        rows.remove(0)
    }

    /// Whether the row of this session is open.
    pub(crate) fn is_open(&self, session: &str) -> bool {
        self.row(session)["acctstoptime"].is_null()
    }

    /// Adds rows to radcheck, with `:=`.
    pub(crate) fn check(&self, user: &str, items: &[(&str, &str)]) {
        for (attribute, value) in items {
            let values = [user, attribute, ":=", value].map(sql_text).join(", ");
            self.server.sql(&format!("INSERT INTO radcheck (username, attribute, op, value) VALUES ({values});"));
        }
    }

    /// The rows of radcheck of a user, as `attribute op value`.
    pub(crate) fn check_rows(&self, user: &str) -> Vec<String> {
        let sql = format!("SELECT * FROM radcheck WHERE username = {} ORDER BY id", sql_text(user));
        let text =
            |row: &Row| [&row["attribute"], &row["op"], &row["value"]].map(|v| v.as_str().unwrap_or("").to_owned());
        self.server.sql(&sql).iter().map(|row| text(row).join(" ")).collect()
    }

    /// Every table of FreeRADIUS', whole.
    pub(crate) fn tables(&self) -> Vec<(String, Vec<Row>)> {
        let names = self.server.sql("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name");
        let names = names.iter().map(|row| row["name"].as_str().expect("a name").to_owned());
        names.map(|name| (name.clone(), self.server.sql(&format!("SELECT * FROM \"{name}\"")))).collect()
    }
}

/// A session as its NAS reports it.
#[derive(Clone, Copy)]
pub(crate) struct Session<'a> {
    pub(crate) id: &'a str,
    pub(crate) nas: &'a str,
    pub(crate) address: &'a str,
    pub(crate) mac: &'a str,
}

impl<'a> Session<'a> {
    /// On R1, at 192.168.88.41.
    pub(crate) const fn new(id: &'a str) -> Self {
        Self { id, nas: "127.0.0.1", address: "192.168.88.41", mac: "AA:BB:CC:DD:EE:01" }
    }

    /// On another NAS.
    pub(crate) const fn on(self, nas: &'a str) -> Self {
        Self { nas, ..self }
    }

    /// At another address.
    pub(crate) const fn at(self, address: &'a str) -> Self {
        Self { address, ..self }
    }

    /// The attributes of an Accounting-Request about it.
    pub(crate) fn record(self, user: &'a str, status: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("Acct-Status-Type", status),
            ("User-Name", user),
            ("Acct-Session-Id", self.id),
            ("NAS-IP-Address", self.nas),
            ("Framed-IP-Address", self.address),
            ("Calling-Station-Id", self.mac),
            ("Event-Timestamp", BEGAN),
        ]
    }
}

/// The objects that radkick printed, each attempt's round trip checked and left out.
pub(crate) fn reports(finished: &Finished) -> Vec<Value> {
    let mut objects = finished.json_lines();
    for object in &mut objects {
        let attempts = object.get_mut("attempts").and_then(Value::as_array_mut);
        for attempt in attempts.into_iter().flatten() {
            let took = attempt.as_object_mut().and_then(|attempt| attempt.remove("rtt_ms"));
            let answered = ["ack", "nak"].iter().any(|outcome| attempt["outcome"] == *outcome);
            let took = took.expect("rtt_ms");
            assert_eq!(took.as_f64().is_some_and(|ms| ms >= 0.0), answered, "{took} in {attempt}");
        }
    }
    objects
}

/// The contract's object for a session cut by hand: what differs from `alice` on R1 stands in `other`.
pub(crate) fn object(site: &Site, user: &str, session: &str, other: &Value) -> Value {
    let row = site.row(session);
    let mut object = json!({
        "user": user, "subject": user, "nas": "R1", "acct_session_id": session, "acct_unique_id": row["acctuniqueid"],
        "framed_ip_address": row["framedipaddress"], "framed_ipv6_prefix": null,
        "calling_station_id": row["callingstationid"], "path": null, "evidence": null, "blocked": false,
        "attempts": [], "reason": "by_hand", "used_octets": null, "limit_octets": null, "limit_source": null,
        "actor": "command",
    });
    merge(&mut object, other);
    object
}

/// The contract's object for a user without a session.
pub(crate) fn offline(user: &str, other: &Value) -> Value {
    let mut object = json!({
        "user": user, "subject": user, "nas": null, "acct_session_id": null, "acct_unique_id": null,
        "framed_ip_address": null, "framed_ipv6_prefix": null, "calling_station_id": null, "fate": "already_gone",
        "path": null, "evidence": "no_open_row", "blocked": false, "attempts": [], "reason": "by_hand",
        "used_octets": null, "limit_octets": null, "limit_source": null, "actor": "command",
    });
    merge(&mut object, other);
    object
}

fn merge(object: &mut Value, other: &Value) {
    for (key, value) in other.as_object().expect("an object") {
        object[key] = value.clone();
    }
}
