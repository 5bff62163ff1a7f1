//! How open rows look: a page is a range of Acct-Unique-Ids, and comes as one row of lists.
//!
//! Such a list costs a hundredth of what its rows would cost on their way. The server reads a range by either partial index
//! over open rows, in the order of the table. Each row has the number of the transaction that wrote it (`xmin`): what a
//! transaction wrote that was running at the last reading, or began since, was perhaps not seen then; nothing else has changed.

use sqlx::postgres::PgArguments;

use crate::store::StoreError;
use crate::store::accounting::{OpenCursor, OpenLook, OpenPage};

use super::Postgres;
use super::sessions::epoch;

const OPERATION: &str = "reading open sessions";

/// Rows of a page: each page goes through all blocks of the table that hold open rows.
const PAGE: u32 = 100_000;

/// The oldest transaction that is running: what any from this one on write may not be seen yet.
macro_rules! oldest_running {
    () => {
        "txid_snapshot_xmin(txid_current_snapshot())"
    };
}

/// The columns of an [`OpenLook`], a list each.
macro_rules! lists {
    () => {
        concat!(
            "array_agg(radacctid::bigint), array_agg(",
            epoch!("acctstarttime"),
            "), array_agg(",
            epoch!("acctupdatetime"),
            "), array_agg(acctinputoctets::bigint), array_agg(acctoutputoctets::bigint), array_agg(acctsessiontime::bigint), ",
            "array_agg(hashtext(username)::bigint)"
        )
    };
}

/// The rows of a range.
macro_rules! range {
    () => {
        "FROM {acct} WHERE acctstoptime IS NULL
           AND ($1::text IS NULL OR acctuniqueid >= $1) AND ($2::text IS NULL OR acctuniqueid < $2)"
    };
}

const OPEN: &str = concat!("SELECT ", oldest_running!(), ", NULL::bigint[], ", lists!(), range!());

/// Transactions back to which `xmin`, which has 32 bits, is sure to mean this one and not one long ago.
const FAR: i64 = 1 << 30;

/// `$3` is what [`oldest_running`] was. The subquery stays one, so that the age of a row is asked once. Those that were written
/// since are fetched again by their place: to leave out each column of the others costs more.
const TOUCHED: &str = concat!(
    "WITH scan AS (
         SELECT array_agg(id) FILTER (WHERE NOT touched) AS untouched, array_agg(place) FILTER (WHERE touched) AS places
         FROM (SELECT ctid AS place, radacctid::bigint AS id,
                   age(xmin) <= (SELECT age(($3::bigint % 4294967296)::text::xid)) AS touched ",
    range!(),
    " OFFSET 0) AS open)
     SELECT ",
    oldest_running!(),
    ", (SELECT untouched FROM scan), ",
    lists!(),
    " FROM {acct} WHERE ctid = ANY ((SELECT places FROM scan)::tid[])"
);

/// How many prefixes of two octets there are.
const PREFIXES: usize = 1 << 16;

type Numbers = Option<Vec<Option<i64>>>;
/// The mark, untouched ids, and the lists of the others.
type Page = (i64, Option<Vec<i64>>, Option<Vec<i64>>, Numbers, Numbers, Numbers, Numbers, Numbers, Numbers);

/// In how many ranges the open rows are read.
fn parts(cursor: &OpenCursor) -> usize {
    (cursor.known / (cursor.page(PAGE) as usize) + 1).min(PREFIXES)
}

/// Where the range begins and where the next one does. FreeRADIUS' ids are hexadecimal digests: as many are in each range.
/// Whatever else they are, and in whatever order the server sorts them, each is in one.
fn range(cursor: &OpenCursor) -> (Option<String>, Option<String>) {
    let parts = parts(cursor);
    let bound = |part: usize| (part > 0 && part < parts).then(|| format!("{:04x}", part * PREFIXES / parts));
    (bound(cursor.part), bound(cursor.part + 1))
}

impl Postgres {
    pub(in super::super) async fn open_looks(&self, cursor: &mut OpenCursor) -> Result<Option<OpenPage>, StoreError> {
        if cursor.part >= parts(cursor) {
            return Ok(None);
        }
        let (oldest, page) = self.page(cursor).await?;
        // Of several pages the first was read first
        cursor.mark = cursor.mark.or(self.has_writers.then_some(oldest));
        let is_far = cursor.since.is_some_and(|since| !(0..FAR).contains(&oldest.saturating_sub(since)));
        if is_far {
            cursor.since = None;
            return Box::pin(self.open_looks(cursor)).await;
        }
        cursor.advance();
        Ok(Some(page))
    }

    async fn page(&self, cursor: &OpenCursor) -> Result<(i64, OpenPage), StoreError> {
        let (from, to) = range(cursor);
        let since = cursor.since.filter(|since| *since >= 0);
        let query = sqlx::query_as(self.sql(if since.is_some() { TOUCHED } else { OPEN })).bind(from).bind(to);
        let query = if since.is_some() { query.bind(since) } else { query };
        let page: Page = query.fetch_one(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        Ok((page.0, open_page(page)))
    }

    pub(in super::super) async fn open_looks_plan(&self, cursor: &OpenCursor) -> Result<Vec<String>, StoreError> {
        let (from, to) = range(cursor);
        let sql = self.sql(&format!("EXPLAIN {OPEN}"));
        let query: sqlx::query::QueryScalar<'_, _, String, PgArguments> = sqlx::query_scalar(sql);
        let lines = query.bind(from).bind(to).fetch_all(&self.pool).await;
        lines.map_err(|error| self.failed(OPERATION, error))
    }
}

fn open_page((_, untouched, ids, starts, updates, inputs, outputs, seconds, names): Page) -> OpenPage {
    let mut numbers =
        [starts, updates, inputs, outputs, seconds, names].map(|list| list.unwrap_or_default().into_iter());
    let counter = |number: Option<i64>| number.map(|number| u64::try_from(number).unwrap_or(0));
    let look = |row_id| {
        let [start, update, input, output, seconds, name] = numbers.each_mut().map(|list| list.next().flatten());
        let [input, output, seconds] = [input, output, seconds].map(counter);
        OpenLook { row_id, start, update, input, output, seconds, name: name.unwrap_or(-1) }
    };
    let looks = ids.unwrap_or_default().into_iter().map(look).collect();
    OpenPage { looks, untouched: untouched.unwrap_or_default() }
}

#[cfg(test)]
mod tests {
    use super::{OpenCursor, parts, range};

    #[test]
    fn ranges_leave_nothing_out() {
        for known in [0, 9, 10, 35, 10_000_000] {
            let mut cursor = OpenCursor::paged(known, 10);
            let mut end = None;
            while cursor.part < parts(&cursor) {
                let (from, to) = range(&cursor);
                assert_eq!(from, end, "{known}");
                assert!(to.is_none() || from < to, "{known}");
                end = to;
                cursor.advance();
            }
            assert_eq!(end, None, "{known}");
        }
    }
}
