//! FreeRADIUS' tables: radacct, the check and reply items, groups, and nas.

mod allowance;
mod closed;
mod cursor;
mod feed;
mod limits;
mod mariadb;
mod open;
mod postgres;
mod row;
mod sqlite;

use std::collections::BTreeSet;

use crate::config::{DatabaseUrl, TableNames};
use crate::quota::UserName;

use super::StoreError;
pub use allowance::AllowanceRow;
pub use closed::Closed;
pub use cursor::OpenCursor;
pub use limits::LimitsMark;
use mariadb::Mariadb;
pub use open::{OpenLook, OpenPage};
use postgres::Postgres;
pub use row::{NasRow, RowChange, RowImage, RowVerdict, SessionRow, Table};
use sqlite::Sqlite;

/// Names or ids in one statement.
const ASKED_AT_ONCE: usize = 500;

/// FreeRADIUS' database. A clone shares the connections.
#[derive(Debug, Clone)]
pub struct Accounting {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Mariadb(Mariadb),
    Postgres(Postgres),
    Sqlite(Sqlite),
}

/// One method, the same in every dialect.
macro_rules! each_dialect {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match &$self.backend {
            Backend::Mariadb(store) => store.$method($($argument),*).await,
            Backend::Postgres(store) => store.$method($($argument),*).await,
            Backend::Sqlite(store) => store.$method($($argument),*).await,
        }
    };
}
use each_dialect;

impl Accounting {
    /// Opens the database and checks that FreeRADIUS' tables and the columns we read are there.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::Missing`], [`StoreError::Denied`].
    pub async fn open(url: &DatabaseUrl, tables: &TableNames) -> Result<Self, StoreError> {
        match url {
            DatabaseUrl::Sqlite(path) => {
                Ok(Self { backend: Backend::Sqlite(Sqlite::open(path, tables.clone()).await?) })
            }
            DatabaseUrl::Mysql(url) => {
                Ok(Self { backend: Backend::Mariadb(Mariadb::open(url, tables.clone()).await?) })
            }
            DatabaseUrl::Postgres(url) => {
                Ok(Self { backend: Backend::Postgres(Postgres::open(url, tables.clone()).await?) })
            }
        }
    }

    /// Whether rows could be written: on SQLite takes the write lock and gives it back, on a server asks
    /// for the rights.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::Locked`], [`StoreError::Denied`].
    pub async fn check_writable(&self) -> Result<(), StoreError> {
        each_dialect!(self.check_writable())
    }

