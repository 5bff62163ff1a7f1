//! radacct: sessions, usage, and the one column we may write.

use std::collections::BTreeSet;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::quota::{UserName, unescape};
use crate::store::StoreError;
use crate::store::accounting::row::optional_columns;
use crate::store::accounting::{Closed, NasRow, SessionRow};

use super::{Postgres, spellings_of};

/// A time as seconds since 1970; `infinity`, which is none, as null. Not `extract`, which reckons in decimal digits.
macro_rules! epoch {
    ($column:literal) => {
        concat!("CASE WHEN isfinite(", $column, ") THEN floor(date_part('epoch', ", $column, "))::bigint END")
    };
}
pub(super) use epoch;

/// The columns of a [`SessionRow`], in the order in which [`session_row`] reads them.
const SESSION: &str = concat!(
    "SELECT acctsessionid, acctuniqueid, coalesce(username, ''), coalesce(host(nasipaddress), ''), coalesce(calledstationid, ''), ",
    "coalesce(callingstationid, ''), coalesce(host(framedipaddress), ''), coalesce(servicetype, ''), ",
    "coalesce(framedprotocol, ''), ",
    epoch!("acctstarttime"),
    ", ",
    epoch!("acctupdatetime"),
    ", ",
    epoch!("acctstoptime"),
    ", ",
    "greatest(0, acctinputoctets)::bigint, greatest(0, acctoutputoctets)::bigint, {optional}, ",
    "acctsessiontime::bigint FROM {acct} "
);

impl Postgres {
    pub(in super::super) async fn open_sessions_of(&self, users: &[UserName]) -> Result<Vec<SessionRow>, StoreError> {
        let condition = "WHERE acctstoptime IS NULL AND username = ANY($1) ORDER BY radacctid";
        self.sessions(condition, Some(spellings_of(users))).await
    }

    pub(in super::super) async fn closed_sessions_of(
        &self,
        users: &[UserName],
        since: i64,
        which: Closed,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let condition = format!(
            "WHERE acctstoptime >= to_timestamp({since}) AND username = ANY($1){} ORDER BY radacctid",
            which.condition()
        );
        self.sessions(&condition, Some(spellings_of(users))).await
    }

    pub(in super::super) async fn open_sessions_at(
        &self,
        nas: &str,
        limit: u32,
    ) -> Result<Vec<SessionRow>, StoreError> {
        if nas.contains('\0') {
            return Ok(Vec::new());
        }
        let condition = format!(
            "WHERE acctstoptime IS NULL AND host(nasipaddress) = ANY($1)
             ORDER BY acctupdatetime DESC NULLS LAST, radacctid DESC LIMIT {limit}"
        );
        self.sessions(&condition, Some(vec![nas.to_owned()])).await
    }

    pub(in super::super) async fn all_open_sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions("WHERE acctstoptime IS NULL ORDER BY radacctid", None).await
    }

    pub(in super::super) async fn sessions_of_ids(&self, ids: &[String]) -> Result<Vec<SessionRow>, StoreError> {
        let ids = ids.iter().filter(|id| !id.contains('\0')).cloned().collect();
        self.sessions("WHERE acctuniqueid = ANY($1)", Some(ids)).await
    }

    async fn sessions(&self, condition: &str, argument: Option<Vec<String>>) -> Result<Vec<SessionRow>, StoreError> {
        const OPERATION: &str = "reading sessions";
        let optional = optional_columns(|column| self.optional.contains(&column), "::text");
        let sql = self.sql(&format!("{SESSION}{condition}").replace("{optional}", &optional));
        let rows = match argument {
            Some(argument) => sqlx::query(sql).bind(argument).fetch_all(&self.pool).await,
            None => sqlx::query(sql).fetch_all(&self.pool).await,
        };
        let rows = rows.map_err(|error| self.failed(OPERATION, error))?;
        rows.iter().map(|row| session_row(row).map_err(|error| self.failed(OPERATION, error))).collect()
    }

    pub(in super::super) async fn nas_in_use(&self) -> Result<BTreeSet<String>, StoreError> {
        let sql = self.sql("SELECT DISTINCT coalesce(host(nasipaddress), '') FROM {acct} WHERE acctstoptime IS NULL");
        let names: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed("reading which NAS are in use", error))?;
        Ok(names.iter().map(|name| unescape(name)).collect())
    }

    pub(in super::super) async fn nas(&self) -> Result<Vec<NasRow>, StoreError> {
        let sql = self.sql("SELECT nasname, shortname, secret FROM {client} ORDER BY id");
        let rows: Vec<(String, Option<String>, String)> = sqlx::query_as(sql)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed("reading FreeRADIUS' clients", error))?;
        Ok(rows.into_iter().map(|(nasname, shortname, secret)| NasRow { nasname, shortname, secret }).collect())
    }

    pub(in super::super) async fn close_row(&self, acct_unique_id: &str, stop: i64) -> Result<bool, StoreError> {
        let sql = self.sql(concat!(
            "UPDATE {acct} SET acctstoptime = to_timestamp($2), acctterminatecause = 'Admin-Reset', ",
            "acctsessiontime = CASE WHEN acctstarttime IS NOT NULL THEN greatest(0, $2 - ",
            epoch!("acctstarttime"),
            ") END WHERE acctuniqueid = $1 AND acctstoptime IS NULL"
        ));
        let done = sqlx::query(sql).bind(acct_unique_id).bind(stop).execute(&self.pool).await;
        Ok(done.map_err(|error| self.failed("closing a row of radacct", error))?.rows_affected() > 0)
    }
}

/// Never negative: the statements see to it.
fn octets(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

fn session_row(row: &PgRow) -> Result<SessionRow, sqlx::Error> {
    let text = |column: usize| row.try_get::<String, _>(column).map(|text| unescape(&text));
    Ok(SessionRow {
        acct_session_id: text(0)?,
        acct_unique_id: row.try_get(1)?,
        user: UserName::from_table(&row.try_get::<String, _>(2)?),
        nas_ip_address: text(3)?,
        called_station_id: text(4)?,
        calling_station_id: text(5)?,
        framed_ip_address: text(6)?,
        service_type: text(7)?,
        framed_protocol: text(8)?,
        start: row.try_get(9)?,
        update: row.try_get(10)?,
        stop: row.try_get(11)?,
        input_octets: octets(row.try_get(12)?),
        output_octets: octets(row.try_get(13)?),
        framed_ipv6_prefix: text(14)?,
        nas_port_type: text(15)?,
        nas_port_id: text(16)?,
        nas_identifier: text(17)?,
        session_time: row.try_get(18)?,
    })
}
