//! The operator's own query.
//!
//! As in every session of ours the time zone is UTC and dates are printed by ISO 8601, whatever the server's settings are.

use std::time::Duration;

use sqlx::postgres::{PgColumn, PgConnection, PgRow};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, Row as _, SqlSafeStr as _, Statement as _,
    TypeInfo as _,
};

use crate::store::StoreError;
use crate::store::accounting::allowance::{
    AllowanceRow, Asked, Columns, Dialect, PARAMETER, blamed, one_select, refused, row, too_slow, within, writes,
};

use super::{Postgres, spellings_of};

const OPERATION: &str = "running the query of [quota]";

/// A query whose columns come in our order, as text.
struct Wrapped {
    select: String,
    username: String,
    subject: Option<String>,
}

impl Postgres {
    /// The rows for each of `asked`.
    pub(in super::super) async fn allowances(
        &self,
        query: &str,
        asked: &[Asked<'_>],
        time_limit: Duration,
    ) -> Result<Vec<Vec<AllowanceRow>>, StoreError> {
        let select = one_select(query, Dialect::Postgres).map_err(|reason| refused(&self.database, reason))?;
        let connection = self.pool.acquire().await.map_err(|error| self.failed(OPERATION, error))?;
        let mut connection = connection.detach();
        let reading = Box::pin(self.read_only(&mut connection, select, asked, time_limit));
        let found = within(&self.database, time_limit, reading).await?;
        connection.close().await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(found)
    }

    async fn read_only(
        &self,
        connection: &mut PgConnection,
        select: &str,
        asked: &[Asked<'_>],
        time_limit: Duration,
    ) -> Result<Vec<Vec<AllowanceRow>>, StoreError> {
        let failed = |error| self.query_failed(error, time_limit);
        let millis = time_limit.as_millis().clamp(1, 2_147_483_647);
        let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {millis}");
        sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await.map_err(failed)?;
        let prepared = (&mut *connection).prepare(AssertSqlSafe(select).into_sql_str()).await.map_err(failed)?;
        if prepared.parameters().is_some_and(|parameters| !matches!(parameters, Either::Left([]) | Either::Right(0))) {
            return Err(refused(&self.database, PARAMETER));
        }
        let wrapped = wrapped(select, prepared.columns()).map_err(|reason| refused(&self.database, reason))?;
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
        match code.as_deref() {
            Some("57014") => too_slow(&self.database, time_limit),
            Some("25006") => writes(&self.database),
            _ => blamed(self.failed(OPERATION, error)),
        }
    }
}

fn wrapped(select: &str, columns: &[PgColumn]) -> Result<Wrapped, String> {
    let names: Vec<&str> = columns.iter().map(PgColumn::name).collect();
    let found = Columns::find(&names)?;
    let texts = found.in_order().map(|place| place.and_then(|place| columns.get(place)).map(as_text));
    let texts = texts.map(|text| text.unwrap_or_else(|| "NULL::text".to_owned()));
    let name = |place: usize| columns.get(place).map(|column| format!("{}::text", of_query(column)));
    Ok(Wrapped {
        select: format!("SELECT {} FROM (\n{select}\n) AS q", texts.join(", ")),
        username: name(found.username()).unwrap_or_default(),
        subject: found.subject().and_then(name),
    })
}

/// The column of the query, by its name.
fn of_query(column: &PgColumn) -> String {
    format!("q.\"{}\"", column.name().replace('"', "\"\""))
}

/// The column as text. Of a floating type whole numbers would come with an exponent from 10^15 on.
fn as_text(column: &PgColumn) -> String {
    let of_query = of_query(column);
    match column.type_info().name() {
        "FLOAT4" | "FLOAT8" => format!(
            "CASE WHEN {of_query} = trunc({of_query}) AND abs({of_query}) < 1e18 THEN {of_query}::bigint::text
                  ELSE {of_query}::text END"
        ),
        _ => format!("{of_query}::text"),
    }
}

async fn rows(connection: &mut PgConnection, wrapped: &Wrapped, asked: Asked<'_>) -> Result<Vec<PgRow>, sqlx::Error> {
    let Wrapped { select, username, subject } = wrapped;
    let (condition, list) = match (asked, subject) {
        // The rights are looked at when a statement begins to run
        (Asked::Nothing, _) => (" LIMIT 0".to_owned(), None),
        (Asked::Everything, _) => (String::new(), None),
        (Asked::Users(users), _) => (format!(" WHERE {username} = ANY($1)"), Some(spellings_of(users))),
        (Asked::Subjects(_), None) => return Ok(Vec::new()),
        (Asked::Subjects(subjects), Some(subject)) => {
            let sound = subjects.iter().filter(|subject| !subject.contains('\0'));
            (format!(" WHERE {subject} = ANY($1)"), Some(sound.cloned().collect()))
        }
    };
    let query = sqlx::query(AssertSqlSafe(format!("{select}{condition}"))).persistent(false);
    match list {
        Some(list) => query.bind(list).fetch_all(connection).await,
        None => query.fetch_all(connection).await,
    }
}

fn read(row: &PgRow) -> Result<[Option<String>; 6], sqlx::Error> {
    let text = |column: usize| row.try_get::<Option<String>, _>(column);
    Ok([text(0)?, text(1)?, text(2)?, text(3)?, text(4)?, text(5)?])
}
