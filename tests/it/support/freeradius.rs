//! A private FreeRADIUS 3.2: its own directory, ports and SQLite database with the stock schema (or a
//! database server's); ended on drop.
//!
//! It is the RADIUS server (accounting and authentication over SQL) and, behind its `coa` listener, a Dynamic
//! Authorization Server: fixtures/freeradius/das.conf tells what that one answers.
use std::fs::{File, read_to_string};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::pairs::{Attributes, attributes, packet};
use super::process::program;
use super::radclient::{Radclient, Reply, RequestKind};
use super::raddb::{Ports, write_raddb};
use super::sqlite::{Row, sqlite};
use super::wait::{PATIENCE, poll_for};

const SECRET: &str = "secret-of-the-tests";

/// Starts at most: each with new ports, should another process have taken one in between.
const STARTS: u32 = 5;

/// How a private FreeRADIUS differs from the default one.
#[derive(Clone, Debug)]
pub(crate) struct FreeRadiusOptions {
    /// Whether its dictionary has `ATTRIBUTE Max-Octets 3100 integer64`. Default: yes.
    pub(crate) max_octets_in_dictionary: bool,
    /// Whether the `coa` listener answers ACK and leaves the row open: the test sends the Stop. Default: no.
    pub(crate) ack_without_stop: bool,
    /// Whether the `coa` listener is silent to requests without a Message-Authenticator. Default: yes.
    pub(crate) require_message_authenticator: bool,
    /// How long `rlm_sql` waits for a lock on the database, in milliseconds. Default: 2000; Debian's file says 200.
    pub(crate) busy_timeout_ms: u32,
    /// Where the `coa` listener listens, all on one port. Default: 127.0.0.1.
    pub(crate) das_addresses: Vec<Ipv4Addr>,
    /// The database server that it uses. Default: none, an SQLite file of its own.
    pub(crate) sql: Option<SqlServer>,
    /// What its configuration has besides. Default: nothing.
    pub(crate) more: More,
}

/// Text for some of the sections.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    /// Modules.
    pub(crate) modules: String,
    /// What stands in `accounting` behind `sql`.
    pub(crate) accounting: String,
    /// What stands in `post-auth`.
    pub(crate) post_auth: String,
    /// Sites, and what else stands at the top.
    pub(crate) sites: String,
}

/// A database server with FreeRADIUS' stock tables in it.
#[derive(Clone, Debug)]
pub(crate) struct SqlServer {
    pub(crate) dialect: Dialect,
    /// On 127.0.0.1.
    pub(crate) port: u16,
    pub(crate) login: &'static str,
    pub(crate) password: &'static str,
    pub(crate) database: String,
}

/// How FreeRADIUS names a dialect, and what its conditions in das.conf look like there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dialect {
    Mysql,
    Postgres,
}

impl Default for FreeRadiusOptions {
    fn default() -> Self {
        Self {
            max_octets_in_dictionary: true,
            ack_without_stop: false,
            require_message_authenticator: true,
            busy_timeout_ms: 2000,
            das_addresses: vec![Ipv4Addr::LOCALHOST],
            sql: None,
            more: More::default(),
        }
    }
}

/// What became of a login.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Authentication {
    Accept,
    /// With the Reply-Message, if there was one.
    Reject(Option<String>),
    NoReply,
}

/// A running FreeRADIUS.
#[derive(Debug)]
pub(crate) struct FreeRadius {
    child: Child,
    ports: Ports,
    das_addresses: Vec<Ipv4Addr>,
    // Last, so that the directory goes when the process has gone.
    directory: TempDir,
}

impl FreeRadius {
    /// Starts one and waits until it takes requests.
    ///
    /// # Panics
    ///
    /// When freeradius is not installed or does not start; its log is in the message.
    pub(crate) fn start(options: &FreeRadiusOptions) -> Self {
        for _ in 0..STARTS {
            let mut server = Self::spawn(options);
            if server.is_ready() {
                return server;
            }
            let log = server.log();
            assert!(log.contains("Address already in use"), "freeradius did not start:\n{log}");
        }
        panic!("freeradius found its ports taken {STARTS} times");
    }

    fn spawn(options: &FreeRadiusOptions) -> Self {
        let program = program("freeradius", "freeradius");
        let directory = tempfile::Builder::new().prefix("radkick-freeradius-").tempdir().expect("a directory");
        let ports = Ports::free();
        write_raddb(directory.path(), options, ports, SECRET);
        let log = File::create(directory.path().join("log")).expect("a log file");
        let mut command = Command::new(program);
        command.args(["-f", "-l", "stdout", "-d"]).arg(directory.path()).stdin(Stdio::null());
        command.stderr(log.try_clone().expect("a second handle")).stdout(log);
        let child = command.spawn().expect("freeradius starts");
        Self { child, ports, das_addresses: options.das_addresses.clone(), directory }
    }

