//! How open rows look: of each row as little as tells whether it changed, so that all of them can be looked at often.

use crate::quota::Sighting;
use crate::store::StoreError;

use super::{Accounting, Backend, each_dialect};

/// An open row of radacct, as far as it tells whether the row changed. Times are seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenLook {
    /// radacctid.
    pub row_id: i64,
    /// When it started.
    pub start: Option<i64>,
    /// When accounting last updated the row.
    pub update: Option<i64>,
    /// Octets from the user; negative ones are 0.
    pub input: Option<u64>,
    /// Octets to the user; negative ones are 0.
    pub output: Option<u64>,
    /// Seconds online; negative ones are 0.
    pub seconds: Option<u64>,
}

/// A page of open rows. Each row is in one of the lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenPage {
    /// Rows, as they look.
    pub looks: Vec<OpenLook>,
    /// Radacctids of rows that nobody has written since the reading that the cursor was made from ended.
    pub untouched: Vec<i64>,
}

impl From<Vec<OpenLook>> for OpenPage {
    fn from(looks: Vec<OpenLook>) -> Self {
        Self { looks, ..Self::default() }
    }
}

/// How far a reading of the open rows has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCursor {
    /// How many rows a page has: about as many on PostgreSQL, at most so many elsewhere. `None` leaves it to the dialect.
    page: Option<u32>,
    /// How many rows are thought to be open.
    pub(super) known: usize,
    /// The database's own mark of when the reading before this one began; so rows are told apart that were written since.
    pub(super) since: Option<i64>,
    /// The same of this reading.
    pub(super) mark: Option<i64>,
    /// The part that is being read.
    pub(super) part: usize,
    /// The radacctid behind which it goes on within that part.
    pub(super) after: i64,
}

impl OpenCursor {
    /// From the beginning, in pages of 10,000 (100,000 on PostgreSQL, where one takes 50 ms). `known` is how many rows are thought to be open, 0 if nobody knows.
    #[must_use]
    pub const fn new(known: usize) -> Self {
        Self { page: None, known, since: None, mark: None, part: 0, after: i64::MIN }
    }

    /// As [`OpenCursor::new`], in pages of `page` rows.
    #[must_use]
    pub const fn paged(known: usize, page: u32) -> Self {
        Self { page: Some(page), ..Self::new(known) }
    }

    /// The same, after a reading whose rows are all remembered and that ended with this [`OpenCursor::mark`]: where the
    /// database can tell them apart, rows that nobody has written since are named and no more.
    #[must_use]
    pub const fn after(self, mark: Option<i64>) -> Self {
        Self { since: mark, ..self }
    }

    /// What the next reading may be [`OpenCursor::after`]; `None` where the database has no such thing.
    #[must_use]
    pub const fn mark(&self) -> Option<i64> {
        self.mark
    }

    /// How many rows a page has, where the dialect would take `usual`.
    pub(super) fn page(&self, usual: u32) -> u32 {
        self.page.unwrap_or(usual).max(1)
    }

    /// Goes on to the next part.
    pub(super) const fn advance(&mut self) {
        self.part += 1;
        self.after = i64::MIN;
    }

    /// Goes on behind a page that came, or to the next part if it was the last of this one.
    pub(super) fn behind(&mut self, page: &[OpenLook], rows: u32) {
        match page.iter().map(|row| row.row_id).max() {
            Some(last) if page.len() >= rows as usize => self.after = last,
            _ => self.advance(),
        }
    }
}

/// Reads a page that came as text: a row a line, numbers with a space between them, `-` for none.
///
/// # Errors
/// When it is not so, or has not `count` lines: a server may cut a text that is long.
pub(super) fn read_lines(text: &str, count: i64) -> Result<Vec<OpenLook>, sqlx::Error> {
    let broken = || sqlx::Error::Decode(format!("a page of {count} open rows came broken").into());
    let rows: Vec<OpenLook> = text.lines().map(read_line).collect::<Option<_>>().ok_or_else(broken)?;
    if i64::try_from(rows.len()) == Ok(count) { Ok(rows) } else { Err(broken()) }
}

fn read_line(line: &str) -> Option<OpenLook> {
    let mut fields = line.split(' ');
    let row_id = fields.next()?.parse().ok()?;
    let (start, update) = (number(fields.next()?).ok()?, number(fields.next()?).ok()?);
    let mut counter = || number(fields.next()?).ok();
    let (input, output, seconds) = (counter()?, counter()?, counter()?);
    fields.next().is_none().then_some(OpenLook { row_id, start, update, input, output, seconds })
}

/// `None` for `-`.
fn number<T: std::str::FromStr>(field: &str) -> Result<Option<T>, T::Err> {
    if field == "-" { Ok(None) } else { field.parse().map(Some) }
}

impl Accounting {
    /// The next page of open rows, in no order; `None` behind the last. Pages may be empty. A row that is open all the while
    /// from the first page to the last is on one of them, or on two if it has the stop time that never was; one that opens
    /// meanwhile may be on none.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn open_looks(&self, cursor: &mut OpenCursor) -> Result<Option<OpenPage>, StoreError> {
        each_dialect!(self.open_looks(cursor))
    }

    /// How the database means to read such a page, in its own words and with the statistics it has now: whether a site's
    /// tables have the index for it.
    ///
    /// # Errors
    /// As above.
    pub async fn open_looks_plan(&self, cursor: &OpenCursor) -> Result<Vec<String>, StoreError> {
        each_dialect!(self.open_looks_plan(cursor))
    }

    /// The rows with these radacctids, each once, open and closed, in any order. Those that are not there are absent.
    ///
    /// # Errors
    /// As above.
    pub async fn rows_numbered(&self, row_ids: &[i64]) -> Result<Vec<Sighting>, StoreError> {
        let mut row_ids = row_ids.to_vec();
        row_ids.sort_unstable();
        row_ids.dedup();
        each_dialect!(self.rows_numbered(&row_ids))
    }
}

#[cfg(test)]
mod tests {
    use super::{OpenLook, read_lines};

    #[test]
    fn lines_are_read_and_what_is_cut_is_refused() {
        let row = OpenLook {
            row_id: 7,
            start: Some(-5),
            update: None,
            input: Some(u64::MAX),
            output: None,
            seconds: Some(0),
        };
        let text = "7 -5 - 18446744073709551615 - 0\n8 - - - - -";
        let rows = read_lines(text, 2).expect("read");
        assert_eq!((rows[0], rows.len()), (row, 2));
        assert_eq!(read_lines("", 0).expect("read"), []);
        for (broken, count) in [(text, 3), ("7 -5 - 1", 1), ("7 - - - - - -", 1), ("7 x - - - -", 1), ("", 1)] {
            assert!(read_lines(broken, count).is_err(), "{broken:?} {count}");
        }
    }
}
