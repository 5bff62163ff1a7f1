//! The open rows as they were last seen, so that a look tells which have changed.

use std::sync::Arc;

use foldhash::HashMap;
use slab::Slab;

use crate::quota::{SessionAccount, Sighting, UserName};
use crate::store::OpenLook;

use super::digest::{of_account, of_look, of_row, phase};
use super::open_row::{OpenRow, Seen, Sight, Whole};
use super::texts::Texts;

/// After how many looks a row that changes is read whole again, whatever its name and start say.
const WHOLE: u32 = 240;

/// The open rows.
#[derive(Debug, Default)]
pub(super) struct OpenRows {
    rows: Slab<OpenRow>,
    /// The place of each, by radacctid.
    places: HashMap<i64, u32>,
    /// What every look asks of each, by its place: apart from the rows, which are many times as large.
    seen: Vec<Seen>,
    /// How many of them each user has.
    users: HashMap<UserName, usize>,
    /// NAS-IP-Addresses, as stored.
    nas: Texts,
    /// Called-Station-Ids, as stored.
    stations: Texts,
    /// Acct-Unique-Ids of rows whose radacctid is another row's by now: the table was filled anew.
    lost: Vec<Arc<str>>,
    /// The database's mark of the reading in which they were last seen.
    pub(super) mark: Option<i64>,
}

impl OpenRows {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    fn place(&self, row_id: i64) -> Option<usize> {
        self.places.get(&row_id).map(|place| *place as usize)
    }

    fn row(&self, row_id: i64) -> Option<&OpenRow> {
        self.rows.get(self.place(row_id)?)
    }

    /// Whether the row was seen in this look.
    pub(super) fn saw(&self, row_id: i64, look: u32) -> bool {
        self.place(row_id).is_some_and(|place| self.seen[place].look == look)
    }

    /// Radacctids in their order, between each two of which there are about `rows` rows.
    pub(super) fn ends(&self, rows: usize) -> Vec<i64> {
        const SAMPLE: usize = 100;
        let mut sample: Vec<i64> = self.places.keys().copied().step_by((rows / SAMPLE).max(1)).collect();
        sample.sort_unstable();
        sample.chunks(SAMPLE).filter_map(|chunk| chunk.last().copied()).collect()
    }

    /// Whose row this is, by the name in the ledger.
    pub(super) fn user(&self, row_id: i64) -> Option<&UserName> {
        self.row(row_id).map(|row| &row.user)
    }

    /// Sees a row, unless it is news: it is remembered as it stands now. One that began at another time than it did is
    /// another session, in a table that was filled anew.
    pub(super) fn look_at(&mut self, row: &OpenLook, look: u32) -> Sight {
        let Some(place) = self.place(row.row_id) else { return Sight::News };
        let (known, digest) = (&mut self.rows[place], of_look(row));
        if known.look == digest {
            self.seen[place].look = look;
            return Sight::Same;
        }
        let whole = known.whole.filter(|whole| whole.name == row.name && look.wrapping_sub(whole.look) < WHOLE);
        let Some(whole) = whole.filter(|_| row.start.is_some() && row.start == known.start) else {
            return Sight::News;
        };
        (known.look, known.update) = (digest, row.update);
        let seen = &mut self.seen[place];
        (seen.look, seen.heard) = (look, known.heard());
        Sight::Grown(Sighting {
            row_id: row.row_id,
            acct_unique_id: known.acct_unique_id.clone(),
            user: known.user.clone(),
            nas_ip_address: self.nas.get(seen.nas),
            called_station_id: self.stations.get(whole.station),
            start: row.start,
            update: row.update,
            stop: None,
            input: row.input,
            output: row.output,
            seconds: row.seconds,
        })
    }

    /// Sees a row that nobody has written since it was last seen. `false` where it never was.
    pub(super) fn see(&mut self, row_id: i64, look: u32) -> bool {
        self.place(row_id).map(|place| self.seen[place].look = look).is_some()
    }

    /// Whether one of them is this user's, by the name in the ledger.
    pub(super) fn has(&self, user: &UserName) -> bool {
        self.users.contains_key(user)
    }

    /// How many users they are of.
    pub(super) fn users(&self) -> usize {
        self.users.len()
    }

