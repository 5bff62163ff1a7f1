//! FreeRADIUS' tables on SQLite, with its stock schema (`mods-config/sql/main/sqlite/schema.sql`).
//!
//! FreeRADIUS writes times as integers here; rows made by hand may hold text, so both are read. We change neither the
//! journal mode nor the schema, and hold the write lock for single rows only.

mod allowances;
mod changes;
mod feed;
mod limited;
mod limits;
mod open;
mod sessions;

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _};

use crate::config::TableNames;
use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::error::{BUSY_TIMEOUT_SECS, no_file};
use crate::store::pool::{SQLITE_CONNECTIONS, rested_are_tested};

use super::Table;

/// FreeRADIUS' SQLite file.
#[derive(Debug, Clone)]
pub(super) struct Sqlite {
    pool: SqlitePool,
    tables: TableNames,
    /// The file, for messages.
    database: String,
}

/// The columns that we read, by table.
const ACCT: [&str; 17] = [
    "radacctid",
    "acctsessionid",
    "acctuniqueid",
    "username",
    "nasipaddress",
    "acctstarttime",
    "acctupdatetime",
    "acctstoptime",
    "acctsessiontime",
    "acctinputoctets",
    "acctoutputoctets",
    "calledstationid",
    "callingstationid",
    "acctterminatecause",
    "servicetype",
    "framedprotocol",
    "framedipaddress",
];
const ITEM: [&str; 5] = ["id", "username", "attribute", "op", "value"];
const GROUP_ITEM: [&str; 5] = ["id", "groupname", "attribute", "op", "value"];
const USERGROUP: [&str; 4] = ["id", "username", "groupname", "priority"];
const NAS: [&str; 3] = ["nasname", "shortname", "secret"];

impl Sqlite {
    pub(super) async fn open(path: &Path, tables: TableNames) -> Result<Self, StoreError> {
        let database = format!("sqlite:{}", path.display());
        if let Some(reason) = no_file(path, true) {
            return Err(StoreError::Unreachable { database, reason });
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .busy_timeout(Duration::from_secs(BUSY_TIMEOUT_SECS));
        let pool =
            rested_are_tested(SqlitePoolOptions::new()).max_connections(SQLITE_CONNECTIONS).connect_with(options).await;
        let pool = pool.map_err(|error| StoreError::sqlite(&database, "opening", error))?;
        let store = Self { pool, tables, database };
        store.check_schema().await?;
        Ok(store)
    }

    async fn check_schema(&self) -> Result<(), StoreError> {
        let tables = &self.tables;
        let wanted: [(&str, &[&str]); 7] = [
            (&tables.acct, &ACCT),
            (&tables.authcheck, &ITEM),
            (&tables.authreply, &ITEM),
            (&tables.groupcheck, &GROUP_ITEM),
            (&tables.groupreply, &GROUP_ITEM),
            (&tables.usergroup, &USERGROUP),
            (&tables.client, &NAS),
        ];
        let mut missing = Vec::new();
        for (table, columns) in wanted {
            let there = self.columns(table).await?;
            if there.is_empty() {
                missing.push(table.to_owned());
                continue;
            }
            let absent = columns.iter().filter(|column| !there.iter().any(|name| name.eq_ignore_ascii_case(column)));
            missing.extend(absent.map(|column| format!("{table}.{column}")));
        }
        if missing.is_empty() { Ok(()) } else { Err(StoreError::Missing { database: self.database.clone(), missing }) }
    }

    /// The names of a table's columns; none when there is no such table.
    async fn columns(&self, table: &str) -> Result<Vec<String>, StoreError> {
        let rows = sqlx::query("SELECT name FROM pragma_table_info(?)").bind(table).fetch_all(&self.pool).await;
        let rows = rows.map_err(|error| self.failed("looking for FreeRADIUS' tables", error))?;
        rows.iter()
            .map(|row| row.try_get(0).map_err(|error| self.failed("looking for FreeRADIUS' tables", error)))
            .collect()
    }

    /// Writes a page, and takes it back. The lock alone would not do: SQLite gives it on a file that may only be read.
    pub(super) async fn check_writable(&self) -> Result<(), StoreError> {
        let failed = |error| self.failed("trying to write", error);
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let select = sqlx::query_scalar("SELECT user_version FROM pragma_user_version");
        let version: i64 = select.fetch_one(&mut *transaction).await.map_err(failed)?;
        let same = AssertSqlSafe(format!("PRAGMA user_version = {version}"));
        let written = sqlx::query(same).execute(&mut *transaction).await;
        transaction.rollback().await.map_err(failed)?;
        written.map(|_| ()).map_err(failed)
    }

    /// Every spelling under which the tables know the user.
    pub(super) async fn spellings(&self, user: &UserName) -> Result<Vec<String>, StoreError> {
        let sql = self.sql(
            "SELECT username FROM {authcheck} WHERE username IN (SELECT value FROM json_each(?1))
             UNION SELECT username FROM {authreply} WHERE username IN (SELECT value FROM json_each(?1))
             UNION SELECT username FROM {usergroup} WHERE username IN (SELECT value FROM json_each(?1))
             UNION SELECT username FROM {acct} WHERE username IN (SELECT value FROM json_each(?1))",
        );
        let rows = sqlx::query_scalar(sql).bind(spellings_of([user])).fetch_all(&self.pool).await;
        rows.map_err(|error| self.failed("looking for the user", error))
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let asked = sqlx::query("SELECT count(*) FROM sqlite_schema").fetch_one(&self.pool).await;
        asked.map(|_| ()).map_err(|error| self.failed("asking whether it answers", error))
    }

    fn failed(&self, operation: &'static str, error: sqlx::Error) -> StoreError {
        StoreError::sqlite(&self.database, operation, error)
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

/// The spellings under which these users may stand in a table, as the JSON list that `json_each` takes.
fn spellings_of<'a>(users: impl IntoIterator<Item = &'a UserName>) -> String {
    users.into_iter().flat_map(UserName::spellings).collect::<serde_json::Value>().to_string()
}

/// Text as stored, octets that are not UTF-8 replaced. FreeRADIUS escapes such octets, so only another program's rows have
/// any, and one of them must not keep all the others from being read.
fn text(row: &SqliteRow, column: usize) -> Result<String, sqlx::Error> {
    Ok(String::from_utf8_lossy(&row.try_get::<Vec<u8>, _>(column)?).into_owned())
}

/// A user or group in this column; `None`, told in the log, where it is not UTF-8: nobody's name, so nobody's row.
fn name(row: &SqliteRow, column: usize, table: &str) -> Result<Option<String>, sqlx::Error> {
    let name = String::from_utf8(row.try_get(column)?);
    if let Err(error) = &name {
        tracing::warn!(
            "{table}: the name {:?} is not UTF-8; this row is left alone",
            String::from_utf8_lossy(error.as_bytes())
        );
    }
    Ok(name.ok())
}
