//! The server itself: made, started, filled, ended.
use std::fs::{File, Permissions, read_to_string, set_permissions, write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::PASSWORD;
use crate::support::ports::free_tcp_port;
use crate::support::process::{PATH, Running, program};
use crate::support::wait::{PATIENCE, poll_for};

/// What Debian's freeradius-config brings: the tables, and the rights of FreeRADIUS' own user `radius`.
const STOCK: &str = "/etc/freeradius/3.0/mods-config/sql/main/postgresql";

/// The rights of the user `radkick`, as shipped.
const GRANTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config/grants/postgres.sql");

/// Every new database is a copy of this one.
pub(super) const TEMPLATE: &str = "radius_template";

/// PostgreSQL does not run as root; its package brings this user.
const UNPRIVILEGED: &str = "postgres";

const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

const STARTS: u32 = 5;

const KEEPER: &str = "trap '' INT TERM HUP\n\
    directory=$1; shift\n\
    \"$@\" & server=$!\n\
    read -r _\n\
    kill -QUIT $server; wait $server\n\
    rm -rf \"$directory\"\n";

/// The one server of this process.
#[derive(Debug)]
pub(super) struct Server {
    pub(super) port: u16,
    directory: PathBuf,
    /// Its standard input is what keeps the server alive.
    keeper: Child,
}

impl Server {
    pub(super) fn start() -> Self {
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
        write_certificate(&directory);
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
        let memory = super::MEMORY.get().copied().unwrap_or(128);
        keeper.args(["-c", &format!("shared_buffers={memory}MB")]);
        // So that a session ends with its psql, whatever it is doing
        keeper.args(["-c", "client_connection_check_interval=50"]);
        for (setting, name) in [("ssl_cert_file", CERTIFICATE), ("ssl_key_file", KEY)] {
            keeper.args(["-c", &format!("{setting}={}", directory.join(name).display())]);
        }
        keeper.args(["-c", "ssl=on"]);
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

    pub(super) fn certificate(&self) -> PathBuf {
        self.directory.join(CERTIFICATE)
    }

    fn log(&self) -> String {
        read_to_string(self.directory.join("log")).unwrap_or_default()
    }

    pub(super) fn psql(&self, database: &str, statements: &str) -> String {
        let finished = Running::start(&mut self.psql_command(database), statements).finish(PATIENCE);
        assert_eq!(finished.code, Some(0), "{statements}\n{finished:#?}");
        finished.stdout
    }

    pub(super) fn psql_command(&self, database: &str) -> Command {
        let mut command = Command::new(program("psql", "postgresql-client"));
        command.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "postgres"]);
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

/// A certificate that signs itself. The server refuses a key that others may read.
fn write_certificate(directory: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    write(directory.join(CERTIFICATE), made.cert.pem()).expect("a certificate file");
    let key = directory.join(KEY);
    write(&key, made.signing_key.serialize_pem()).expect("a key file");
    set_permissions(key, Permissions::from_mode(0o600)).expect("our own file");
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
