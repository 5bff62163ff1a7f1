//! One file of the spool, looked at before it is believed.

use std::ffi::CStr;
use std::io::Read as _;
use std::os::fd::BorrowedFd;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, openat, statat};
use rustix::io::Errno;

use super::aside::Reason;
use super::event::{Event, EventError, MAX_EVENT_OCTETS};
use super::trusted::Trusted;

/// What a name in the spool turned out to be.
pub(super) enum Found {
    /// An event, and which file it came from.
    Event(Box<Event>, FileId),
    /// Something else.
    No(Reason),
    /// Nothing: it has gone.
    Gone,
}

/// A file, whatever its name: device and inode.
pub(super) type FileId = (u64, u64);

pub(super) fn id_of(file: &Stat) -> FileId {
    (file.st_dev, file.st_ino)
}

/// Opens the file without following or waiting for anything, and reads it.
///
/// # Errors
/// What is our own trouble and says nothing of the file: out of memory or descriptors.
pub(super) fn read_file(spool: BorrowedFd<'_>, name: &CStr, trusted: &Trusted) -> Result<Found, Errno> {
    match look(spool, name, trusted) {
        Ok(found) => Ok(found),
        Err(Errno::NOENT) => Ok(Found::Gone),
        Err(Errno::LOOP) => Ok(Found::No(Reason::NotAFile)),
        Err(Errno::ACCESS | Errno::PERM | Errno::IO | Errno::NXIO) => Ok(Found::No(Reason::Unreadable)),
        Err(error) => Err(error),
    }
}

fn look(spool: BorrowedFd<'_>, name: &CStr, trusted: &Trusted) -> Result<Found, Errno> {
    // Before it is opened as well: opening a device does things
    if let Some(reason) = objection(&statat(spool, name, AtFlags::SYMLINK_NOFOLLOW)?, trusted) {
        return Ok(Found::No(reason));
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = openat(spool, name, flags, Mode::empty())?;
    let opened = fstat(&file)?;
    if let Some(reason) = objection(&opened, trusted) {
        return Ok(Found::No(reason));
    }
    let mut text = Vec::new();
    let most = MAX_EVENT_OCTETS as u64 + 1;
    if let Err(error) = std::fs::File::from(file).take(most).read_to_end(&mut text) {
        return Err(Errno::from_io_error(&error).unwrap_or(Errno::IO));
    }
    Ok(match Event::decode(&text) {
        Ok(event) => Found::Event(Box::new(event), id_of(&opened)),
        Err(EventError::TooLarge { .. }) => Found::No(Reason::TooLarge),
        Err(EventError::Malformed(_)) => Found::No(Reason::Torn),
        Err(EventError::Version { .. }) => Found::No(Reason::Version),
    })
}

fn objection(file: &Stat, trusted: &Trusted) -> Option<Reason> {
    if FileType::from_raw_mode(file.st_mode) != FileType::RegularFile {
        Some(Reason::NotAFile)
    } else if !trusted.has_user(file.st_uid) {
        Some(Reason::Foreign)
    } else if file.st_nlink != 1 {
        Some(Reason::Linked)
    } else if usize::try_from(file.st_size).map_or(true, |size| size > MAX_EVENT_OCTETS) {
        Some(Reason::TooLarge)
    } else {
        None
    }
}
