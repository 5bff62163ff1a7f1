//! Making our tables, and bringing them to this version.
//!
//! A change of a table ends a transaction here, so each file holds one statement that may be run twice: after a crash the
//! one that was begun is simply run again. sqlx's own lock is none on MariaDB, which takes no endless wait; ours is.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::mysql::MySqlConnection;
use sqlx::{Connection as _, Executor as _};

use crate::store::StoreError;
use crate::store::mariadb::Server;

const OPERATION: &str = "making radkick's own tables";
/// How long one waits for another that makes the tables.
const LOCK_SECS: u64 = 30;

/// The lock's name. Locks are the whole server's: it holds the database's, as a hash for a lock's name is short.
const LOCK_NAME: &str = "CONCAT('radkick ', LEFT(SHA1(DATABASE()), 32))";

pub(super) async fn migrate(server: &Server) -> Result<(), StoreError> {
    let failed = |error| server.failed(OPERATION, error);
    let mut connection = server.connect().await?;
    let migrator = migrator();
    if !is_done(&mut connection, &migrator).await.map_err(failed)? {
        lock(&mut connection, server).await?;
        forget_interrupted(&mut connection).await.map_err(failed)?;
        migrator.run(&server.pool()).await.map_err(|error| migration_failed(server, error))?;
    }
    // The lock goes with the connection, which only holds it: sqlx runs migrations on one of a pool's
    connection.close().await.map_err(failed)
}

pub(super) fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("src/store/migrations/mariadb");
    migrator.dangerous_set_table_name("radkick_migrations");
    migrator.set_ignore_missing(true).set_locking(false);
    migrator
}

/// Prepares every statement that is still to be run, so that the server judges this user's rights, and runs none.
pub(super) async fn check(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    let done = done(connection).await?;
    for migration in migrator().iter().filter(|migration| !done.contains(&migration.version)) {
        connection.prepare(migration.sql.clone()).await?;
    }
    Ok(())
}

/// Whether our tables have been begun: the table of migrations is the first.
pub(super) async fn is_begun(connection: &mut MySqlConnection) -> Result<bool, sqlx::Error> {
    let count: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM information_schema.tables
         WHERE table_schema = DATABASE() AND table_name = 'radkick_migrations'",
    )
    .fetch_one(connection)
    .await?;
    Ok(count > 0)
}

/// Whether there is nothing to do. Asked first, so that a user who may make no tables can work with those that are there.
async fn is_done(connection: &mut MySqlConnection, migrator: &Migrator) -> Result<bool, sqlx::Error> {
    let done = done(connection).await?;
    Ok(migrator.iter().all(|migration| done.contains(&migration.version)))
}

/// The versions of the statements that have been run.
async fn done(connection: &mut MySqlConnection) -> Result<Vec<i64>, sqlx::Error> {
    if !is_begun(connection).await? {
        return Ok(Vec::new());
    }
    sqlx::query_scalar("SELECT version FROM radkick_migrations WHERE success").fetch_all(connection).await
}

async fn lock(connection: &mut MySqlConnection, server: &Server) -> Result<(), StoreError> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT CAST(GET_LOCK({LOCK_NAME}, {LOCK_SECS}) AS SIGNED)"));
    let taken: Option<i64> =
        sqlx::query_scalar(sql).fetch_one(connection).await.map_err(|error| server.failed(OPERATION, error))?;
    if taken == Some(1) {
        return Ok(());
    }
    Err(StoreError::Locked { database: server.database.clone(), operation: OPERATION, waited_secs: LOCK_SECS })
}

/// Forgets what a process that died had begun: it is run again.
async fn forget_interrupted(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    if is_begun(connection).await? {
        sqlx::query("DELETE FROM radkick_migrations WHERE NOT success").execute(connection).await?;
    }
    Ok(())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "no other comes from the server")]
fn migration_failed(server: &Server, error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => server.failed(OPERATION, error),
        other => server.failed(OPERATION, sqlx::Error::Migrate(Box::new(other))),
    }
}
