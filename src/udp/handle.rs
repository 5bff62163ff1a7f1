//! A task that drives a [`UdpClient`] for any number of askers.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::sync::{mpsc, oneshot};

use super::UdpClient;
use crate::clock::Clock;
use crate::dynauth::{Ended, ExchangeId, Request, RequestError};
use crate::metrics::Metrics;

/// A way to ask DAS from one local address. Clones share it; its sockets close when the last is dropped.
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
    open_ports: AtomicUsize,
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
    /// Opens a socket at `source` (any port; `None` is any IPv4 address) and starts its task.
    ///
    /// # Errors
    /// As [`UdpClient::bind`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn bind(source: Option<IpAddr>, clock: Clock) -> io::Result<Self> {
        Self::bind_counting(source, clock, Arc::default())
    }

    /// As [`UdpHandle::bind`]; what is discarded is counted in `metrics`.
    ///
    /// # Errors
    /// As [`UdpClient::bind`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn bind_counting(source: Option<IpAddr>, clock: Clock, metrics: Arc<Metrics>) -> io::Result<Self> {
        let client = UdpClient::bind(source.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), clock, metrics)?;
        let local_addr = client.local_addr()?;
        let (commands, inbox) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { open_ports: 1.into(), ..Shared::default() });
        let (waiting, exchanges) = (BTreeMap::new(), BTreeMap::new());
        let driver = Driver { client, shared: Arc::clone(&shared), waiting, exchanges, closed: false };
        tokio::spawn(driver.run(inbox));
        Ok(Self { commands, shared, local_addr })
    }

    /// Sends a request and waits for its end: for an Identifier, if none is free for this NAS, and then at most as long as
    /// the request's policy says. Dropping the future cancels the exchange.
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

    /// Ends all exchanges of this handle as [`crate::dynauth::Outcome::Cancelled`], and any later one before it is sent.
    pub fn close(&self) {
        self.commands.send(Command::Close).ok();
    }

    /// How many datagrams were discarded so far.
    #[must_use]
    pub fn discarded(&self) -> u64 {
        self.shared.discarded.load(Ordering::Relaxed)
    }

    /// How many ports were open when last something happened.
    #[must_use]
    pub fn open_ports(&self) -> usize {
        self.shared.open_ports.load(Ordering::Relaxed)
    }

    /// The address of the first port.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
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
    client: UdpClient,
    shared: Arc<Shared>,
    waiting: BTreeMap<ExchangeId, (Ticket, Reply)>,
    exchanges: BTreeMap<Ticket, ExchangeId>,
    closed: bool,
}

impl Driver {
    /// Runs until the last handle is dropped; then nobody waits for an exchange any more.
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                command = inbox.recv() => match command {
                    Some(command) => self.obey(command),
                    None => return,
                },
                () = self.client.turn() => {}
            }
            while let Ok(command) = inbox.try_recv() {
                self.obey(command);
            }
            self.report();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Start(_, _, reply) if self.closed => drop(reply.send(Ok(Ended::cancelled_unsent()))),
            Command::Start(ticket, request, reply) => self.start(ticket, *request, reply),
            Command::Cancel(ticket) => {
                if let Some(id) = self.exchanges.get(&ticket) {
                    self.client.cancel(*id);
                }
            }
            Command::Close => {
                self.closed = true;
                self.client.cancel_all();
            }
        }
    }

    fn start(&mut self, ticket: Ticket, request: Request, reply: Reply) {
        match self.client.start(request) {
            Ok(id) => {
                self.waiting.insert(id, (ticket, reply));
                self.exchanges.insert(ticket, id);
            }
            // A caller that has gone away needs no answer, here and in `report`.
            Err(error) => drop(reply.send(Err(error))),
        }
    }

    fn report(&mut self) {
        while let Some((id, ended)) = self.client.poll_ended() {
            if let Some((ticket, reply)) = self.waiting.remove(&id) {
                self.exchanges.remove(&ticket);
                reply.send(Ok(ended)).ok();
            }
        }
        self.shared.discarded.store(self.client.discarded(), Ordering::Relaxed);
        self.shared.open_ports.store(self.client.open_ports(), Ordering::Relaxed);
    }
}
