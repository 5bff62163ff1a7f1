//! The open sockets of one local address.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll};

use rustix::net::{SendFlags, sockopt};
use tokio::net::UdpSocket;

use crate::dynauth::{Port, SendError};

/// Room for what waits to leave: datagrams to a neighbour that does not answer ARP keep theirs for seconds. The system
/// gives at most `net.core.wmem_max`.
const SEND_BUFFER_OCTETS: usize = 4 << 20;
/// Room for the replies that come while others are looked at; at most `net.core.rmem_max`.
const RECEIVE_BUFFER_OCTETS: usize = 4 << 20;

/// A socket for each open port.
#[derive(Debug)]
pub(super) struct Sockets {
    source: IpAddr,
    open: Vec<Option<UdpSocket>>,
}

impl Sockets {
    /// With the first port open.
    pub(super) fn open(source: IpAddr) -> io::Result<Self> {
        let mut sockets = Self { source, open: Vec::new() };
        sockets.open_port(Port::FIRST)?;
        Ok(sockets)
    }

    pub(super) fn open_port(&mut self, port: Port) -> io::Result<()> {
        let socket = std::net::UdpSocket::bind((self.source, 0))?;
        socket.set_nonblocking(true)?;
        // Less room is no reason not to begin
        sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER_OCTETS).ok();
        sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER_OCTETS).ok();
        let socket = UdpSocket::from_std(socket)?;
        while self.open.len() <= port.index() {
            self.open.push(None);
        }
        if let Some(place) = self.open.get_mut(port.index()) {
            *place = Some(socket);
        }
        Ok(())
    }

    pub(super) fn close_port(&mut self, port: Port) {
        if let Some(place) = self.open.get_mut(port.index()) {
            *place = None;
        }
    }

    fn get(&self, port: Port) -> Option<&UdpSocket> {
        self.open.get(port.index())?.as_ref()
    }

    /// The address of the first port.
    pub(super) fn local_addr(&self) -> io::Result<SocketAddr> {
        self.get(Port::FIRST).ok_or(io::ErrorKind::NotConnected)?.local_addr()
    }

    /// Sends without waiting. [`io::ErrorKind::WouldBlock`]: the port has no room now.
    pub(super) fn try_send(&self, port: Port, octets: &[u8], to: SocketAddr) -> io::Result<()> {
        let socket = self.get(port).ok_or(io::ErrorKind::NotConnected)?;
        match socket.try_send_to(octets, to) {
            // Of a socket that is new the runtime does not know yet that it has room: the system does
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Ok(rustix::net::sendto(socket, octets, SendFlags::empty(), &to).map(|_| ())?)
            }
            sent => sent.map(|_| ()),
        }
    }

    /// Takes one datagram that has come to this port, if there is one.
    pub(super) fn try_receive(&self, port: Port, buffer: &mut [u8]) -> Option<(usize, SocketAddr)> {
        let socket = self.get(port)?;
        loop {
            match socket.try_recv_from(buffer) {
                Ok(received) => return Some(received),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return None,
                // What an earlier datagram met with: it stands in the way of none that has come
                Err(error) => tracing::debug!(%error, "receiving from the socket failed"),
            }
        }
    }

    /// Waits until a datagram may have come to any port, or one that is `full` may have room again.
    pub(super) async fn ready(&self, full: &BTreeSet<Port>) {
        poll_fn(|context| self.poll_ready(full, context)).await;
    }

    fn poll_ready(&self, full: &BTreeSet<Port>, context: &mut Context<'_>) -> Poll<()> {
        let mut ready = Poll::Pending;
        for socket in self.open.iter().flatten() {
            if socket.poll_recv_ready(context).is_ready() {
                ready = Poll::Ready(());
            }
        }
        for socket in full.iter().filter_map(|port| self.get(*port)) {
            if socket.poll_send_ready(context).is_ready() {
                ready = Poll::Ready(());
            }
        }
        ready
    }

    /// All ports that are open.
    pub(super) fn ports(&self) -> impl Iterator<Item = Port> + use<'_> {
        Port::all().zip(&self.open).filter(|(_, socket)| socket.is_some()).map(|(port, _)| port)
    }
}

/// What the system means by refusing to send.
#[expect(clippy::wildcard_enum_match_arm, reason = "the system has many kinds, and they come to the same")]
pub(super) fn send_error(error: &io::Error) -> SendError {
    if let Some(rustix::io::Errno::NOBUFS | rustix::io::Errno::NOMEM) = rustix::io::Errno::from_io_error(error) {
        return SendError::NoBuffers;
    }
    match error.kind() {
        io::ErrorKind::NetworkUnreachable => SendError::NetworkUnreachable,
        io::ErrorKind::HostUnreachable => SendError::HostUnreachable,
        io::ErrorKind::ConnectionRefused => SendError::PortUnreachable,
        io::ErrorKind::PermissionDenied => SendError::Forbidden,
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::InvalidInput => SendError::AddressNotAvailable,
        _ => SendError::Refused,
    }
}
