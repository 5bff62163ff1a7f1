//! The operator's own query.
//!
//! While it runs FreeRADIUS cannot write, as with any reading: the time limit is what bounds that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{
    AssertSqlSafe, Column as _, ConnectOptions as _, Connection as _, Either, Executor as _, Row as _, SqlSafeStr as _,
    Statement as _, TypeInfo as _, ValueRef as _,
};

use crate::store::StoreError;
use crate::store::accounting::allowance::{
    AllowanceRow, Asked, Columns, Dialect, PARAMETER, blamed, one_select, refused, row, too_slow, within, writes,
};

use super::{Sqlite, spellings_of};

const OPERATION: &str = "running the query of [quota]";

/// After so many steps of SQLite's own machine it is asked whether to go on: a fraction of a millisecond.
const STEPS: i32 = 10_000;

/// A query whose columns come in our order.
struct Wrapped {
    select: String,
    username: String,
    subject: Option<String>,
}

/// Tells the connection's thread to give up, once nobody waits for it any more.
struct GivesUp(Arc<AtomicBool>);

impl Drop for GivesUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Sqlite {
    /// The rows for each of `asked`.
    pub(in super::super) async fn allowances(
        &self,
        query: &str,
        asked: &[Asked<'_>],
        time_limit: Duration,
    ) -> Result<Vec<Vec<AllowanceRow>>, StoreError> {
        let failed = |error| self.query_failed(error, time_limit);
        let select = one_select(query, Dialect::Sqlite).map_err(|reason| refused(&self.database, reason))?;
        let options = self.pool.connect_options().as_ref().clone().read_only(true).pragma("query_only", "ON");
        let mut connection = options.connect().await.map_err(failed)?;
        let given_up = GivesUp(Arc::default());
        let goes_on = Arc::clone(&given_up.0);
        let mut handle = connection.lock_handle().await.map_err(failed)?;
        handle.set_progress_handler(STEPS, move || !goes_on.load(Ordering::Relaxed));
        drop(handle);
        let reading = Box::pin(self.read_only(&mut connection, select, asked, time_limit));
        let found = within(&self.database, time_limit, reading).await?;
        connection.close().await.map_err(failed)?;
        Ok(found)
    }

    async fn read_only(
        &self,
        connection: &mut SqliteConnection,
        select: &str,
        asked: &[Asked<'_>],
        time_limit: Duration,
    ) -> Result<Vec<Vec<AllowanceRow>>, StoreError> {
        let failed = |error| self.query_failed(error, time_limit);
        let prepared = (&mut *connection).prepare(AssertSqlSafe(select).into_sql_str()).await.map_err(failed)?;
        if prepared.parameters().is_some_and(|parameters| !matches!(parameters, Either::Left([]) | Either::Right(0))) {
            return Err(refused(&self.database, PARAMETER));
        }
        let names: Vec<&str> = prepared.columns().iter().map(sqlx::sqlite::SqliteColumn::name).collect();
        let wrapped = wrapped(select, &names).map_err(|reason| refused(&self.database, reason))?;
        let mut found = Vec::with_capacity(asked.len());
        for asked in asked {
            let rows = rows(connection, &wrapped, *asked).await.map_err(failed)?;
            let rows = rows.iter().filter_map(|texts| read(texts).map(row).transpose());
            found.push(rows.collect::<Result<_, _>>().map_err(failed)?);
        }
        Ok(found)
    }

    fn query_failed(&self, error: sqlx::Error, time_limit: Duration) -> StoreError {
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        match code.and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff) {
            // SQLITE_INTERRUPT and SQLITE_READONLY
            Some(9) => too_slow(&self.database, time_limit),
            Some(8) => writes(&self.database),
            _ => blamed(self.failed(OPERATION, error)),
        }
    }
}

fn wrapped(select: &str, names: &[&str]) -> Result<Wrapped, String> {
    let found = Columns::find(names)?;
    // With the table's name before it SQLite does not take a name that it does not find for a text
    let name = |place: usize| names.get(place).map(|name| format!("q.\"{}\"", name.replace('"', "\"\"")));
    let columns = found.in_order().map(|place| place.and_then(name).unwrap_or_else(|| "NULL".to_owned()));
    Ok(Wrapped {
        select: format!("SELECT {} FROM (\n{select}\n) AS q", columns.join(", ")),
        username: name(found.username()).unwrap_or_default(),
        subject: found.subject().and_then(name),
    })
}

async fn rows(
    connection: &mut SqliteConnection,
    wrapped: &Wrapped,
    asked: Asked<'_>,
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let Wrapped { select, username, subject } = wrapped;
    let (condition, list) = match (asked, subject) {
        (Asked::Nothing, _) => {
            connection.prepare(AssertSqlSafe(select.as_str()).into_sql_str()).await?;
            return Ok(Vec::new());
        }
        (Asked::Everything, _) => (String::new(), None),
        (Asked::Users(users), _) => (format!(" WHERE {username} IN"), Some(spellings_of(users))),
        (Asked::Subjects(_), None) => return Ok(Vec::new()),
        (Asked::Subjects(subjects), Some(subject)) => {
            let subjects: serde_json::Value = subjects.iter().map(String::as_str).collect();
            (format!(" WHERE CAST({subject} AS TEXT) IN"), Some(subjects.to_string()))
        }
    };
    let list_of = if list.is_some() { " (SELECT value FROM json_each(?1))" } else { "" };
    let query = sqlx::query(AssertSqlSafe(format!("{select}{condition}{list_of}"))).persistent(false);
    query.bind(list).fetch_all(connection).await
}

/// A row's values as text: what type a value has is its own affair here, not the column's.
fn read(row: &SqliteRow) -> Result<[Option<String>; 6], sqlx::Error> {
    let text = |column: usize| {
        let value = row.try_get_raw(column)?;
        if value.is_null() {
            return Ok(None);
        }
        let kind = value.type_info().name().to_owned();
        Ok::<_, sqlx::Error>(Some(match kind.as_str() {
            "INTEGER" => row.try_get_unchecked::<i64, _>(column)?.to_string(),
            "REAL" => row.try_get_unchecked::<f64, _>(column)?.to_string(),
            _ => String::from_utf8_lossy(&row.try_get_unchecked::<Vec<u8>, _>(column)?).into_owned(),
        }))
    };
    Ok([text(0)?, text(1)?, text(2)?, text(3)?, text(4)?, text(5)?])
}
