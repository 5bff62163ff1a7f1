//! What the operator's own query allows users: run for reading alone, bounded in time, its values handed on as text.
//!
//! The query is a SELECT over whatever tables the panel has. It runs on a connection of its own, which is thrown away after
//! it: whatever becomes of it, no connection is left inside a transaction.

mod columns;
mod select;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::quota::UserName;

use super::{Accounting, Backend, StoreError, each_dialect};
pub(super) use columns::{Columns, row};
pub(super) use select::{Dialect, one_select};

/// How many users or subjects are asked for at once.
const SLICE: usize = 5_000;

/// One row of the operator's query. Values are text as the database prints it, whatever their type is; NULL and columns that
/// the query does not have are `None`, as are dates of MariaDB's that never were. Whole numbers of a floating type come
/// without an exponent. A time has an offset to UTC where its type has a zone, and none where the type has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowanceRow {
    /// Whose, as the column `username` spells it: [`Accounting::ledger_name`] tells which names are one.
    pub username: UserName,
    /// `limit_bytes`.
    pub limit: Option<String>,
    /// `used_offset`.
    pub used_offset: Option<String>,
    /// `period_start`.
    pub period_start: Option<String>,
    /// `expires_at`.
    pub expires_at: Option<String>,
    /// `subject`.
    pub subject: Option<String>,
}

/// What one statement asks the query for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'a> {
    /// Whether it could be run, no more.
    Nothing,
    Everything,
    Users(&'a [UserName]),
    Subjects(&'a [String]),
}

impl Accounting {
    /// The rows of the operator's `query`: of these users, in every spelling, and of these subjects; of everybody when
    /// neither is given. Rows whose username is NULL are nobody's and left out. Columns are found by name, without case:
    /// `username` and `limit_bytes` must be there, `used_offset`, `period_start`, `expires_at` and `subject` may, and
    /// others do not matter. `time_limit` is for all of it.
    ///
    /// # Errors
    /// [`StoreError::LimitQuery`] when the query is no single SELECT, lacks a column, may not read a table, writes, fails
    /// or takes too long; and when the database cannot be asked.
    pub async fn allowances(
        &self,
        query: &str,
        users: Option<&[UserName]>,
        subjects: Option<&[String]>,
        time_limit: Duration,
    ) -> Result<Vec<AllowanceRow>, StoreError> {
        let mut asked: Vec<Asked<'_>> = users.unwrap_or_default().chunks(SLICE).map(Asked::Users).collect();
        asked.extend(subjects.unwrap_or_default().chunks(SLICE).map(Asked::Subjects));
        if users.is_none() && subjects.is_none() {
            asked.push(Asked::Everything);
        }
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let found = each_dialect!(self.allowances(query, &asked, time_limit))?;
        let by_name: BTreeSet<UserName> = users.unwrap_or_default().iter().map(|user| self.ledger_name(user)).collect();
        let wanted = asked.iter().zip(found).flat_map(|(asked, rows)| self.wanted(*asked, rows, &by_name));
        Ok(wanted.collect())
    }

    /// Whether the query could be run, without reading a row of it.
    ///
    /// # Errors
    /// As [`Accounting::allowances`], but for what only shows when it runs.
    pub async fn check_query(&self, query: &str, time_limit: Duration) -> Result<(), StoreError> {
        each_dialect!(self.allowances(query, &[Asked::Nothing], time_limit)).map(|_| ())
    }

    /// Of rows that the database found for `asked`, those that were meant: it may compare more loosely than names are. Each
    /// row once: what comes by a name of `by_name` does not come by its subject too.
    fn wanted(&self, asked: Asked<'_>, mut rows: Vec<AllowanceRow>, by_name: &BTreeSet<UserName>) -> Vec<AllowanceRow> {
        match asked {
            Asked::Nothing | Asked::Everything => {}
            Asked::Users(users) => {
                let users: BTreeSet<UserName> = users.iter().map(|user| self.ledger_name(user)).collect();
                rows.retain(|row| users.contains(&self.ledger_name(&row.username)));
            }
            Asked::Subjects(subjects) => {
                let subjects: BTreeSet<&String> = subjects.iter().collect();
                rows.retain(|row| {
                    let meant = row.subject.as_ref().is_some_and(|subject| subjects.contains(subject));
                    meant && !by_name.contains(&self.ledger_name(&row.username))
                });
            }
        }
        rows
    }
}

/// Runs `work`, which must leave nothing behind when it is dropped, for no longer than this.
pub(super) async fn within<T>(
    database: &str,
    time_limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    tokio::time::timeout(time_limit, work).await.unwrap_or_else(|_| Err(too_slow(database, time_limit)))
}

/// What is said of a query that has `?` or `$1` in it.
pub(super) const PARAMETER: &str = "it has a parameter, for which there is no value";

/// The error of a query that is not done in time.
pub(super) fn too_slow(database: &str, time_limit: Duration) -> StoreError {
    refused(database, format!("it is not done within {} s", time_limit.as_secs_f64()))
}

/// The error of a query that would write.
pub(super) fn writes(database: &str) -> StoreError {
    refused(database, "it writes, and may only read")
}

/// The error of a query that cannot be run.
pub(super) fn refused(database: &str, reason: impl Into<String>) -> StoreError {
    StoreError::LimitQuery { database: database.to_owned(), reason: reason.into() }
}

/// Lays what the database said about a statement at the query's door.
pub(super) fn blamed(error: StoreError) -> StoreError {
    match error {
        StoreError::Query { database, source, .. } => {
            let said = source.as_database_error().map(|error| error.message().to_owned());
            StoreError::LimitQuery { database, reason: said.unwrap_or_else(|| source.to_string()) }
        }
        StoreError::Denied { database, reason, .. } => StoreError::LimitQuery { database, reason },
        StoreError::ReadOnly { database, .. } => writes(&database),
        other @ (StoreError::Unreachable { .. }
        | StoreError::Missing { .. }
        | StoreError::Locked { .. }
        | StoreError::Full { .. }
        | StoreError::LimitQuery { .. }) => other,
    }
}

#[cfg(test)]
mod tests;
