//! The socket that hooks bring their events to, made so that nobody is driven from it.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{CWD, Gid, Mode, OFlags, fchown, fstat, mkdirat, openat};
use rustix::io::Errno;
use rustix::net::{SocketType, listen};
use rustix::process::geteuid;

use crate::door::{self, DoorError, SocketFile};

/// Connections that may wait to be accepted; the system may hold fewer.
const BACKLOG: i32 = 1024;

/// Makes the directory (0750) where it is missing, and the socket (0660), both of `group` where one is given.
pub(super) fn open(path: &Path, group: Option<u32>) -> Result<(SocketFile, OwnedFd), DoorError> {
    let group = group.map(Gid::from_raw);
    safe_folder(door::folder_of(path), group)?;
    let (file, socket) = SocketFile::bind(path, SocketType::SEQPACKET)?;
    if let Some(group) = group {
        let operation = "set its group (a directory of that group with mode 2750 would have done so)";
        file.give_to(group).map_err(DoorError::of(path, operation))?;
    }
    file.set_mode(0o660)?;
    listen(&socket, BACKLOG).map_err(DoorError::of(path, "listen"))?;
    Ok((file, socket))
}

fn safe_folder(folder: &Path, group: Option<Gid>) -> Result<(), DoorError> {
    let failed = |operation| DoorError::of(folder, operation);
    match mkdirat(CWD, folder, Mode::from_raw_mode(0o750)) {
        Ok(()) | Err(Errno::EXIST) => {}
        Err(source) => return Err(failed("make the directory")(source)),
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = openat(CWD, folder, flags, Mode::empty()).map_err(failed("open the directory"))?;
    let found = fstat(&opened).map_err(failed("look at the directory"))?;
    door::is_safe(folder, &found)?;
    // Hooks pass through it by its group; a directory of root's has the group that root gave it
    let is_own = found.st_uid == geteuid().as_raw();
    if let Some(group) = group.filter(|group| is_own && found.st_gid != group.as_raw()) {
        fchown(&opened, None, Some(group)).map_err(failed("set the directory's group"))?;
    }
    Ok(())
}
