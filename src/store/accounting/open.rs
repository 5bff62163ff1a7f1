//! How open rows look: of each row as little as tells whether it changed, so that all of them can be looked at often.

use std::hash::BuildHasher as _;

use atoi::FromRadix10SignedChecked;
use foldhash::quality::FixedState;

use crate::quota::Sighting;
use crate::store::StoreError;

use super::cursor::OpenCursor;
use super::{Accounting, Backend, each_dialect};

/// Rows of a stretch of radacctids that is read at once: some ten milliseconds.
const STRETCH: usize = 10_000;

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
    /// A number that differs where username does, as a rule: of one database, one row and another name alone.
    pub name: i64,
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

/// Reads a page that came as text: a row a line, numbers with a space between them, `-` for none; behind them something of
/// the name. Counters below 0 are 0.
///
/// # Errors
/// When it is not so, or has not `count` lines: a server may cut a text that is long.
pub(super) fn read_lines(text: &str, count: i64) -> Result<Vec<OpenLook>, sqlx::Error> {
    let broken = || sqlx::Error::Decode(format!("a page of {count} open rows came broken").into());
    // A count that the text cannot hold is not believed
    let mut rows = Vec::with_capacity(usize::try_from(count).unwrap_or(0).min(text.len()));
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        rows.push(read_line(&mut rest).map_err(|Broken| broken())?);
    }
    if i64::try_from(rows.len()) == Ok(count) { Ok(rows) } else { Err(broken()) }
}

/// What is no line of a page.
struct Broken;

/// Takes a line off the text.
fn read_line(text: &mut &[u8]) -> Result<OpenLook, Broken> {
    let row_id = number(field(text)?)?.ok_or(Broken)?;
    let (start, update) = (number(field(text)?)?, number(field(text)?)?);
    let mut counter = || counter(field(text)?);
    let (input, output, seconds) = (counter()?, counter()?, counter()?);
    let end = text.iter().position(|octet| *octet == b'\n').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    *text = rest.get(1..).unwrap_or_default();
    let name = FixedState::default().hash_one(name).cast_signed();
    Ok(OpenLook { row_id, start, update, input, output, seconds, name })
}

/// Takes what stands before the next space off the text.
fn field<'t>(text: &mut &'t [u8]) -> Result<&'t [u8], Broken> {
    let end = text.iter().position(|octet| *octet == b' ').ok_or(Broken)?;
    let (field, rest) = text.split_at(end);
    *text = rest.get(1..).unwrap_or_default();
    Ok(field)
}

/// `None` for `-`.
fn number<T: FromRadix10SignedChecked>(field: &[u8]) -> Result<Option<T>, Broken> {
    if field == b"-" {
        return Ok(None);
    }
    let (number, used) = T::from_radix_10_signed_checked(field);
    let is_number = used == field.len() && field.last().is_some_and(u8::is_ascii_digit);
    number.filter(|_| is_number).map(Some).ok_or(Broken)
}

fn counter(field: &[u8]) -> Result<Option<u64>, Broken> {
    if field.len() > 1 && field.starts_with(b"-") {
        return Ok(number::<i64>(field)?.map(|_| 0));
    }
    number(field)
}

impl Accounting {
    /// The same reading in two halves that may go on side by side, if it is of many rows. `ends` gives radacctids in their
    /// order, between each two of which about so many rows are thought to be open.
    #[must_use]
    pub fn side_by_side(&self, all: OpenCursor, ends: impl FnOnce(usize) -> Vec<i64>) -> Vec<OpenCursor> {
        match self.backend {
            _ if all.known <= STRETCH => vec![all],
            Backend::Mariadb(_) | Backend::Sqlite(_) => all.side_by_side(&ends(STRETCH)),
            // Each half would go through nearly all blocks that hold open rows
            Backend::Postgres(_) => vec![all],
        }
    }

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
            name: 0,
        };
        let text = "7 -5 - 18446744073709551615 - -3 a b\n8 - - - - - a b\n9 - - - - - ";
        let rows = read_lines(text, 3).expect("read");
        assert_eq!((OpenLook { name: 0, ..rows[0] }, rows.len()), (row, 3));
        assert!(rows[0].name == rows[1].name && rows[1].name != rows[2].name);
        assert_eq!(read_lines("", 0).expect("read"), []);
        for (broken, count) in [
            (text, 2),
            (text, 4),
            ("7 -5 - 1", 1),
            ("7 - - - - -", 1),
            ("7 x - - - - a", 1),
            ("", 1),
            ("7  - - - - a", 1),
            ("7 - - 18446744073709551616 - - a", 1),
            ("7 - - 1.5 - - a", 1),
            ("7 - - -x - - a", 1),
            ("7 - - + - - a", 1),
            ("- - - - - - a", 1),
            ("7 - - - - -\n", 1),
        ] {
            assert!(read_lines(broken, count).is_err(), "{broken:?} {count}");
        }
    }
}