    /// Whether it answers at all.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        each_dialect!(self.ping())
    }

    /// Whether rows of radacct could be closed, which is a right of its own.
    ///
    /// # Errors
    /// [`StoreError::Denied`].
    pub async fn check_closable(&self) -> Result<(), StoreError> {
        match &self.backend {
            Backend::Mariadb(store) => store.check_closable().await,
            Backend::Postgres(store) => store.check_closable().await,
            Backend::Sqlite(_) => Ok(()),
        }
    }

    /// A user's open sessions, oldest first.
    ///
    /// # Errors
    /// When the database cannot be asked; so for every method below.
    pub async fn open_sessions(&self, user: &UserName) -> Result<Vec<SessionRow>, StoreError> {
        self.open_sessions_of(std::slice::from_ref(user)).await
    }

    /// The open sessions of these users, oldest first.
    ///
    /// # Errors
    /// As above.
    pub async fn open_sessions_of(&self, users: &[UserName]) -> Result<Vec<SessionRow>, StoreError> {
        let mut found = Vec::new();
        for slice in users.chunks(ASKED_AT_ONCE) {
            let rows = each_dialect!(self.open_sessions_of(slice))?;
            // A bare spelling of one name may be the escaped spelling of another
            let (wanted, by_server): (BTreeSet<_>, _) = (slice.iter().collect(), self.server_compares());
            found.extend(rows.into_iter().filter(|row| by_server || wanted.contains(&row.user)));
        }
        Ok(found)
    }

    /// Open sessions on the NAS of this nasipaddress, those that accounting updated last first, at most `limit`.
    ///
    /// # Errors
    /// As above.
    pub async fn open_sessions_at(&self, nas: &str, limit: u32) -> Result<Vec<SessionRow>, StoreError> {
        each_dialect!(self.open_sessions_at(nas, limit))
    }

    /// All open sessions, for `sessions` without a user.
    ///
    /// # Errors
    /// As above.
    pub async fn all_open_sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        each_dialect!(self.all_open_sessions())
    }

    /// The row of this Acct-Unique-Id, open or closed.
    ///
    /// # Errors
    /// As above.
    pub async fn session(&self, acct_unique_id: &str) -> Result<Option<SessionRow>, StoreError> {
        Ok(self.sessions(&[acct_unique_id.to_owned()]).await?.pop())
    }

    /// The rows of these Acct-Unique-Ids, open or closed, in any order.
    ///
    /// # Errors
    /// As above.
    pub async fn sessions(&self, acct_unique_ids: &[String]) -> Result<Vec<SessionRow>, StoreError> {
        let mut found = Vec::new();
        for slice in acct_unique_ids.chunks(ASKED_AT_ONCE) {
            found.extend(each_dialect!(self.sessions_of_ids(slice))?);
        }
        Ok(found)
    }

    /// Whether any table holds the name.
    ///
    /// # Errors
    /// As above.
    pub async fn knows(&self, user: &UserName) -> Result<bool, StoreError> {
        Ok(self.known_as(user).await?.is_some())
    }

    /// The name under which the tables know the user, if any holds it. It differs from `user` where the database takes
    /// two spellings for one user, as MariaDB does without case: then it is the one of radcheck, else of radreply, of
    /// radusergroup, of radacct, and always the same for the same rows.
    ///
    /// # Errors
    /// As above.
    pub async fn known_as(&self, user: &UserName) -> Result<Option<UserName>, StoreError> {
        let names = each_dialect!(self.spellings(user))?;
        Ok(names.iter().map(|name| UserName::from_table(name)).find(|name| self.server_compares() || name == user))
    }

    /// Whether the database takes two names of users, or of groups, for one, as FreeRADIUS does by asking it.
    ///
    /// # Errors
    /// As above.
    pub async fn same_name(&self, one: &str, other: &str) -> Result<bool, StoreError> {
        match &self.backend {
            _ if one == other => Ok(true),
            Backend::Mariadb(store) => store.same_name(one, other).await,
            Backend::Postgres(_) | Backend::Sqlite(_) => Ok(false),
        }
    }

    /// Whether the server compares names, without case, by its own collation: it was asked for no spelling of another name.
    const fn server_compares(&self) -> bool {
        matches!(self.backend, Backend::Mariadb(_))
    }

    /// nasipaddress of every open row, each once.
    ///
    /// # Errors
    /// As above.
    pub async fn nas_in_use(&self) -> Result<BTreeSet<String>, StoreError> {
        each_dialect!(self.nas_in_use())
    }

    /// FreeRADIUS' clients.
    ///
    /// # Errors
    /// As above.
    pub async fn nas(&self) -> Result<Vec<NasRow>, StoreError> {
        each_dialect!(self.nas())
    }

    /// Every row of `table` that belongs to the user, as it stands.
    ///
    /// # Errors
    /// As above.
    pub async fn rows_of(&self, table: Table, user: &UserName) -> Result<Vec<RowImage>, StoreError> {
        each_dialect!(self.rows_of(table, user))
    }

    /// Ids for `count` new rows of `table`, which no row has now.
    ///
    /// # Errors
    /// As above.
    pub async fn reserve_ids(&self, table: Table, count: usize) -> Result<Vec<i64>, StoreError> {
        each_dialect!(self.reserve_ids(table, count))
    }

    /// Makes these changes in one transaction. A row to be inserted that is there already, exactly so, and a row to be
    /// deleted that is no longer there exactly so, are left as they are: the verdict says so, row by row.
    ///
    /// # Errors
    /// As above; nothing is changed then.
    pub async fn apply(&self, changes: &[RowChange]) -> Result<Vec<RowVerdict>, StoreError> {
        each_dialect!(self.apply(changes))
    }

    /// Closes a row that is still open: stop time, session time, Admin-Reset. Whether it was open.
    ///
    /// # Errors
    /// As above.
    pub async fn close_row(&self, acct_unique_id: &str, stop: i64) -> Result<bool, StoreError> {
        each_dialect!(self.close_row(acct_unique_id, stop))
    }
}
