//! FreeRADIUS' tables on PostgreSQL, with its stock schema (`mods-config/sql/main/postgresql/schema.sql`).
//!
//! Names compare exactly. Times are `timestamptz` and cross this boundary as seconds since 1970; addresses are `inet` and
//! cross it as text. FreeRADIUS' own Interim-Update query writes open rows only: what a session goes on using whose
//! row we closed is not seen before its Stop.

mod allowances;
mod changes;
mod feed;
mod limited;
mod limits;
mod mark;
mod open;
mod rights;
mod sessions;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgPool;

use crate::config::{ServerUrl, TableNames};
use crate::quota::UserName;
use crate::store::{StoreError, postgres};

use super::Table;
use super::row::OPTIONAL;

/// FreeRADIUS' database on a PostgreSQL server.
#[derive(Debug, Clone)]
pub(super) struct Postgres {
    pool: PgPool,
    tables: TableNames,
    /// The server and database, for messages; no password.
    database: String,
    /// Which of [`OPTIONAL`] radacct has.
    optional: Vec<&'static str>,
    /// Whether each row of radacct tells which transaction wrote it: a table of the server's own kind does, without parts.
    has_writers: bool,
}

impl Postgres {
    pub(super) async fn open(url: &ServerUrl, tables: TableNames) -> Result<Self, StoreError> {
        let pool = postgres::connect(url).await?;
        let store = Self { pool, tables, database: url.to_string(), optional: Vec::new(), has_writers: false };
        store.check_schema().await?;
        let mut optional = Vec::new();
        for column in OPTIONAL {
            if store.has_column(&store.tables.acct, column).await? {
                optional.push(column);
            }
        }
        let has_writers = store.is_plain_table(&store.tables.acct).await?;
        Ok(Self { optional, has_writers, ..store })
    }

    /// Every spelling under which the tables know the user.
    pub(super) async fn spellings(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        let sql = self.sql(
            "SELECT username FROM {authcheck} WHERE username = ANY($1)
             UNION SELECT username FROM {authreply} WHERE username = ANY($1)
             UNION SELECT username FROM {usergroup} WHERE username = ANY($1)
             UNION SELECT username FROM {acct} WHERE username = ANY($1)",
        );
        let rows = sqlx::query_scalar(sql).bind(spellings_of([user])).fetch_all(&self.pool).await;
        rows.map_err(|error| self.failed("looking for the user", error))
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let asked = sqlx::query("SELECT 1").fetch_one(&self.pool).await;
        asked.map(|_| ()).map_err(|error| self.failed("asking whether it answers", error))
    }

    fn failed(&self, operation: &'static str, error: sqlx::Error) -> StoreError {
        postgres::failed(&self.database, operation, error)
    }

    fn table(&self, table: Table) -> &str {
        match table {
            Table::Check => &self.tables.authcheck,
            Table::Reply => &self.tables.authreply,
            Table::UserGroup => &self.tables.usergroup,
        }
    }

    /// A statement with the site's table names in it. They are letters, digits and underscores by the configuration's
    /// own check, so nothing else can get into the text.
    fn sql(&self, template: &str) -> AssertSqlSafe<String> {
        let tables = &self.tables;
        let names = [
            ("{acct}", &tables.acct),
            ("{authcheck}", &tables.authcheck),
            ("{authreply}", &tables.authreply),
            ("{groupcheck}", &tables.groupcheck),
            ("{groupreply}", &tables.groupreply),
            ("{usergroup}", &tables.usergroup),
            ("{client}", &tables.client),
        ];
        AssertSqlSafe(names.into_iter().fold(template.to_owned(), |sql, (place, name)| sql.replace(place, name)))
    }
}

/// The spellings under which these users may stand in a table. No text of PostgreSQL's holds a NUL, and asking for one would fail the whole query.
fn spellings_of<'a>(users: impl IntoIterator<Item = &'a UserName>) -> Vec<String> {
    users.into_iter().flat_map(UserName::spellings).filter(|name| !name.contains('\0')).collect()
}
