//! What both stores on MariaDB (and MySQL) share: how a session is set up, the pool, and errors by the server's numbers.
//!
//! Not covered: a host that dies without a word in the middle of a statement. sqlx 0.9 has no keep-alive, and a statement
//! that is given up would leave its connection in the middle of an answer; the kernel's own time-out has to end it. Between
//! statements a connection that has rested is asked before it is used.

use std::time::Duration;

use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPool, MySqlPoolOptions};
use sqlx::{ConnectOptions as _, Executor as _};

use crate::config::ServerUrl;

use super::StoreError;
use super::pool::rested_are_tested;

/// How many connections one radkick takes at most, for each of its two stores.
const CONNECTIONS: u32 = 8;
/// How long one waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(10);
/// A connection is not used for longer: what a firewall forgets is found out in the end.
const LIFETIME: Duration = Duration::from_mins(30);
/// How long a statement waits for a row that another program holds.
const LOCK_SECS: u64 = 5;
/// How many octets the lines of a page may have together.
const TEXT: u32 = 4 << 20;
/// How long the server works on one statement.
const STATEMENT_SECS: u64 = 60;

/// A server, before any pool.
#[derive(Debug, Clone)]
pub(super) struct Server {
    options: MySqlConnectOptions,
    /// The database, password left out.
    pub(super) database: String,
}

impl Server {
    /// Reads the URL. sqlx would set the session's zone to UTC, but FreeRADIUS writes times without a zone in the zone of its
    /// own session, which is the server's: so is ours, unless the URL says `?timezone=`.
    pub(super) fn new(url: &ServerUrl) -> Result<Self, StoreError> {
        let database = url.to_string();
        let unreadable = |reason: String| StoreError::Unreachable { database: database.clone(), reason };
        let options: MySqlConnectOptions =
            url.expose().parse().map_err(|_| unreadable("an option of the URL cannot be read".to_owned()))?;
        let parsed = url::Url::parse(url.expose()).map_err(|error| unreadable(error.to_string()))?;
        let zone = parsed.query_pairs().any(|(key, _)| matches!(&*key, "timezone" | "time-zone"));
        let options = if zone { options } else { options.timezone(None) };
        Ok(Self { options, database })
    }

    /// One connection, with the reason when there is none: a pool would go on trying and only say that it took too long.
    pub(super) async fn connect(&self) -> Result<MySqlConnection, StoreError> {
        let connected = tokio::time::timeout(ACQUIRE, self.options.connect()).await;
        let reason = format!("no answer within {} s", ACQUIRE.as_secs());
        let connected = connected.map_err(|_| StoreError::Unreachable { database: self.database.clone(), reason })?;
        let mut connection = connected.map_err(|error| self.failed("opening", error))?;
        set_up(&mut connection).await.map_err(|error| self.failed("opening", error))?;
        Ok(connection)
    }

    pub(super) fn pool(&self) -> MySqlPool {
        rested_are_tested(MySqlPoolOptions::new())
            .max_connections(CONNECTIONS)
            .acquire_timeout(ACQUIRE)
            .max_lifetime(LIFETIME)
            .after_connect(|connection, _| Box::pin(set_up(connection)))
            .connect_lazy_with(self.options.clone())
    }

    /// The error of `operation`.
    pub(super) fn failed(&self, operation: &'static str, source: sqlx::Error) -> StoreError {
        StoreError::mariadb(&self.database, operation, source)
    }
}

/// Bounds every wait, refuses what does not fit a column, and locks single rows instead of the gaps between them, in which
/// other programs insert.
async fn set_up(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    let settings = format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
         SET SESSION innodb_lock_wait_timeout = {LOCK_SECS}, SESSION lock_wait_timeout = {LOCK_SECS},
           SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES'),
           SESSION group_concat_max_len = {TEXT}
           /*M!100101 , SESSION max_statement_time = {STATEMENT_SECS} */
           /*!50708 , SESSION max_execution_time = {STATEMENT_SECS}000 */"
    );
    connection.execute(sqlx::AssertSqlSafe(settings)).await.map(|_| ())
}

impl StoreError {
    /// The error of `operation` on a MariaDB or MySQL server, by the server's own number.
    pub(super) fn mariadb(database: &str, operation: &'static str, source: sqlx::Error) -> Self {
        let database = database.to_owned();
        let Some((number, message)) = said(&source) else {
            #[expect(clippy::wildcard_enum_match_arm, reason = "no other says that the server is out of reach")]
            return match source {
                sqlx::Error::PoolTimedOut => {
                    let reason = format!("no connection within {} s", ACQUIRE.as_secs());
                    Self::Unreachable { database, reason }
                }
                sqlx::Error::Io(error) => Self::Unreachable { database, reason: error.to_string() },
                sqlx::Error::Tls(error) => Self::Unreachable { database, reason: format!("TLS: {error}") },
                sqlx::Error::Protocol(reason) => Self::Unreachable { database, reason: format!("{reason}{PLUGIN}") },
                other => Self::Query { database, operation, source: other },
            };
        };
        match number {
            1044 | 1142 | 1143 | 1227 | 1370 => Self::Denied { database, operation, reason: message },
            1290 | 1792 | 1836 => Self::ReadOnly { database, operation },
            1205 | 3572 => Self::Locked { database, operation, waited_secs: LOCK_SECS },
            1213 => Self::Locked { database, operation, waited_secs: 0 },
            1969 | 3024 => Self::Locked { database, operation, waited_secs: STATEMENT_SECS },
            1021 | 1114 => Self::Full { database, operation },
            // Too many connections, a wrong name or password, no such database, shutting down, and their like
            1040 | 1045 | 1049 | 1053 | 1129 | 1130 | 1203 | 1226 | 1251 | 1524 | 1698 | 1862 | 1927 => {
                Self::Unreachable { database, reason: message }
            }
            _ => Self::Query { database, operation, source },
        }
    }
}

/// What an operator needs to know who reads that a plugin is unknown.
const PLUGIN: &str = " (the user must log in by mysql_native_password, or by caching_sha2_password over TLS)";

/// The number and the words of an error that came from the server.
fn said(error: &sqlx::Error) -> Option<(u16, String)> {
    let error = error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?;
    Some((error.number(), error.message().to_owned()))
}

/// The number of an error that came from the server.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    said(error).map(|(number, _)| number)
}

/// `?, ?, ?` for so many arguments.
pub(super) fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

/// A list filled up with its last entry to one of few lengths, so that a connection prepares few statements and keeps them.
/// One that it gave up after use would cost 40 ms: sqlx tells the server so in a packet that no answer follows, and the next
/// one waits until that is acknowledged.
pub(super) fn padded(mut list: Vec<String>) -> Vec<String> {
    let length = [1, 5, 25, 100, 500, 1000, 2000].into_iter().find(|length| list.len() <= *length);
    if let (Some(length), Some(last)) = (length, list.last().cloned()) {
        list.resize(length, last);
    }
    list
}
