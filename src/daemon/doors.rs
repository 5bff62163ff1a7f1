//! Where hooks' events and commands' requests come in.

use std::path::{Path, PathBuf};

use crate::clock::Clock;
use crate::config::{AccountingListen, HookPath, Serve};
use crate::control::{Door, Trust};
use crate::hook::{Account, AccountingDoor, Listener, Spool, SpoolError, Trusted};

use super::{Common, ServeError};

/// The doors that hooks' events come by, and the one that commands ask at.
#[derive(Debug)]
pub(super) struct Doors {
    /// Not yet listening.
    pub(super) control: Option<(Door, Trust)>,
    pub(super) listener: Option<Listener>,
    pub(super) accounting: Option<AccountingDoor>,
    pub(super) spool: Option<SpoolDoor>,
}

/// The spool, read by threads that may block.
#[derive(Debug)]
pub(super) struct SpoolDoor {
    path: PathBuf,
    trusted: Trusted,
    clock: Clock,
    /// `None` while a thread reads it, and where one broke off: then it is opened anew.
    open: Option<Spool>,
}

impl Doors {
    /// Opens all. One that is not configured and not there (nobody has set the hook up) is left out.
    pub(super) async fn open(serve: &Serve, common: &Common) -> Result<Self, ServeError> {
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
            .then(|| SpoolDoor::open(&spool.path, trusted, common.clock))
            .transpose()
            .map_err(|error| ServeError::Hook(error.to_string()))?;
        let accounting = accounting(serve, common.clock).await?;
        if listener.is_none() && spool.is_none() && accounting.is_none() {
            tracing::info!("no hooks of FreeRADIUS: neither {} nor a spool is there", serve.hook_socket.path.display());
        }
        Ok(Self { control, listener, accounting, spool })
    }
}

async fn accounting(serve: &Serve, clock: Clock) -> Result<Option<AccountingDoor>, ServeError> {
    let Some(AccountingListen { address, secret }) = &serve.accounting else { return Ok(None) };
    let door = AccountingDoor::bind(*address, secret.clone(), clock).await;
    let door = door.map_err(|error| ServeError::Hook(format!("[serve] accounting_listen = \"{address}\": {error}")))?;
    tracing::info!(listen = %door.address(), "receives copies of FreeRADIUS' accounting");
    Ok(Some(door))
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

impl SpoolDoor {
    fn open(path: &Path, trusted: Trusted, clock: Clock) -> Result<Self, SpoolError> {
        let open = Some(Spool::open(path, trusted.clone(), clock)?);
        Ok(Self { path: path.to_owned(), trusted, clock, open })
    }

    /// Does this with the spool, in a thread that may block.
    ///
    /// # Errors
    /// Where it broke off, or the spool cannot be opened again after it did: the next call tries anew.
    pub(super) async fn with<T: Send + 'static>(
        &mut self,
        what: impl FnOnce(&mut Spool) -> T + Send + 'static,
    ) -> Result<T, String> {
        let (path, trusted, clock, open) = (self.path.clone(), self.trusted.clone(), self.clock, self.open.take());
        let done = tokio::task::spawn_blocking(move || {
            let mut spool = open.map_or_else(|| Spool::open(&path, trusted, clock), Ok)?;
            let given = what(&mut spool);
            Ok((spool, given))
        });
        match done.await {
            Ok(Ok((spool, given))) => {
                self.open = Some(spool);
                Ok(given)
            }
            Ok(Err(error)) => Err(SpoolError::to_string(&error)),
            Err(error) => Err(format!("the spool {}: what was done with it broke off: {error}", self.path.display())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::{Event, Kind, Wish, keep};

    #[tokio::test]
    async fn a_spool_whose_reader_broke_off_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut door = SpoolDoor::open(folder.path(), Trusted::own(), Clock).expect("a spool");
        let event = Event::new(Kind::Interim, Wish::Check, 1);
        keep(folder.path(), &event.encode().expect("an event"), Clock).expect("kept");
        let broke: Result<(), String> = door.with(|_| panic!("in the middle")).await;
        assert!(broke.expect_err("told").contains("what was done with it broke off"));
        let batch = door.with(|spool| spool.batch(9)).await.expect("it goes on").expect("read");
        assert_eq!(batch.events.len(), 1);
        let gone = folder.path().join("elsewhere");
        std::fs::rename(folder.path().join("aside"), gone).expect("ours");
        drop(door.open.take());
        std::fs::write(folder.path().join("aside"), "").expect("a file");
        assert!(door.with(|_| ()).await.expect_err("told").contains("make its sub-directory"));
        std::fs::remove_file(folder.path().join("aside")).expect("ours");
        assert_eq!(door.with(|_| 7).await, Ok(7));
    }
}
