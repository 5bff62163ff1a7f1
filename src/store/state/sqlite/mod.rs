//! Our tables in an SQLite file of their own.

mod allowances;
mod blocks;
mod ended;
mod feed;
mod file;
mod jobs;
mod journal;
mod ledger;
mod prune;
mod queue;
mod targets;

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use crate::store::StoreError;
use crate::store::error::{BUSY_TIMEOUT_SECS, no_file};
use crate::store::pool::{SQLITE_CONNECTIONS, rested_are_tested};

use super::{Brake, JournalEntry, is_current};

/// Our SQLite file.
#[derive(Debug, Clone)]
pub(super) struct Sqlite {
    pool: SqlitePool,
    /// The file, for messages.
    database: String,
}

impl Sqlite {
    /// Opens the file, making it and its tables; a new one is open to those who may write `beside` (see [`file::create`]).
    pub(super) async fn open(path: &Path, beside: Option<&Path>) -> Result<Self, StoreError> {
        let database = format!("sqlite:{}", path.display());
        if let Some(reason) = no_file(path, false) {
            return Err(StoreError::Unreachable { database, reason });
        }
        file::create(path, beside);
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(BUSY_TIMEOUT_SECS));
        let pool =
            rested_are_tested(SqlitePoolOptions::new()).max_connections(SQLITE_CONNECTIONS).connect_with(options).await;
        let pool = pool.map_err(|error| StoreError::sqlite(&database, "opening radkick's own tables", error))?;
        migrate(&pool, path, &database).await?;
        Ok(Self { pool, database })
    }

    /// Opens the file for reading if it is there with its tables; nothing is written, not even beside it.
    pub(super) async fn open_existing(path: &Path) -> Result<Option<Self>, StoreError> {
        let database = format!("sqlite:{}", path.display());
        if let Some(reason) = no_file(path, false) {
            return Err(StoreError::Unreachable { database, reason });
        }
        if !path.exists() {
            return Ok(None);
        }
        // SQLite makes the log of a database that is nobody's at this moment even for one who only reads
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let options = SqliteConnectOptions::new()
            .filename(path)
            .read_only(true)
            .immutable(!Path::new(&log).exists())
            .busy_timeout(Duration::from_secs(BUSY_TIMEOUT_SECS));
        let pool =
            rested_are_tested(SqlitePoolOptions::new()).max_connections(SQLITE_CONNECTIONS).connect_with(options).await;
        let pool = pool.map_err(|error| StoreError::sqlite(&database, "opening radkick's own tables", error))?;
        let store = Self { pool, database };
        Ok(store.is_made().await?.then_some(store))
    }

    /// Whether the tables are there, as this version knows them.
    async fn is_made(&self) -> Result<bool, StoreError> {
        let failed = |error| self.failed("looking for radkick's own tables", error);
        let sql = "SELECT count(*) FROM sqlite_master WHERE name = 'radkick_migrations'";
        let there: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(failed)?;
        if there == 0 {
            return Ok(false);
        }
        let sql = "SELECT coalesce(max(version), 0) FROM radkick_migrations WHERE success";
        let version = sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(failed)?;
        is_current(&migrator(), version, &self.database).map(|()| true)
    }

    fn failed(&self, operation: &'static str, error: sqlx::Error) -> StoreError {
        StoreError::sqlite(&self.database, operation, error)
    }

    pub(super) async fn journal(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let done = write_entry(&self.pool, entry).await;
        done.map_err(|error| self.failed("writing the journal", error))
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
        let query = match brake {
            Some(brake) => sqlx::query("INSERT OR REPLACE INTO radkick_brake VALUES (?, ?, ?, ?)")
                .bind(name)
                .bind(brake.tripped_at)
                .bind(&brake.detail)
                .bind(brake.confirmed_at),
            None => sqlx::query("DELETE FROM radkick_brake WHERE name = ?").bind(name),
        };
        let done = query.execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| self.failed("writing the brakes", error))
    }
}

/// Writes a line of the journal, within a transaction where it belongs to a step: a crash loses both or neither.
async fn write_entry<'e>(to: impl sqlx::SqliteExecutor<'e>, entry: &JournalEntry) -> Result<(), sqlx::Error> {
    let insert = "INSERT INTO radkick_journal (at, actor, user_name, event, detail) VALUES (?, ?, ?, ?, ?)";
    let query = sqlx::query(insert).bind(entry.at).bind(&entry.actor).bind(entry.user.as_str());
    query.bind(entry.event).bind(entry.detail.to_string()).execute(to).await.map(|_| ())
}

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("src/store/migrations/sqlite");
    migrator.dangerous_set_table_name("radkick_migrations");
    migrator
}

/// Brings the tables to this version, one process after the other.
async fn migrate(pool: &SqlitePool, path: &Path, database: &str) -> Result<(), StoreError> {
    let unreachable = |reason: String| StoreError::Unreachable { database: database.to_owned(), reason };
    let locked = path.to_owned();
    let lock = tokio::task::spawn_blocking(move || file::lock(&locked)).await;
    let _lock = lock.map_err(|error| error.to_string()).flatten().map_err(unreachable)?;
    let made = migrator().run(pool).await;
    made.map_err(|error| unreachable(format!("making radkick's own tables: {error}")))
}
