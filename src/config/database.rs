//! `[database]` and `[state]`: where FreeRADIUS' tables and ours are.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// `[database]`: FreeRADIUS' own tables.
#[derive(Debug, Clone)]
pub struct Database {
    /// `url` (or `url_file`, a file that holds it). Required. `sqlite:FILE`, `postgres://USER:PASSWORD@HOST/NAME`,
    /// `mysql://…`; `postgresql:` and `mariadb:` mean the same as those.
    pub url: DatabaseUrl,
    /// The names of the tables, where the site's differ from FreeRADIUS' own.
    pub tables: TableNames,
}

/// `[state]`: radkick's own tables.
#[derive(Debug, Clone)]
pub struct State {
    /// `url`, as in `[database]`. Default: the accounting database if that is a server; for SQLite the file
    /// `radkick-state.db` in the folder of the accounting file.
    pub url: DatabaseUrl,
    /// `keep`, how long the journal and what has ended stay, 1 to 3650 days. Default 90 days.
    pub keep: Duration,
}

/// A database, by kind. `Debug` and `Display` leave the password out.
#[derive(Clone)]
pub enum DatabaseUrl {
    /// A file, which need not exist yet. A relative path was taken from the folder of the configuration file.
    Sqlite(PathBuf),
    /// A PostgreSQL server, with the scheme `postgres:`.
    Postgres(ServerUrl),
    /// A MariaDB server or one of its kin, with the scheme `mysql:`.
    Mysql(ServerUrl),
}

/// The URL of a database server, which may hold a password.
#[derive(Clone)]
pub struct ServerUrl {
    full: SecretString,
    shown: String,
}

/// The names of FreeRADIUS' tables, with the keys of its sql.conf. Each is 1 to 64 of `A-Z a-z 0-9 _`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableNames {
    /// `acct_table`, default `radacct`.
    pub acct: String,
    /// `authcheck_table`, default `radcheck`.
    pub authcheck: String,
    /// `authreply_table`, default `radreply`.
    pub authreply: String,
    /// `groupcheck_table`, default `radgroupcheck`.
    pub groupcheck: String,
    /// `groupreply_table`, default `radgroupreply`.
    pub groupreply: String,
    /// `usergroup_table`, default `radusergroup`.
    pub usergroup: String,
    /// `client_table`, default `nas`.
    pub client: String,
}

impl Default for TableNames {
    fn default() -> Self {
        Self {
            acct: "radacct".to_owned(),
            authcheck: "radcheck".to_owned(),
            authreply: "radreply".to_owned(),
            groupcheck: "radgroupcheck".to_owned(),
            groupreply: "radgroupreply".to_owned(),
            usergroup: "radusergroup".to_owned(),
            client: "nas".to_owned(),
        }
    }
}

impl ServerUrl {
    /// `full` with its password, `shown` without.
    pub(super) fn new(full: SecretString, shown: String) -> Self {
        Self { full, shown }
    }

    /// The whole URL, password included, for the database driver alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.full.expose_secret()
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) | Self::Mysql(url) => write!(f, "{url}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}
