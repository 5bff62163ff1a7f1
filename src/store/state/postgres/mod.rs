//! Our tables on a PostgreSQL server, beside FreeRADIUS' or in a database of their own.
//!
//! Each method but the migrations is one statement, so that nobody sees half of a step and no transaction can stay open.
//! A user's name stands as the NAS knows it, but for NUL, which no text of
//! PostgreSQL's holds and a name may: see [`NUL`].

mod allowances;
mod blocks;
mod ended;
mod feed;
mod jobs;
mod journal;
mod ledger;
mod prune;
mod queue;
mod targets;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::PgPool;

use crate::config::ServerUrl;
use crate::quota::UserName;
use crate::store::{StoreError, postgres};

use super::{Brake, JournalEntry, is_current};

const MAKING: &str = "making radkick's own tables";

/// Our tables.
#[derive(Debug, Clone)]
pub(super) struct Postgres {
    pool: PgPool,
    /// The server and database, for messages; no password.
    database: String,
}

impl Postgres {
    pub(super) async fn open(url: &ServerUrl) -> Result<Self, StoreError> {
        let store = Self { pool: postgres::connect(url).await?, database: url.to_string() };
        store.migrate().await?;
        Ok(store)
    }

    /// Whether our tables are there. Where they are not, the right to make them has to be.
    pub(super) async fn is_there(url: &ServerUrl) -> Result<bool, StoreError> {
        let store = Self { pool: postgres::connect(url).await?, database: url.to_string() };
        let sql = "SELECT to_regclass('radkick_job') IS NOT NULL,
                          coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)";
        let asked = sqlx::query_as(sql).fetch_one(&store.pool).await;
        let (there, may_make): (bool, bool) = asked.map_err(|error| store.failed(MAKING, error))?;
        store.pool.close().await;
        if !there && !may_make {
            let reason = "missing rights: CREATE on a schema of the user's search_path".to_owned();
            return Err(StoreError::Denied { database: store.database, operation: MAKING, reason });
        }
        Ok(there)
    }

    /// Opens the tables if they are there, as this version knows them; nothing is written.
    pub(super) async fn open_existing(url: &ServerUrl) -> Result<Option<Self>, StoreError> {
        if !Self::is_there(url).await? {
            return Ok(None);
        }
        let store = Self { pool: postgres::connect(url).await?, database: url.to_string() };
        let sql = "SELECT coalesce(max(version), 0) FROM radkick_migrations WHERE success";
        let version = sqlx::query_scalar(sql).fetch_one(&store.pool).await;
        let version = version.map_err(|error| store.failed("looking for radkick's own tables", error))?;
        is_current(&migrator(), version, &store.database)?;
        Ok(Some(store))
    }

    /// Brings the tables to this version. sqlx takes an advisory lock meanwhile, so that two that start together do not
    /// meet; the tables of a later version are left as they are.
    async fn migrate(&self) -> Result<(), StoreError> {
        let migrator = migrator();
        Box::pin(migrator.run(&self.pool)).await.map_err(|error| self.failed(MAKING, cause(error)))
    }

    fn failed(&self, operation: &'static str, error: sqlx::Error) -> StoreError {
        postgres::failed(&self.database, operation, error)
    }

    pub(super) async fn journal(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        let done = noting(
            "INSERT INTO radkick_journal (at, actor, user_name, event, detail) VALUES ($1, $2, $3, $4, $5)",
            Some(entry),
        );
        done.execute(&self.pool).await.map(|_| ()).map_err(|error| self.failed("writing the journal", error))
    }

    pub(super) async fn brake(&self, name: &str) -> Result<Option<Brake>, StoreError> {
        let select = "SELECT tripped_at, detail, confirmed_at FROM radkick_brake WHERE name = $1";
        let row: Option<(i64, String, Option<i64>)> = sqlx::query_as(select)
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(|error| self.failed("reading the brakes", error))?;
        Ok(row.map(|(tripped_at, detail, confirmed_at)| Brake { tripped_at, detail, confirmed_at }))
    }

    pub(super) async fn set_brake(&self, name: &str, brake: Option<&Brake>) -> Result<(), StoreError> {
        let query = match brake {
            Some(brake) => sqlx::query(
                "INSERT INTO radkick_brake (name, tripped_at, detail, confirmed_at) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (name) DO UPDATE SET tripped_at = $2, detail = $3, confirmed_at = $4",
            )
            .bind(name)
            .bind(brake.tripped_at)
            .bind(&brake.detail)
            .bind(brake.confirmed_at),
            None => sqlx::query("DELETE FROM radkick_brake WHERE name = $1").bind(name),
        };
        let done = query.execute(&self.pool).await;
        done.map(|_| ()).map_err(|error| self.failed("writing the brakes", error))
    }
}

fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("src/store/migrations/postgres");
    migrator.dangerous_set_table_name("radkick_migrations");
    migrator.set_ignore_missing(true);
    migrator
}

type Query = sqlx::query::Query<'static, sqlx::Postgres, sqlx::postgres::PgArguments>;

/// The part of a statement that writes a step's line of the journal, if the step (`held`) was ours to make.
macro_rules! noted {
    () => {
        "noted AS (
             INSERT INTO radkick_journal (at, actor, user_name, event, detail)
             SELECT $1, $2, $3, $4, $5 FROM held WHERE $1::bigint IS NOT NULL
         )"
    };
}
use noted;

/// A statement whose `$1` to `$5` are a line of the journal, or null.
fn noting(sql: &'static str, entry: Option<&JournalEntry>) -> Query {
    sqlx::query(sql)
        .bind(entry.map(|entry| entry.at))
        .bind(entry.map(|entry| entry.actor.clone()))
        .bind(entry.map(|entry| stored(entry.user.as_str())))
        .bind(entry.map(|entry| entry.event))
        .bind(entry.map(|entry| entry.detail.to_string()))
}

/// What the database itself said, where it did.
fn cause(error: MigrateError) -> sqlx::Error {
    if let MigrateError::Execute(source) | MigrateError::ExecuteMigration(source, _) = error {
        return source;
    }
    error.into()
}

/// Stands for NUL in our tables: a character that Unicode gives no meaning, and that no user's name holds.
const NUL: char = '\u{f0000}';

/// A text as it stands in our tables.
fn stored(text: &str) -> String {
    text.replace('\0', NUL.encode_utf8(&mut [0; 4]))
}

/// A text, from how it stands in our tables.
fn plain(stored: &str) -> String {
    stored.replace(NUL, "\0")
}

/// A user, from how the name stands in our tables.
fn user(stored: impl AsRef<str>) -> UserName {
    UserName::new(plain(stored.as_ref()))
}
