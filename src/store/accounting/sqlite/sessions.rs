//! radacct: sessions, usage, and the one column we may write.

use std::collections::BTreeSet;

use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use crate::quota::{UserName, unescape};
use crate::store::StoreError;
use crate::store::accounting::row::optional_columns;
use crate::store::accounting::{Closed, NasRow, SessionRow};

use super::{Sqlite, name, spellings_of, text};

/// A time as seconds since 1970, whether the column holds a number or text.
macro_rules! epoch {
    ($column:literal) => {
        concat!(
            "CASE typeof(",
            $column,
            ") WHEN 'integer' THEN ",
            $column,
            " ELSE CAST(strftime('%s', ",
            $column,
            ") AS INTEGER) END"
        )
    };
}
pub(super) use epoch;

/// The columns of a [`SessionRow`], in the order in which [`session_row`] reads them.
const SESSION: &str = concat!(
    "SELECT acctsessionid, acctuniqueid, username, nasipaddress, coalesce(calledstationid, ''), ",
    "coalesce(callingstationid, ''), coalesce(framedipaddress, ''), coalesce(servicetype, ''), ",
    "coalesce(framedprotocol, ''), ",
    epoch!("acctstarttime"),
    ", ",
    epoch!("acctupdatetime"),
    ", ",
    epoch!("acctstoptime"),
    ", ",
    "CAST(max(0, coalesce(acctinputoctets, 0)) AS INTEGER), CAST(max(0, coalesce(acctoutputoctets, 0)) AS INTEGER), ",
    "{optional}, CAST(max(0, acctsessiontime) AS INTEGER) FROM {acct} "
);

impl Sqlite {
    pub(in super::super) async fn open_sessions_of(&self, users: &[UserName]) -> Result<Vec<SessionRow>, StoreError> {
        let condition =
            "WHERE acctstoptime IS NULL AND username IN (SELECT value FROM json_each(?1)) ORDER BY radacctid";
        self.sessions(condition, Some(spellings_of(users))).await
    }

    pub(in super::super) async fn closed_sessions_of(
        &self,
        users: &[UserName],
        since: i64,
        which: Closed,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let condition = format!(
            concat!(
                "WHERE acctstoptime IS NOT NULL AND username IN (SELECT value FROM json_each(?1)) AND ",
                epoch!("acctstoptime"),
                " >= {} {} ORDER BY radacctid"
            ),
            since,
            which.condition()
        );
        self.sessions(&condition, Some(spellings_of(users))).await
    }

    pub(in super::super) async fn open_sessions_at(
        &self,
        nas: &str,
        limit: u32,
    ) -> Result<Vec<SessionRow>, StoreError> {
        let condition = format!(
            "WHERE acctstoptime IS NULL AND nasipaddress = ?1 ORDER BY acctupdatetime DESC, radacctid DESC LIMIT {limit}"
        );
        self.sessions(&condition, Some(nas.to_owned())).await
    }

    pub(in super::super) async fn all_open_sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        self.sessions("WHERE acctstoptime IS NULL ORDER BY radacctid", None).await
    }

    pub(in super::super) async fn sessions_of_ids(&self, ids: &[String]) -> Result<Vec<SessionRow>, StoreError> {
        let ids: serde_json::Value = ids.iter().map(String::as_str).collect();
        self.sessions("WHERE acctuniqueid IN (SELECT value FROM json_each(?1))", Some(ids.to_string())).await
    }

    async fn sessions(&self, condition: &str, argument: Option<String>) -> Result<Vec<SessionRow>, StoreError> {
        const OPERATION: &str = "reading sessions";
        let columns = self.columns(&self.tables.acct).await?;
        let optional = optional_columns(|wanted| columns.iter().any(|name| name.eq_ignore_ascii_case(wanted)), "");
        let sql = self.sql(&format!("{SESSION}{condition}").replace("{optional}", &optional));
        let rows = match argument {
            Some(argument) => sqlx::query(sql).bind(argument).fetch_all(&self.pool).await,
            None => sqlx::query(sql).fetch_all(&self.pool).await,
        };
        let rows = rows.map_err(|error| self.failed(OPERATION, error))?;
        rows.iter()
            .filter_map(|row| {
                session_row(row, &self.tables.acct).map_err(|error| self.failed(OPERATION, error)).transpose()
            })
            .collect()
    }

    pub(in super::super) async fn nas_in_use(&self) -> Result<BTreeSet<String>, StoreError> {
        let sql = self.sql("SELECT DISTINCT nasipaddress FROM {acct} WHERE acctstoptime IS NULL");
        let names: Vec<String> = sqlx::query_scalar(sql)
            .fetch_all(&self.pool)
            .await
            .map_err(|error| self.failed("reading which NAS are in use", error))?;
        Ok(names.iter().map(|name| unescape(name)).collect())
    }

    pub(in super::super) async fn nas(&self) -> Result<Vec<NasRow>, StoreError> {
        const OPERATION: &str = "reading FreeRADIUS' clients";
        let sql = self.sql("SELECT nasname, shortname, secret FROM {client} ORDER BY id");
        let rows = sqlx::query(sql).fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        let read = |row: &SqliteRow| {
            Ok(NasRow { nasname: row.try_get(0)?, shortname: row.try_get(1)?, secret: row.try_get(2)? })
        };
        rows.iter().map(|row| read(row).map_err(|error| self.failed(OPERATION, error))).collect()
    }

    pub(in super::super) async fn close_row(&self, acct_unique_id: &str, stop: i64) -> Result<bool, StoreError> {
        let sql = self.sql(concat!(
            "UPDATE {acct} SET acctstoptime = ?2, acctsessiontime = max(0, ?2 - ",
            epoch!("acctstarttime"),
            "), acctterminatecause = 'Admin-Reset' WHERE acctuniqueid = ?1 AND acctstoptime IS NULL"
        ));
        let done = sqlx::query(sql).bind(acct_unique_id).bind(stop).execute(&self.pool).await;
        Ok(done.map_err(|error| self.failed("closing a row of radacct", error))?.rows_affected() > 0)
    }
}

fn octets(row: &SqliteRow, column: usize) -> Result<u64, sqlx::Error> {
    Ok(u64::try_from(row.try_get::<i64, _>(column)?).unwrap_or(0))
}

/// `None` for a row whose user is nobody.
fn session_row(row: &SqliteRow, table: &str) -> Result<Option<SessionRow>, sqlx::Error> {
    let Some(user) = name(row, 2, table)? else { return Ok(None) };
    let text = |column: usize| text(row, column).map(|text| unescape(&text));
    Ok(Some(SessionRow {
        acct_session_id: text(0)?,
        acct_unique_id: row.try_get(1)?,
        user: UserName::from_table(&user),
        nas_ip_address: text(3)?,
        called_station_id: text(4)?,
        calling_station_id: text(5)?,
        framed_ip_address: text(6)?,
        service_type: text(7)?,
        framed_protocol: text(8)?,
        start: row.try_get(9)?,
        update: row.try_get(10)?,
        stop: row.try_get(11)?,
        input_octets: octets(row, 12)?,
        output_octets: octets(row, 13)?,
        framed_ipv6_prefix: text(14)?,
        nas_port_type: text(15)?,
        nas_port_id: text(16)?,
        nas_identifier: text(17)?,
        session_time: row.try_get(18)?,
    }))
}
