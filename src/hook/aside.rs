//! What in the spool is no event goes where somebody can look at it.

use std::ffi::{CStr, CString, OsString};
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;

use rustix::fs::{AtFlags, Dir, Mode, OFlags, RenameFlags, fstat, mkdirat, openat, renameat_with, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

use crate::clock::Clock;

/// The sub-directory's name.
pub(super) const ASIDE: &CStr = c"aside";

/// Files that are kept there; what comes after them is removed instead.
const KEPT: usize = 1000;

/// Why a file of the spool is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Its name is none that a hook gives.
    Name,
    /// Not a regular file: a link, a directory, a pipe.
    NotAFile,
    /// It has a second name somewhere.
    Linked,
    /// It belongs to a user who is not trusted.
    Foreign,
    /// The system does not let us read it.
    Unreadable,
    /// More than 64 KiB.
    TooLarge,
    /// Empty, cut off, or nothing of a hook's.
    Torn,
    /// Of another version of radkick.
    Version,
    /// Whoever asked for it could do nothing with it.
    Refused,
}

/// A file that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Its name in the spool, any octets: write it with `{:?}`.
    pub name: OsString,
    /// Why.
    pub reason: Reason,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a file that is no event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is in the sub-directory `aside` under this name.
    Moved(String),
    /// It is gone: enough are kept already.
    Removed,
    /// It is where it was, and passed over from now on: the system refused to move it.
    Left,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "name",
            Self::NotAFile => "not-a-file",
            Self::Linked => "linked",
            Self::Foreign => "foreign",
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too-large",
            Self::Torn => "torn",
            Self::Version => "version",
            Self::Refused => "refused",
        })
    }
}

/// The sub-directory.
#[derive(Debug)]
pub(super) struct Aside {
    folder: OwnedFd,
    kept: usize,
}

impl Aside {
    /// Opens it, or makes it, readable to its owner alone.
    pub(super) fn open(spool: BorrowedFd<'_>) -> Result<Self, Errno> {
        match mkdirat(spool, ASIDE, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(error) => return Err(error),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = openat(spool, ASIDE, flags, Mode::empty())?;
        // Hooks may write where it stands, and could have made one of their own
        let found = fstat(&folder)?;
        if found.st_uid != geteuid().as_raw() || found.st_mode & 0o022 != 0 {
            return Err(Errno::PERM);
        }
        let names = Dir::read_from(&folder)?.filter_map(Result::ok).map(|entry| entry.file_name().to_owned());
        let kept = names.filter(|name| ![c".", c".."].contains(&name.as_c_str())).count();
        Ok(Self { folder, kept })
    }

    /// Moves a file of the spool there.
    pub(super) fn take(&mut self, spool: BorrowedFd<'_>, name: CString, reason: Reason, clock: Clock) -> SetAside {
        let fate = if self.kept < KEPT { self.moved(spool, &name, reason, clock) } else { None };
        let fate = fate.unwrap_or_else(|| {
            let empty_folder = |_| unlinkat(spool, &name, AtFlags::REMOVEDIR);
            let removed = self.kept >= KEPT && unlinkat(spool, &name, AtFlags::empty()).or_else(empty_folder).is_ok();
            if removed { Fate::Removed } else { Fate::Left }
        });
        SetAside { name: OsString::from_vec(name.into_bytes()), reason, fate }
    }

    /// Its name there: when, a number drawn, and why. Nothing of the name that somebody else gave it.
    fn moved(&mut self, spool: BorrowedFd<'_>, name: &CStr, reason: Reason, clock: Clock) -> Option<Fate> {
        let to = format!("{}-{:016x}.{reason}", clock.epoch(), clock.random());
        renameat_with(spool, name, self.folder.as_fd(), &to, RenameFlags::NOREPLACE).ok()?;
        self.kept += 1;
        Some(Fate::Moved(to))
    }
}
