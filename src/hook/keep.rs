//! The hook's side of the spool: one event, one file, whole or not there.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags, fchmod, fsync, open, openat, renameat_with, unlinkat};
use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use super::slot::{SLOTS, Slot, State};
use crate::clock::Clock;
use crate::failpoint;

/// How many events the spool holds at most.
pub const MAX_SPOOLED: u32 = SLOTS;

/// Names that are tried before the spool counts as full: of a spool that is nine tenths full, one event in 700,000 meets none.
const PROBES: u32 = 128;

/// Why an event is not in the spool.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// So many names were taken that there is no use in asking on.
    #[error("the spool {} is full: {PROBES} of {MAX_SPOOLED} places were tried and taken", .0.display())]
    Full(PathBuf),
    /// An operation failed: there is no such directory, no right to write into it, no room on the disk.
    #[error("the spool {}: {operation}: {source}", .path.display())]
    Failed {
        /// The spool.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// What came of it.
        source: std::io::Error,
    },
}

/// Puts an event, encoded, into the spool: it is on the disk and whole when this returns.
///
/// The directory needs to be writable and searchable, not readable.
///
/// # Errors
/// Where it could not be put there; nothing is left behind then.
pub fn keep(spool: &Path, message: &[u8], clock: Clock) -> Result<(), KeepError> {
    let failed = |(operation, source): Failure| match source {
        Errno::EXIST => KeepError::Full(spool.into()),
        source => KeepError::Failed { path: spool.into(), operation, source: source.into() },
    };
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let directory = open(spool, flags, Mode::empty()).map_err(|source| failed(("open it", source)))?;
    match write_event(&directory, message, clock) {
        // Somebody took the temporary file for a dead hook's, for this process stood still or the clock was set: once more
        Err((_, Errno::NOENT)) => write_event(&directory, message, clock),
        other => other,
    }
    .map_err(failed)
}

type Failure = (&'static str, Errno);

fn write_event(directory: &OwnedFd, message: &[u8], clock: Clock) -> Result<(), Failure> {
    let (temporary, file) = claim(directory, clock)?;
    let kept = fill(&file, message).and_then(|()| {
        failpoint::reach("hook_written");
        publish(directory, temporary, &file, clock)
    });
    kept.inspect(|()| failpoint::reach("hook_kept")).inspect_err(|_| {
        // It may be gone, and then all is well
        unlinkat(directory, temporary.to_string(), AtFlags::empty()).ok();
    })
}

/// A name that nobody writes at.
fn claim(directory: &OwnedFd, clock: Clock) -> Result<(Slot, OwnedFd), Failure> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    probe(|| {
        let slot = Slot::any(clock.random(), State::Temporary);
        let file = openat(directory, slot.to_string(), flags, Mode::RUSR | Mode::WUSR | Mode::RGRP)?;
        Ok((slot, file))
    })
    .map_err(|source| ("make a file", source))
}

fn fill(file: &OwnedFd, message: &[u8]) -> Result<(), Failure> {
    // A file above the limit would be the end of this process by a signal, and of the answer to the NAS
    if getrlimit(Resource::Fsize).current.is_some_and(|most| most < message.len() as u64) {
        return Err(("write", Errno::FBIG));
    }
    // Whatever umask FreeRADIUS was started with: the daemon reads it by its group
    fchmod(file, Mode::RUSR | Mode::WUSR | Mode::RGRP).map_err(|source| ("set its mode", source))?;
    let mut rest = message;
    while !rest.is_empty() {
        match rustix::io::write(file, rest) {
            Ok(0) => return Err(("write", Errno::NOSPC)),
            Ok(written) => rest = &rest[written..],
            Err(Errno::INTR) => {}
            Err(source) => return Err(("write", source)),
        }
    }
    Ok(())
}

/// Gives it a name that the daemon looks for, without ever replacing a file.
fn publish(directory: &OwnedFd, temporary: Slot, file: &OwnedFd, clock: Clock) -> Result<(), Failure> {
    let name = temporary.to_string();
    probe(|| {
        let slot = Slot::any(clock.random(), State::Whole);
        renameat_with(directory, &name, directory, slot.to_string(), RenameFlags::NOREPLACE)
    })
    .map_err(|source| ("rename a file", source))?;
    // Once for the octets and the name: a rename changes the file too, in the transaction that changes the directory, so that its fsync
    // takes both along (ext4, XFS, Btrfs, F2FS). The directory's own would need the right to read it. A file that a power cut made whole in
    // name alone is nobody's event as yet: this process has told nobody that it is there.
    fsync(file).map_err(|source| ("write it to the disk", source))
}

/// Tries until nobody has the name, [`PROBES`] times at most.
fn probe<T>(mut attempt: impl FnMut() -> Result<T, Errno>) -> Result<T, Errno> {
    for _ in 1..PROBES {
        match attempt() {
            Err(Errno::EXIST) => {}
            other => return other,
        }
    }
    attempt()
}
