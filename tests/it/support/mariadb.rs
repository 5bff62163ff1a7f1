//! A private MariaDB of the tests: its own data directory and port on 127.0.0.1, one database a test, ended when the last
//! test lets go of it.
//!
//! radkick's user has the rights of config/grants/mariadb.sql and no others.
use std::fs::{File, Permissions, read_to_string};
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tempfile::TempDir;

use super::ports::free_tcp_port;
use super::process::{Running, program};
use super::sqlite::Row;
use super::tab_separated::rows;
use super::wait::{PATIENCE, poll_for};

const PACKAGE: &str = "mariadb-server";
const GRANTS: &str = include_str!("../../../config/grants/mariadb.sql");
/// radkick's.
pub(crate) const PASSWORD: &str = "p:w/of@the tests?";
/// The same inside a URL.
pub(crate) const PASSWORD_IN_URL: &str = "p%3Aw%2Fof%40the%20tests%3F";

/// FreeRADIUS' own, which may do everything in its database.
pub(crate) const RADIUS: (&str, &str) = ("radius", "radpass");

/// Starts at most: each with a new port, should another process have taken one in between.
const STARTS: u32 = 5;

/// A server that runs.
#[derive(Debug)]
struct Server {
    child: Mutex<Child>,
    port: u16,
    // Last, so that the directory goes when the process has gone.
    directory: TempDir,
}

/// The server that the tests of this process share while one of them needs it.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(1);

impl Server {
    fn shared() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let server = Arc::new(Self::start());
            *shared = Arc::downgrade(&server);
            server
        })
    }

    /// # Panics
    ///
    /// When MariaDB is not installed or does not start; its log is in the message.
    fn start() -> Self {
        for _ in 0..STARTS {
            let server = Self::spawn();
            if server.is_ready() {
                return server;
            }
            let log = server.log();
            assert!(log.contains("Address already in use"), "mariadbd did not start:\n{log}");
        }
        panic!("mariadbd found its port taken {STARTS} times");
    }

    fn spawn() -> Self {
        let directory = tempfile::Builder::new().prefix("radkick-mariadb-").tempdir().expect("a directory");
        // The server drops to an ordinary user, who passes through.
        std::fs::set_permissions(directory.path(), Permissions::from_mode(0o755)).expect("our directory");
        std::fs::create_dir(temporary(directory.path())).expect("a directory");
        std::fs::set_permissions(temporary(directory.path()), Permissions::from_mode(0o1777)).expect("our directory");
        install(directory.path());
        let port = free_tcp_port();
        let child = Mutex::new(spawn(directory.path(), port));
        Self { child, port, directory }
    }

    /// Waits until it takes connections; `false` when the process ended instead.
    fn is_ready(&self) -> bool {
        let ready = poll_for(PATIENCE, || {
            if self.log().contains("ready for connections") && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Some(true);
            }
            self.child().try_wait().expect("a child of ours").map(|_| false)
        });
        ready.unwrap_or_else(|| panic!("mariadbd was not ready within {PATIENCE:?}:\n{}", self.log()))
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it at once, in the middle of whatever it does.
    fn stop(&self) {
        // Both fail when it has ended already, which is what we want.
        self.child().kill().ok();
        self.child().wait().ok();
    }

    fn log(&self) -> String {
        read_to_string(self.directory.path().join("log")).expect("its log")
    }

    fn client(&self, database: &str) -> Command {
        let mut command = Command::new(program("mariadb", "mariadb-client"));
        command.args(["--no-defaults", "--batch", "--unbuffered", "--default-character-set=utf8mb4", "--user=root"]);
        command.arg("--socket").arg(socket(self.directory.path())).arg(database);
        command
    }

    /// Runs SQL as the administrator; the rows of the last query.
    fn sql(&self, database: &str, statements: &str) -> Vec<Row> {
        let finished = Running::start(&mut self.client(database), statements).finish(PATIENCE);
        assert_eq!(finished.code, Some(0), "{statements}\n{finished:#?}");
        rows(&finished.stdout)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("data").join("socket")
}

/// Where that user may write: TMPDIR may be ours alone.
fn temporary(directory: &Path) -> PathBuf {
    directory.join("tmp")
}

/// Root must not run it, and nobody else may change users.
fn user_options(directory: &Path) -> Vec<String> {
    let root = std::fs::metadata(directory).expect("our directory").uid() == 0;
    if root { vec!["--user=mysql".to_owned()] } else { Vec::new() }
}

