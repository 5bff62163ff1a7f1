//! Where hooks' events and commands' requests come in.

use std::path::Path;

use crate::config::{HookPath, Serve};
use crate::control::{Door, Trust};
use crate::hook::{Account, Listener, Spool, Trusted};

use super::{Common, ServeError};

/// The doors that hooks' events come by, and the one that commands ask at.
#[derive(Debug)]
pub(super) struct Doors {
    /// Not yet listening.
    pub(super) control: Option<(Door, Trust)>,
    pub(super) listener: Option<Listener>,
    pub(super) spool: Option<Spool>,
}

impl Doors {
    /// Opens all. One that is not configured and not there (nobody has set the hook up) is left out.
    pub(super) fn open(serve: &Serve, common: &Common) -> Result<Self, ServeError> {
        let accounts = serve.hook_users.iter().filter_map(|name| Account::named(name).ok().flatten());
        let users: Vec<u32> = accounts.map(|account| account.uid).collect();
        let trusted = users.iter().fold(Trusted::own(), |trusted, uid| trusted.with_user(*uid));
        let control = control(&serve.control_socket)?.map(|door| (door, Trust::all_but(users)));
        if trusted == Trusted::own() {
            let names = serve.hook_users.join(", ");
            tracing::warn!(names, "no account of these names is on this machine: hooks of other users are not heard");
        }
        let (socket, spool) = (&serve.hook_socket, &serve.spool);
        let is_there = |folder: Option<&Path>| folder.is_some_and(Path::is_dir);
        let listener = (socket.is_set || is_there(socket.path.parent()))
            .then(|| Listener::bind(&socket.path, None, trusted.clone()))
            .transpose()
            .map_err(|error| ServeError::Hook(error.to_string()))?;
        let spool = (spool.is_set || is_there(Some(&spool.path)))
            .then(|| Spool::open(&spool.path, trusted, common.clock))
            .transpose()
            .map_err(|error| ServeError::Hook(error.to_string()))?;
        if listener.is_none() && spool.is_none() {
            tracing::info!("no hooks of FreeRADIUS: neither {} nor a spool is there", serve.hook_socket.path.display());
        }
        Ok(Self { control, listener, spool })
    }
}

/// The control socket. One that nobody has asked for by name is done without where it cannot be had: commands do their work
/// themselves then.
fn control(socket: &HookPath) -> Result<Option<Door>, ServeError> {
    if !socket.is_set && !socket.path.parent().is_some_and(Path::is_dir) {
        return Ok(None);
    }
    match Door::open(&socket.path) {
        Ok(door) => Ok(Some(door)),
        Err(error) if socket.is_set => Err(error.into()),
        Err(error) => {
            tracing::warn!("no control socket, commands work on the databases beside this: {error}");
            Ok(None)
        }
    }
}