    /// Remembers a row as it was read whole, under its user's name in the ledger. `name` is its [`OpenLook::name`] of just
    /// before, where that is known.
    pub(super) fn note(&mut self, row: &Sighting, look: u32, name: Option<i64>) {
        let nas = self.nas.number(&row.nas_ip_address);
        let is_again = self.row(row.row_id).is_some_and(|known| known.whole.is_some());
        // Not all that were found at once are to be read again at once
        let age = if is_again { 0 } else { phase(row.row_id, WHOLE) };
        let (look_then, station) = (look.wrapping_sub(age), self.stations.number(&row.called_station_id));
        let whole = name.map(|name| Whole { look: look_then, station, name });
        let (acct_unique_id, user) = (row.acct_unique_id.clone(), row.user.clone());
        let (start, update, row_id) = (row.start, row.update, row.row_id);
        self.put(OpenRow { acct_unique_id, user, start, update, look: of_row(row), row_id, whole }, (look, nas));
    }

    /// Remembers a row as its account has it, not seen yet.
    pub(super) fn recall(&mut self, account: &SessionAccount) {
        let nas = self.nas.number(&account.nas_ip_address);
        let (acct_unique_id, user) = (account.acct_unique_id.clone(), account.user.clone());
        let (start, update, row_id) = (account.start, account.update, account.row_id);
        let look = of_account(account);
        self.put(OpenRow { acct_unique_id, user, start, update, look, row_id, whole: None }, (0, nas));
    }

    /// The rows that were seen in this look, by their places.
    pub(super) fn seen(&self, look: u32) -> impl Iterator<Item = (usize, &Seen)> {
        self.seen.iter().enumerate().filter(move |(_, seen)| seen.look == look)
    }

    /// The row in a place.
    pub(super) fn at(&self, place: usize) -> Option<&OpenRow> {
        self.rows.get(place)
    }

    /// The NAS that there are and were.
    pub(super) const fn nas(&self) -> &Texts {
        &self.nas
    }

    /// Acct-Unique-Ids of the rows that were not seen in this look and are such ones, and of those whose radacctid is another
    /// row's by now, in their order.
    pub(super) fn unseen(&self, look: u32, such: impl Fn(&OpenRow) -> bool) -> Vec<String> {
        let unseen = self.not_seen(look).filter(|row| such(row)).map(|row| &row.acct_unique_id);
        let mut ids: Vec<String> = unseen.chain(&self.lost).map(ToString::to_string).collect();
        ids.sort_unstable();
        ids
    }

    /// The users of the rows that were not seen in this look.
    pub(super) fn users_unseen(&self, look: u32) -> impl Iterator<Item = &UserName> {
        self.not_seen(look).map(|row| &row.user)
    }

    fn not_seen(&self, look: u32) -> impl Iterator<Item = &OpenRow> {
        let places = self.seen.iter().enumerate().filter(move |(_, seen)| seen.look != look);
        places.filter_map(|(place, _)| self.rows.get(place))
    }

    /// Forgets the rows that were not seen in this look.
    pub(super) fn settle(&mut self, look: u32) {
        let gone: Vec<i64> = self.not_seen(look).map(|row| row.row_id).collect();
        for row_id in gone {
            if let Some(row) = self.places.remove(&row_id).map(|place| self.rows.remove(place as usize)) {
                forget(&mut self.users, &row.user);
            }
        }
        self.lost.clear();
    }

    /// Whether a row looks as it did when it was last seen.
    pub(super) fn is_known(&self, row: &Sighting) -> bool {
        self.row(row.row_id).is_some_and(|known| known.look == of_row(row))
    }

    fn put(&mut self, row: OpenRow, (look, nas): (u32, u32)) {
        *self.users.entry(row.user.clone()).or_default() += 1;
        let seen = Seen { look, nas, heard: row.heard() };
        let Some(place) = self.place(row.row_id) else {
            let row_id = row.row_id;
            let place = self.rows.insert(row);
            self.seen.resize(self.seen.len().max(place + 1), Seen::default());
            self.seen[place] = seen;
            self.places.insert(row_id, u32::try_from(place).unwrap_or(u32::MAX));
            return;
        };
        self.seen[place] = seen;
        let session = row.acct_unique_id.clone();
        let replaced = std::mem::replace(&mut self.rows[place], row);
        forget(&mut self.users, &replaced.user);
        self.lost.extend(Some(replaced.acct_unique_id).filter(|replaced| *replaced != session));
    }
}

