//! How open rows look: by radacctid, as the index on acctstoptime holds them, a page as one text.
//!
//! The lines of one text cost a fraction of what as many rows would: each row goes from one thread to another.

use crate::store::StoreError;
use crate::store::accounting::OpenCursor;
use crate::store::accounting::open::{OpenPage, read_lines};

use super::Sqlite;
use super::sessions::epoch;

const OPERATION: &str = "reading open sessions";

/// Rows of a page: some milliseconds.
const PAGE: u32 = 10_000;

/// A row as a line.
const LINE: &str = concat!(
    "radacctid || ' ' || coalesce(",
    epoch!("acctstarttime"),
    ", '-') || ' ' || coalesce(",
    epoch!("acctupdatetime"),
    ", '-') || ' ' || coalesce(CAST(max(0, acctinputoctets) AS INTEGER), '-')
       || ' ' || coalesce(CAST(max(0, acctoutputoctets) AS INTEGER), '-')
       || ' ' || coalesce(CAST(max(0, acctsessiontime) AS INTEGER), '-')
       || ' ' || coalesce(replace(username, char(10), ''), '')"
);

/// The rows of a stretch, with `{index}` for what says by which index.
const ROWS: &str = "FROM {acct} {index} WHERE acctstoptime IS NULL AND radacctid > ?1 AND radacctid <= ?2";

/// A stretch as one text: the whole, or a page of it.
fn statement(whole: bool) -> String {
    if whole {
        return format!("SELECT count(*), coalesce(group_concat({LINE}, char(10)), '') {ROWS}");
    }
    format!(
        "SELECT count(*), coalesce(group_concat(line, char(10)), '')
         FROM (SELECT {LINE} AS line {ROWS} ORDER BY radacctid LIMIT ?3)"
    )
}

impl Sqlite {
    pub(in super::super) async fn open_looks(&self, cursor: &mut OpenCursor) -> Result<Option<OpenPage>, StoreError> {
        if cursor.part > 0 {
            return Ok(None);
        }
        let failed = |error| self.failed(OPERATION, error);
        if cursor.index.is_none() {
            cursor.index = Some(self.index_of_open().await?);
        }
        let (stretch, rows) = (cursor.stretch(), cursor.page(PAGE));
        let sql = statement(stretch.whole).replace("{index}", cursor.index.as_deref().unwrap_or_default());
        // A name that is not UTF-8 is nobody's, and no reason not to read the others
        let query = sqlx::query_as::<_, (i64, Vec<u8>)>(self.sql(&sql)).bind(stretch.after).bind(stretch.until);
        let query = if stretch.whole { query } else { query.bind(rows) };
        let (count, text) = query.fetch_one(&self.pool).await.map_err(failed)?;
        let page = read_lines(&String::from_utf8_lossy(&text), count).map_err(failed)?;
        cursor.behind(stretch, &page, rows);
        Ok(Some(page.into()))
    }

    pub(in super::super) async fn open_looks_plan(&self, cursor: &OpenCursor) -> Result<Vec<String>, StoreError> {
        let index = self.index_of_open().await?;
        let mut plan = Vec::new();
        for whole in [false, true] {
            let sql = format!("EXPLAIN QUERY PLAN {}", statement(whole)).replace("{index}", &index);
            let stretch = cursor.stretch();
            let query = sqlx::query_as::<_, (i64, i64, i64, String)>(self.sql(&sql));
            let query = query.bind(stretch.after).bind(stretch.until);
            let query = if whole { query } else { query.bind(cursor.page(PAGE)) };
            let lines = query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
            plan.extend(lines.into_iter().map(|(_, _, _, detail)| detail));
        }
        Ok(plan)
    }

    /// By the index on acctstoptime if there is one: else SQLite might go through closed rows by their id in the hope to meet
    /// open ones soon. It is asked for each reading, for a statement that names an index which is gone fails.
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