fn install(directory: &Path) {
    let mut command = Command::new(program("mariadb-install-db", PACKAGE));
    command.env("TMPDIR", temporary(directory));
    command.args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"]);
    command.args(["--innodb-log-file-size=8M", "--skip-name-resolve"]).args(user_options(directory));
    command.arg(format!("--datadir={}", directory.join("data").display()));
    let finished = Running::start(&mut command, "").finish(PATIENCE);
    assert_eq!(finished.code, Some(0), "{finished:#?}");
}

fn spawn(directory: &Path, port: u16) -> Child {
    let data = directory.join("data");
    let log = File::create(directory.join("log")).expect("a log file");
    let mut command = Command::new(program("mariadbd", PACKAGE));
    command.env("TMPDIR", temporary(directory)).arg("--no-defaults").args(user_options(directory));
    command.args(["--bind-address=127.0.0.1", "--skip-name-resolve", "--skip-log-bin", "--innodb-log-file-size=8M"]);
    // Not the machine's zone: rows of FreeRADIUS are in the server's, whatever that is
    command.args(["--default-time-zone=+05:00", "--innodb-flush-log-at-trx-commit=2", "--innodb-buffer-pool-size=64M"]);
    command.arg(format!("--port={port}")).arg(format!("--datadir={}", data.display()));
    command.arg(format!("--socket={}", socket(directory).display()));
    command.arg(format!("--pid-file={}", data.join("pid").display()));
    command.stdin(Stdio::null()).stderr(log.try_clone().expect("a second handle")).stdout(log);
    command.spawn().expect("mariadbd starts")
}

/// A database of one test, with FreeRADIUS' stock schema and no rows.
#[derive(Debug, Clone)]
pub(crate) struct MariaDb {
    server: Arc<Server>,
    name: String,
}

impl MariaDb {
    /// With latin1 text, as the server's own default is.
    pub(crate) fn new() -> Self {
        Self::with_charset("latin1")
    }

    /// With this character set, `utf8mb4` as Debian sets it up.
    pub(crate) fn with_charset(charset: &str) -> Self {
        Self::on(Server::shared(), charset)
    }

    /// On a server of its own, which the test may stop and start again.
    pub(crate) fn alone() -> Self {
        Self::on(Arc::new(Server::start()), "utf8mb4")
    }

    /// Ends the server at once; every connection breaks.
    pub(crate) fn stop(&self) {
        self.server.stop();
    }

    /// Starts the server again, on the same port and data.
    pub(crate) fn start_again(&self) {
        *self.server.child() = spawn(self.server.directory.path(), self.server.port);
        assert!(self.server.is_ready(), "{}", self.server.log());
    }

    fn on(server: Arc<Server>, charset: &str) -> Self {
        let (login, password) = RADIUS;
        let name = format!("radius{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let account = format!("'{login}'@'127.0.0.1'");
        server.sql("mysql", &format!("CREATE DATABASE {name} CHARACTER SET {charset}"));
        server.sql("mysql", &format!("GRANT ALL ON {name}.* TO {account} IDENTIFIED BY '{password}'"));
        let database = Self { server, name };
        database.sql(&stock_schema());
        let grants = GRANTS.replace("radius.", &format!("{}.", database.name)).replace("CHANGE-ME", PASSWORD);
        database.sql(&grants.replace("'radkick'@'localhost'", &format!("'{}'@'127.0.0.1'", database.user())));
        database
    }

    /// The user that radkick logs in as.
    pub(crate) fn user(&self) -> String {
        format!("radkick_{}", self.name)
    }

    /// The user with its host, as SQL names it.
    pub(crate) fn account(&self) -> String {
        format!("'{}'@'127.0.0.1'", self.user())
    }

    /// The database's own name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.server.port
    }

    /// What stands in `[database] url`.
    pub(crate) fn url(&self) -> String {
        format!("mysql://{}:{PASSWORD_IN_URL}@127.0.0.1:{}/{}", self.user(), self.port(), self.name)
    }

    /// The administrator's client, for a session that is to last.
    pub(crate) fn client(&self) -> Command {
        self.server.client(&self.name)
    }

    /// Runs SQL as the administrator; the rows of the last query.
    pub(crate) fn sql(&self, statements: &str) -> Vec<Row> {
        self.server.sql(&self.name, statements)
    }
}

/// FreeRADIUS' own schema file.
fn stock_schema() -> String {
    let path = "/etc/freeradius/3.0/mods-config/sql/main/mysql/schema.sql";
    read_to_string(path).unwrap_or_else(|error| {
        panic!("{path}: {error}: apt-get install freeradius-config; only root and group freerad may read it")
    })
}
