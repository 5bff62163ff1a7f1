//! Looks at rows of radacct.

use std::collections::BTreeSet;
use std::sync::Arc;

use sqlx::postgres::{PgArguments, PgRow};
use sqlx::{FromRow, Row as _};

use crate::quota::{Sighting, UserName, unescape};
use crate::store::StoreError;

use super::sessions::epoch;
use super::{Postgres, spellings_of};

const OPERATION: &str = "reading usage";

/// How many names or ids are asked for at once.
const SLICE: usize = 10_000;

/// The columns of a [`Sighting`], in the order in which [`sighting`] reads them.
const SIGHTING: &str = concat!(
    "SELECT radacctid::bigint, acctuniqueid, coalesce(username, ''), coalesce(host(nasipaddress), ''), ",
    "coalesce(calledstationid, ''), ",
    epoch!("acctstarttime"),
    ", ",
    epoch!("acctupdatetime"),
    ", ",
    epoch!("acctstoptime"),
    ", acctinputoctets::bigint, acctoutputoctets::bigint, acctsessiontime::bigint FROM {acct} "
);

/// The same of many rows, as one row of lists: on their way they cost a fraction of what rows would.
const SIGHTINGS: &str = concat!(
    "SELECT array_agg(radacctid::bigint), array_agg(acctuniqueid), array_agg(username), array_agg(host(nasipaddress)), ",
    "array_agg(calledstationid), array_agg(",
    epoch!("acctstarttime"),
    "), array_agg(",
    epoch!("acctupdatetime"),
    "), array_agg(",
    epoch!("acctstoptime"),
    "), array_agg(acctinputoctets::bigint), array_agg(acctoutputoctets::bigint), array_agg(acctsessiontime::bigint)
     FROM {acct} WHERE radacctid = ANY($1)"
);

/// What [`SIGHTINGS`] gives; no lists for no rows.
#[derive(FromRow)]
struct Lists(Option<Vec<i64>>, Texts, Texts, Texts, Texts, Numbers, Numbers, Numbers, Numbers, Numbers, Numbers);

type Texts = Option<Vec<Option<String>>>;
type Numbers = Option<Vec<Option<i64>>>;

type Query<'q> = sqlx::query::Query<'q, sqlx::Postgres, PgArguments>;

