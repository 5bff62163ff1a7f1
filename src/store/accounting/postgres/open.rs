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

const OPEN: &str = concat!(
    "SELECT ",
    oldest_running!(),
    ", array_agg(radacctid::bigint), array_agg(",
    epoch!("acctstarttime"),
    "), array_agg(",
    epoch!("acctupdatetime"),
    "), array_agg(acctinputoctets::bigint), array_agg(acctoutputoctets::bigint), array_agg(acctsessiontime::bigint)
     FROM {acct} WHERE acctstoptime IS NULL
       AND ($1::text IS NULL OR acctuniqueid >= $1) AND ($2::text IS NULL OR acctuniqueid < $2)"
);

/// Transactions back to which `xmin`, which has 32 bits, is sure to mean this one and not one long ago.
const FAR: i64 = 1 << 30;

/// `$3` is what [`oldest_running`] was. The subquery stays one, so that the age of a row is asked once.
const TOUCHED: &str = concat!(
    "SELECT ",
    oldest_running!(),
    ", array_agg(id) FILTER (WHERE NOT touched), array_agg(id) FILTER (WHERE touched) FROM (
         SELECT radacctid::bigint AS id, age(xmin) <= (SELECT age(($3::bigint % 4294967296)::text::xid)) AS touched
         FROM {acct} WHERE acctstoptime IS NULL
           AND ($1::text IS NULL OR acctuniqueid >= $1) AND ($2::text IS NULL OR acctuniqueid < $2)
         OFFSET 0) AS open"
);

/// How many prefixes of two octets there are.
const PREFIXES: usize = 1 << 16;

type Numbers = Option<Vec<Option<i64>>>;
type Page = (i64, Option<Vec<i64>>, Numbers, Numbers, Numbers, Numbers, Numbers);
type Touched = (i64, Option<Vec<i64>>, Option<Vec<i64>>);

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
        let (oldest, page) = match cursor.since.filter(|since| *since >= 0) {
            Some(since) => self.touched(since, cursor).await?,
            None => self.all(cursor).await?,
        };
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

    async fn all(&self, cursor: &OpenCursor) -> Result<(i64, OpenPage), StoreError> {
        let (from, to) = range(cursor);
        let query = sqlx::query_as::<_, Page>(self.sql(OPEN)).bind(from).bind(to);
        let page = query.fetch_one(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        Ok((page.0, looks(page).into()))
    }

    async fn touched(&self, since: i64, cursor: &OpenCursor) -> Result<(i64, OpenPage), StoreError> {
        let (from, to) = range(cursor);
        let query = sqlx::query_as::<_, Touched>(self.sql(TOUCHED)).bind(from).bind(to).bind(since);
        let page = query.fetch_one(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        let (oldest, untouched, touched) = page;
        let (untouched, touched) = (untouched.unwrap_or_default(), touched.unwrap_or_default());
        Ok((oldest, OpenPage { untouched, touched, ..OpenPage::default() }))
    }

    pub(in super::super) async fn open_looks_plan(&self, cursor: &OpenCursor) -> Result<Vec<String>, StoreError> {
        let (from, to) = range(cursor);
        let sql = self.sql(&format!("EXPLAIN {OPEN}"));
        let query: sqlx::query::QueryScalar<'_, _, String, PgArguments> = sqlx::query_scalar(sql);
        let lines = query.bind(from).bind(to).fetch_all(&self.pool).await;
        lines.map_err(|error| self.failed(OPERATION, error))
    }
}

fn looks((_, ids, starts, updates, inputs, outputs, seconds): Page) -> Vec<OpenLook> {
    let at = |list: &Numbers, index: usize| list.as_ref().and_then(|list| list.get(index).copied().flatten());
    let counter = |list: &Numbers, index: usize| at(list, index).map(|number| u64::try_from(number).unwrap_or(0));
    let look = |(index, row_id): (usize, i64)| OpenLook {
        row_id,
        start: at(&starts, index),
        update: at(&updates, index),
        input: counter(&inputs, index),
        output: counter(&outputs, index),
        seconds: counter(&seconds, index),
    };
    ids.unwrap_or_default().into_iter().enumerate().map(look).collect()
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
