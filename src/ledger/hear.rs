//! What an accounting packet tells before radacct does, or beside it.

use std::collections::{BTreeMap, BTreeSet};

use crate::quota::{Sighting, UserName};
use crate::store::StoreError;

use super::{Ledger, Looked};

/// What an Interim-Update or Stop told of a session: its counters since its start, gigawords joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Told {
    /// When, in seconds since 1970, by the clock that radacct's times are of.
    pub at: i64,
    /// Octets from the user.
    pub input: u64,
    /// Octets to the user.
    pub output: u64,
    /// Seconds online.
    pub seconds: u64,
}

impl Told {
    /// The row as it will be once the packet has reached it. A row that the packet does not run ahead of stays as it is:
    /// it is as new, or the packet is an old one, or of another session under the same id, or a counter ran over, which
    /// the row alone can tell.
    fn ahead_of(&self, row: Sighting) -> Sighting {
        let reaches = |counter: Option<u64>, told: u64| counter.is_none_or(|counter| told >= counter);
        let (input, output) = (reaches(row.input, self.input), reaches(row.output, self.output));
        let is_ahead = input && output && reaches(row.seconds, self.seconds);
        if row.stop.is_some() || row.start.is_some_and(|start| start > self.at) || !is_ahead {
            return row;
        }
        let update = row.update.max(Some(self.at));
        let (input, output, seconds) = (Some(self.input), Some(self.output), Some(self.seconds));
        Sighting { update, input, output, seconds, ..row }
    }
}

impl Looked {
    /// The NAS of the rows that changed.
    pub fn heard(&self) -> impl Iterator<Item = &str> {
        self.changed.iter().map(|row| &*row.nas_ip_address)
    }
}

impl Ledger {
    /// Looks at the rows of these sessions, by Acct-Unique-Id, with what packets told of them where it runs ahead, and at the
    /// open rows of these users. Nothing is counted yet; and when the next look finds the same in the rows, they have grown by nothing. And which of the
    /// sessions have no row.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked.
    pub async fn hear(
        &self,
        (told, users): (&BTreeMap<String, Option<Told>>, &BTreeSet<UserName>),
        now: i64,
    ) -> Result<(Looked, Vec<String>), StoreError> {
        let ids: Vec<String> = told.keys().cloned().collect();
        let mut missing: BTreeSet<String> = ids.iter().cloned().collect();
        let mut found = Looked { feed: self.feed.clone(), now, ..Looked::default() };
        let users: Vec<UserName> = users.iter().cloned().collect();
        let (mut rows, of_users) = tokio::try_join!(self.accounting.rows_by_id(&ids), self.open_rows_of(&users))?;
        rows.extend(of_users.into_iter().filter(|row| !told.contains_key(&*row.acct_unique_id)));
        for row in rows {
            let told = told.get(&*row.acct_unique_id).copied().flatten();
            missing.remove(&*row.acct_unique_id);
            let row = self.named(row);
            found.users.insert(row.user.clone());
            let row = told.map_or_else(|| row.clone(), |told| told.ahead_of(row.clone()));
            // What has not changed is no sign of life of its NAS
            if !self.open.is_known(&row) {
                found.changed.push(row);
            }
        }
        Ok((found, missing.into_iter().collect()))
    }

    async fn open_rows_of(&self, users: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        if users.is_empty() { Ok(Vec::new()) } else { self.accounting.open_sightings_of(users).await }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sighting, Told, UserName};

    fn row() -> Sighting {
        Sighting {
            row_id: 1,
            acct_unique_id: "u".into(),
            user: UserName::new("alice"),
            nas_ip_address: "".into(),
            called_station_id: "".into(),
            start: Some(100),
            update: Some(200),
            stop: None,
            input: Some(10),
            output: Some(20),
            seconds: None,
        }
    }

    #[test]
    fn only_what_runs_ahead_is_taken() {
        let told = Told { at: 300, input: 15, output: 20, seconds: 200 };
        let ahead = told.ahead_of(row());
        assert_eq!(
            (ahead.update, ahead.input, ahead.output, ahead.seconds),
            (Some(300), Some(15), Some(20), Some(200))
        );
        let others = [Told { input: 9, ..told }, Told { output: 19, ..told }, Told { at: 99, ..told }];
        for other in others {
            assert_eq!(other.ahead_of(row()), row(), "{other:?}");
        }
        let stopped = Sighting { stop: Some(250), ..row() };
        assert_eq!(told.ahead_of(stopped.clone()), stopped);
        let later = Sighting { seconds: Some(201), ..row() };
        assert_eq!(told.ahead_of(later.clone()), later);
        assert_eq!(Told { at: 150, ..told }.ahead_of(row()).update, Some(200));
    }
}
