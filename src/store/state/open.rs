//! Opening our own tables, for writing or for looking alone.

use crate::config::DatabaseUrl;
use crate::store::StoreError;

use super::mariadb::Mariadb;
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{Backend, State};

impl State {
    /// Opens the database, making it and its tables where they are missing.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`].
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Self::open_beside(url, None).await
    }

    /// As [`State::open`]. A file that is made is its owner's alone; where `accounting` is a file that a group may write,
    /// that group's too.
    ///
    /// # Errors
    /// As [`State::open`].
    pub async fn open_beside(url: &DatabaseUrl, accounting: Option<&DatabaseUrl>) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let beside = match accounting {
                    Some(DatabaseUrl::Sqlite(file)) => Some(file.as_path()),
                    _ => None,
                };
                Ok(Self { backend: Backend::Sqlite(Sqlite::open(path, beside).await?) })
            }
            DatabaseUrl::Postgres(url) => Ok(Self { backend: Backend::Postgres(Postgres::open(url).await?) }),
            DatabaseUrl::Mysql(url) => Ok(Self { backend: Backend::Mariadb(Mariadb::open(url).await?) }),
        }
    }

    /// Opens the database for reading if its tables are there; nothing is created, changed or brought up to date.
    ///
    /// # Errors
    /// As [`State::open`], also when the tables are those of an older version.
    pub async fn open_existing(url: &DatabaseUrl) -> Result<Option<Self>, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                let store = Sqlite::open_existing(path).await?;
                Ok(store.map(|store| Self { backend: Backend::Sqlite(store) }))
            }
            DatabaseUrl::Postgres(url) => {
                let store = Postgres::open_existing(url).await?;
                Ok(store.map(|store| Self { backend: Backend::Postgres(store) }))
            }
            DatabaseUrl::Mysql(url) => {
                let store = Mariadb::open_existing(url).await?;
                Ok(store.map(|store| Self { backend: Backend::Mariadb(store) }))
            }
        }
    }

    /// Whether the tables are there; nothing is created. On a server, where they are not, the right to make them must be.
    ///
    /// # Errors
    /// As [`State::open`], and [`StoreError::Denied`].
    pub async fn is_there(url: &DatabaseUrl) -> Result<bool, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => Ok(path.exists()),
            DatabaseUrl::Postgres(url) => Postgres::is_there(url).await,
            DatabaseUrl::Mysql(url) => Mariadb::is_there(url).await,
        }
    }
}

/// Refuses tables of an older version, for those who must not bring them up to date.
pub(super) fn is_current(migrator: &sqlx::migrate::Migrator, version: i64, database: &str) -> Result<(), StoreError> {
    if migrator.iter().all(|migration| migration.version <= version) {
        return Ok(());
    }
    let reason = "radkick's own tables are an older version's, and this command writes nothing; the next one that does, \
                  such as `radkick enforce --once`, brings them up to date";
    Err(StoreError::Unreachable { database: database.to_owned(), reason: reason.to_owned() })
}
