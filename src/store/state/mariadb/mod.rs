//! Our tables on MariaDB and MySQL, beside FreeRADIUS' (each named `radkick_`) or in a database of their own.
//!
//! Names are compared octet for octet here, whatever FreeRADIUS' own tables do: those above hand in the one name under which
//! the tables know a user.

mod allowances;
mod blocks;
mod feed;
mod jobs;
mod journal;
mod ledger;
mod migrate;
mod prune;
mod queue;
mod targets;

use sqlx::MySqlExecutor;
use sqlx::mysql::MySqlPool;

use crate::config::ServerUrl;
use crate::store::StoreError;
use crate::store::mariadb::Server;

use super::{Brake, JournalEntry, is_current};

const LOOKING: &str = "looking for radkick's own tables";

/// Our tables on a server.
#[derive(Debug, Clone)]
pub(super) struct Mariadb {
    pool: MySqlPool,
    /// The database, password left out.
    database: String,
}

impl Mariadb {
    pub(super) async fn open(url: &ServerUrl) -> Result<Self, StoreError> {
        let server = Server::new(url)?;
        migrate::migrate(&server).await?;
        Ok(Self { pool: server.pool(), database: server.database })
    }

    /// Whether our tables have been made; those that have not, of a newer version too, this user must be able to make.
    pub(super) async fn is_there(url: &ServerUrl) -> Result<bool, StoreError> {
        let server = Server::new(url)?;
        let mut connection = server.connect().await?;
        let failed = |error| server.failed(LOOKING, error);
        migrate::check(&mut connection).await.map_err(failed)?;
        migrate::is_begun(&mut connection).await.map_err(failed)
    }

    /// Opens the tables if they are there, as this version knows them; nothing is written.
    pub(super) async fn open_existing(url: &ServerUrl) -> Result<Option<Self>, StoreError> {
        let server = Server::new(url)?;
        let mut connection = server.connect().await?;
        let failed = |error| server.failed(LOOKING, error);
        if !migrate::is_begun(&mut connection).await.map_err(failed)? {
            migrate::check(&mut connection).await.map_err(failed)?;
            return Ok(None);
        }
        let store = Self { pool: server.pool(), database: server.database };
        let sql = "SELECT CAST(coalesce(max(version), 0) AS SIGNED) FROM radkick_migrations WHERE success";
        let version = sqlx::query_scalar(sql).fetch_one(&store.pool).await;
        let version = version.map_err(|error| store.failed(LOOKING, error))?;
        is_current(&migrate::migrator(), version, &store.database)?;
        Ok(Some(store))
    }

    fn failed(&self, operation: &'static str, error: sqlx::Error) -> StoreError {
        StoreError::mariadb(&self.database, operation, error)
    }

    pub(super) async fn journal(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        write_entry(&self.pool, entry).await.map_err(|error| self.failed("writing the journal", error))
    }

    pub(super) async fn brake(&self, name: &str) -> Result<Option<Brake>, StoreError> {
        let select = "SELECT tripped_at, detail, confirmed_at FROM radkick_brake WHERE name = ?";
        let row: Option<(i64, String, Option<i64>)> = sqlx::query_as(select)
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed("reading the brakes", error))?;
        Ok(row.map(|(tripped_at, detail, confirmed_at)| Brake { tripped_at, detail, confirmed_at }))
    }

    pub(super) async fn set_brake(&self, name: &str, brake: Option<&Brake>) -> Result<(), StoreError> {
        let replace = "REPLACE INTO radkick_brake (name, tripped_at, detail, confirmed_at) VALUES (?, ?, ?, ?)";
        let query = match brake {
            Some(brake) => {
                sqlx::query(replace).bind(name).bind(brake.tripped_at).bind(&brake.detail).bind(brake.confirmed_at)
            }
            None => sqlx::query("DELETE FROM radkick_brake WHERE name = ?").bind(name),
        };
        let done = query.execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| self.failed("writing the brakes", error))
    }
}

/// Writes a line of the journal, within a transaction where it belongs to a step: a crash loses both or neither.
async fn write_entry<'e>(to: impl MySqlExecutor<'e>, entry: &JournalEntry) -> Result<(), sqlx::Error> {
    let insert = "INSERT INTO radkick_journal (at, actor, user_name, event, detail) VALUES (?, ?, ?, ?, ?)";
    let query = sqlx::query(insert).bind(entry.at).bind(&entry.actor).bind(entry.user.as_str());
    query.bind(entry.event).bind(entry.detail.to_string()).execute(to).await.map(|_| ())
}

/// Cuts into slices of these sizes, of which the last is 1: each time the largest that there is enough for. Few sizes make few
/// statements, which stay prepared. One that is closed holds up the next by 40 ms, for the driver waits for it to be
/// acknowledged (Nagle's algorithm), which nobody is in a hurry to do.
fn slices<T, const N: usize>(rows: &[T], sizes: [usize; N]) -> impl Iterator<Item = &[T]> + use<'_, T, N> {
    let mut left = rows;
    std::iter::from_fn(move || {
        let size = sizes.into_iter().find(|size| *size <= left.len())?;
        let (slice, rest) = left.split_at(size);
        left = rest;
        Some(slice)
    })
}

/// Names in one read: of a thousand on, MariaDB makes a table of them first.
const NAMES: usize = 500;

/// Lists of names for `IN`, of few lengths for the same reason: the last name fills the list up.
fn lists(names: &[String]) -> impl Iterator<Item = Vec<&[u8]>> {
    names.chunks(NAMES).filter_map(|names| {
        let length = [1, 5, 25, 100].into_iter().find(|length| names.len() <= *length).unwrap_or(NAMES);
        let last = names.last()?;
        Some(names.iter().chain(std::iter::repeat(last)).take(length).map(String::as_bytes).collect())
    })
}

/// Whether it failed because such a row is there already.
fn is_double(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}
