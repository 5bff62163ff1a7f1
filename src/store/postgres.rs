//! What both databases need of PostgreSQL: connections whose sessions cannot hang, and its errors in an operator's words.
//!
//! Not covered: a server that vanishes without closing its connections (power, a firewall that forgets) while we wait for
//! an answer. sqlx 0.9 sets no keep-alive on its sockets, so that one query waits until the system gives the connection
//! up; what has rested in the pool is tested before it is used again and never older than [`LIFETIME`].

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _};

use crate::config::ServerUrl;

use super::StoreError;
use super::pool::rested_are_tested;

/// Connections at most: FreeRADIUS needs the server's more than we do.
const CONNECTIONS: u32 = 8;

/// How long a connection may take, or one to become free.
const ACQUIRE: Duration = Duration::from_secs(10);

/// How long a connection is kept.
const LIFETIME: Duration = Duration::from_mins(10);

/// As in [`SESSION`].
const LOCK_TIMEOUT_SECS: u64 = 5;

/// The server's own `deadlock_timeout`, unless somebody changed it.
const DEADLOCK_SECS: u64 = 1;

/// Every session: nothing waits without end, whatever the server's defaults are; a commit of ours is on disk; no plan
/// made for ten names is kept for ten thousand; and what is asked for by name or id is looked up there, not searched for in
/// the whole table by several processes, which FreeRADIUS would feel.
const SESSION: &str = "SET statement_timeout = '60s';
    SET lock_timeout = '5s';
    SET idle_in_transaction_session_timeout = '30s';
    SET default_transaction_isolation = 'read committed';
    SET client_min_messages = warning;
    SET plan_cache_mode = force_custom_plan;
    SET max_parallel_workers_per_gather = 0;
    SET random_page_cost = 1.1;
    SELECT set_config('synchronous_commit', 'local', false) WHERE current_setting('synchronous_commit') = 'off'";

/// The options that may stand behind `?`. sqlx would only log others, with their value.
const URL_OPTIONS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// Connects once, so that what is wrong is told at once and in full, and gives a pool that connects when it must.
pub(super) async fn connect(url: &ServerUrl) -> Result<PgPool, StoreError> {
    let database = url.to_string();
    let options = options(url).map_err(|reason| StoreError::Unreachable { database: database.clone(), reason })?;
    let probe =
        tokio::time::timeout(ACQUIRE, Box::pin(options.connect())).await.map_err(|_| StoreError::Unreachable {
            database: database.clone(),
            reason: format!("no answer within {} s", ACQUIRE.as_secs()),
        })?;
    let probe = probe.map_err(|error| failed(&database, "opening", error))?;
    probe.close().await.map_err(|error| failed(&database, "opening", error))?;
    let pool = rested_are_tested(PgPoolOptions::new())
        .max_connections(CONNECTIONS)
        .acquire_timeout(ACQUIRE)
        .max_lifetime(LIFETIME)
        .after_connect(|connection, _| {
            Box::pin(async move { sqlx::raw_sql(SESSION).execute(connection).await.map(|_| ()) })
        });
    Ok(pool.connect_lazy_with(options))
}

fn options(url: &ServerUrl) -> Result<PgConnectOptions, String> {
    let parsed = url::Url::parse(url.expose()).map_err(|error| error.to_string())?;
    let known = |key: &str| URL_OPTIONS.contains(&key) || key.starts_with("options[");
    let strange = parsed.query_pairs().find(|(key, _)| !known(key));
    if let Some((key, _)) = strange {
        return Err(format!("its URL has an option that is unknown: {key:?}"));
    }
    let options: PgConnectOptions = url.expose().parse().map_err(|error: sqlx::Error| error.to_string())?;
    let options = match options.get_application_name() {
        Some(_) => options,
        None => options.application_name("radkick"),
    };
    Ok(options.disable_statement_logging())
}

/// The error of `operation`, by the server's own code (SQLSTATE).
pub(super) fn failed(database: &str, operation: &'static str, source: sqlx::Error) -> StoreError {
    let database = database.to_owned();
    if let Some(error) = source.as_database_error() {
        let (code, reason) = (error.code().unwrap_or_default(), error.message().to_owned());
        return match code.as_ref() {
            // The login, the database, the number of connections, a server that starts or stops
            "28P01" | "28000" | "3D000" | "53300" | "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => {
                StoreError::Unreachable { database, reason }
            }
            code if code.starts_with("08") => StoreError::Unreachable { database, reason },
            "42501" => StoreError::Denied { database, operation, reason },
            "25006" => StoreError::ReadOnly { database, operation },
            "55P03" => StoreError::Locked { database, operation, waited_secs: LOCK_TIMEOUT_SECS },
            "40P01" | "40001" => StoreError::Locked { database, operation, waited_secs: DEADLOCK_SECS },
            "53100" => StoreError::Full { database, operation },
            _ => StoreError::Query { database, operation, source },
        };
    }
    if matches!(source, sqlx::Error::PoolTimedOut) {
        let waited = ACQUIRE.as_secs();
        let reason = format!("no connection within {waited} s: the server does not answer, or all are busy");
        return StoreError::Unreachable { database, reason };
    }
    let lost =
        matches!(source, sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::PoolClosed);
    if lost {
        return StoreError::Unreachable { database, reason: source.to_string() };
    }
    StoreError::Query { database, operation, source }
}
