//! Looks at rows of radacct, in slices of some milliseconds, so that FreeRADIUS is not kept from writing.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::Row as _;
use sqlx::sqlite::{SqliteArguments, SqliteRow};

use crate::quota::{Sighting, UserName, unescape};
use crate::store::StoreError;

use super::sessions::epoch;
use super::{Sqlite, name, spellings_of, text};

const OPERATION: &str = "reading usage";

/// How many rows are read at once.
const ROWS: u32 = 2_000;

/// How many users are asked for at once: their closed rows are looked at as well.
const USERS: usize = 20;

/// How many ids are asked for at once.
const IDS: usize = 1_000;

/// The columns of a [`Sighting`], in the order in which [`sighting`] reads them.
const SIGHTING: &str = concat!(
    "SELECT radacctid, acctuniqueid, username, coalesce(nasipaddress, ''), coalesce(calledstationid, ''), ",
    epoch!("acctstarttime"),
    ", ",
    epoch!("acctupdatetime"),
    ", ",
    epoch!("acctstoptime"),
    ", CAST(max(0, acctinputoctets) AS INTEGER), CAST(max(0, acctoutputoctets) AS INTEGER), ",
    "CAST(max(0, acctsessiontime) AS INTEGER) FROM {acct} "
);

type Query<'q> = sqlx::query::Query<'q, sqlx::Sqlite, SqliteArguments>;

