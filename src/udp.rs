//! The task that drives [`crate::dynauth`] over one UDP socket.
//!
//! ```text
//!  UdpHandle (any number) ── Start, Cancel ──▶ task: engine + socket ──▶ Ended, by a oneshot channel
//! ```
//!
//! The socket is not connected: it talks to all DAS of its address family, and an answer from another address of a NAS
//! reaches it. It stays open as long as a handle exists, so retransmissions leave from the port that the first
//! transmission left from (RFC 5176 §2.3).

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep_until;

use crate::clock::Clock;
use crate::dynauth::{DynAuthClient, Ended, Event, ExchangeId, Request, RequestError, SendError, Transmit};
use crate::metrics::Metrics;
use crate::radius::MAX_PACKET_OCTETS;

/// A way to ask DAS through one socket. Clones share it; the socket closes when the last is dropped.
#[derive(Debug, Clone)]
pub struct UdpHandle {
    commands: mpsc::UnboundedSender<Command>,
    shared: Arc<Shared>,
    local_addr: SocketAddr,
}

#[derive(Debug, Default)]
struct Shared {
    next_ticket: AtomicU64,
    discarded: AtomicU64,
    metrics: Arc<Metrics>,
}

/// Names a caller's exchange before the engine has named it.
type Ticket = u64;

#[derive(Debug)]
enum Command {
    Start(Ticket, Box<Request>, Reply),
    Cancel(Ticket),
    Close,
}

type Reply = oneshot::Sender<Result<Ended, RequestError>>;

impl UdpHandle {
    /// Opens a socket at `source` (any port) and starts its task. An IPv4 source reaches IPv4 DAS alone, an IPv6 source
    /// IPv6 ones; `None` is any IPv4 address. [`any_source`] gives the right one for a DAS.
    ///
    /// # Errors
    /// When the socket cannot be opened, as with an address that this machine does not have.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn bind(source: Option<IpAddr>, clock: Clock) -> io::Result<Self> {
        Self::bind_counting(source, clock, Arc::default()).await
    }

    /// As [`UdpHandle::bind`]; what is discarded is counted in `metrics`.
    ///
    /// # Errors
    /// As [`UdpHandle::bind`].
    pub async fn bind_counting(source: Option<IpAddr>, clock: Clock, metrics: Arc<Metrics>) -> io::Result<Self> {
        let source = source.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let socket = UdpSocket::bind((source, 0)).await?;
        let local_addr = socket.local_addr()?;
        let (commands, inbox) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { metrics, ..Shared::default() });
        let driver = Driver {
            client: DynAuthClient::new(clock.random()),
            socket,
            clock,
            shared: Arc::clone(&shared),
            waiting: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            closed: false,
        };
        tokio::spawn(driver.run(inbox));
        Ok(Self { commands, shared, local_addr })
    }

    /// Sends a request and waits for its end, at most as long as its policy says. Dropping the future cancels the exchange.
    ///
    /// # Errors
    /// [`RequestError`], with nothing sent.
    pub async fn exchange(&self, request: Request) -> Result<Ended, RequestError> {
        let ticket = self.shared.next_ticket.fetch_add(1, Ordering::Relaxed);
        let (reply, ended) = oneshot::channel();
        self.commands.send(Command::Start(ticket, Box::new(request), reply)).ok();
        let guard = CancelOnDrop { ticket, commands: &self.commands };
        let ended = ended.await;
        std::mem::forget(guard);
        // The task answers every start, unless the runtime has been shut down around it.
        ended.unwrap_or_else(|_| Ok(Ended::cancelled_unsent()))
    }

    /// Ends all exchanges of this socket as [`crate::dynauth::Outcome::Cancelled`], and any later one before it is sent.
    pub fn close(&self) {
        self.commands.send(Command::Close).ok();
    }

    /// How many datagrams were discarded so far.
    #[must_use]
    pub fn discarded(&self) -> u64 {
        self.shared.discarded.load(Ordering::Relaxed)
    }

    /// The socket's own address.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }
}

