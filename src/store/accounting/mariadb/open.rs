//! How open rows look: by radacctid, as the index on acctstoptime holds them, a page as one text.
//!
//! The lines of one text cost a fraction of what as many rows would on their way.

use crate::store::StoreError;
use crate::store::accounting::OpenCursor;
use crate::store::accounting::open::{OpenPage, read_lines};

use super::Mariadb;

const OPERATION: &str = "reading open sessions";

/// Rows of a page: some milliseconds.
const PAGE: u32 = 10_000;

/// The rows of a stretch, with `{index}` for what says by which index, `{stop}` for which rows.
const ROWS: &str = "FROM {acct} {index} WHERE acctstoptime {stop} AND radacctid > ? AND radacctid <= ?";

/// So many lines are sure to fit into one text ([`read_lines`]).
const FIT: i64 = 30_000;

/// Rows without a stop time, and rows with the time that never was. In one statement the server would take a column that is
/// NOT NULL for both at once.
const STOPS: [&str; 2] = ["IS NULL", "= 0"];

/// A stretch as one text: a page of it, or the whole, for which the server makes no table first.
fn statement(whole: bool, line: &str) -> String {
    if whole {
        return format!("SELECT count(*), coalesce(group_concat({line} SEPARATOR '\\n'), '') {ROWS}");
    }
    format!(
        "SELECT count(*), coalesce(group_concat(line SEPARATOR '\\n'), '')
         FROM (SELECT {line} AS line {ROWS} ORDER BY radacctid LIMIT ?) AS page"
    )
}

impl Mariadb {
    pub(in super::super) async fn open_looks(&self, cursor: &mut OpenCursor) -> Result<Option<OpenPage>, StoreError> {
        let Some(stop) = STOPS.get(cursor.part) else { return Ok(None) };
        let failed = |error| self.failed(OPERATION, error);
        let (stretch, rows, index) = (cursor.stretch(), cursor.page(PAGE), self.index_for(cursor).await?);
        let sql = statement(stretch.whole, &self.line()).replace("{index}", &index).replace("{stop}", stop);
        let query = sqlx::query_as::<_, (i64, String)>(self.sql(&sql)).bind(stretch.after).bind(stretch.until);
        let query = if stretch.whole { query } else { query.bind(rows) };
        let (count, text) = query.fetch_one(&self.pool).await.map_err(failed)?;
        if stretch.whole && count > FIT {
            cursor.doubt();
            return Ok(Some(OpenPage::default()));
        }
        let mut page = read_lines(&text, count).map_err(failed)?;
        for row in &mut page {
            // The time that never was
            row.start = row.start.filter(|at| *at != 0);
            row.update = row.update.filter(|at| *at != 0);
        }
        cursor.behind(stretch, &page, rows);
        Ok(Some(page.into()))
    }

    pub(in super::super) async fn open_looks_plan(&self, cursor: &OpenCursor) -> Result<Vec<String>, StoreError> {
        let index = self.index_of_open().await?;
        let mut plan = Vec::new();
        for (stop, whole) in STOPS.iter().flat_map(|stop| [(stop, false), (stop, true)]) {
            let sql = format!("EXPLAIN FORMAT = JSON {}", statement(whole, &self.line()));
            let sql = sql.replace("{index}", &index).replace("{stop}", stop);
            let stretch = cursor.stretch();
            let query = sqlx::query_scalar(self.sql(&sql)).bind(stretch.after).bind(stretch.until);
            let query = if whole { query } else { query.bind(cursor.page(PAGE)) };
            plan.extend(query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?);
        }
        Ok(plan)
    }

    /// A row as a line. Casts would cost the server a sixth of the reading: they are for columns that need them.
    fn line(&self) -> String {
        let plain = |column: &str, sql: &str, cast: &str| {
            let is_whole = self.catalogue.is_whole(&self.tables.acct, column);
            if is_whole { sql.to_owned() } else { format!("CAST({cast})") }
        };
        let time = |column: &str| {
            let seconds = format!("unix_timestamp({column})");
            plain(column, &seconds, &format!("{seconds} AS SIGNED"))
        };
        let counter = |column: &str| plain(column, column, &format!("greatest(0, {column}) AS UNSIGNED"));
        let row_id = plain("radacctid", "radacctid", "radacctid AS SIGNED");
        let [start, update] = ["acctstarttime", "acctupdatetime"].map(time);
        let [input, output, seconds] = ["acctinputoctets", "acctoutputoctets", "acctsessiontime"].map(counter);
        format!(
            "concat_ws(' ', {row_id}, coalesce({start}, '-'), coalesce({update}, '-'), coalesce({input}, '-'),
               coalesce({output}, '-'), coalesce({seconds}, '-'), coalesce(crc32(username), '-'))"
        )
    }

    async fn index_for(&self, cursor: &mut OpenCursor) -> Result<String, StoreError> {
        if cursor.index.is_none() {
            cursor.index = Some(self.index_of_open().await?);
        }
        Ok(cursor.index.clone().unwrap_or_default())
    }

    /// By the index on acctstoptime if there is one: else the server might go through closed rows by their id in the hope to
    /// meet open ones soon. It is asked for each reading, for a statement that names an index which is gone fails.
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
