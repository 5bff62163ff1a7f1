//! The daemon's side of the spool.
//!
//! Everything here blocks: call it from a thread that may.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::{CStr, CString};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, Mode, OFlags, fstat, open, statat, unlinkat};
use rustix::io::Errno;

use super::aside::{ASIDE, Aside, Fate, Reason, SetAside};
use super::event::Event;
use super::slot::{Slot, State};
use super::spool_file::{FileId, Found, id_of, read_file};
use super::trusted::Trusted;
use crate::clock::Clock;

/// Seconds after which a file that is still being written is a dead hook's. A hook takes milliseconds.
const DEAD_AFTER: u64 = 60;

/// Names that are remembered because they could not be moved away.
const REMEMBERED: usize = 1000;

/// Reads what hooks left.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    folder: OwnedFd,
    aside: Aside,
    trusted: Trusted,
    clock: Clock,
    /// From the last look at the directory, oldest first.
    waiting: VecDeque<Candidate>,
    left: BTreeSet<(CString, FileId)>,
}

/// An event from the spool. It stays there until it is [`Spool::done`].
#[derive(Debug)]
pub struct Spooled {
    /// The event.
    pub event: Event,
    name: CString,
    file: FileId,
}

/// What one call of [`Spool::batch`] found.
#[derive(Debug, Default)]
pub struct Batch {
    /// Events, oldest first.
    pub events: Vec<Spooled>,
    /// What was no event, to be told to somebody.
    pub set_aside: Vec<SetAside>,
    /// How many files waited when the directory was looked at last and are not among those handed out since.
    pub waiting: usize,
}

/// Why the spool cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
    /// Anybody may write into it.
    #[error("the spool {} may be written by everybody: chmod 2730", .0.display())]
    Unsafe(PathBuf),
    /// An operation failed.
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

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    /// When it was written, seconds and nanoseconds.
    written: (i64, u64),
    name: CString,
    file: FileId,
}

impl Spool {
    /// Opens a spool, which must be there, and its sub-directory `aside`, which is made.
    ///
    /// # Errors
    /// Where it is missing, may be written by everybody, or is not ours to read.
    pub fn open(path: &Path, trusted: Trusted, clock: Clock) -> Result<Self, SpoolError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let folder = open(path, flags, Mode::empty()).map_err(failed(path, "open it"))?;
        if fstat(&folder).map_err(failed(path, "look at it"))?.st_mode & 0o002 != 0 {
            return Err(SpoolError::Unsafe(path.into()));
        }
        let aside = Aside::open(folder.as_fd()).map_err(failed(path, "make its sub-directory `aside`"))?;
        let (waiting, left) = (VecDeque::new(), BTreeSet::new());
        Ok(Self { path: path.into(), folder, aside, trusted, clock, waiting, left })
    }

    /// The next events, `most` at most, oldest first. None are left for now when both lists are empty. An event that was handed out
    /// and is not done comes again after all others.
    ///
    /// # Errors
    /// Where the directory cannot be read, or this process is out of something.
    pub fn batch(&mut self, most: usize) -> Result<Batch, SpoolError> {
        let mut batch = Batch::default();
        if self.waiting.is_empty() {
            self.scan().map_err(failed(&self.path, "read it"))?;
        }
        while batch.events.len() + batch.set_aside.len() < most {
            let Some(candidate) = self.waiting.pop_front() else { break };
            match self.look(&candidate.name).map_err(failed(&self.path, "read a file of it"))? {
                Found::Gone => {}
                Found::Event(event, file) => {
                    batch.events.push(Spooled { event: *event, name: candidate.name, file });
                }
                Found::No(reason) => batch.set_aside.push(self.set_aside(candidate.name, candidate.file, reason)),
            }
        }
        batch.waiting = self.waiting.len();
        Ok(batch)
    }

    /// Takes an event out of the spool: it is stored elsewhere. A file that has taken its place stays.
    ///
    /// # Errors
    /// Where it cannot be removed; it will come again.
    pub fn done(&self, spooled: &Spooled) -> Result<(), SpoolError> {
        let found = statat(&self.folder, &spooled.name, AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|found| id_of(&found) == spooled.file) {
            match unlinkat(&self.folder, &spooled.name, AtFlags::empty()) {
                Ok(()) | Err(Errno::NOENT) => {}
                Err(error) => return Err(failed(&self.path, "remove a file of it")(error)),
            }
        }
        Ok(())
    }

    /// Puts an event aside that nothing can be done with.
    pub fn refuse(&mut self, spooled: Spooled) -> SetAside {
        self.set_aside(spooled.name, spooled.file, Reason::Refused)
    }

    fn set_aside(&mut self, name: CString, file: FileId, reason: Reason) -> SetAside {
        let set = self.aside.take(self.folder.as_fd(), name.clone(), reason, self.clock);
        if set.fate == Fate::Left && self.left.len() < REMEMBERED {
            self.left.insert((name, file));
        }
        set
    }

    /// Looks at the directory, for names that may be events.
    fn scan(&mut self) -> Result<(), Errno> {
        let now = self.clock.epoch();
        let mut found = Vec::new();
        for entry in Dir::read_from(&self.folder)? {
            let name = entry?.file_name().to_owned();
            if [c".", c"..", ASIDE].contains(&name.as_c_str()) {
                continue;
            }
            let candidate = match candidate(self.folder.as_fd(), name) {
                Ok(candidate) => candidate,
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(error),
            };
            // A time to come is none at which a hook that lives has written
            let age = now.abs_diff(candidate.written.0);
            let is_young = state(&candidate.name) == Some(State::Temporary) && age < DEAD_AFTER;
            if !is_young && !self.left.contains(&(candidate.name.clone(), candidate.file)) {
                found.push(candidate);
            }
        }
        found.sort_unstable();
        self.waiting = found.into();
        Ok(())
    }

    fn look(&self, name: &CStr) -> Result<Found, Errno> {
        let Some(state) = state(name) else { return Ok(Found::No(Reason::Name)) };
        let found = read_file(self.folder.as_fd(), name, &self.trusted)?;
        // What a dead hook left behind is its event or, where it did not come so far, nothing
        if state == State::Temporary && matches!(found, Found::No(Reason::Torn)) {
            unlinkat(&self.folder, name, AtFlags::empty())?;
            return Ok(Found::Gone);
        }
        Ok(found)
    }
}

fn candidate(folder: BorrowedFd<'_>, name: CString) -> Result<Candidate, Errno> {
    let found = statat(folder, &name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(Candidate { written: (found.st_mtime, found.st_mtime_nsec), name, file: id_of(&found) })
}

fn state(name: &CStr) -> Option<State> {
    Some(Slot::of(name.to_str().ok()?)?.state())
}

fn failed(path: &Path, operation: &'static str) -> impl Fn(Errno) -> SpoolError {
    move |source| SpoolError::Failed { path: path.into(), operation, source: source.into() }
}
