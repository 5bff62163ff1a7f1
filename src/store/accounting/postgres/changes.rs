//! The rows that a block changes, and changes back.
//!
//! What another program writes meanwhile is judged by the statement that makes the change, not by the look before it.

use sqlx::postgres::PgRow;
use sqlx::{Postgres as Database, Row as _, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::accounting::row::ids_in;
use crate::store::accounting::{RowChange, RowImage, RowVerdict, Table};

use super::{Postgres, spellings_of};

const OPERATION: &str = "changing a user's login";

/// The columns behind [`RowImage`]'s fields.
const fn columns(table: Table) -> &'static str {
    match table {
        Table::Check | Table::Reply => "id::bigint, username, attribute, op::text, value",
        Table::UserGroup => "id::bigint, username, groupname, '' AS op, priority::text",
    }
}

/// What a row must still hold to be the one of an image, bound as `$1` to `$5`.
const fn unchanged(table: Table) -> &'static str {
    match table {
        Table::Check | Table::Reply => "id = $1 AND username = $2 AND attribute = $3 AND op::text = $4 AND value = $5",
        Table::UserGroup => "id = $1 AND username = $2 AND groupname = $3 AND priority::text = $5",
    }
}

impl Postgres {
    pub(in super::super) async fn rows_of(&self, table: Table, user: &UserName) -> Result<Vec<RowImage>, StoreError> {
        let sql = self.sql(&format!(
            "SELECT {} FROM {} WHERE username = ANY($1) ORDER BY id",
            columns(table),
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
        let sequence = self.sequence(table).await?;
        // A sequence may lag behind rows that were copied in with their ids
        let free = format!(
            "SELECT drawn.id FROM (SELECT nextval($1::text::regclass) AS id FROM generate_series(1, $2)) AS drawn
             WHERE NOT EXISTS (SELECT 1 FROM {} AS taken WHERE taken.id = drawn.id) ORDER BY drawn.id LIMIT $3",
            self.table(table)
        );
        let wanted = i64::try_from(count).unwrap_or(i64::MAX);
        let mut ids = Vec::with_capacity(count);
        let mut draw = wanted;
        while ids.len() < count {
            let drawn: Vec<i64> = sqlx::query_scalar(self.sql(&free))
                .bind(&sequence)
                .bind(draw)
                .bind(wanted)
                .fetch_all(&self.pool)
                .await
                .map_err(|error| self.failed(OPERATION, error))?;
            ids.extend(drawn);
            draw = draw.saturating_mul(2);
        }
        ids.truncate(count);
        Ok(ids)
    }

    /// In a task of its own, so that a caller who is dropped leaves no connection inside a transaction.
    pub(in super::super) async fn apply(&self, changes: &[RowChange]) -> Result<Vec<RowVerdict>, StoreError> {
        let (store, changes) = (self.clone(), changes.to_vec());
        let verdicts = tokio::spawn(async move { store.apply_all(&changes).await }).await;
        verdicts.unwrap_or(Err(sqlx::Error::WorkerCrashed)).map_err(|error| self.failed(OPERATION, error))
    }

    async fn apply_all(&self, changes: &[RowChange]) -> Result<Vec<RowVerdict>, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        self.keep_writers_out(&mut transaction, changes).await?;
        let mut verdicts = Vec::with_capacity(changes.len());
        for change in changes {
            verdicts.push(self.apply_one(&mut transaction, change, changes).await?);
        }
        transaction.commit().await?;
        Ok(verdicts)
    }

    /// "Only if nobody else has given it" cannot be judged while somebody else is about to. Writers wait for as long as
    /// this transaction lasts; FreeRADIUS only reads these tables, and readers never wait.
    async fn keep_writers_out(
        &self,
        transaction: &mut Transaction<'_, Database>,
        changes: &[RowChange],
    ) -> Result<(), sqlx::Error> {
        let judged = changes.iter().filter(|change| change.present && change.only_if_absent);
        // In one order, so that two of us cannot wait for each other
        let tables: std::collections::BTreeSet<Table> = judged.map(|change| change.table).collect();
        for table in tables {
            let sql = self.sql(&format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", self.table(table)));
            sqlx::query(sql).execute(&mut **transaction).await?;
        }
        Ok(())
    }

    async fn apply_one(
        &self,
        transaction: &mut Transaction<'_, Database>,
        change: &RowChange,
        all: &[RowChange],
    ) -> Result<RowVerdict, sqlx::Error> {
        let (table, row) = (change.table, &change.row);
        let there = self.row(transaction, table, row.id).await?;
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

    async fn row(
        &self,
        transaction: &mut Transaction<'_, Database>,
        table: Table,
        id: i64,
    ) -> Result<Option<RowImage>, sqlx::Error> {
        let sql = self.sql(&format!("SELECT {} FROM {} WHERE id = $1", columns(table), self.table(table)));
        let row = sqlx::query(sql).bind(id).fetch_optional(&mut **transaction).await?;
        row.as_ref().map(image).transpose()
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
            "SELECT EXISTS (SELECT 1 FROM {} WHERE username = $1 AND lower({attribute}) = lower($2)
               AND id NOT IN ({}))",
            self.table(table),
            ids_in(table, all)
        ));
        sqlx::query_scalar(sql).bind(&row.username).bind(&row.attribute).fetch_one(&mut **transaction).await
    }

    async fn delete(
        &self,
        transaction: &mut Transaction<'_, Database>,
        table: Table,
        row: &RowImage,
    ) -> Result<RowVerdict, sqlx::Error> {
        let sql = self.sql(&format!("DELETE FROM {} WHERE {}", self.table(table), unchanged(table)));
        if bound(sqlx::query(sql), row).execute(&mut **transaction).await?.rows_affected() > 0 {
            return Ok(RowVerdict::Changed);
        }
        let there = self.row(transaction, table, row.id).await?;
        Ok(if there.is_some() { RowVerdict::Superseded } else { RowVerdict::AlreadySo })
    }

    async fn insert(
        &self,
        transaction: &mut Transaction<'_, Database>,
        table: Table,
        row: &RowImage,
    ) -> Result<RowVerdict, sqlx::Error> {
        let columns = match table {
            Table::Check | Table::Reply => "(id, username, attribute, op, value) VALUES ($1, $2, $3, $4, $5)",
            Table::UserGroup => "(id, username, groupname, priority) VALUES ($1, $2, $3, $5::integer)",
        };
        let sql = self.sql(&format!("INSERT INTO {} {columns} ON CONFLICT DO NOTHING", self.table(table)));
        if bound(sqlx::query(sql), row).execute(&mut **transaction).await?.rows_affected() > 0 {
            return Ok(RowVerdict::Changed);
        }
        let there = self.row(transaction, table, row.id).await?;
        Ok(if there.as_ref() == Some(row) { RowVerdict::AlreadySo } else { RowVerdict::Superseded })
    }
}

type Query<'q> = sqlx::query::Query<'q, Database, sqlx::postgres::PgArguments>;

/// A row's columns as `$1` to `$5`.
fn bound<'q>(query: Query<'q>, row: &'q RowImage) -> Query<'q> {
    query.bind(row.id).bind(&row.username).bind(&row.attribute).bind(&row.op).bind(&row.value)
}

fn image(row: &PgRow) -> Result<RowImage, sqlx::Error> {
    Ok(RowImage {
        id: row.try_get(0)?,
        username: row.try_get(1)?,
        attribute: row.try_get(2)?,
        op: row.try_get(3)?,
        value: row.try_get(4)?,
    })
}
