//! A private PostgreSQL: one server a test process, one fresh database a test, FreeRADIUS' stock schema in each.
//!
//! The server has its own data directory and port on 127.0.0.1 and no socket in the file system. A shell keeps it: when the
//! test process ends, however it ends, the shell's standard input does too, and it stops the server and removes the directory.
use std::fs::{File, read_to_string, write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Map, Value};

use super::ports::free_tcp_port;
use super::process::{PATH, Running, program};
use super::wait::{PATIENCE, poll_for};

/// A row, by column name.
type Row = Map<String, Value>;

/// What Debian's freeradius-config brings: the tables, and the rights of FreeRADIUS' own user `radius`.
const STOCK: &str = "/etc/freeradius/3.0/mods-config/sql/main/postgresql";

/// The rights of the user `radkick`, as shipped.
const GRANTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/grants/postgres.sql");

/// Every new database is a copy of this one.
const TEMPLATE: &str = "radius_template";

/// PostgreSQL does not run as root; its package brings this user.
const UNPRIVILEGED: &str = "postgres";

/// The superuser's and radkick's.
pub(crate) const PASSWORD: &str = "p:w/of@the tests?";
/// The same inside a URL.
pub(crate) const PASSWORD_IN_URL: &str = "p%3Aw%2Fof%40the%20tests%3F";

/// FreeRADIUS' own, as its setup.sql makes it.
pub(crate) const RADIUS: (&str, &str) = ("radius", "radpass");

const STARTS: u32 = 5;

const KEEPER: &str = "trap '' INT TERM HUP\n\
    directory=$1; shift\n\
    \"$@\" & server=$!\n\
    read -r _\n\
    kill -QUIT $server; wait $server\n\
    rm -rf \"$directory\"\n";

/// The one server of this process.
#[derive(Debug)]
struct Server {
    port: u16,
    directory: PathBuf,
    /// Its standard input is what keeps the server alive.
    keeper: Child,
}

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

impl Server {
    fn start() -> Self {
        for _ in 0..STARTS {
            let server = Self::spawn();
            if server.is_ready() {
                server.fill_template();
                return server;
            }
            let log = server.log();
            assert!(log.contains("Address already in use"), "postgres did not start:\n{log}");
        }
        panic!("postgres found its port taken {STARTS} times");
    }

    fn spawn() -> Self {
        let directory = tempfile::Builder::new().prefix("radkick-postgres-").tempdir().expect("a directory").keep();
        write(directory.join("password"), PASSWORD).expect("a password file");
        if is_root() {
            run(Command::new("chown").arg("-R").arg(UNPRIVILEGED).arg(&directory));
        }
        let data = directory.join("data");
        let mut initdb = unprivileged("initdb");
        initdb.arg("--pgdata").arg(&data).arg("--pwfile").arg(directory.join("password"));
        run(initdb.args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync"]));
        let port = free_tcp_port();
        let log = File::create(directory.join("log")).expect("a log file");
        let server = unprivileged("postgres");
        let mut keeper = Command::new("/bin/sh");
        keeper.args(["-c", KEEPER, "keeper"]).arg(&directory).arg(server.get_program()).args(server.get_args());
        keeper.arg("-D").arg(&data).args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        keeper.args(["-c", &format!("port={port}"), "-c", "fsync=off", "-c", "max_connections=300"]);
        // So that a session ends with its psql, whatever it is doing
        keeper.args(["-c", "client_connection_check_interval=50"]);
        keeper.env("PATH", PATH).current_dir("/").stdin(Stdio::piped());
        keeper.stdout(log.try_clone().expect("a second handle")).stderr(log);
        let keeper = keeper.spawn().expect("a shell");
        Self { port, directory, keeper }
    }

    fn is_ready(&self) -> bool {
        let ready = poll_for(PATIENCE, || {
            let log = self.log();
            let ended = log.contains("FATAL").then_some(false);
            log.contains("database system is ready to accept connections").then_some(true).or(ended)
        });
        ready.unwrap_or_else(|| panic!("postgres was not ready within {PATIENCE:?}:\n{}", self.log()))
    }

    fn fill_template(&self) {
        self.psql("postgres", &format!("CREATE DATABASE {TEMPLATE}"));
        for name in ["schema.sql", "setup.sql"] {
            self.psql(TEMPLATE, &stock(name));
        }
        self.psql(TEMPLATE, &read_to_string(GRANTS).expect("the shipped rights"));
        self.psql(TEMPLATE, &format!("ALTER ROLE radkick PASSWORD '{PASSWORD}'"));
    }

    fn log(&self) -> String {
        read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    fn psql(&self, database: &str, statements: &str) -> String {
        let finished = Running::start(&mut self.psql_command(database), statements).finish(PATIENCE);
        assert_eq!(finished.code, Some(0), "{statements}\n{finished:#?}");
        finished.stdout
    }

    fn psql_command(&self, database: &str) -> Command {
        let mut command = Command::new(program("psql", "postgresql-client"));
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres", "-f", "-"]);
        command.args(["-p", &self.port.to_string(), "-d", database]);
        command.env("PGPASSWORD", PASSWORD).env("PGTZ", "UTC").env_remove("PGOPTIONS");
        command
    }
}

impl Drop for Server {
    /// Only for one that did not become ready: statics are not dropped.
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Fails when it has ended already, which is what we want.
        self.keeper.wait().ok();
    }
}

fn stock(name: &str) -> String {
    let path = Path::new(STOCK).join(name);
    read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}: apt-get install freeradius-config; root and group freerad may read it", path.display())
    })
}

/// A program of the server's package, as the user who may run it.
fn unprivileged(name: &str) -> Command {
    let path = server_program(name);
    if !is_root() {
        return Command::new(path);
    }
    let mut command = Command::new(program("setpriv", "util-linux"));
    command.args(["--reuid", UNPRIVILEGED, "--regid", UNPRIVILEGED, "--init-groups"]).arg(path);
    command
}

/// Debian keeps them out of the PATH, one folder a version.
fn server_program(name: &str) -> PathBuf {
    let versions = Path::new("/usr/lib/postgresql").read_dir().into_iter().flatten().flatten();
    let paths = versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.is_file());
    let newest = paths.max_by_key(|path| path.iter().nth(4).and_then(|version| version.to_str()?.parse::<u32>().ok()));
    newest.unwrap_or_else(|| program(name, "postgresql"))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").expect("this process").uid() == 0
}

fn run(command: &mut Command) {
    let finished = Running::start(command.env("PATH", PATH).current_dir("/"), "").finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{command:?}\n{finished:#?}");
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
