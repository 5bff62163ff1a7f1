//! FreeRADIUS' tables in each dialect, asked by the database's own client.
use serde_json::Value;
use tempfile::TempDir;

use crate::bad_input::site::create_database;
use crate::support::mariadb::{self, MariaDb};
use crate::support::postgres::{PASSWORD_IN_URL, Postgres};
use crate::support::sqlite::{Row, sqlite};

/// A database with the stock schema, empty.
#[derive(Debug)]
pub(crate) enum Server {
    Sqlite(TempDir),
    Postgres(Postgres),
    Mariadb(MariaDb),
}

impl Server {
    pub(crate) fn sqlite() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        create_database(&folder.path().join("radius.db"));
        Self::Sqlite(folder)
    }

    /// One of each dialect.
    pub(crate) fn all() -> [Self; 3] {
        [Self::sqlite(), Self::Postgres(Postgres::new()), Self::Mariadb(MariaDb::new())]
    }

    /// For somebody who may write all its tables.
    pub(crate) fn url(&self) -> String {
        match self {
            Self::Sqlite(folder) => format!("sqlite:{}", folder.path().join("radius.db").display()),
            Self::Postgres(server) => {
                format!("postgres://postgres:{PASSWORD_IN_URL}@127.0.0.1:{}/{}", server.port(), server.name())
            }
            Self::Mariadb(server) => {
                let (login, password) = mariadb::RADIUS;
                format!("mysql://{login}:{password}@127.0.0.1:{}/{}", server.port(), server.name())
            }
        }
    }

    pub(crate) fn sql(&self, statements: &str) -> Vec<Row> {
        match self {
            Self::Sqlite(folder) => sqlite(&folder.path().join("radius.db"), statements),
            Self::Postgres(server) => server.sql(statements),
            Self::Mariadb(server) => server.sql(statements),
        }
    }

    /// Seconds since 1970 of a time.
    pub(crate) fn epoch(&self, column: &str) -> String {
        match self {
            Self::Sqlite(_) => column.to_owned(),
            Self::Postgres(_) => format!("extract(epoch FROM {column})::bigint"),
            Self::Mariadb(_) => format!("UNIX_TIMESTAMP({column})"),
        }
    }

    /// An address without its netmask.
    pub(crate) fn address(&self, column: &str) -> String {
        match self {
            Self::Sqlite(_) | Self::Mariadb(_) => column.to_owned(),
            Self::Postgres(_) => format!("host({column})"),
        }
    }

    /// The rows of a query, each value as text; NULL and empty are one.
    pub(crate) fn texts(&self, query: &str) -> Vec<Vec<String>> {
        let text = |value: &Value| match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        // Rows are sorted by column name, in each dialect alike
        self.sql(query).iter().map(|row| row.values().map(text).collect()).collect()
    }

    /// The one number of a query.
    pub(crate) fn number(&self, query: &str) -> u64 {
        let rows = self.texts(query);
        rows[0][0].parse().unwrap_or_else(|error| panic!("{error}: {query}: {rows:?}"))
    }
}
