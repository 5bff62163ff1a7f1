//! How open rows look: by radacctid, as the index on acctstoptime holds them, a page as one text.
//!
//! The lines of one text cost a fraction of what as many rows would on their way.

use crate::store::StoreError;
use crate::store::accounting::open::{OpenCursor, OpenPage, read_lines};

use super::Mariadb;

const OPERATION: &str = "reading open sessions";

/// Rows of a page: some milliseconds.
const PAGE: u32 = 10_000;

/// A page, with `{index}` for what says by which index, `{stop}` for which rows.
const OPEN: &str = "SELECT count(*), coalesce(group_concat(line SEPARATOR '\\n'), '') FROM (SELECT concat_ws(' ',
       CAST(radacctid AS SIGNED), coalesce(CAST(nullif(unix_timestamp(acctstarttime), 0) AS SIGNED), '-'),
       coalesce(CAST(nullif(unix_timestamp(acctupdatetime), 0) AS SIGNED), '-'),
       coalesce(CAST(greatest(0, acctinputoctets) AS UNSIGNED), '-'),
       coalesce(CAST(greatest(0, acctoutputoctets) AS UNSIGNED), '-'),
       coalesce(CAST(greatest(0, acctsessiontime) AS UNSIGNED), '-')) AS line
     FROM {acct} {index} WHERE acctstoptime {stop} AND radacctid > ? ORDER BY radacctid LIMIT ?) AS page";

/// Rows without a stop time, and rows with the time that never was. In one statement the server would take a column that is
/// NOT NULL for both at once.
const STOPS: [&str; 2] = ["IS NULL", "= 0"];

impl Mariadb {
    pub(in super::super) async fn open_looks(&self, cursor: &mut OpenCursor) -> Result<Option<OpenPage>, StoreError> {
        let Some(stop) = STOPS.get(cursor.part) else { return Ok(None) };
        let failed = |error| self.failed(OPERATION, error);
        let sql = OPEN.replace("{index}", &self.index_of_open().await?).replace("{stop}", stop);
        let query = sqlx::query_as::<_, (i64, String)>(self.sql(&sql)).bind(cursor.after).bind(cursor.page(PAGE));
        let (count, text) = query.fetch_one(&self.pool).await.map_err(failed)?;
        let page = read_lines(&text, count).map_err(failed)?;
        cursor.behind(&page, cursor.page(PAGE));
        Ok(Some(page.into()))
    }

    pub(in super::super) async fn open_looks_plan(&self, cursor: &OpenCursor) -> Result<Vec<String>, StoreError> {
        let index = self.index_of_open().await?;
        let mut plan = Vec::new();
        for stop in STOPS {
            let sql = format!("EXPLAIN FORMAT = JSON {OPEN}").replace("{index}", &index).replace("{stop}", stop);
            let query = sqlx::query_scalar(self.sql(&sql)).bind(cursor.after).bind(cursor.page(PAGE));
            plan.extend(query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?);
        }
        Ok(plan)
    }

    /// By the index on acctstoptime if there is one: else the server might go through closed rows by their id in the hope to
    /// meet open ones soon. It is asked each time, for a statement that names an index which is gone fails.
    async fn index_of_open(&self) -> Result<String, StoreError> {
        let sql = "SELECT CONVERT(index_name USING utf8mb4) FROM information_schema.statistics
                   WHERE table_schema = DATABASE() AND table_name = ? GROUP BY index_name
                   HAVING max(IF(seq_in_index = 1, lower(column_name), '')) = 'acctstoptime' ORDER BY count(*) LIMIT 1";
        let query = sqlx::query_scalar(sql).bind(&self.tables.acct).fetch_optional(&self.pool);
        let index: Option<String> = query.await.map_err(|error| self.failed(OPERATION, error))?;
        let hint = index.map(|name| format!("FORCE INDEX (`{}`)", name.replace('`', "``")));
        Ok(hint.unwrap_or_default())
    }
}
