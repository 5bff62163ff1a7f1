//! Private databases with FreeRADIUS' stock schema.

use clap::ValueEnum;
use tempfile::TempDir;

use crate::support::mariadb::{self, MariaDb};
use crate::support::postgres::{MEMORY, PASSWORD_IN_URL, Postgres};
use crate::support::sqlite::sqlite;

/// The stock schema, where Debian's freeradius-config keeps it.
const SQLITE_SCHEMA: &str = "/etc/freeradius/3.0/mods-config/sql/main/sqlite/schema.sql";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
    Mariadb,
}

/// A database that ends with this.
#[derive(Debug)]
pub(crate) enum Server {
    Sqlite(TempDir),
    Postgres(Postgres),
    Mariadb(MariaDb),
}

impl Server {
    /// Starts one. The servers keep pages in at most so many MiB; SQLite leaves that to the system, but for a little.
    pub(crate) fn start(dialect: Dialect, memory: u64) -> Self {
        match dialect {
            Dialect::Sqlite => {
                let folder = tempfile::tempdir().expect("a folder");
                let schema = std::fs::read_to_string(SQLITE_SCHEMA).expect("freeradius-config is installed");
                sqlite(&folder.path().join("radius.db"), &schema);
                Self::Sqlite(folder)
            }
            Dialect::Postgres => {
                MEMORY.get_or_init(|| memory);
                let server = Postgres::new();
                // Else millions of rows are one checkpoint after another
                server.sql("ALTER SYSTEM SET max_wal_size = '8GB'; SELECT pg_reload_conf()");
                Self::Postgres(server)
            }
            Dialect::Mariadb => {
                let server = MariaDb::new();
                server.sql(&format!(
                    "SET GLOBAL innodb_buffer_pool_size = {memory} * 1048576; SET GLOBAL innodb_log_file_size = 536870912"
                ));
                Self::Mariadb(server)
            }
        }
    }

    /// What the server does by itself within minutes: brings its knowledge of the tables up to date. SQLite does nothing.
    pub(crate) fn settle(&self) {
        match self {
            Self::Sqlite(_) => {}
            Self::Postgres(server) => drop(server.sql("VACUUM ANALYZE")),
            Self::Mariadb(server) => {
                let tables = "SELECT group_concat(table_name) AS names FROM information_schema.tables
                              WHERE table_schema = database() AND table_type = 'BASE TABLE'";
                let rows = server.sql(tables);
                let tables = rows[0]["names"].as_str().expect("tables");
                server.sql(&format!("ANALYZE TABLE {tables}"));
            }
        }
    }

    /// For somebody who may write all its tables.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("radius.db").display()),
            Self::Postgres(server) => {
                // Within one machine nothing is encrypted, for the sum as for the worker
                format!(
                    "postgres://postgres:{PASSWORD_IN_URL}@127.0.0.1:{}/{}?sslmode=disable",
                    server.port(),
                    server.name()
                )
            }
            Self::Mariadb(server) => {
                let (login, password) = mariadb::RADIUS;
                format!("mysql://{login}:{password}@127.0.0.1:{}/{}", server.port(), server.name())
            }
        }
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
            Self::Mariadb(_) => "MariaDB",
        })
    }
}
