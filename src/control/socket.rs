//! The socket's file, made so that nobody else can take its place.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Mode, OFlags, chmodat, chownat, flock, openat, stat, statat, unlinkat,
};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with};
use rustix::process::{getegid, geteuid};
use tokio::net::UnixListener;

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 64;
const OURS_ALONE: u32 = 0o600;
const OUR_GROUPS: u32 = 0o660;

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Somebody listens there, or is about to: another daemon.
    #[error("another daemon listens on {}; give this one a [serve] control_socket of its own", .0.display())]
    Occupied(PathBuf),
    /// The directory is not one that only we and root may write.
    #[error("the directory {} may be written by others than radkick: chmod 2751, owned by radkick or root", .0.display())]
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

/// A socket that has its name, and is connected to by nobody before [`Door::listen`]. Its file goes with it.
#[derive(Debug)]
pub struct Door {
    path: PathBuf,
    inode: (u64, u64),
    socket: OwnedFd,
    /// Held as long as the socket is: of two daemons that find a stale file one alone may replace it.
    _lock: OwnedFd,
}

impl Door {
    /// Makes the socket in a directory that is there: of this process' own group, mode 0660. Takes the place of a file that nobody
    /// listens on. Where its group cannot be set (the directory has the set-group-id bit, and `chown` is forbidden) it has mode
    /// 0600, and the log says so.
    ///
    /// # Errors
    /// Where somebody listens there, the directory is not safe, or the system refuses.
    pub fn open(path: &Path) -> Result<Self, DoorError> {
        let failed = |operation| failed(path, operation);
        safe_folder(path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
        let lock = lock(path)?;
        clear(path)?;
        let address = SocketAddrUnix::new(path).map_err(failed("name the socket"))?;
        let socket = unix_socket(path)?;
        bind(&socket, &address).map_err(failed("bind it"))?;
        let made = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).map_err(failed("look at it"))?;
        let own = getegid();
        let is_ours = made.st_gid == own.as_raw()
            || chownat(CWD, path, None, Some(own), AtFlags::SYMLINK_NOFOLLOW)
                .inspect_err(|error| {
                    tracing::warn!(
                        "{}: its group cannot be set ({error}): root and radkick's own user alone may use it",
                        path.display()
                    );
                })
                .is_ok();
        let mode = Mode::from_raw_mode(if is_ours { OUR_GROUPS } else { OURS_ALONE });
        chmodat(CWD, path, mode, AtFlags::empty()).map_err(failed("set its mode"))?;
        Ok(Self { path: path.into(), inode: (made.st_dev, made.st_ino), socket, _lock: lock })
    }

    /// Lets clients connect from now on.
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn listen(self) -> Result<OpenDoor, DoorError> {
        let failed = |source| DoorError::Failed { path: self.path.clone(), operation: "listen", source };
        listen(&self.socket, BACKLOG).map_err(|error| failed(error.into()))?;
        let socket = self.socket.try_clone().map_err(failed)?;
        let listener = UnixListener::from_std(socket.into()).map_err(failed)?;
        Ok(OpenDoor { listener, _door: self })
    }
}

/// A socket that clients connect to.
#[derive(Debug)]
pub struct OpenDoor {
    // It first: the file goes when nobody accepts any more
    pub(super) listener: UnixListener,
    _door: Door,
}

impl Drop for Door {
    fn drop(&mut self) {
        let found = statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW);
        if found.is_ok_and(|found| (found.st_dev, found.st_ino) == self.inode) {
            // What stays behind is replaced by the next daemon
            unlinkat(CWD, &self.path, AtFlags::empty()).ok();
        }
    }
}

fn failed(path: &Path, operation: &'static str) -> impl Fn(Errno) -> DoorError {
    move |source| DoorError::Failed { path: path.into(), operation, source: source.into() }
}

fn unix_socket(path: &Path) -> Result<OwnedFd, DoorError> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).map_err(failed(path, "make a socket"))
}

fn safe_folder(folder: &Path) -> Result<(), DoorError> {
    let found = stat(folder).map_err(failed(folder, "look at the directory"))?;
    if ![0, geteuid().as_raw()].contains(&found.st_uid) || found.st_mode & 0o022 != 0 {
        return Err(DoorError::Unsafe(folder.into()));
    }
    Ok(())
}

fn lock(path: &Path) -> Result<OwnedFd, DoorError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(CWD, &name, flags, Mode::RUSR | Mode::WUSR).map_err(failed(path, "make its lock file"))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(Errno::WOULDBLOCK) => Err(DoorError::Occupied(path.into())),
        Err(source) => Err(failed(path, "lock its lock file")(source)),
    }
}

/// Takes away a socket file that nobody listens on.
fn clear(path: &Path) -> Result<(), DoorError> {
    let found = match statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) => found,
        Err(Errno::NOENT) => return Ok(()),
        Err(source) => return Err(failed(path, "look at it")(source)),
    };
    if FileType::from_raw_mode(found.st_mode) != FileType::Socket {
        return Err(DoorError::NoSocket(path.into()));
    }
    let address = SocketAddrUnix::new(path).map_err(failed(path, "name the socket"))?;
    match connect(unix_socket(path)?, &address) {
        Err(Errno::CONNREFUSED) => unlinkat(CWD, path, AtFlags::empty()).map_err(failed(path, "remove it")),
        Ok(()) | Err(_) => Err(DoorError::Occupied(path.into())),
    }
}
