//! One daemon on an SQLite file of ours.

use std::fs::{File, TryLockError};

use crate::config::DatabaseUrl;

/// The right to be the one that works on our tables, until it is dropped; on a server leases decide.
#[derive(Debug)]
pub struct Only {
    _file: Option<File>,
}

/// Keeps a second `serve` or `enforce` off the same SQLite tables, by a lock that the system gives back however this process
/// ends. The inner `Err` says in whose way it stands.
///
/// # Errors
/// When the file of the lock cannot be made.
pub fn only_one(state: &DatabaseUrl) -> std::io::Result<Result<Only, String>> {
    let DatabaseUrl::Sqlite(path) = state else { return Ok(Ok(Only { _file: None })) };
    let mut name = path.as_os_str().to_owned();
    name.push(".enforce");
    // One that another user made is as good
    let file = File::open(&name).or_else(|_| File::create(&name));
    let named = |error: std::io::Error| std::io::Error::new(error.kind(), format!("{}: {error}", name.display()));
    let file = file.map_err(named)?;
    match file.try_lock() {
        Ok(()) => Ok(Ok(Only { _file: Some(file) })),
        Err(TryLockError::WouldBlock) => Ok(Err(format!(
            "another `radkick enforce` or `radkick serve` runs on {state}; stop that one first (one at a time works on an \
             SQLite file)"
        ))),
        Err(TryLockError::Error(error)) => Err(named(error)),
    }
}
