//! Who gets through to REST: at most `max-sessions` connections, after their TLS handshake.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::Site;
use crate::simulator::{BeyondMaxSessions, Event};

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long to wait when no connection can be taken.
const BREATH: Duration = Duration::from_millis(100);

type Stream = Either<TcpStream, TlsStream<TcpStream>>;

/// One connection, as a request's handler sees it.
#[derive(Debug, Clone)]
pub(super) struct Peer(Arc<Session>);

/// Ends with the connection; its place is free then.
#[derive(Debug)]
struct Session {
    from: SocketAddr,
    site: Site,
    logged_in: AtomicBool,
    _place: OwnedSemaphorePermit,
}

impl Peer {
    pub(super) fn from(&self) -> SocketAddr {
        self.0.from
    }

    /// A line of the log for the first login of a connection.
    pub(super) fn logged_in(&self) {
        if !self.0.logged_in.swap(true, Ordering::Relaxed) {
            self.0.log("logged in from");
        }
    }
}

impl Session {
    fn log(&self, what: &str) {
        let text = format!("user {} {what} {} via rest-api", self.site.options.user, self.from.ip());
        self.site.shared.tell(Event::Log { text });
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if *self.logged_in.get_mut() {
            self.log("logged out from");
        }
    }
}

/// Hands out connections whose handshake is done, so that a slow client holds up nobody.
pub(super) struct Gate {
    ready: mpsc::Receiver<(Stream, Peer)>,
    address: SocketAddr,
}

impl Gate {
    /// Accepts from now on.
    pub(super) fn start(
        listener: TcpListener,
        acceptor: Option<TlsAcceptor>,
        site: Site,
        tasks: &mut JoinSet<()>,
    ) -> io::Result<Self> {
        let (sender, ready) = mpsc::channel(64);
        let address = listener.local_addr()?;
        tasks.spawn(async move {
            let places = Arc::new(Semaphore::new(site.options.max_sessions));
            let mut entering = JoinSet::new();
            loop {
                while entering.try_join_next().is_some() {}
                // Out of file descriptors, or a client that left at once: neither is the end.
                let Ok((stream, from)) = TcpListener::accept(&listener).await else {
                    sleep(BREATH).await;
                    continue;
                };
                let place = Arc::clone(&places).try_acquire_owned().ok();
                if place.is_none() && !waits(&site, from) {
                    continue;
                }
                let (places, acceptor, site, sender) =
                    (Arc::clone(&places), acceptor.clone(), site.clone(), sender.clone());
                entering.spawn(async move {
                    let place = match place {
                        Some(place) => Some(place),
                        None => places.acquire_owned().await.ok(),
                    };
                    let Some(place) = place else { return };
                    if let Some(stream) = shake_hands(acceptor, stream).await {
                        let session = Session { from, site, logged_in: AtomicBool::new(false), _place: place };
                        // Nobody takes it when the router is stopping.
                        sender.send((stream, Peer(Arc::new(session)))).await.ok();
                    }
                });
            }
        });
        Ok(Self { ready, address })
    }
}

/// What a connection beyond `max-sessions` may do.
fn waits(site: &Site, from: SocketAddr) -> bool {
    site.shared.tell(Event::Refused { from, reason: "max-sessions".to_owned() });
    site.shared.state().behaviours.rest.beyond_max_sessions == BeyondMaxSessions::Waits
}

async fn shake_hands(acceptor: Option<TlsAcceptor>, stream: TcpStream) -> Option<Stream> {
    match acceptor {
        None => Some(Either::Left(stream)),
        Some(acceptor) => timeout(HANDSHAKE, acceptor.accept(stream)).await.ok()?.ok().map(Either::Right),
    }
}

impl Listener for Gate {
    type Io = Stream;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Err(io::Error::new(io::ErrorKind::Unsupported, format!("no peer: this is {}", self.address)))
    }
}

impl Connected<IncomingStream<'_, Gate>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        stream.remote_addr().clone()
    }
}
