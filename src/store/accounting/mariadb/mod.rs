//! FreeRADIUS' tables on MariaDB and MySQL, with its stock schema (`mods-config/sql/main/mysql/schema.sql`).
//!
//! Two names are one user when the server says so: its collation knows no case (and, as FreeRADIUS asks by it too, neither
//! does a login). Every comparison of names is the server's; what it takes for one user goes under one name,
//! [`Mariadb::canonical`].
//!
//! Times have no zone; they stand in the zone of FreeRADIUS' session, which is the server's. In the hour that a change of
//! summer time repeats, they are ambiguous by that hour. All numbers are cast: stock columns are unsigned here and there.

mod allowances;
mod catalogue;
mod changes;
mod feed;
mod folding;
mod limited;
mod limits;
mod names;
mod open;
mod rights;
mod sessions;
mod spelled;

use std::sync::Arc;

use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlPool;
use tokio::sync::OnceCell;

use crate::config::{ServerUrl, TableNames};
use crate::store::StoreError;
use crate::store::mariadb::Server;

use super::Table;
use catalogue::Catalogue;
use folding::Folding;

/// FreeRADIUS' database on a server.
#[derive(Debug, Clone)]
pub(super) struct Mariadb {
    pool: MySqlPool,
    tables: TableNames,
    catalogue: Arc<Catalogue>,
    /// Read when it is needed, and never again.
    folding: Arc<OnceCell<Folding>>,
    /// The database, password left out.
    database: String,
}

impl Mariadb {
    pub(super) async fn open(url: &ServerUrl, tables: TableNames) -> Result<Self, StoreError> {
        let server = Server::new(url)?;
        let mut connection = server.connect().await?;
        let catalogue = Catalogue::read(&mut connection, &server, &tables).await?.into();
        let (pool, folding) = (server.pool(), Arc::default());
        let store = Self { pool, tables, catalogue, folding, database: server.database };
        store.check_reading(&mut connection).await?;
        Ok(store)
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        let asked = sqlx::query("SELECT 1").fetch_one(&self.pool).await;
        asked.map(|_| ()).map_err(|error| self.failed("asking whether it answers", error))
    }

    fn failed(&self, operation: &'static str, error: sqlx::Error) -> StoreError {
        StoreError::mariadb(&self.database, operation, error)
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
