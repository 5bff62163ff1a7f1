//! How far a reading of the open rows has come.

use std::collections::VecDeque;

use super::open::OpenLook;

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
    /// What says by which index, once that was asked.
    pub(super) index: Option<String>,
    /// The radacctid behind which it goes on within that part.
    after: i64,
    /// The radacctids behind which it begins, and up to which it goes.
    all: (i64, i64),
    /// The radacctids up to which the next stretches go of which about a page is thought to be open.
    ends: VecDeque<i64>,
}

/// What is read next: the rows behind a radacctid, and up to one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) after: i64,
    pub(super) until: i64,
    /// Whether about a page is thought to be open there, so that it is read whole; else at most a page of it.
    pub(super) whole: bool,
}

impl OpenCursor {
    /// From the beginning, in pages of 10,000 (100,000 on PostgreSQL, where one takes 50 ms). `known` is how many rows are thought to be open, 0 if nobody knows.
    #[must_use]
    pub const fn new(known: usize) -> Self {
        Self {
            page: None,
            known,
            since: None,
            mark: None,
            part: 0,
            index: None,
            after: i64::MIN,
            all: (i64::MIN, i64::MAX),
            ends: VecDeque::new(),
        }
    }

    /// As [`OpenCursor::new`], in pages of `page` rows.
    #[must_use]
    pub fn paged(known: usize, page: u32) -> Self {
        Self { page: Some(page), ..Self::new(known) }
    }

    /// The same, after a reading whose rows are all remembered and that ended with this [`OpenCursor::mark`]: where the
    /// database can tell them apart, rows that nobody has written since are named and no more.
    #[must_use]
    pub fn after(self, mark: Option<i64>) -> Self {
        Self { since: mark, ..self }
    }

    /// The same reading in two that may go on side by side, of a database that reads by radacctid. `ends` are radacctids in
    /// their order, between each two of which about a page of rows is thought to be open; without any it stays one.
    pub(super) fn side_by_side(self, ends: &[i64]) -> Vec<Self> {
        let (first, second) = ends.split_at(ends.len().div_ceil(2));
        let Some(middle) = first.last().copied() else { return vec![self] };
        let (from, until) = self.all;
        let of = |all: (i64, i64), ends: &[i64]| Self {
            after: all.0,
            all,
            ends: ends.iter().copied().collect(),
            ..self.clone()
        };
        vec![of((from, middle), first), of((middle, until), second)]
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

    /// What is read next.
    pub(super) fn stretch(&self) -> Stretch {
        let end = self.ends.front().copied();
        Stretch { after: self.after, until: end.unwrap_or(self.all.1), whole: end.is_some() }
    }

    /// Goes on to the next part.
    pub(super) fn advance(&mut self) {
        self.part += 1;
        self.after = self.all.0;
    }

    /// Goes on behind what came of a stretch, at most `rows` rows of one that is not read whole.
    pub(super) fn behind(&mut self, stretch: Stretch, page: &[OpenLook], rows: u32) {
        let last = page.iter().map(|row| row.row_id).max().filter(|_| page.len() >= rows as usize);
        if stretch.whole {
            self.ends.pop_front();
            self.after = stretch.until;
        } else {
            self.after = last.unwrap_or(self.all.1);
        }
        if self.after >= self.all.1 {
            self.advance();
        }
    }

    /// Goes on page by page: a stretch had more rows than was thought.
    pub(super) fn doubt(&mut self) {
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::{OpenCursor, OpenLook};

    fn row(row_id: i64) -> OpenLook {
        OpenLook { row_id, start: None, update: None, input: None, output: None, seconds: None, name: 0 }
    }

    /// Reads `open` as a database would: the rows, each as often as it came.
    fn read(mut cursor: OpenCursor, open: &[i64], doubts: bool) -> Vec<i64> {
        let mut found = Vec::new();
        while cursor.part == 0 {
            let stretch = cursor.stretch();
            let of_stretch = open.iter().copied().filter(|id| *id > stretch.after && *id <= stretch.until);
            if stretch.whole && doubts {
                cursor.doubt();
                continue;
            }
            let page: Vec<OpenLook> = of_stretch.take(if stretch.whole { 99 } else { 2 }).map(row).collect();
            found.extend(page.iter().map(|row| row.row_id));
            cursor.behind(stretch, &page, 2);
        }
        found
    }

    #[test]
    fn side_by_side_each_row_is_read_once() {
        let open = [i64::MIN + 1, -7, 1, 2, 3, 5, 8, 13, 21, 34, i64::MAX];
        for ends in [&[][..], &[2], &[i64::MAX], &[4, 13], &[2, 5, 21], &[-7, 1, 2, 3, 90]] {
            for doubts in [false, true] {
                let cursors = OpenCursor::new(9).side_by_side(ends);
                assert_eq!(cursors.len(), if ends.is_empty() { 1 } else { 2 });
                let found: Vec<i64> = cursors.into_iter().flat_map(|cursor| read(cursor, &open, doubts)).collect();
                assert_eq!(found, open, "{ends:?} {doubts}");
            }
        }
    }
}
