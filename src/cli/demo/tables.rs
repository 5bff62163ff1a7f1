//! FreeRADIUS' tables in the demo: filled as an operator's panel would, and read back by SQL of the demo's own, so that
//! the code under test does not judge itself.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions};
use sqlx::{FromRow, Result};

use super::sink::create_schema;

/// A row of radcheck or radreply, every column of it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct LoginRow {
    pub(super) id: i64,
    pub(super) username: String,
    pub(super) attribute: String,
    pub(super) op: String,
    pub(super) value: String,
}

impl std::fmt::Display for LoginRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} | {} | {} | {} | {}", self.id, self.username, self.attribute, self.op, self.value)
    }
}

/// What lets a user in, or keeps him out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) check: Vec<LoginRow>,
    pub(super) reply: Vec<LoginRow>,
}

/// What radacct says of a session.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub(super) struct AcctRow {
    #[sqlx(rename = "acctstarttime")]
    pub(super) start: i64,
    #[sqlx(rename = "acctstoptime")]
    pub(super) stop: Option<i64>,
    /// Both directions together.
    pub(super) octets: i64,
    #[sqlx(rename = "acctterminatecause")]
    pub(super) terminate_cause: String,
}

/// The SQLite file.
#[derive(Debug)]
pub(super) struct Tables {
    pool: SqlitePool,
}

impl Tables {
    /// Makes the file with FreeRADIUS' stock tables.
    pub(super) async fn create(path: &Path) -> Result<Self> {
        let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
        create_schema(&pool).await?;
        Ok(Self { pool })
    }

    /// A client of FreeRADIUS.
    pub(super) async fn add_nas(&self, address: &str, name: &str, secret: &str) -> Result<()> {
        let insert = "INSERT INTO nas (nasname, shortname, secret) VALUES (?, ?, ?)";
        sqlx::query(insert).bind(address).bind(name).bind(secret).execute(&self.pool).await.map(drop)
    }

    /// A user with a password and a limit.
    pub(super) async fn add_user(&self, name: &str, password: &str, max_octets: u64) -> Result<()> {
        let limit = max_octets.to_string();
        for (attribute, value) in [("Cleartext-Password", password), ("Max-Octets", &limit)] {
            let insert = "INSERT INTO radcheck (username, attribute, op, value) VALUES (?, ?, ':=', ?)";
            sqlx::query(insert).bind(name).bind(attribute).bind(value).execute(&self.pool).await?;
        }
        Ok(())
    }

    /// Raises a user's limit.
    pub(super) async fn top_up(&self, name: &str, max_octets: u64) -> Result<()> {
        let update = "UPDATE radcheck SET value = ? WHERE username = ? AND attribute = 'Max-Octets'";
        sqlx::query(update).bind(max_octets.to_string()).bind(name).execute(&self.pool).await.map(drop)
    }

    /// All rows of radcheck and radreply for a user.
    pub(super) async fn login(&self, name: &str) -> Result<Login> {
        let check = "SELECT id, username, attribute, op, value FROM radcheck WHERE username = ? ORDER BY id";
        let reply = "SELECT id, username, attribute, op, value FROM radreply WHERE username = ? ORDER BY id";
        Ok(Login {
            check: sqlx::query_as(check).bind(name).fetch_all(&self.pool).await?,
            reply: sqlx::query_as(reply).bind(name).fetch_all(&self.pool).await?,
        })
    }

    /// The row of a user's latest session.
    pub(super) async fn session(&self, name: &str) -> Result<Option<AcctRow>> {
        let select = "SELECT acctstarttime, acctstoptime, acctinputoctets + acctoutputoctets AS octets, \
                      acctterminatecause FROM radacct WHERE username = ? ORDER BY radacctid DESC LIMIT 1";
        sqlx::query_as(select).bind(name).fetch_optional(&self.pool).await
    }
}
