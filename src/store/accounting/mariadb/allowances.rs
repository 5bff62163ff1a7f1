//! The operator's own query.
//!
//! The session's time zone is that of FreeRADIUS' times, so that times in the query mean what they mean to the operator; what
//! is of type TIMESTAMP, which the server keeps in UTC, comes in UTC.

use std::time::Duration;

use sqlx::mysql::{MySqlColumn, MySqlConnection, MySqlRow};
use sqlx::{
    AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, Row as _, SqlSafeStr as _, Statement as _,
    TypeInfo as _,
};

use crate::store::StoreError;
use crate::store::accounting::allowance::{
    AllowanceRow, Asked, Columns, Dialect, PARAMETER, blamed, one_select, refused, row, too_slow, within, writes,
};
use crate::store::mariadb::{number, padded, places};

use super::Mariadb;
use super::catalogue::Collation;
use super::names::spellings_of;

const OPERATION: &str = "running the query of [quota]";

/// A query whose columns come in our order, as text.
struct Wrapped {
    /// Up to `FROM`.
    columns: String,
    /// From there on.
    from: String,
    username: String,
    subject: Option<String>,
}

impl Mariadb {
    /// The rows for each of `asked`.
    pub(in super::super) async fn allowances(
        &self,
        query: &str,
        asked: &[Asked<'_>],
        time_limit: Duration,
    ) -> Result<Vec<Vec<AllowanceRow>>, StoreError> {
        let select = one_select(query, Dialect::Mariadb).map_err(|reason| refused(&self.database, reason))?;
        let connection = self.pool.acquire().await.map_err(|error| self.failed(OPERATION, error))?;
        let mut connection = connection.detach();
        let reading = Box::pin(self.read_only(&mut connection, select, asked, time_limit));
        let found = within(&self.database, time_limit, reading).await?;
        connection.close().await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(found)
    }

    async fn read_only(
        &self,
        connection: &mut MySqlConnection,
        select: &str,
        asked: &[Asked<'_>],
        time_limit: Duration,
    ) -> Result<Vec<Vec<AllowanceRow>>, StoreError> {
        let failed = |error| self.query_failed(error, time_limit);
        begin(connection, time_limit).await.map_err(failed)?;
        let prepared = (&mut *connection).prepare(AssertSqlSafe(select).into_sql_str()).await.map_err(failed)?;
        if prepared.parameters().is_some_and(|parameters| !matches!(parameters, Either::Left([]) | Either::Right(0))) {
            return Err(refused(&self.database, PARAMETER));
        }
        let wrapped = wrapped(select, prepared.columns()).map_err(|reason| refused(&self.database, reason))?;
        let mut found = Vec::with_capacity(asked.len());
        for asked in asked {
            let rows = self.rows_of_query(connection, &wrapped, *asked, time_limit).await?;
            let rows = rows.iter().filter_map(|texts| read(texts).map(row).transpose());
            found.push(rows.collect::<Result<Vec<_>, _>>().map_err(failed)?);
        }
        self.learn(found.iter().flatten().map(|row| &row.username)).await?;
        Ok(found)
    }

    async fn rows_of_query(
        &self,
        connection: &mut MySqlConnection,
        wrapped: &Wrapped,
        asked: Asked<'_>,
        time_limit: Duration,
    ) -> Result<Vec<MySqlRow>, StoreError> {
        let failed = |error| self.query_failed(error, time_limit);
        let select = format!("SELECT {} {}", wrapped.columns, wrapped.from);
        let (column, names) = match (asked, &wrapped.subject) {
            (Asked::Nothing, _) => {
                connection.prepare(AssertSqlSafe(select).into_sql_str()).await.map_err(failed)?;
                return Ok(Vec::new());
            }
            (Asked::Everything, _) => {
                let query = sqlx::query(AssertSqlSafe(select)).persistent(false);
                return query.fetch_all(connection).await.map_err(failed);
            }
            (Asked::Subjects(_), None) => return Ok(Vec::new()),
            (Asked::Users(users), _) => {
                self.learn(users).await?;
                (&wrapped.username, users.iter().flat_map(spellings_of).collect())
            }
            (Asked::Subjects(subjects), Some(subject)) => (subject, subjects.to_vec()),
        };
        let kept = collation(connection, wrapped, column).await.map_err(failed)?;
        let by_name = matches!(asked, Asked::Users(_));
        let (compared, charset) = self.compared(column, kept.as_ref(), by_name);
        let unfit = self.unfit(charset, names.iter().map(String::as_str)).await?;
        let names: Vec<String> = names.into_iter().filter(|name| !unfit.contains(name)).collect();
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let names = padded(names);
        let select = format!("{select} WHERE {compared} IN ({})", places(names.len()));
        let query = sqlx::query(AssertSqlSafe(select));
        names.into_iter().fold(query, sqlx::query::Query::bind).fetch_all(connection).await.map_err(failed)
    }

    /// The column as it is compared, and the character set that what it is compared with must fit into. As it is, an index
    /// can be used; but it must take all names for one that radacct takes for one.
    fn compared<'a>(&self, column: &str, kept: Option<&'a Collation>, by_name: bool) -> (String, Option<&'a str>) {
        let of_radacct = self.catalogue.collation(&self.tables.acct, "username").filter(|_| by_name);
        let loose = |kept: &Collation| {
            let case = of_radacct.is_none_or(|radacct| kept.ignores_case || !radacct.ignores_case);
            case && of_radacct.is_none_or(|radacct| kept.pads || !radacct.pads)
        };
        match kept {
            Some(kept) if kept.charset != "binary" && loose(kept) => (column.to_owned(), Some(&kept.charset)),
            _ => (format!("CONVERT({column} USING utf8mb4) COLLATE utf8mb4_general_ci"), None),
        }
    }

    fn query_failed(&self, error: sqlx::Error, time_limit: Duration) -> StoreError {
        match number(&error) {
            Some(1969 | 3024) => too_slow(&self.database, time_limit),
            Some(1792) => writes(&self.database),
            _ => blamed(self.failed(OPERATION, error)),
        }
    }
}

/// Bounds each statement, and lets none write.
async fn begin(connection: &mut MySqlConnection, time_limit: Duration) -> Result<(), sqlx::Error> {
    let millis = time_limit.as_millis().clamp(1, 2_147_483_647);
    let begin = format!(
        "SET @radkick = 0
           /*M!100101 , SESSION max_statement_time = {millis} / 1000 */
           /*!50708 , SESSION max_execution_time = {millis} */;
         START TRANSACTION READ ONLY"
    );
    connection.execute(AssertSqlSafe(begin)).await.map(|_| ())
}

fn wrapped(select: &str, columns: &[MySqlColumn]) -> Result<Wrapped, String> {
    let names: Vec<&str> = columns.iter().map(MySqlColumn::name).collect();
    let found = Columns::find(&names)?;
    let texts = found.in_order().map(|place| place.and_then(|place| columns.get(place)).map(as_text));
    let texts = texts.map(|text| format!("CAST({} AS CHAR)", text.as_deref().unwrap_or("NULL")));
    let name = |place: usize| columns.get(place).map(of_query);
    Ok(Wrapped {
        columns: texts.join(", "),
        from: format!("FROM (\n{select}\n) AS q"),
        username: name(found.username()).unwrap_or_default(),
        subject: found.subject().and_then(name),
    })
}

/// The column of the query, by its name.
fn of_query(column: &MySqlColumn) -> String {
    format!("q.`{}`", column.name().replace('`', "``"))
}

/// The column as what becomes the text that is wanted.
fn as_text(column: &MySqlColumn) -> String {
    let of_query = of_query(column);
    match column.type_info().name() {
        // The time that never was is none
        "DATETIME" | "DATE" => format!("nullif({of_query}, 0)"),
        "TIMESTAMP" => {
            let seconds = format!("nullif(unix_timestamp({of_query}), 0)");
            format!("concat(timestamp('1970-01-01') + INTERVAL {seconds} SECOND, '+00:00')")
        }
        // Else with six digits, or an exponent from 10^15 on
        "FLOAT" | "DOUBLE" => format!("CAST({of_query} AS DECIMAL(40, 6))"),
        "BIT" => format!("{of_query} + 0"),
        _ => of_query,
    }
}

/// How a column of the query is kept. No row is read for it.
async fn collation(
    connection: &mut MySqlConnection,
    wrapped: &Wrapped,
    column: &str,
) -> Result<Option<Collation>, sqlx::Error> {
    let sql = format!(
        "SELECT CONVERT(charset(max({column})) USING utf8mb4), CONVERT(collation(max({column})) USING utf8mb4) {} WHERE FALSE",
        wrapped.from
    );
    let query = sqlx::query_as(AssertSqlSafe(sql));
    let (charset, collation): (Option<String>, Option<String>) = query.fetch_one(connection).await?;
    Ok(charset.zip(collation).map(|(charset, collation)| Collation::new(charset, collation)))
}

fn read(row: &MySqlRow) -> Result<[Option<String>; 6], sqlx::Error> {
    let text = |column: usize| row.try_get::<Option<String>, _>(column);
    Ok([text(0)?, text(1)?, text(2)?, text(3)?, text(4)?, text(5)?])
}
