//! radacct: sessions, usage, and the one column we may write.

use std::collections::BTreeSet;

use sqlx::Row as _;
use sqlx::mysql::MySqlRow;

use crate::quota::{UserName, unescape};
use crate::store::StoreError;
use crate::store::accounting::row::optional_columns;
use crate::store::accounting::{Closed, NasRow, SessionRow};
use crate::store::mariadb::{padded, places};

use super::Mariadb;

/// The condition of an open row: old schemas write the time that never was instead of NULL.
macro_rules! open {
    () => {
        "(acctstoptime IS NULL OR acctstoptime = 0)"
    };
}
pub(super) use open;

/// The columns of a [`SessionRow`], in the order in which [`session_row`] reads them.
const SESSION: &str = "SELECT coalesce(acctsessionid, ''), acctuniqueid, username, coalesce(nasipaddress, ''),
    coalesce(calledstationid, ''), coalesce(callingstationid, ''), coalesce(framedipaddress, ''),
    coalesce(servicetype, ''), coalesce(framedprotocol, ''), CAST(nullif(unix_timestamp(acctstarttime), 0) AS SIGNED),
    CAST(nullif(unix_timestamp(acctupdatetime), 0) AS SIGNED), CAST(nullif(unix_timestamp(acctstoptime), 0) AS SIGNED),
    CAST(greatest(0, coalesce(acctinputoctets, 0)) AS UNSIGNED),
    CAST(greatest(0, coalesce(acctoutputoctets, 0)) AS UNSIGNED), {optional},
    CAST(greatest(0, acctsessiontime) AS SIGNED) FROM {acct} ";

impl Mariadb {
    pub(in super::super) async fn open_sessions_of(&self, users: &[UserName]) -> Result<Vec<SessionRow>, StoreError> {
        let names = self.spellings_in(&self.tables.acct, &users.iter().collect::<Vec<_>>()).await?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let condition =
            format!(concat!("WHERE ", open!(), " AND username IN ({}) ORDER BY radacctid"), places(names.len()));
        self.sessions(&condition, names.into_iter().map(|(_, name)| name).collect()).await
    }

    pub(in super::super) async fn closed_sessions_of(
        &self,
        users: &[UserName],
        since: i64,
        which: Closed,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let names = self.spellings_in(&self.tables.acct, &users.iter().collect::<Vec<_>>()).await?;
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let condition = format!(
            "WHERE acctstoptime >= from_unixtime({}) AND username IN ({}){} ORDER BY radacctid",
            since.max(0),
            places(names.len()),
            which.condition()
        );
        self.sessions(&condition, names.into_iter().map(|(_, name)| name).collect()).await
    }

    pub(in super::super) async fn all_open_sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions(concat!("WHERE ", open!(), " ORDER BY radacctid"), Vec::new()).await
    }

    pub(in super::super) async fn open_sessions_at(
        &self,
        nas: &str,
        limit: u32,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let open =
            concat!("WHERE ", open!(), " AND nasipaddress = ? ORDER BY acctupdatetime DESC, radacctid DESC LIMIT ");
        self.sessions(&format!("{open}{limit}"), vec![nas.to_owned()]).await
    }

    pub(in super::super) async fn sessions_of_ids(&self, ids: &[String]) -> Result<Vec<SessionRow>, StoreError> {
        let ids = padded(ids.to_vec());
        self.sessions(&format!("WHERE acctuniqueid IN ({})", places(ids.len())), ids).await
    }

    async fn sessions(&self, condition: &str, arguments: Vec<String>) -> Result<Vec<SessionRow>, StoreError> {
        const OPERATION: &str = "reading sessions";
        let optional = optional_columns(|column| self.catalogue.has(&self.tables.acct, column), "");
        let sql = self.sql(&format!("{SESSION}{condition}").replace("{optional}", &optional));
        let query = arguments.into_iter().fold(sqlx::query(sql), sqlx::query::Query::bind);
        let rows = query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        rows.iter().map(|row| session_row(row).map_err(|error| self.failed(OPERATION, error))).collect()
    }

    pub(in super::super) async fn nas_in_use(&self) -> Result<BTreeSet<String>, StoreError> {
        let sql = self.sql(concat!("SELECT DISTINCT nasipaddress FROM {acct} WHERE ", open!()));
        let addresses = sqlx::query_scalar(sql).fetch_all(&self.pool).await;
        let addresses: Vec<String> = addresses.map_err(|error| self.failed("reading which NAS are in use", error))?;
        Ok(addresses.iter().map(|address| unescape(address)).collect())
    }

    pub(in super::super) async fn nas(&self) -> Result<Vec<NasRow>, StoreError> {
        const OPERATION: &str = "reading FreeRADIUS' clients";
        let sql = self.sql("SELECT nasname, shortname, secret FROM {client} ORDER BY id");
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        let read = |row: &MySqlRow| {
            Ok(NasRow { nasname: row.try_get(0)?, shortname: row.try_get(1)?, secret: row.try_get(2)? })
        };
        rows.iter().map(|row| read(row).map_err(|error| self.failed(OPERATION, error))).collect()
    }

    pub(in super::super) async fn close_row(&self, acct_unique_id: &str, stop: i64) -> Result<bool, StoreError> {
        let sql = self.sql(concat!(
            "UPDATE {acct} SET acctstoptime = from_unixtime(?),
               acctsessiontime = greatest(0, ? - CAST(nullif(unix_timestamp(acctstarttime), 0) AS SIGNED)),
               acctterminatecause = 'Admin-Reset' WHERE acctuniqueid = ? AND ",
            open!()
        ));
        let done = sqlx::query(sql).bind(stop).bind(stop).bind(acct_unique_id).execute(&self.pool).await;
        Ok(done.map_err(|error| self.failed("closing a row of radacct", error))?.rows_affected() > 0)
    }
}

fn session_row(row: &MySqlRow) -> Result<SessionRow, sqlx::Error> {
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
        input_octets: row.try_get(12)?,
        output_octets: row.try_get(13)?,
        framed_ipv6_prefix: text(14)?,
        nas_port_type: text(15)?,
        nas_port_id: text(16)?,
        nas_identifier: text(17)?,
        session_time: row.try_get(18)?,
    })
}