/// One row of this user is none any more.
fn forget(users: &mut HashMap<UserName, usize>, user: &UserName) {
    if let Some(rows) = users.get_mut(user) {
        *rows -= 1;
        if *rows == 0 {
            users.remove(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{OpenRows, Sight, WHOLE};
    use crate::quota::{Sighting, UserName};
    use crate::store::OpenLook;

    fn row(row_id: i64, session: &str) -> Sighting {
        Sighting {
            row_id,
            acct_unique_id: session.into(),
            user: UserName::new("alice"),
            nas_ip_address: "10.0.0.1".into(),
            called_station_id: "".into(),
            start: Some(1),
            update: Some(2),
            stop: None,
            input: Some(3),
            output: None,
            seconds: None,
        }
    }

    /// A table that was emptied gives its ids again.
    #[test]
    fn a_session_whose_row_is_anothers_is_not_seen() {
        let mut rows = OpenRows::default();
        rows.note(&row(1, "a"), 1, None);
        rows.note(&row(2, "b"), 1, None);
        rows.note(&row(1, "c"), 2, None);
        rows.note(&row(2, "b"), 2, None);
        assert_eq!(rows.unseen(2, |_| true), ["a"]);
        rows.settle(2);
        assert_eq!(rows.unseen(2, |_| true), [""; 0]);
        assert!(rows.is_known(&row(1, "c")) && !rows.is_known(&Sighting { input: Some(4), ..row(1, "c") }));
    }

    fn look(input: u64, name: i64) -> OpenLook {
        OpenLook { row_id: 1, start: Some(1), update: Some(2), input: Some(input), output: None, seconds: None, name }
    }

    #[test]
    fn a_row_that_went_on_need_not_be_read() {
        let grown = |rows: &mut OpenRows, row: &OpenLook, look| match rows.look_at(row, look) {
            Sight::Grown(row) => Some(row),
            Sight::Same | Sight::News => None,
        };
        let mut rows = OpenRows::default();
        assert!(matches!(rows.look_at(&look(3, 7), 1), Sight::News), "unknown");
        rows.note(&row(1, "a"), 1, Some(7));
        assert!(matches!(rows.look_at(&look(3, 7), 2), Sight::Same));
        assert_eq!(rows.unseen(2, |_| true), [""; 0]);
        let now = grown(&mut rows, &look(4, 7), 3).expect("it went on");
        assert_eq!(now, Sighting { input: Some(4), ..row(1, "a") });
        assert!(rows.saw(1, 3) && matches!(rows.look_at(&look(4, 7), 4), Sight::Same));
    }

    /// Its user, or the whole row, may be another by now.
    #[test]
    fn a_row_of_which_more_may_have_changed_is_read() {
        let other_start = OpenLook { start: Some(9), ..look(4, 7) };
        let no_start = OpenLook { start: None, ..look(4, 7) };
        for (told, at) in [(look(4, 8), 2), (other_start, 2), (no_start, 2), (look(4, 7), 2 + WHOLE)] {
            let mut rows = OpenRows::default();
            rows.note(&row(1, "a"), 1, Some(7));
            assert!(matches!(rows.look_at(&told, at), Sight::News), "{told:?} at {at}");
            assert_eq!(rows.unseen(at, |_| true), ["a"], "not seen before it is read");
        }
        let mut rows = OpenRows::default();
        rows.note(&row(1, "a"), 1, None);
        assert!(matches!(rows.look_at(&look(4, 7), 2), Sight::News), "nobody knows its name");
    }

    #[test]
    fn places_are_given_again() {
        let mut rows = OpenRows::default();
        rows.note(&row(1, "a"), 1, None);
        rows.note(&row(2, "b"), 2, None);
        rows.settle(2);
        assert!(!rows.saw(1, 1) && rows.user(1).is_none() && rows.len() == 1);
        rows.note(&row(3, "c"), 3, None);
        assert_eq!((rows.unseen(3, |_| true), rows.saw(3, 3), rows.users()), (vec!["b".to_owned()], true, 1));
    }

    #[test]
    fn stretches_have_about_as_many_rows() {
        let mut rows = OpenRows::default();
        (1..=10_000).for_each(|id| rows.note(&row(id, "a"), 1, None));
        let ends = rows.ends(1000);
        assert!((9..=11).contains(&ends.len()) && ends.is_sorted(), "{ends:?}");
        assert!(ends.iter().zip(ends.iter().skip(1)).all(|(from, to)| (500..2000).contains(&(to - from))), "{ends:?}");
    }
}
