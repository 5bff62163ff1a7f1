//! The rows that a block changes, and changes back.

use sqlx::mysql::MySqlRow;
use sqlx::{MySql as Database, Row as _, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::accounting::row::ids_in;
use crate::store::accounting::{RowChange, RowImage, RowVerdict, Table};
use crate::store::mariadb::{number, places};

use super::Mariadb;

const OPERATION: &str = "changing a user's login";

/// The server's number for it.
const DEADLOCK: u16 = 1213;

/// How often a transaction is begun.
const TRIES: u32 = 10;

/// The columns behind [`RowImage`]'s fields.
const fn columns(table: Table) -> &'static str {
    match table {
        Table::Check | Table::Reply => "CAST(id AS SIGNED), username, attribute, op, value",
        Table::UserGroup => "CAST(id AS SIGNED), username, groupname, '' AS op, CAST(priority AS CHAR)",
    }
}

impl Mariadb {
    pub(in super::super) async fn rows_of(&self, table: Table, user: &UserName) -> Result<Vec<RowImage>, StoreError> {
        let names = self.spellings_in(self.table(table), &[user]).await?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let sql = self.sql(&format!(
            "SELECT {} FROM {} WHERE username IN ({}) ORDER BY id",
            columns(table),
            self.table(table),
            places(names.len())
        ));
        let query = names.into_iter().fold(sqlx::query(sql), |query, (_, name)| query.bind(name));
        let rows = query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        rows.iter().map(|row| image(row).map_err(|error| self.failed(OPERATION, error))).collect()
    }

    /// The next ids by the highest in use: nothing is taken from the server's counter, so another program may be faster.
    /// [`Mariadb::apply`] finds that out.
    pub(in super::super) async fn reserve_ids(&self, table: Table, count: usize) -> Result<Vec<i64>, StoreError> {
        // Also those that rows had which are gone: an id given twice would make another block's row ours
        let sql = self.sql(&format!(
            "SELECT CAST(greatest(coalesce(max(id), 0), coalesce((SELECT auto_increment - 1 FROM information_schema.tables
                 WHERE table_schema = DATABASE() AND table_name = ?), 0)) AS SIGNED) FROM {}",
            self.table(table)
        ));
        let query = sqlx::query_scalar(sql).bind(self.table(table)).fetch_one(&self.pool);
        let last: i64 = query.await.map_err(|error| self.failed(OPERATION, error))?;
        Ok((last + 1..).take(count).collect())
    }

    /// Where another program deletes and inserts rows beside these, the server may end one of the two transactions: it has
    /// changed nothing then, and is begun again.
    pub(in super::super) async fn apply(&self, changes: &[RowChange]) -> Result<Vec<RowVerdict>, StoreError> {
        let mut tries = 1;
        loop {
            match self.apply_all(changes).await {
                Err(error) if number(&error) == Some(DEADLOCK) && tries < TRIES => tries += 1,
                done => return done.map_err(|error| self.failed(OPERATION, error)),
            }
        }
    }

    async fn apply_all(&self, changes: &[RowChange]) -> Result<Vec<RowVerdict>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        let mut verdicts = Vec::with_capacity(changes.len());
        for change in changes {
            verdicts.push(self.apply_one(&mut transaction, change, changes).await?);
        }
        transaction.commit().await?;
        Ok(verdicts)
    }

    async fn apply_one(
        &self,
        transaction: &mut Transaction<'_, Database>,
        change: &RowChange,
        all: &[RowChange],
    ) -> Result<RowVerdict, sqlx::Error> {
        let (table, row) = (change.table, &change.row);
        // Locked: what is deleted is the row that was looked at
        let sql = self.sql(&format!("SELECT {} FROM {} WHERE id = ? FOR UPDATE", columns(table), self.table(table)));
        let there = sqlx::query(sql).bind(row.id).fetch_optional(&mut **transaction).await?;
        let there = there.as_ref().map(image).transpose()?;
        match (change.present, there) {
            (true, Some(other)) if other == *row => Ok(RowVerdict::AlreadySo),
            (false, None) => Ok(RowVerdict::AlreadySo),
            (true, Some(_)) => Ok(RowVerdict::Superseded),
            (false, Some(other)) if other != *row => Ok(RowVerdict::Superseded),
            (false, Some(_)) => self.delete(transaction, table, row).await,
            (true, None) if change.only_if_absent && self.given(transaction, change, all).await? => {
                Ok(RowVerdict::Superseded)
            }
            (true, None) => self.insert(transaction, table, row).await,
        }
    }

    /// Whether another row gives this user this attribute (or group), none of `all`. Locked: nobody gives it from then on
    /// until the transaction ends.
    async fn given(
        &self,
        transaction: &mut Transaction<'_, Database>,
        change: &RowChange,
        all: &[RowChange],
    ) -> Result<bool, sqlx::Error> {
        let (table, row) = (change.table, &change.row);
        let attribute = if table == Table::UserGroup { "groupname" } else { "attribute" };
        let sql = self.sql(&format!(
            "SELECT count(*) FROM {} WHERE username = ? AND lower({attribute}) = lower(?)
               AND id NOT IN ({}) FOR UPDATE",
            self.table(table),
            ids_in(table, all)
        ));
        let count: i64 =
            sqlx::query_scalar(sql).bind(&row.username).bind(&row.attribute).fetch_one(&mut **transaction).await?;
        Ok(count > 0)
    }

    async fn delete(
        &self,
        transaction: &mut Transaction<'_, Database>,
        table: Table,
        row: &RowImage,
    ) -> Result<RowVerdict, sqlx::Error> {
        let sql = self.sql(&format!("DELETE FROM {} WHERE id = ?", self.table(table)));
        sqlx::query(sql).bind(row.id).execute(&mut **transaction).await?;
        Ok(RowVerdict::Changed)
    }

    /// An id that another program took meanwhile fails this statement alone, not the transaction.
    async fn insert(
        &self,
        transaction: &mut Transaction<'_, Database>,
        table: Table,
        row: &RowImage,
    ) -> Result<RowVerdict, sqlx::Error> {
        let (columns, values): (_, &[&String]) = match table {
            Table::Check | Table::Reply => ("attribute, op, value", &[&row.attribute, &row.op, &row.value]),
            Table::UserGroup => ("groupname, priority", &[&row.attribute, &row.value]),
        };
        let sql = self.sql(&format!(
            "INSERT INTO {} (id, username, {columns}) VALUES (?, ?, {})",
            self.table(table),
            places(values.len())
        ));
        let query = sqlx::query(sql).bind(row.id).bind(&row.username);
        let query = values.iter().fold(query, |query, value| query.bind(*value));
        match query.execute(&mut **transaction).await {
            Ok(_) => Ok(RowVerdict::Changed),
            Err(error) if error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) => {
                Ok(RowVerdict::Superseded)
            }
            Err(error) => Err(error),
        }
    }
}

fn image(row: &MySqlRow) -> Result<RowImage, sqlx::Error> {
    Ok(RowImage {
        id: row.try_get(0)?,
        username: row.try_get(1)?,
        attribute: row.try_get(2)?,
        op: row.try_get(3)?,
        value: row.try_get(4)?,
    })
}
