//! The open rows as they were last seen, so that a look tells which have changed.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use foldhash::HashMap;

use crate::quota::{Counters, SessionAccount, Sighting, UserName};
use crate::store::OpenLook;

use super::texts::Texts;

/// After how many looks a row that changes is read whole again: another program may have given it another name.
const WHOLE: u32 = 30;

/// An open row as it was last seen.
#[derive(Debug)]
pub(super) struct OpenRow {
    /// FreeRADIUS' own id of the session.
    pub(super) acct_unique_id: Box<str>,
    /// Whose, by the name in the ledger.
    user: UserName,
    /// When it started.
    pub(super) start: Option<i64>,
    /// When accounting last updated it.
    pub(super) update: Option<i64>,
    look: u64,
    /// In which look it was last seen.
    seen: u32,
    nas: u32,
    /// In which look it was last read whole, and its Called-Station-Id then.
    whole: Option<(u32, u32)>,
}

/// What a look at a row tells.
#[derive(Debug)]
pub(super) enum Sight {
    /// It is as it was.
    Same,
    /// It went on: so it stands now.
    Grown(Sighting),
    /// It is new, or may be another session's by now: to be read whole.
    News,
}

/// The open rows, by radacctid.
#[derive(Debug, Default)]
pub(super) struct OpenRows {
    rows: HashMap<i64, OpenRow>,
    /// How many of them each user has.
    users: HashMap<UserName, usize>,
    /// NAS-IP-Addresses, as stored.
    nas: Texts,
    /// Called-Station-Ids, as stored.
    stations: Texts,
    /// Acct-Unique-Ids of rows whose radacctid is another row's by now: the table was filled anew.
    lost: Vec<Box<str>>,
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

    /// Whether the row was seen in this look.
    pub(super) fn saw(&self, row_id: i64, look: u32) -> bool {
        self.rows.get(&row_id).is_some_and(|row| row.seen == look)
    }

    /// Whose row this is, by the name in the ledger.
    pub(super) fn user(&self, row_id: i64) -> Option<&UserName> {
        self.rows.get(&row_id).map(|row| &row.user)
    }

