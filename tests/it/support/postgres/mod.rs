//! A private PostgreSQL: one server a test process, one fresh database a test, FreeRADIUS' stock schema in each.
//!
//! The server has its own data directory and port on 127.0.0.1 and no socket in the file system. A shell keeps it: when the
//! test process ends, however it ends, the shell's standard input does too, and it stops the server and removes the directory.
mod server;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Map, Value};

use super::process::Running;
use super::wait::{PATIENCE, poll_for};
use server::{Server, TEMPLATE};

/// A row, by column name.
type Row = Map<String, Value>;

/// The superuser's and radkick's.
pub(crate) const PASSWORD: &str = "p:w/of@the tests?";
/// The same inside a URL.
pub(crate) const PASSWORD_IN_URL: &str = "p%3Aw%2Fof%40the%20tests%3F";

/// How many MiB the server may keep pages in, where somebody says so before it starts; 128, as PostgreSQL has it by default.
pub(crate) static MEMORY: OnceLock<u64> = OnceLock::new();

/// FreeRADIUS' own, as its setup.sql makes it.
pub(crate) const RADIUS: (&str, &str) = ("radius", "radpass");

/// A database of the server, fresh for one test.
#[derive(Debug)]
pub(crate) struct Postgres {
    server: &'static Server,
    name: String,
}

impl Postgres {
    /// A new database with FreeRADIUS' stock schema, no rows, and the shipped rights.
    ///
    /// # Panics
    ///
    /// When PostgreSQL or FreeRADIUS' schema is not installed, naming the package.
    pub(crate) fn new() -> Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = SERVER.get_or_init(Server::start);
        let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        server.psql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"));
        Self { server, name }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.server.port
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Where radkick finds it, as the user whom the shipped file of rights makes.
    pub(crate) fn url(&self) -> String {
        format!("postgres://radkick:{PASSWORD_IN_URL}@127.0.0.1:{}/{}", self.port(), self.name)
    }

    /// The certificate of its TLS, which stands for itself and 127.0.0.1.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.server.certificate()
    }

    /// Runs statements as superuser; the rows of the last one, if that is a query.
    ///
    /// # Panics
    ///
    /// When a statement fails.
    pub(crate) fn sql(&self, statements: &str) -> Vec<Row> {
        let (before, last) = split_last(statements);
        let is_query = ["SELECT", "WITH"].iter().any(|word| last.trim_start().starts_with(word));
        if !is_query {
            self.server.psql(&self.name, statements);
            return Vec::new();
        }
        let wrapped = format!("{before}SELECT coalesce(json_agg(row_to_json(rows)), '[]') FROM ({last}) AS rows");
        let text = self.server.psql(&self.name, &wrapped);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{statements}\n{text}"))
    }

    /// A session in which `statements` are begun and then held, until it is dropped.
    pub(crate) fn holding(&self, statements: &str) -> Running {
        self.held(statements, "SELECT pg_sleep(600);")
    }

    /// A session that waits between `statements` and its COMMIT, until the gate (a session that holds one) is dropped.
    pub(crate) fn committing(&self, statements: &str) -> (Running, Running) {
        let gate = self.holding("SELECT pg_advisory_lock(1)");
        (gate, self.held(statements, "SELECT pg_advisory_lock(1);\nCOMMIT;"))
    }

    fn held(&self, statements: &str, then: &str) -> Running {
        let text = format!("{statements};\n\\echo held\n{then}\n");
        let session = Running::start(&mut self.server.psql_command(&self.name), &text);
        let held = poll_for(PATIENCE, || session.stdout().contains("held").then_some(()));
        assert!(held.is_some(), "{statements}\n{session:#?}");
        session
    }
}

/// What stands before the last statement, and that one. No statement of the tests ends inside a quoted text.
fn split_last(statements: &str) -> (&str, &str) {
    let statements = statements.trim_end().trim_end_matches(';');
    let mut quoted = false;
    let mut end = 0;
    for (at, character) in statements.char_indices() {
        match character {
            '\'' => quoted = !quoted,
            ';' if !quoted => end = at + 1,
            _ => {}
        }
    }
    statements.split_at(end)
}
