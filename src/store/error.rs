//! What can go wrong with a database, in an operator's words.

use std::io::ErrorKind;
use std::path::Path;

/// An operation on a database that failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be opened.
    #[error("{database}: cannot be opened: {reason}")]
    Unreachable {
        /// The database, password left out.
        database: String,
        /// Why.
        reason: String,
    },
    /// Tables or columns of FreeRADIUS' schema are missing.
    #[error(
        "{database}: missing {}: is this FreeRADIUS' database? Its schema.sql makes them; where tables have other names, \
         [database] acct_table and its like say so",
        missing.join(", ")
    )]
    Missing {
        /// The database, password left out.
        database: String,
        /// Tables, or `table.column`.
        missing: Vec<String>,
    },
    /// A right is missing.
    #[error("{database}: {operation}: {reason} (config/grants holds the rights that radkick needs)")]
    Denied {
        /// The database, password left out.
        database: String,
        /// What was being done.
        operation: &'static str,
        /// What the server says, or which rights are missing.
        reason: String,
    },
    /// It can be read but not written.
    #[error(
        "{database}: {operation}: this user may only read it; the file and its folder must be writable (a server may be a stand-by)"
    )]
    ReadOnly {
        /// The database, password left out.
        database: String,
        /// What was being done.
        operation: &'static str,
    },
    /// Another program held it too long.
    #[error("{database}: {operation}: another program has held it locked for {waited_secs} s; try again")]
    Locked {
        /// The database, password left out.
        database: String,
        /// What was being done.
        operation: &'static str,
        /// How long we waited.
        waited_secs: u64,
    },
    /// No room on the disk.
    #[error("{database}: {operation}: the disk is full; nothing was written")]
    Full {
        /// The database, password left out.
        database: String,
        /// What was being done.
        operation: &'static str,
    },
    /// The operator's own query for limits cannot be used as it is.
    #[error("{database}: the query of [quota]: {reason}")]
    LimitQuery {
        /// The database, password left out.
        database: String,
        /// What is wrong with it, or what the database says about it.
        reason: String,
    },
    /// Anything else the database said.
    #[error("{database}: {operation}: {source}")]
    Query {
        /// The database, password left out.
        database: String,
        /// What was being done.
        operation: &'static str,
        /// What it said.
        source: sqlx::Error,
    },
}

/// How long a statement waits for another program's lock on an SQLite file.
pub(super) const BUSY_TIMEOUT_SECS: u64 = 5;

/// SQLite says no more than "unable to open database file".
const NOT_OPENED: &str = "this user may not open it; the file and its folder must be readable and writable";

/// Why SQLite cannot open this file, as far as the file system tells: a file that is to be there, or one that may be made.
pub(super) fn no_file(path: &Path, must_exist: bool) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match (std::fs::metadata(path), folder) {
        (Ok(metadata), _) => metadata.is_dir().then(|| "it is a folder, not a file".to_owned()),
        (Err(_), Some(folder)) if !folder.is_dir() => Some(format!("there is no folder {}", folder.display())),
        (Err(error), _) if error.kind() == ErrorKind::NotFound => {
            must_exist.then(|| "there is no such file; [database] url names it".to_owned())
        }
        (Err(error), _) => Some(error.to_string()),
    }
}

impl StoreError {
    /// What is wrong, in one of a few words, for those who count.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Missing { .. } => "missing",
            Self::Denied { .. } => "denied",
            Self::ReadOnly { .. } => "read_only",
            Self::Locked { .. } => "locked",
            Self::Full { .. } => "full",
            Self::LimitQuery { .. } => "limit_query",
            Self::Query { .. } => "query",
        }
    }

    /// The error of `operation` on the SQLite file `database`, by SQLite's own result code.
    pub(super) fn sqlite(database: &str, operation: &'static str, source: sqlx::Error) -> Self {
        let database = database.to_owned();
        let code = source
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .and_then(|code| code.parse::<u32>().ok());
        // SQLITE_IOERR_SHMSIZE: the file that WAL shares between processes could not grow
        if code == Some(4874) {
            return Self::Full { database, operation };
        }
        match code.map(|code| code & 0xff) {
            Some(5 | 6) => Self::Locked { database, operation, waited_secs: BUSY_TIMEOUT_SECS },
            Some(8) => Self::ReadOnly { database, operation },
            Some(13) => Self::Full { database, operation },
            Some(14) => Self::Unreachable { database, reason: NOT_OPENED.to_owned() },
            Some(26) => Self::Unreachable { database, reason: "it is no SQLite database".to_owned() },
            _ => Self::Query { database, operation, source },
        }
    }
}
