//! The rows that a block changes, and changes back.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, Sqlite as Database, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::accounting::row::ids_in;
use crate::store::accounting::{RowChange, RowImage, RowVerdict, Table};

use super::{Sqlite, spellings_of};

const OPERATION: &str = "changing a user's login";

impl Table {
    /// The columns behind [`RowImage`]'s fields.
    const fn columns(self) -> &'static str {
        match self {
            Self::Check | Self::Reply => "id, username, attribute, op, value",
            Self::UserGroup => "id, username, groupname, '' AS op, CAST(priority AS TEXT)",
        }
    }
}

impl Sqlite {
    pub(in super::super) async fn rows_of(&self, table: Table, user: &UserName) -> Result<Vec<RowImage>, StoreError> {
        let sql = self.sql(&format!(
            "SELECT {} FROM {} WHERE username IN (SELECT value FROM json_each(?1)) ORDER BY id",
            table.columns(),
            self.table(table)
        ));
        let rows = sqlx::query(sql).bind(spellings_of([user])).fetch_all(&self.pool).await;
        let rows = rows.map_err(|error| self.failed(OPERATION, error))?;
        let images = rows.iter().map(|row| image(row).map_err(|error| self.failed(OPERATION, error)));
        let mut images = images.collect::<Result<Vec<_>, _>>()?;
        images.retain(|row| UserName::from_table(&row.username) == *user);
        Ok(images)
    }

    pub(in super::super) async fn reserve_ids(&self, table: Table, count: usize) -> Result<Vec<i64>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let sql = self.sql(&format!("SELECT coalesce(max(id), 0) FROM {}", self.table(table)));
        let last: i64 = sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(failed)?;
        // Where AUTOINCREMENT counts, as in the stock schema, ids of rows that are gone are not given again
        let counts = "SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'";
        let counts: i64 = sqlx::query_scalar(counts).fetch_one(&self.pool).await.map_err(failed)?;
        let last = if counts == 0 { last } else { last.max(self.last_given(table).await.map_err(failed)?) };
        Ok((last + 1..).take(count).collect())
    }

    /// The last id that AUTOINCREMENT gave.
    async fn last_given(&self, table: Table) -> Result<i64, sqlx::Error> {
        let sql = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE lower(name) = lower(?1)";
        sqlx::query_scalar(sql).bind(self.table(table)).fetch_one(&self.pool).await
    }

    pub(in super::super) async fn apply(&self, changes: &[RowChange]) -> Result<Vec<RowVerdict>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
        let mut verdicts = Vec::with_capacity(changes.len());
        for change in changes {
            verdicts.push(self.apply_one(&mut transaction, change, changes).await.map_err(failed)?);
        }
        transaction.commit().await.map_err(failed)?;
        Ok(verdicts)
    }

    async fn apply_one(
        &self,
        transaction: &mut Transaction<'_, Database>,
        change: &RowChange,
        all: &[RowChange],
    ) -> Result<RowVerdict, sqlx::Error> {
        let (table, row) = (change.table, &change.row);
        let sql = self.sql(&format!("SELECT {} FROM {} WHERE id = ?1", table.columns(), self.table(table)));
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

    /// Whether another row gives this user this attribute (or group), none of `all`.
    async fn given(
        &self,
        transaction: &mut Transaction<'_, Database>,
        change: &RowChange,
        all: &[RowChange],
    ) -> Result<bool, sqlx::Error> {
        let (table, row) = (change.table, &change.row);
        let attribute = if table == Table::UserGroup { "groupname" } else { "attribute" };
        let sql = self.sql(&format!(
            "SELECT count(*) FROM {} WHERE username = ?1 AND lower({attribute}) = lower(?2)
               AND id NOT IN ({})",
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
        let sql = self.sql(&format!("DELETE FROM {} WHERE id = ?1", self.table(table)));
        sqlx::query(sql).bind(row.id).execute(&mut **transaction).await?;
        Ok(RowVerdict::Changed)
    }

    async fn insert(
        &self,
        transaction: &mut Transaction<'_, Database>,
        table: Table,
        row: &RowImage,
    ) -> Result<RowVerdict, sqlx::Error> {
        let sql = match table {
            Table::Check | Table::Reply => self.sql(&format!(
                "INSERT INTO {} (id, username, attribute, op, value) VALUES (?1, ?2, ?3, ?4, ?5)",
                self.table(table)
            )),
            Table::UserGroup => self.sql(
                "INSERT INTO {usergroup} (id, username, groupname, priority) VALUES (?1, ?2, ?3, CAST(?5 AS INTEGER))",
            ),
        };
        let query = sqlx::query(sql).bind(row.id).bind(&row.username).bind(&row.attribute).bind(&row.op);
        query.bind(&row.value).execute(&mut **transaction).await?;
        Ok(RowVerdict::Changed)
    }
}

fn image(row: &SqliteRow) -> Result<RowImage, sqlx::Error> {
    Ok(RowImage {
        id: row.try_get(0)?,
        username: row.try_get(1)?,
        attribute: row.try_get(2)?,
        op: row.try_get(3)?,
        value: row.try_get(4)?,
    })
}
