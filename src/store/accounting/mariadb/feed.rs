//! Looks at rows of radacct.

use std::sync::Arc;

use sqlx::Row as _;
use sqlx::mysql::{MySqlArguments, MySqlRow};

use crate::quota::{Sighting, UserName, unescape};
use crate::store::StoreError;
use crate::store::mariadb::{padded, places};

use super::Mariadb;
use super::sessions::open;

const OPERATION: &str = "reading usage";

/// How many users are asked for at once: few enough for a read of some milliseconds.
const USERS: usize = 200;

/// How many radacctids are asked for at once.
const ROWS: usize = 900;

/// How many ids are asked for at once: of a thousand on, MariaDB makes a table of them first.
const IDS: usize = 500;

/// The columns of a [`Sighting`], in the order in which [`sighting`] reads them.
const SIGHTING: &str = "SELECT CAST(radacctid AS SIGNED), acctuniqueid, username, coalesce(nasipaddress, ''),
    coalesce(calledstationid, ''), CAST(nullif(unix_timestamp(acctstarttime), 0) AS SIGNED),
    CAST(nullif(unix_timestamp(acctupdatetime), 0) AS SIGNED), CAST(nullif(unix_timestamp(acctstoptime), 0) AS SIGNED),
    CAST(greatest(0, acctinputoctets) AS UNSIGNED), CAST(greatest(0, acctoutputoctets) AS UNSIGNED),
    CAST(greatest(0, acctsessiontime) AS UNSIGNED) FROM {acct} ";

type Query<'q> = sqlx::query::Query<'q, sqlx::MySql, MySqlArguments>;

impl Mariadb {
    pub(in super::super) async fn last_row_id(&self) -> Result<i64, StoreError> {
        let sql = self.sql("SELECT CAST(coalesce(max(radacctid), 0) AS SIGNED) FROM {acct}");
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn rows_numbered(&self, row_ids: &[i64]) -> Result<Vec<Sighting>, StoreError> {
        let mut found = Vec::new();
        for slice in row_ids.chunks(ROWS) {
            let ids: Vec<String> = slice.iter().map(i64::to_string).collect();
            let sql = self.sql(&format!("{SIGHTING}WHERE radacctid IN ({})", ids.join(", ")));
            let rows = sqlx::raw_sql(sql).fetch_all(&self.pool).await;
            found.extend(self.sightings_in(&rows.map_err(|error| self.failed(OPERATION, error))?).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn rows_by_id(&self, acct_unique_ids: &[String]) -> Result<Vec<Sighting>, StoreError> {
        let mut found = Vec::new();
        for slice in acct_unique_ids.chunks(IDS) {
            let ids = padded(slice.to_vec());
            let condition = format!("WHERE acctuniqueid IN ({})", places(ids.len()));
            found.extend(self.sightings(&condition, &ids).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn rows_above(&self, row_id: i64, limit: u32) -> Result<Vec<Sighting>, StoreError> {
        let sql = format!("{SIGHTING} WHERE radacctid > ? ORDER BY radacctid LIMIT ?");
        let rows = self.rows(&sql, |query| query.bind(row_id).bind(limit)).await?;
        self.sightings_in(&rows).await
    }

    pub(in super::super) async fn row_ids_above(&self, row_id: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        let sql =
            self.sql("SELECT CAST(radacctid AS SIGNED) FROM {acct} WHERE radacctid > ? ORDER BY radacctid LIMIT ?");
        let query = sqlx::query_scalar(sql).bind(row_id).bind(limit);
        query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn sightings_of(&self, user: &UserName) -> Result<Vec<Sighting>, StoreError> {
        let mut rows = self.rows_of_users("", std::slice::from_ref(user)).await?;
        rows.sort_by_key(|row| row.row_id);
        Ok(rows)
    }

    pub(in super::super) async fn open_sightings_of(&self, users: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        self.rows_of_users(concat!("AND ", open!()), users).await
    }

    async fn rows_of_users(&self, condition: &str, users: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        let mut found = Vec::new();
        for slice in users.chunks(USERS) {
            let names = self.spellings_in(&self.tables.acct, &slice.iter().collect::<Vec<_>>()).await?;
            if names.is_empty() {
                continue;
            }
            let names = padded(names.into_iter().map(|(_, name)| name).collect());
            let condition = format!("WHERE username IN ({}) {condition}", places(names.len()));
            found.extend(self.sightings(&condition, &names).await?);
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
            "UPDATE {acct} SET acctstoptime = from_unixtime(?),
               acctsessiontime = greatest(0, ? - CAST(nullif(unix_timestamp(acctstarttime), 0) AS SIGNED)),
               acctterminatecause = 'Stale-Session' WHERE acctuniqueid = ?
             AND CAST(nullif(unix_timestamp(acctupdatetime), 0) AS SIGNED) <=> ? AND ",
            open!()
        ));
        let query = sqlx::query(sql).bind(stop).bind(stop).bind(acct_unique_id).bind(seen_update);
        let done = query.execute(&self.pool).await.map_err(|error| self.failed("closing a row of radacct", error))?;
        Ok(done.rows_affected() > 0)
    }

    async fn sightings(&self, condition: &str, arguments: &[String]) -> Result<Vec<Sighting>, StoreError> {
        let sql = format!("{SIGHTING}{condition}");
        let rows = self.rows(&sql, |query| arguments.iter().fold(query, Query::bind)).await?;
        self.sightings_in(&rows).await
    }

    async fn sightings_in(&self, rows: &[MySqlRow]) -> Result<Vec<Sighting>, StoreError> {
        let rows = rows.iter().map(|row| sighting(row).map_err(|error| self.failed(OPERATION, error)));
        let rows: Vec<Sighting> = rows.collect::<Result<_, _>>()?;
        self.learn(rows.iter().map(|row| &row.user)).await?;
        Ok(rows)
    }

    async fn rows<'q>(
        &self,
        sql: &str,
        bind: impl FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<Vec<MySqlRow>, StoreError> {
        let rows = bind(sqlx::query(self.sql(sql))).fetch_all(&self.pool).await;
        rows.map_err(|error| self.failed(OPERATION, error))
    }
}

fn sighting(row: &MySqlRow) -> Result<Sighting, sqlx::Error> {
    let text = |column: usize| row.try_get::<String, _>(column).map(|text| Arc::from(unescape(&text)));
    Ok(Sighting {
        row_id: row.try_get(0)?,
        acct_unique_id: row.try_get::<String, _>(1)?.into(),
        user: UserName::from_table(&row.try_get::<String, _>(2)?),
        nas_ip_address: text(3)?,
        called_station_id: text(4)?,
        start: row.try_get(5)?,
        update: row.try_get(6)?,
        stop: row.try_get(7)?,
        input: row.try_get(8)?,
        output: row.try_get(9)?,
        seconds: row.try_get(10)?,
    })
}