    /// Waits for the Ready line; `false` when the process ended instead.
    fn is_ready(&mut self) -> bool {
        let ready = poll_for(PATIENCE, || {
            if self.log().contains("Ready to process requests") {
                return Some(true);
            }
            self.child.try_wait().expect("a child of ours").map(|_| false)
        });
        ready.unwrap_or_else(|| panic!("freeradius was not ready within {PATIENCE:?}:\n{}", self.log()))
    }

    /// Where it takes Access-Requests.
    pub(crate) fn auth_addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.auth).into()
    }

    /// Where it takes Accounting-Requests.
    pub(crate) fn acct_addr(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.ports.acct).into()
    }

    /// Where the Dynamic Authorization Server listens: the first of `das_addresses`.
    pub(crate) fn coa_addr(&self) -> SocketAddr {
        (self.das_addresses[0], self.ports.coa).into()
    }

    /// The secret of every listener.
    #[expect(clippy::unused_self, reason = "a property of the server, constant or not")]
    pub(crate) fn secret(&self) -> &str {
        SECRET
    }

    /// A file that holds the secret.
    pub(crate) fn secret_file(&self) -> PathBuf {
        self.raddb().join("secret")
    }

    /// The SQLite file that it writes.
    pub(crate) fn database(&self) -> PathBuf {
        self.raddb().join("radius.db")
    }

    /// Its configuration directory.
    pub(crate) fn raddb(&self) -> &Path {
        self.directory.path()
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        read_to_string(self.raddb().join("log")).expect("its log")
    }

    /// Runs SQL on its database; the rows of the last query.
    pub(crate) fn sql(&self, statements: &str) -> Vec<Row> {
        sqlite(&self.database(), statements)
    }

    /// A radclient that speaks this server's dictionary and secret, with the patience of a test that wants an answer.
    pub(crate) fn radclient(&self, kind: RequestKind) -> Radclient {
        let to = match kind {
            RequestKind::Access => self.auth_addr(),
            RequestKind::Accounting => self.acct_addr(),
            RequestKind::Disconnect | RequestKind::Coa => self.coa_addr(),
        };
        Radclient { raddb: self.raddb().into(), to, kind, secret: SECRET.into(), tries: 4, wait_secs: 5 }
    }

    /// Sends an Accounting-Request and demands the response.
    pub(crate) fn account(&self, pairs: &[(&str, &str)]) {
        let reply = self.radclient(RequestKind::Accounting).send(&packet(pairs));
        let code = reply.map(|reply| reply.code);
        assert_eq!(code.as_deref(), Some("Accounting-Response"), "{pairs:?}\n{}", self.log());
    }

    /// Logs a user in with a clear-text password.
    pub(crate) fn authenticate(&self, user: &str, password: &str) -> Authentication {
        let pairs = [("User-Name", user), ("User-Password", password), ("Message-Authenticator", "0x00")];
        match self.radclient(RequestKind::Access).send(&packet(&pairs)) {
            None => Authentication::NoReply,
            Some(reply) if reply.code == "Access-Accept" => Authentication::Accept,
            Some(mut reply) => {
                let message = reply.attributes.remove("Reply-Message").map(|lines| lines.join("\n"));
                Authentication::Reject(message)
            }
        }
    }

    /// Sends a Disconnect-Request with a Message-Authenticator: what a sound sender gets as an answer.
    pub(crate) fn disconnect(&self, pairs: &[(&str, &str)]) -> Option<Reply> {
        let text = packet(pairs) + "Message-Authenticator = 0x00\n";
        self.radclient(RequestKind::Disconnect).send(&text)
    }

    /// Every Disconnect-Request and CoA-Request that it decoded, oldest first, with `Packet-Type`.
    ///
    /// Retransmissions are answered from its cache and not seen here, nor are requests that it discarded.
    pub(crate) fn coa_requests(&self) -> Vec<Attributes> {
        let text = read_to_string(self.raddb().join("coa-requests")).unwrap_or_default();
        let blocks = text.split("\n\n").filter(|block| !block.trim().is_empty());
        let mut requests: Vec<Attributes> = blocks.map(|block| attributes(block.lines())).collect();
        for request in &mut requests {
            // When `detail` wrote it down; no attribute of the packet.
            request.remove("Timestamp");
        }
        requests
    }
}

impl Drop for FreeRadius {
    fn drop(&mut self) {
        // Both fail when it has ended already, which is what we want.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
