//! radacct as the ledger follows it: looks at rows, page by page.
//!
//! No method here costs more for the closed rows that pile up beside the open ones, but for [`Accounting::sightings_of`],
//! which asks for them.

use crate::quota::{Sighting, UserName};

use super::{Accounting, Backend, StoreError, each_dialect};

impl Accounting {
    /// The highest radacctid; 0 when the table is empty.
    ///
    /// # Errors
    /// When the database cannot be asked; so for every method below.
    pub async fn last_row_id(&self) -> Result<i64, StoreError> {
        each_dialect!(self.last_row_id())
    }

    /// The rows of these Acct-Unique-Ids, open and closed, in any order. Those that are not there are absent; a schema of
    /// old, without the unique key, may hold several of one.
    ///
    /// # Errors
    /// As above.
    pub async fn rows_by_id(&self, acct_unique_ids: &[String]) -> Result<Vec<Sighting>, StoreError> {
        each_dialect!(self.rows_by_id(acct_unique_ids))
    }

    /// The rows with a higher radacctid, lowest first, open and closed, at most `limit`; fewer are the last. A row gets its
    /// id when its insertion begins, so that one with a lower id may turn up after one with a higher.
    ///
    /// # Errors
    /// As above.
    pub async fn rows_above(&self, row_id: i64, limit: u32) -> Result<Vec<Sighting>, StoreError> {
        each_dialect!(self.rows_above(row_id, limit))
    }

    /// The radacctids of the rows that [`Accounting::rows_above`] gives.
    ///
    /// # Errors
    /// As above.
    pub async fn row_ids_above(&self, row_id: i64, limit: u32) -> Result<Vec<i64>, StoreError> {
        each_dialect!(self.row_ids_above(row_id, limit))
    }

    /// All rows of a user, open and closed, lowest radacctid first, in every spelling that the database takes for the user.
    /// PostgreSQL's stock schema has no index for it: there the whole table is read.
    ///
    /// # Errors
    /// As above.
    pub async fn sightings_of(&self, user: &UserName) -> Result<Vec<Sighting>, StoreError> {
        each_dialect!(self.sightings_of(user))
    }

    /// The open rows of these users, each once, lowest radacctid first, in every spelling.
    ///
    /// # Errors
    /// As above.
    pub async fn open_sightings_of(&self, users: &[UserName]) -> Result<Vec<Sighting>, StoreError> {
        let mut rows = each_dialect!(self.open_sightings_of(users))?;
        rows.sort_by_key(|row| row.row_id);
        // Two of the names may be one user to the server
        rows.dedup_by_key(|row| row.row_id);
        Ok(rows)
    }

    /// The one name under which the ledger keeps a user. It is the name itself, but on MariaDB: there all names that the
    /// collation of radacct.username takes for one have one name, which depends on that collation alone and on no row. As a
    /// rule it knows no case, no accents and no spaces at the end. A name that is not all ASCII must have come from a method
    /// of this room before, or been asked of one: the first such name makes it read what the collation does with others.
    #[must_use]
    pub fn ledger_name(&self, user: &UserName) -> UserName {
        match &self.backend {
            Backend::Mariadb(store) => store.ledger_name(user),
            Backend::Postgres(_) | Backend::Sqlite(_) => user.clone(),
        }
    }

    /// Closes a row that is still open and that accounting has not updated since it was seen with `seen_update`: stop time
    /// `stop` (seconds since 1970, as `seen_update`), session time from the start until then, Stale-Session. Whether it was.
    ///
    /// # Errors
    /// As above.
    pub async fn close_stale(
        &self,
        acct_unique_id: &str,
        stop: i64,
        seen_update: Option<i64>,
    ) -> Result<bool, StoreError> {
        each_dialect!(self.close_stale(acct_unique_id, stop, seen_update))
    }
}