    /// Sees a row, unless it is news: it is remembered as it stands now. One that began at another time than it did is
    /// another session, in a table that was filled anew.
    pub(super) fn look_at(&mut self, row: &OpenLook, look: u32) -> Sight {
        let Some(known) = self.rows.get_mut(&row.row_id) else { return Sight::News };
        let digest = of_look(row);
        if known.look == digest {
            known.seen = look;
            return Sight::Same;
        }
        let whole = known.whole.filter(|(at, _)| look.wrapping_sub(*at) < WHOLE);
        let Some((_, station)) = whole.filter(|_| row.start.is_some() && row.start == known.start) else {
            return Sight::News;
        };
        (known.seen, known.look, known.update) = (look, digest, row.update);
        Sight::Grown(Sighting {
            row_id: row.row_id,
            acct_unique_id: known.acct_unique_id.to_string(),
            user: known.user.clone(),
            nas_ip_address: self.nas.get(known.nas).to_owned(),
            called_station_id: self.stations.get(station).to_owned(),
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
        self.rows.get_mut(&row_id).map(|known| known.seen = look).is_some()
    }

    /// Whether one of them is this user's, by the name in the ledger.
    pub(super) fn has(&self, user: &UserName) -> bool {
        self.users.contains_key(user)
    }

    /// How many users they are of.
    pub(super) fn users(&self) -> usize {
        self.users.len()
    }

    /// Remembers a row as it was read whole, under its user's name in the ledger.
    pub(super) fn note(&mut self, row: &Sighting, look: u32) {
        let nas = self.nas.number(&row.nas_ip_address);
        let whole = Some((look, self.stations.number(&row.called_station_id)));
        let (acct_unique_id, user) = (row.acct_unique_id.as_str().into(), row.user.clone());
        let (start, update) = (row.start, row.update);
        let known = OpenRow { acct_unique_id, user, start, update, look: of_row(row), seen: look, nas, whole };
        self.put(row.row_id, known);
    }

    /// Remembers a row as its account has it, not seen yet.
    pub(super) fn recall(&mut self, account: &SessionAccount) {
        let nas = self.nas.number(&account.nas_ip_address);
        let (acct_unique_id, user) = (account.acct_unique_id.as_str().into(), account.user.clone());
        let (start, update) = (account.start, account.update);
        let known =
            OpenRow { acct_unique_id, user, start, update, look: of_account(account), seen: 0, nas, whole: None };
        self.put(account.row_id, known);
    }

    /// The rows that were seen in this look, each with the number of its NAS.
    pub(super) fn seen(&self, look: u32) -> impl Iterator<Item = (u32, &OpenRow)> {
        self.rows.values().filter(move |row| row.seen == look).map(|row| (row.nas, row))
    }

    /// The NAS that there are and were.
    pub(super) const fn nas(&self) -> &Texts {
        &self.nas
    }

    /// Acct-Unique-Ids of the rows that were not seen in this look, in their order.
    pub(super) fn unseen(&self, look: u32) -> Vec<String> {
        let unseen = self.rows.values().filter(|row| row.seen != look);
        let mut ids: Vec<String> =
            unseen.map(|row| &row.acct_unique_id).chain(&self.lost).map(ToString::to_string).collect();
        ids.sort_unstable();
        ids
    }

    /// The users of the rows that were not seen in this look.
    pub(super) fn users_unseen(&self, look: u32) -> impl Iterator<Item = &UserName> {
        self.rows.values().filter(move |row| row.seen != look).map(|row| &row.user)
    }

    /// Forgets the rows that were not seen in this look.
    pub(super) fn settle(&mut self, look: u32) {
        for (_, row) in self.rows.extract_if(|_, row| row.seen != look) {
            forget(&mut self.users, &row.user);
        }
        self.lost.clear();
    }

    /// Whether a row looks as it did when it was last seen.
    pub(super) fn is_known(&self, row: &Sighting) -> bool {
        self.rows.get(&row.row_id).is_some_and(|known| known.look == of_row(row))
    }

    fn put(&mut self, row_id: i64, row: OpenRow) {
        let session = row.acct_unique_id.clone();
        *self.users.entry(row.user.clone()).or_default() += 1;
        let Some(replaced) = self.rows.insert(row_id, row) else { return };
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

/// How a row looks: another number, another look.
pub(super) fn of_row(row: &Sighting) -> u64 {
    digest((row.start, row.update, row.stop), (row.input, row.output, row.seconds))
}

/// How the row of an account looked when it was last seen.
pub(super) fn of_account(account: &SessionAccount) -> u64 {
    let Counters { input, output, seconds } = account.seen;
    digest((account.start, account.update, account.stop), (Some(input), Some(output), Some(seconds)))
}

fn of_look(row: &OpenLook) -> u64 {
    digest((row.start, row.update, None), (row.input, row.output, row.seconds))
}

fn digest(times: (Option<i64>, Option<i64>, Option<i64>), octets: (Option<u64>, Option<u64>, Option<u64>)) -> u64 {
    let mut hasher = DefaultHasher::new();
    let octets = (octets.0.unwrap_or(0), octets.1.unwrap_or(0), octets.2.unwrap_or(0));
    (times, octets).hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::OpenRows;
    use crate::quota::{Sighting, UserName};

    fn row(row_id: i64, session: &str) -> Sighting {
        Sighting {
            row_id,
            acct_unique_id: session.to_owned(),
            user: UserName::new("alice"),
            nas_ip_address: "10.0.0.1".to_owned(),
            called_station_id: String::new(),
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
        rows.note(&row(1, "a"), 1);
        rows.note(&row(2, "b"), 1);
        rows.note(&row(1, "c"), 2);
        rows.note(&row(2, "b"), 2);
        assert_eq!(rows.unseen(2), ["a"]);
        rows.settle(2);
        assert_eq!(rows.unseen(2), [""; 0]);
        assert!(rows.is_known(&row(1, "c")) && !rows.is_known(&Sighting { input: Some(4), ..row(1, "c") }));
    }
}
