//! The daemon's side of the socket.

use std::os::fd::OwnedFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::io::Interest;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::AbortOnDropHandle;

use crate::door::{DoorError, SocketFile};

use super::event::{Event, MAX_EVENT_OCTETS};
use super::socket;
use super::ticket::{Ticket, refuse};
use super::trusted::Trusted;

/// Hooks whose events are read or not yet answered, at a time. One more is turned away at once, to the spool.
const CONNECTIONS: usize = 256;

/// How long a connection may say nothing. A hook sends at once.
const SILENCE: Duration = Duration::from_secs(1);

/// How long nothing is accepted after this process could not: out of descriptors, say.
const RESPITE: Duration = Duration::from_millis(100);

/// Listens for hooks and yields their events.
///
/// The socket has mode 0660 in a directory that only radkick and root may write; who connects is asked of the kernel. A
/// message that is no event is answered with a refusal; a connection that says nothing for a second is dropped.
#[derive(Debug)]
pub struct Listener {
    events: mpsc::Receiver<(Event, Ticket)>,
    counters: Arc<Counters>,
    // The task first: the file goes when nobody accepts any more
    _acceptor: AbortOnDropHandle<()>,
    _file: SocketFile,
}

/// What a [`Listener`] has seen since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Events yielded.
    pub events: u64,
    /// Connections of users who are not trusted.
    pub strangers: u64,
    /// Messages that were too long, malformed, or of another version.
    pub malformed: u64,
    /// Connections that said nothing, or went before they said anything.
    pub silent: u64,
    /// Connections turned away because too many were there.
    pub turned_away: u64,
}

#[derive(Debug, Default)]
struct Counters {
    events: AtomicU64,
    strangers: AtomicU64,
    malformed: AtomicU64,
    silent: AtomicU64,
    turned_away: AtomicU64,
}

impl Listener {
    /// Listens at `path`; its directory is made where it is missing. Directory and socket get `group`, FreeRADIUS' one; this process
    /// must be in it, or root. Takes the place of a socket file that nobody listens on.
    ///
    /// # Errors
    /// Where somebody listens there, the directory is not safe, or the system refuses.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn bind(path: &Path, group: Option<u32>, trusted: Trusted) -> Result<Self, DoorError> {
        let (file, socket) = socket::open(path, group)?;
        // Tokio has no type for SOCK_SEQPACKET. These accept, tell the peer's credentials and when there is something to read, which is
        // the same for each type of socket; what is read is one message.
        let socket = UnixListener::from_std(socket.into()).map_err(|source| DoorError::Failed {
            path: path.into(),
            operation: "wait for connections",
            source,
        })?;
        let (sender, events) = mpsc::channel(CONNECTIONS);
        let counters = Arc::new(Counters::default());
        let reception = Reception { trusted, sender, counters: Arc::clone(&counters) };
        let acceptor = AbortOnDropHandle::new(tokio::spawn(Arc::new(reception).run(socket)));
        Ok(Self { events, counters, _acceptor: acceptor, _file: file })
    }

    /// The next event, and its hook's ticket. May be cancelled without losing one. `None` never comes but at the end of the
    /// runtime.
    pub async fn next(&mut self) -> Option<(Event, Ticket)> {
        let next = self.events.recv().await;
        self.counters.events.fetch_add(u64::from(next.is_some()), Ordering::Relaxed);
        next
    }

    /// What has been seen so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            events: of(&self.counters.events),
            strangers: of(&self.counters.strangers),
            malformed: of(&self.counters.malformed),
            silent: of(&self.counters.silent),
            turned_away: of(&self.counters.turned_away),
        }
    }
}

struct Reception {
    trusted: Trusted,
    sender: mpsc::Sender<(Event, Ticket)>,
    counters: Arc<Counters>,
}

impl Reception {
    async fn run(self: Arc<Self>, socket: UnixListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            match socket.accept().await {
                Ok((connection, _)) => self.admit(connection, &places),
                Err(error) if error.raw_os_error() == Some(Errno::CONNABORTED.raw_os_error()) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a hook");
                    tokio::time::sleep(RESPITE).await;
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, connection: UnixStream, places: &Arc<Semaphore>) {
        let is_trusted = connection.peer_cred().is_ok_and(|peer| self.trusted.has_peer(peer.uid(), peer.gid()));
        if !is_trusted {
            self.counters.strangers.fetch_add(1, Ordering::Relaxed);
            refuse(&connection, "not a user whose events are taken");
            return;
        }
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            self.counters.turned_away.fetch_add(1, Ordering::Relaxed);
            refuse(&connection, "busy");
            return;
        };
        tokio::spawn(Arc::clone(self).attend(connection, place));
    }

    async fn attend(self: Arc<Self>, connection: UnixStream, place: OwnedSemaphorePermit) {
        let message = tokio::time::timeout(SILENCE, message(&connection)).await;
        let (Ok(Ok(message)), Ok(connection)) = (message, connection.into_std().map(OwnedFd::from)) else {
            self.counters.silent.fetch_add(1, Ordering::Relaxed);
            return;
        };
        match Event::decode(&message) {
            Ok(event) => {
                // There is room for as many as there are places; when nobody listens any more the hook is hung up on
                self.sender.try_send((event, Ticket::new(connection, place))).ok();
            }
            Err(error) => {
                self.counters.malformed.fetch_add(1, Ordering::Relaxed);
                refuse(&connection, &error.to_string());
            }
        }
    }
}

/// One message, up to one octet more than an event may have. Fails when the other side hangs up without one.
async fn message(connection: &UnixStream) -> std::io::Result<Vec<u8>> {
    connection
        .async_io(Interest::READABLE, || {
            let mut message = vec![0; MAX_EVENT_OCTETS + 1];
            let (length, _) = recv(connection, &mut message, RecvFlags::empty())?;
            message.truncate(length);
            if length == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(message) }
        })
        .await
}
