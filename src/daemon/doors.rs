//! Where hooks' events come in.

use std::path::Path;

use crate::config::Serve;
use crate::hook::{Account, Listener, Spool, Trusted};

use super::{Common, ServeError};

/// The doors that hooks' events come by.
#[derive(Debug)]
pub(super) struct Doors {
    pub(super) listener: Option<Listener>,
    pub(super) spool: Option<Spool>,
}

impl Doors {
    /// Opens both. One that is not configured and not there (nobody has set the hook up) is left out.
    pub(super) fn open(serve: &Serve, common: &Common) -> Result<Self, ServeError> {
        let account = serve.hook_users.iter().filter_map(|name| Account::named(name).ok().flatten());
        let trusted = account.fold(Trusted::own(), |trusted, account| trusted.with_user(account.uid));
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
        Ok(Self { listener, spool })
    }
}
