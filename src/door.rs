//! The files of the daemon's sockets, made so that nobody else can take their place.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, FlockOperation, Gid, Mode, OFlags, Stat};
use rustix::fs::{chmodat, chownat, flock, openat, statat, unlinkat};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, socket_with};
use rustix::process::geteuid;

/// Why the daemon has no such socket.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Somebody listens there, or is about to: another daemon.
    #[error("another daemon listens on {}; give this one sockets of its own in [serve]", .0.display())]
    Occupied(PathBuf),
    /// The directory is not one that only we and root may write.
    #[error("the directory {} may be written by others than radkick: chmod go-w, owned by radkick or root", .0.display())]
    Unsafe(PathBuf),
    /// Something else than a socket has the name.
    #[error("{} is there and is no socket; radkick does not remove it", .0.display())]
    NoSocket(PathBuf),
    /// An operation failed.
    #[error("{}: {operation}: {source}", .path.display())]
    Failed {
        /// The socket, or its directory.
        path: PathBuf,
        /// What was tried.
        operation: &'static str,
        /// What came of it.
        source: std::io::Error,
    },
}

impl DoorError {
    /// What the system said to an operation on this path.
    pub(crate) fn of(path: &Path, operation: &'static str) -> impl Fn(Errno) -> Self {
        move |source| Self::Failed { path: path.into(), operation, source: source.into() }
    }
}

/// The file of a socket that this process made; it goes with this.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    inode: (u64, u64),
    group: u32,
    /// Held as long as the socket is: of two daemons that find a stale file one alone may replace it.
    _lock: OwnedFd,
}

impl SocketFile {
    /// Makes a socket of this kind, which does not block, and its file, in the place of one that nobody listens on.
    ///
    /// # Errors
    /// Where somebody listens there, something else has the name, or the system refuses.
    pub fn bind(path: &Path, kind: SocketType) -> Result<(Self, OwnedFd), DoorError> {
        let lock = lock(path)?;
        clear(path, kind)?;
        let address = SocketAddrUnix::new(path).map_err(DoorError::of(path, "name the socket"))?;
        let socket = socket(path, kind)?;
        bind(&socket, &address).map_err(DoorError::of(path, "bind it"))?;
        let made = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).map_err(DoorError::of(path, "look at it"))?;
        let file = Self { path: path.into(), inode: (made.st_dev, made.st_ino), group: made.st_gid, _lock: lock };
        Ok((file, socket))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file to a group. One that it is of already need not be set: a service may not be allowed to.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn give_to(&self, group: Gid) -> Result<(), Errno> {
        if group.as_raw() == self.group {
            return Ok(());
        }
        chownat(CWD, &self.path, None, Some(group), AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Says who may connect.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn set_mode(&self, mode: u32) -> Result<(), DoorError> {
        let set = chmodat(CWD, &self.path, Mode::from_raw_mode(mode), AtFlags::empty());
        set.map_err(DoorError::of(&self.path, "set its mode"))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let found = statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|found| (found.st_dev, found.st_ino) == self.inode) {
            // What stays behind is replaced by the next daemon
            unlinkat(CWD, &self.path, AtFlags::empty()).ok();
        }
    }
}

/// The directory of a socket.
#[must_use]
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether only we and root may write what was found of a directory.
///
/// # Errors
/// Where others may.
pub fn is_safe(folder: &Path, found: &Stat) -> Result<(), DoorError> {
    let is_ours = [0, geteuid().as_raw()].contains(&found.st_uid);
    if is_ours && found.st_mode & 0o022 == 0 { Ok(()) } else { Err(DoorError::Unsafe(folder.into())) }
}

fn socket(path: &Path, kind: SocketType) -> Result<OwnedFd, DoorError> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, kind, flags, None).map_err(DoorError::of(path, "make a socket"))
}

fn lock(path: &Path) -> Result<OwnedFd, DoorError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(CWD, &name, flags, Mode::RUSR | Mode::WUSR);
    let file = file.map_err(DoorError::of(path, "make its lock file"))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(DoorError::Occupied(path.into())),
        Err(source) => Err(DoorError::of(path, "lock its lock file")(source)),
    }
}

/// Takes away a socket file that nobody listens on.
fn clear(path: &Path, kind: SocketType) -> Result<(), DoorError> {
    let found = match statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => found,
        Err(Errno::NOENT) => return Ok(()),
        Err(source) => return Err(DoorError::of(path, "look at it")(source)),
    };
    if FileType::from_raw_mode(found.st_mode) != FileType::Socket {
        return Err(DoorError::NoSocket(path.into()));
    }
    let address = SocketAddrUnix::new(path).map_err(DoorError::of(path, "name the socket"))?;
    match connect(socket(path, kind)?, &address) {
        Err(Errno::CONNREFUSED) => unlinkat(CWD, path, AtFlags::empty()).map_err(DoorError::of(path, "remove it")),
        Ok(()) | Err(_) => Err(DoorError::Occupied(path.into())),
    }
}