impl Postgres {
    pub(in super::super) async fn last_row_id(&self) -> Result<i64, StoreError> {
        let sql = self.sql("SELECT coalesce(max(radacctid), 0)::bigint FROM {acct}");
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn rows_numbered(&self, row_ids: &[i64]) -> Result<Vec<Sighting>, StoreError> {
        let mut found = Vec::with_capacity(row_ids.len());
        for slice in row_ids.chunks(SLICE) {
            // While one half is taken in, the server looks for the other
            let (first, second) = slice.split_at(slice.len() / 2);
            let (first, second) = tokio::try_join!(self.lists(first), self.lists(second))?;
            found.extend(sightings_of(first).chain(sightings_of(second)));
        }
        Ok(found)
    }

    async fn lists(&self, row_ids: &[i64]) -> Result<Lists, StoreError> {
        let query = sqlx::query_as(self.sql(SIGHTINGS)).bind(row_ids);
        query.fetch_one(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn rows_by_id(&self, acct_unique_ids: &[String]) -> Result<Vec<Sighting>, StoreError> {
        let mut found = Vec::new();
        for slice in acct_unique_ids.chunks(SLICE) {
            let ids: Vec<&str> = slice.iter().map(String::as_str).filter(|id| !id.contains('\0')).collect();
            found.extend(self.sightings("WHERE acctuniqueid = ANY($1)", |query| query.bind(ids)).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn rows_above(&self, row_id: i64, limit: u32) -> Result<Vec<Sighting>, StoreError> {
        let condition = "WHERE radacctid > $1 ORDER BY radacctid LIMIT $2";
        self.sightings(condition, |query| query.bind(row_id).bind(i64::from(limit))).await
    }

    pub(in super::super) async fn row_ids_above(&self, row_id: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        let sql = self.sql("SELECT radacctid::bigint FROM {acct} WHERE radacctid > $1 ORDER BY radacctid LIMIT $2");
        let query = sqlx::query_scalar(sql).bind(row_id).bind(i64::from(limit));
        query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn sightings_of(&self, user: &UserName) -> Result<Vec<Sighting>, StoreError> {
        let condition = "WHERE username = ANY($1) ORDER BY radacctid";
        let mut rows = self.sightings(condition, |query| query.bind(spellings_of([user]))).await?;
        rows.retain(|row| row.user == *user);
        Ok(rows)
    }

    pub(in super::super) async fn open_sightings_of(&self, users: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        let mut found = Vec::new();
        for slice in users.chunks(SLICE) {
            let wanted: BTreeSet<&UserName> = slice.iter().collect();
            let condition = "WHERE acctstoptime IS NULL AND username = ANY($1)";
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
        if acct_unique_id.contains('\0') {
            return Ok(false);
        }
        let sql = self.sql(concat!(
            "UPDATE {acct} SET acctstoptime = to_timestamp($2), acctterminatecause = 'Stale-Session', ",
            "acctsessiontime = CASE WHEN acctstarttime IS NOT NULL THEN greatest(0, $2 - ",
            epoch!("acctstarttime"),
            ") END WHERE acctuniqueid = $1 AND acctstoptime IS NULL AND ",
            epoch!("acctupdatetime"),
            " IS NOT DISTINCT FROM $3"
        ));
        let query = sqlx::query(sql).bind(acct_unique_id).bind(stop).bind(seen_update);
        let done = query.execute(&self.pool).await.map_err(|error| self.failed("closing a row of radacct", error))?;
        Ok(done.rows_affected() > 0)
    }

    async fn sightings<'q>(
        &self,
        condition: &str,
        bind: impl FnOnce(Query<'q>) -> Query<'q>,
    ) -> Result<Vec<Sighting>, StoreError> {
        let rows = self.rows(&format!("{SIGHTING}{condition}"), bind).await?;
        rows.iter().map(|row| sighting(row).map_err(|error| self.failed(OPERATION, error))).collect()
    }

    async fn rows<'q>(&self, sql: &str, bind: impl FnOnce(Query<'q>) -> Query<'q>) -> Result<Vec<PgRow>, StoreError> {
        let rows = bind(sqlx::query(self.sql(sql))).fetch_all(&self.pool).await;
        rows.map_err(|error| self.failed(OPERATION, error))
    }
}

fn sightings_of(lists: Lists) -> impl Iterator<Item = Sighting> {
    let Lists(ids, uniques, users, addresses, called, starts, updates, stops, inputs, outputs, seconds) = lists;
    let mut texts = [uniques, users, addresses, called].map(|list| list.unwrap_or_default().into_iter());
    let mut numbers =
        [starts, updates, stops, inputs, outputs, seconds].map(|list| list.unwrap_or_default().into_iter());
    ids.unwrap_or_default().into_iter().map(move |row_id| {
        let [unique, user, address, called] = texts.each_mut().map(|list| list.next().flatten().unwrap_or_default());
        let [start, update, stop, input, output, seconds] = numbers.each_mut().map(|list| list.next().flatten());
        let counter = |number: Option<i64>| number.map(|number| u64::try_from(number).unwrap_or(0));
        Sighting {
            row_id,
            acct_unique_id: unique.into(),
            user: UserName::from_table(&user),
            nas_ip_address: unescape(&address).into(),
            called_station_id: unescape(&called).into(),
            start,
            update,
            stop,
            input: counter(input),
            output: counter(output),
            seconds: counter(seconds),
        }
    })
}

/// A counter as it stands; negative ones are 0.
fn counter(row: &PgRow, column: usize) -> Result<Option<u64>, sqlx::Error> {
    let counter: Option<i64> = row.try_get(column)?;
    Ok(counter.map(|counter| u64::try_from(counter).unwrap_or(0)))
}

fn sighting(row: &PgRow) -> Result<Sighting, sqlx::Error> {
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
        input: counter(row, 8)?,
        output: counter(row, 9)?,
        seconds: counter(row, 10)?,
    })
}