/// Any local address of the family that reaches `das_addr`.
#[must_use]
pub const fn any_source(das_addr: SocketAddr) -> IpAddr {
    match das_addr {
        SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    }
}

struct CancelOnDrop<'a> {
    ticket: Ticket,
    commands: &'a mpsc::UnboundedSender<Command>,
}

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.commands.send(Command::Cancel(self.ticket)).ok();
    }
}

struct Driver {
    client: DynAuthClient,
    socket: UdpSocket,
    clock: Clock,
    shared: Arc<Shared>,
    waiting: BTreeMap<ExchangeId, (Ticket, Reply)>,
    exchanges: BTreeMap<Ticket, ExchangeId>,
    closed: bool,
}

impl Driver {
    /// Runs until the last handle is dropped; then nobody waits for an exchange any more.
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Command>) {
        let mut buffer = [0; MAX_PACKET_OCTETS];
        loop {
            let deadline = self.client.poll_timeout();
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                received = self.socket.recv_from(&mut buffer) => match received {
                    Ok((octets, from)) => {
                        let datagram = buffer.get(..octets).unwrap_or_default();
                        self.client.handle_datagram(from, datagram, self.clock.now());
                    }
                    Err(error) => tracing::debug!(%error, "receiving from the socket failed"),
                },
                () = sleep_until(deadline.unwrap_or_else(|| self.clock.now()).into()), if deadline.is_some() => {
                    self.client.handle_timeout(self.clock.now(), self.clock.random());
                }
            }
            while let Some(transmit) = self.client.poll_transmit() {
                self.send(transmit).await;
            }
            while let Some(event) = self.client.poll_event() {
                self.report(event);
            }
        }
    }

    fn obey(&mut self, command: Command) {
        let now = self.clock.now();
        match command {
            Command::Start(_, _, reply) if self.closed => drop(reply.send(Ok(Ended::cancelled_unsent()))),
            Command::Start(ticket, request, reply) => self.start(ticket, *request, reply),
            Command::Cancel(ticket) => {
                if let Some(id) = self.exchanges.get(&ticket) {
                    self.client.cancel(*id, now);
                }
            }
            Command::Close => {
                self.closed = true;
                self.client.cancel_all(now);
            }
        }
    }

    fn start(&mut self, ticket: Ticket, request: Request, reply: Reply) {
        match self.client.handle_request(request, self.clock.now(), self.clock.epoch(), self.clock.random()) {
            Ok(id) => {
                self.waiting.insert(id, (ticket, reply));
                self.exchanges.insert(ticket, id);
            }
            // A caller that has gone away needs no answer, here and in `report`.
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    async fn send(&mut self, transmit: Transmit) {
        let Err(error) = self.socket.send_to(&transmit.octets, transmit.das_addr).await else { return };
        tracing::debug!(%error, das_addr = %transmit.das_addr, "a transmission failed");
        self.client.handle_send_error(transmit.exchange, send_error(&error), self.clock.now());
    }

    fn report(&mut self, event: Event) {
        match event {
            Event::Ended(id, ended) => {
                if let Some((ticket, reply)) = self.waiting.remove(&id) {
                    self.exchanges.remove(&ticket);
                    reply.send(Ok(ended)).ok();
                }
            }
            Event::Discarded(discard) => {
                self.shared.discarded.fetch_add(1, Ordering::Relaxed);
                self.shared.metrics.discards.count(&discard.reason);
                tracing::debug!(%discard, "discarded");
            }
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the system has many kinds, and they come to the same")]
fn send_error(error: &io::Error) -> SendError {
    match error.kind() {
        io::ErrorKind::NetworkUnreachable => SendError::NetworkUnreachable,
        io::ErrorKind::HostUnreachable => SendError::HostUnreachable,
        io::ErrorKind::ConnectionRefused => SendError::PortUnreachable,
        io::ErrorKind::PermissionDenied => SendError::Forbidden,
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::InvalidInput => SendError::AddressNotAvailable,
        _ => SendError::Refused,
    }
}