impl Sqlite {
    pub(in super::super) async fn last_row_id(&self) -> Result<i64, StoreError> {
        let sql = self.sql("SELECT coalesce(max(radacctid), 0) FROM {acct}");
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn rows_numbered(&self, row_ids: &[i64]) -> Result<Vec<Sighting>, StoreError> {
        let mut found = Vec::new();
        for slice in row_ids.chunks(IDS) {
            let ids: serde_json::Value = slice.iter().copied().collect();
            let condition = "WHERE radacctid IN (SELECT value FROM json_each(?1))";
            found.extend(self.sightings(condition, |query| query.bind(ids.to_string())).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn rows_by_id(&self, acct_unique_ids: &[String]) -> Result<Vec<Sighting>, StoreError> {
        let mut found = Vec::new();
        for slice in acct_unique_ids.chunks(IDS) {
            let ids: serde_json::Value = slice.iter().map(String::as_str).collect();
            let condition = "WHERE acctuniqueid IN (SELECT value FROM json_each(?1))";
            found.extend(self.sightings(condition, |query| query.bind(ids.to_string())).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn rows_above(&self, row_id: i64, limit: u32) -> Result<Vec<Sighting>, StoreError> {
        self.page("WHERE radacctid > ?1 ORDER BY radacctid LIMIT ?2", row_id, limit, None).await
    }

    pub(in super::super) async fn row_ids_above(&self, row_id: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        let sql = self.sql("SELECT radacctid FROM {acct} WHERE radacctid > ?1 ORDER BY radacctid LIMIT ?2");
        let query = sqlx::query_scalar(sql).bind(row_id).bind(limit);
        query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn sightings_of(&self, user: &UserName) -> Result<Vec<Sighting>, StoreError> {
        let condition = "WHERE username = ?3 AND radacctid > ?1 ORDER BY radacctid LIMIT ?2";
        let spellings: BTreeSet<String> = user.spellings().collect();
        let mut found = Vec::new();
        for name in spellings.into_iter().filter(|name| UserName::from_table(name) == *user) {
            let mut after = i64::MIN;
            loop {
                let rows = self.page(condition, after, ROWS, Some(&name)).await?;
                let Some(last) = rows.last() else { break };
                after = last.row_id;
                found.extend(rows);
            }
        }
        found.sort_by_key(|row| row.row_id);
        Ok(found)
    }

    pub(in super::super) async fn open_sightings_of(&self, users: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        // By the name and not, for each slice anew, through all that are open
        let condition = "WHERE username IN (SELECT value FROM json_each(?1)) AND +acctstoptime IS NULL";
        let mut found = Vec::new();
        for slice in users.chunks(USERS) {
            let wanted: BTreeSet<&UserName> = slice.iter().collect();
            let rows = self.sightings(condition, |query| query.bind(spellings_of(slice))).await?;
            // A bare spelling of one name may be the escaped spelling of another
            found.extend(rows.into_iter().filter(|row| wanted.contains(&row.user)));
        }
        Ok(found)
    }

    pub(in super::super) async fn close_stale(
        &self,
        acct_unique_id: &str,
        stop: i64,
        seen_update: Option<i64>,
    ) -> Result<bool, StoreError> {
        let sql = self.sql(concat!(
            "UPDATE {acct} SET acctstoptime = ?2, acctsessiontime = max(0, ?2 - ",
            epoch!("acctstarttime"),
            "), acctterminatecause = 'Stale-Session' WHERE acctuniqueid = ?1 AND acctstoptime IS NULL AND ",
            epoch!("acctupdatetime"),
            " IS ?3"
        ));
        let query = sqlx::query(sql).bind(acct_unique_id).bind(stop).bind(seen_update);
        let done = query.execute(&self.pool).await.map_err(|error| self.failed("closing a row of radacct", error))?;
        Ok(done.rows_affected() > 0)
    }

    /// A whole page behind `after`, however many rows on the way are nobody's.
    async fn page(
        &self,
        condition: &str,
        mut after: i64,
        limit: u32,
        name: Option<&str>,
    ) -> Result<Vec<Sighting>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let sql = format!("{SIGHTING}{condition}");
        let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut found = Vec::new();
        while found.len() < wanted {
            let asked = limit.min(ROWS);
            let rows = self.rows(&sql, |query| query.bind(after).bind(asked).bind(name)).await?;
            for row in &rows {
                after = row.try_get(0).map_err(failed)?;
                found.extend(sighting(row, &self.tables.acct).map_err(failed)?);
            }
            if rows.len() < asked as usize {
                break;
            }
        }
        found.truncate(wanted);
        Ok(found)
    }

    async fn sightings<'q>(
        &self,
        condition: &str,
        bind: impl FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<Vec<Sighting>, StoreError> {
        let rows = self.rows(&format!("{SIGHTING}{condition}"), bind).await?;
        let read = |row| sighting(row, &self.tables.acct).map_err(|error| self.failed(OPERATION, error)).transpose();
        rows.iter().filter_map(read).collect()
    }

    async fn rows<'q>(
        &self,
        sql: &str,
        bind: impl FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<Vec<SqliteRow>, StoreError> {
        let rows = bind(sqlx::query(self.sql(sql))).fetch_all(&self.pool).await;
        rows.map_err(|error| self.failed(OPERATION, error))
    }
}

fn counter(row: &SqliteRow, column: usize) -> Result<Option<u64>, sqlx::Error> {
    let counter: Option<i64> = row.try_get(column)?;
    Ok(counter.map(|counter| u64::try_from(counter).unwrap_or(0)))
}

/// `None` for a row whose user is nobody.
fn sighting(row: &SqliteRow, table: &str) -> Result<Option<Sighting>, sqlx::Error> {
    let Some(user) = name(row, 2, table)? else { return Ok(None) };
    let of_nas = |column: usize| text(row, column).map(|text| Arc::from(unescape(&text)));
    Ok(Some(Sighting {
        row_id: row.try_get(0)?,
        acct_unique_id: text(row, 1)?.into(),
        user: UserName::from_table(&user),
        nas_ip_address: of_nas(3)?,
        called_station_id: of_nas(4)?,
        start: row.try_get(5)?,
        update: row.try_get(6)?,
        stop: row.try_get(7)?,
        input: counter(row, 8)?,
        output: counter(row, 9)?,
        seconds: counter(row, 10)?,
    }))
}
