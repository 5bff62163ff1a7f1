//! How open rows look: by radacctid, as the index on acctstoptime holds them, a page as one text.
//!
//! The lines of one text cost a fraction of what as many rows would: each row goes from one thread to another.

use crate::store::StoreError;
use crate::store::accounting::open::{OpenCursor, OpenPage, read_lines};

use super::Sqlite;
use super::sessions::epoch;

const OPERATION: &str = "reading open sessions";

/// Rows of a page: some milliseconds.
const PAGE: u32 = 10_000;

/// A page, with `{index}` for what says by which index.
const OPEN: &str = concat!(
    "SELECT count(*), coalesce(group_concat(line, char(10)), '') FROM (SELECT radacctid
       || ' ' || coalesce(",
    epoch!("acctstarttime"),
    ", '-') || ' ' || coalesce(",
    epoch!("acctupdatetime"),
    ", '-') || ' ' || coalesce(CAST(max(0, acctinputoctets) AS INTEGER), '-')
       || ' ' || coalesce(CAST(max(0, acctoutputoctets) AS INTEGER), '-')
       || ' ' || coalesce(CAST(max(0, acctsessiontime) AS INTEGER), '-') AS line
     FROM {acct} {index} WHERE acctstoptime IS NULL AND radacctid > ?1 ORDER BY radacctid LIMIT ?2)"
);

impl Sqlite {
    pub(in super::super) async fn open_looks(&self, cursor: &mut OpenCursor) -> Result<Option<OpenPage>, StoreError> {
        if cursor.part > 0 {
            return Ok(None);
        }
        let failed = |error| self.failed(OPERATION, error);
        let sql = self.sql(&OPEN.replace("{index}", &self.index_of_open().await?));
        let query = sqlx::query_as::<_, (i64, String)>(sql).bind(cursor.after).bind(cursor.page(PAGE));
        let (count, text) = query.fetch_one(&self.pool).await.map_err(failed)?;
        let page = read_lines(&text, count).map_err(failed)?;
        cursor.behind(&page, cursor.page(PAGE));
        Ok(Some(page.into()))
    }

    pub(in super::super) async fn open_looks_plan(&self, cursor: &OpenCursor) -> Result<Vec<String>, StoreError> {
        let sql = self.sql(&format!("EXPLAIN QUERY PLAN {OPEN}").replace("{index}", &self.index_of_open().await?));
        let query = sqlx::query_as::<_, (i64, i64, i64, String)>(sql).bind(cursor.after).bind(cursor.page(PAGE));
        let lines = query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(lines.into_iter().map(|(_, _, _, detail)| detail).collect())
    }

    /// By the index on acctstoptime if there is one: else SQLite might go through closed rows by their id in the hope to meet
    /// open ones soon. It is asked each time, for a statement that names an index which is gone fails.
    async fn index_of_open(&self) -> Result<String, StoreError> {
        let sql = "SELECT list.name FROM pragma_index_list(?1) AS list, pragma_index_info(list.name) AS info
                   WHERE info.seqno = 0 AND lower(info.name) = 'acctstoptime' AND NOT list.partial
                   ORDER BY (SELECT count(*) FROM pragma_index_info(list.name)) LIMIT 1";
        let query = sqlx::query_scalar(sql).bind(&self.tables.acct).fetch_optional(&self.pool);
        let index: Option<String> = query.await.map_err(|error| self.failed(OPERATION, error))?;
        let hint = index.map(|name| format!("INDEXED BY \"{}\"", name.replace('"', "\"\"")));
        Ok(hint.unwrap_or_default())
    }
}
