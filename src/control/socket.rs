//! The socket that commands ask at.

use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::stat;
use rustix::net::{SocketType, listen};
use rustix::process::getegid;
use tokio::net::UnixListener;

use crate::door::{self, DoorError, SocketFile};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 64;
const OURS_ALONE: u32 = 0o600;
const OUR_GROUPS: u32 = 0o660;

/// A socket that has its name, and is connected to by nobody before [`Door::listen`]. Its file goes with it.
#[derive(Debug)]
pub struct Door {
    file: SocketFile,
    socket: OwnedFd,
}

impl Door {
    /// Makes the socket in a directory that is there: of this process' own group, mode 0660. Takes the place of a file that nobody
    /// listens on. Where its group cannot be set (the directory has the set-group-id bit, and `chown` is forbidden) it has mode
    /// 0600, and the log says so.
    ///
    /// # Errors
    /// Where somebody listens there, the directory is not safe, or the system refuses.
    pub fn open(path: &Path) -> Result<Self, DoorError> {
        let folder = door::folder_of(path);
        let found = stat(folder).map_err(DoorError::of(folder, "look at the directory"))?;
        door::is_safe(folder, &found)?;
        let (file, socket) = SocketFile::bind(path, SocketType::STREAM)?;
        let given = file.give_to(getegid());
        if let Err(error) = &given {
            tracing::warn!(
                "{}: its group cannot be set ({error}): root and radkick's own user alone may use it",
                path.display()
            );
        }
        file.set_mode(if given.is_ok() { OUR_GROUPS } else { OURS_ALONE })?;
        Ok(Self { file, socket })
    }

    /// Lets clients connect from now on.
    ///
    /// # Errors
    /// When the system refuses.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn listen(self) -> Result<OpenDoor, DoorError> {
        let path = self.file.path().to_owned();
        listen(&self.socket, BACKLOG).map_err(DoorError::of(&path, "listen"))?;
        let listener = UnixListener::from_std(self.socket.into());
        let listener = listener.map_err(|source| DoorError::Failed { path, operation: "listen", source })?;
        Ok(OpenDoor { listener, _file: self.file })
    }
}

/// A socket that clients connect to.
#[derive(Debug)]
pub struct OpenDoor {
    // It first: the file goes when nobody accepts any more
    pub(super) listener: UnixListener,
    _file: SocketFile,
}
