//! A site: FreeRADIUS' stock tables in an SQLite file, a configuration beside it, and radkick run there.
use std::collections::BTreeSet;
use std::fs::{Permissions, read_dir, read_to_string, set_permissions, write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::support::process::Finished;
use crate::support::radkick::Radkick;
use crate::support::sqlite::{Row, sql_text, sqlite};

/// The stock schema, where Debian's freeradius-config keeps it.
const SCHEMA: &str = "/etc/freeradius/3.0/mods-config/sql/main/sqlite/schema.sql";

/// FreeRADIUS' tables that radkick reads.
const TABLES: [&str; 7] = ["nas", "radacct", "radcheck", "radgroupcheck", "radgroupreply", "radreply", "radusergroup"];

/// A folder with a database and a configuration; gone on drop.
#[derive(Debug)]
pub(crate) struct Site {
    folder: TempDir,
}

/// An open session, as FreeRADIUS writes it: for a hotspot of one hour's age.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenSession<'a> {
    /// username, as the table spells it.
    pub(crate) user: &'a str,
    pub(crate) id: &'a str,
    pub(crate) nas: &'a str,
    pub(crate) called: &'a str,
    pub(crate) address: &'a str,
    pub(crate) octets: u64,
}

impl Default for OpenSession<'_> {
    fn default() -> Self {
        let (user, id, nas) = ("alice", "80000001", "127.0.1.7");
        Self { user, id, nas, called: "hotspot1", address: "192.168.88.41", octets: 0 }
    }
}

/// Everything that a run could have changed: FreeRADIUS' rows, and the files of the folder.
#[derive(Debug, PartialEq)]
pub(crate) struct Snapshot {
    tables: Vec<Vec<Row>>,
    files: BTreeSet<String>,
}

/// Makes FreeRADIUS' stock tables in a new file.
pub(crate) fn create_database(path: &Path) {
    let schema = read_to_string(SCHEMA).unwrap_or_else(|error| {
        panic!("{SCHEMA}: {error}: apt-get install freeradius-config; only root and group freerad may read it")
    });
    sqlite(path, &schema);
}

impl Site {
    /// With empty tables, and the smallest configuration.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("radkick-site-").tempdir().expect("a folder");
        let site = Self { folder };
        create_database(&site.database());
        site.configure("");
        site
    }

    /// With one open session.
    pub(crate) fn with(session: &OpenSession<'_>) -> Self {
        let site = Self::new();
        site.open(session);
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.path("radius.db")
    }

    /// Writes the configuration: the database, then `more`.
    pub(crate) fn configure(&self, more: &str) {
        self.file("radkick.toml", format!("[database]\nurl = \"sqlite:radius.db\"\n{more}"));
    }

    /// Writes a file that its owner alone may read.
    pub(crate) fn file(&self, name: &str, octets: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        write(&path, octets).expect("a file");
        set_permissions(&path, Permissions::from_mode(0o600)).expect("its mode");
        path
    }

    pub(crate) fn sql(&self, statements: &str) -> Vec<Row> {
        sqlite(&self.database(), statements)
    }

    /// Adds an open row to radacct.
    pub(crate) fn open(&self, session: &OpenSession<'_>) {
        let OpenSession { user, id, nas, called, address, octets } = *session;
        let unique = format!("{id}-{nas}-{called}");
        let [user, id, unique, nas, called, address] = [user, id, &unique, nas, called, address].map(sql_text);
        self.sql(&format!(
            "INSERT INTO radacct (acctsessionid, acctuniqueid, username, nasipaddress, calledstationid, callingstationid, \
             framedipaddress, acctstarttime, acctupdatetime, acctinputoctets, acctoutputoctets) VALUES ({id}, {unique}, \
             {user}, {nas}, {called}, '02:00:00:00:00:41', {address}, strftime('%s', 'now') - 3600, \
             strftime('%s', 'now') - 60, {octets}, 0)"
        ));
    }

    /// Adds a check item.
    pub(crate) fn check(&self, user: &str, attribute: &str, value: &str) {
        let [user, attribute, value] = [user, attribute, value].map(sql_text);
        self.sql(&format!(
            "INSERT INTO radcheck (username, attribute, op, value) VALUES ({user}, {attribute}, ':=', {value})"
        ));
    }

    /// A call of radkick in this folder, with its configuration.
    pub(crate) fn radkick(&self, arguments: &[&str]) -> Radkick {
        Radkick::new(arguments).arg("--config").arg(self.path("radkick.toml")).current_dir(self.folder.path())
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Finished {
        self.radkick(arguments).run()
    }

    /// Runs radkick, which must exit with `code`, print no data and change nothing at all; standard error.
    pub(crate) fn refused(&self, arguments: &[&str], code: i32) -> String {
        let before = self.snapshot();
        let finished = self.run(arguments);
        assert_eq!(finished.code, Some(code), "{arguments:?}\n{finished:#?}");
        assert_eq!(finished.stdout, "", "{arguments:?}\n{finished:#?}");
        assert_eq!(self.snapshot(), before, "{arguments:?}");
        finished.stderr
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let entries = read_dir(self.folder.path()).expect("the folder");
        let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
        // SQLite's own files beside a database come and go with whoever opens it
        let files = names.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect();
        Snapshot { tables: self.tables(), files }
    }

    /// All rows of FreeRADIUS' tables; of what is no database, none.
    pub(crate) fn tables(&self) -> Vec<Vec<Row>> {
        let there = std::fs::read(self.database()).is_ok_and(|octets| octets.starts_with(b"SQLite format 3"));
        let tables: &[&str] = if there { &TABLES } else { &[] };
        let exists = |table: &str| {
            !self.sql(&format!("SELECT 1 FROM sqlite_master WHERE name = {}", sql_text(table))).is_empty()
        };
        let rows = |table: &&str| if exists(table) { self.sql(&format!("SELECT * FROM {table}")) } else { Vec::new() };
        tables.iter().map(rows).collect()
    }
}

/// Asserts that a text says all of this.
#[track_caller]
pub(crate) fn assert_says(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}
