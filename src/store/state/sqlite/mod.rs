//! Our tables in an SQLite file of their own.

mod blocks;
mod ended;
mod jobs;

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions};

use crate::store::StoreError;
use crate::store::error::{BUSY_TIMEOUT_SECS, no_file};

use super::{Brake, JournalEntry};

/// Our SQLite file.
#[derive(Debug, Clone)]
pub(super) struct Sqlite {
    pool: SqlitePool,
    /// The file, for messages.
    database: String,
}

impl Sqlite {
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        let database = format!("sqlite:{}", path.display());
        if let Some(reason) = no_file(path, false) {
            return Err(StoreError::Unreachable { database, reason });
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(sqlx::sqlite::SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(BUSY_TIMEOUT_SECS));
        let pool = SqlitePoolOptions::new().max_connections(4).connect_with(options).await;
        let pool = pool.map_err(|error| StoreError::sqlite(&database, "opening radkick's own tables", error))?;
        migrate(&pool, path, &database).await?;
        Ok(Self { pool, database })
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

/// Brings the tables to this version. A lock on a file beside the database keeps two that start together apart: sqlx
/// takes none on SQLite.
async fn migrate(pool: &SqlitePool, path: &Path, database: &str) -> Result<(), StoreError> {
    let unreachable = |reason: String| StoreError::Unreachable { database: database.to_owned(), reason };
    let mut lock_path = path.as_os_str().to_owned();
    lock_path.push(".migrate");
    let lock = File::create(&lock_path).map_err(|error| unreachable(error.to_string()))?;
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
    let _lock = lock.map_err(std::io::Error::other).flatten().map_err(|error| unreachable(error.to_string()))?;
    let mut migrator = sqlx::migrate!("src/store/migrations/sqlite");
    migrator.dangerous_set_table_name("radkick_migrations");
    migrator.run(pool).await.map_err(|error| unreachable(format!("making radkick's own tables: {error}")))
}
