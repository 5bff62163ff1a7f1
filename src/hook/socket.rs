//! The daemon's socket file, made so that nobody is driven from it and nobody else can take its place.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, FileType, FlockOperation, Gid, Mode, OFlags, chmodat, chownat, flock, fstat, mkdirat, openat, statat,
    unlinkat,
};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with};
use rustix::process::geteuid;

/// Connections that may wait to be accepted; the system may hold fewer.
const BACKLOG: i32 = 1024;

/// Why the daemon cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Somebody listens there, or is about to: another daemon.
    #[error("another daemon listens on {}", .0.display())]
    Occupied(PathBuf),
    /// The directory is not one that only we and root may write.
    #[error("the directory {} may be written by others than radkick: chmod 0750, owned by radkick or root", .0.display())]
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

/// A socket that listens; its file goes with it.
#[derive(Debug)]
pub(super) struct Door {
    path: PathBuf,
    inode: (u64, u64),
    /// Held as long as the socket is: of two daemons that find a stale file one alone may replace it.
    _lock: OwnedFd,
}

impl Door {
    /// Makes the directory (0750) where it is missing, and the socket (0660), both of `group` where one is given.
    pub(super) fn open(path: &Path, group: Option<u32>) -> Result<(Self, OwnedFd), DoorError> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let group = group.map(Gid::from_raw);
        safe_folder(folder, group)?;
        let lock = lock(path)?;
        clear(path)?;
        let failed = |operation| failed(path, operation);
        let address = SocketAddrUnix::new(path).map_err(failed("name the socket"))?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).map_err(failed("make a socket"))?;
        bind(&socket, &address).map_err(failed("bind it"))?;
        let made = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).map_err(failed("look at it"))?;
        // A service may not be allowed to change groups; in a directory with the set-group-id bit there is no need to
        if group.is_some_and(|group| group.as_raw() != made.st_gid) {
            let operation = "set its group (a directory of that group with mode 2750 would have done so)";
            chownat(CWD, path, None, group, AtFlags::SYMLINK_NOFOLLOW).map_err(failed(operation))?;
        }
        chmodat(CWD, path, Mode::from_raw_mode(0o660), AtFlags::empty()).map_err(failed("set its mode"))?;
        listen(&socket, BACKLOG).map_err(failed("listen"))?;
        Ok((Self { path: path.into(), inode: (made.st_dev, made.st_ino), _lock: lock }, socket))
    }
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

fn safe_folder(folder: &Path, group: Option<Gid>) -> Result<(), DoorError> {
    let own = geteuid().as_raw();
    match mkdirat(CWD, folder, Mode::from_raw_mode(0o750)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(source) => return Err(failed(folder, "make the directory")(source)),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(CWD, folder, flags, Mode::empty()).map_err(failed(folder, "open the directory"))?;
    let found = fstat(&opened).map_err(failed(folder, "look at the directory"))?;
    if ![0, own].contains(&found.st_uid) || found.st_mode & 0o022 != 0 {
        return Err(DoorError::Unsafe(folder.into()));
    }
    // Hooks pass through it by its group; a directory of root's has the group that root gave it
    if let Some(group) = group.filter(|group| found.st_uid == own && found.st_gid != group.as_raw()) {
        rustix::fs::fchown(&opened, None, Some(group)).map_err(failed(folder, "set the directory's group"))?;
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
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let probe =
        socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None).map_err(failed(path, "make a socket"))?;
    match connect(&probe, &address) {
        Err(Errno::CONNREFUSED) => unlinkat(CWD, path, AtFlags::empty()).map_err(failed(path, "remove it")),
        Ok(()) | Err(_) => Err(DoorError::Occupied(path.into())),
    }
}
