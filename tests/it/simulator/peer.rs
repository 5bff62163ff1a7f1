//! The other side of a simulated router: a sender of Disconnect-Requests, and an accounting server.
use std::net::{Ipv4Addr, SocketAddr};

use md5::{Digest, Md5};
use radkick::radius::{
    Attributes, Code, MessageAuthenticator, Opened, Sealed, open_reply, open_request, seal_reply, seal_request,
};
use tokio::net::UdpSocket;
use tokio::time::timeout;

use super::{SECRET, secret};
use crate::support::wait::PATIENCE;

/// Sends requests from one socket and reads what comes back.
pub(super) struct Sender {
    socket: UdpSocket,
    to: SocketAddr,
}

impl Sender {
    pub(super) async fn new(to: SocketAddr) -> Self {
        Self::at(Ipv4Addr::LOCALHOST, to).await
    }

    pub(super) async fn at(address: Ipv4Addr, to: SocketAddr) -> Self {
        Self { socket: UdpSocket::bind((address, 0)).await.expect("a socket"), to }
    }

    pub(super) fn request(identifier: u8, attributes: &Attributes) -> Sealed {
        seal_request(Code::DisconnectRequest, identifier, attributes, &secret(), MessageAuthenticator::Required)
            .expect("a request")
    }

    pub(super) async fn send(&self, octets: &[u8]) {
        self.socket.send_to(octets, self.to).await.expect("sent");
    }

    /// The next datagram, whoever sent it.
    pub(super) async fn receive(&self) -> (Vec<u8>, SocketAddr) {
        let mut buffer = [0; 4096];
        let (length, from) =
            timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("a datagram in time").expect("received");
        (buffer[..length].to_vec(), from)
    }

    /// Sends a request and demands that the next datagram is its answer, from the address asked.
    pub(super) async fn exchange(&self, identifier: u8, attributes: &Attributes) -> Opened {
        let request = Self::request(identifier, attributes);
        self.send(request.octets()).await;
        self.answer(&request).await
    }

    pub(super) async fn answer(&self, request: &Sealed) -> Opened {
        let (octets, from) = self.receive().await;
        assert_eq!(from, self.to, "the answer comes from the address asked");
        open_reply(&octets, request, &secret(), MessageAuthenticator::Optional).expect("the answer to this request")
    }
}

/// An accounting server that answers when it is told to.
pub(super) struct AccountingServer {
    socket: UdpSocket,
}

/// A request to it.
pub(super) struct Accounted {
    pub(super) opened: Opened,
    pub(super) octets: Vec<u8>,
    pub(super) from: SocketAddr,
}

impl AccountingServer {
    pub(super) async fn start() -> Self {
        Self { socket: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket") }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    pub(super) async fn receive(&self) -> Accounted {
        let mut buffer = [0; 4096];
        let (length, from) =
            timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("a record in time").expect("received");
        let octets = buffer[..length].to_vec();
        let opened = open_request(&octets, &secret(), MessageAuthenticator::Optional).expect("a sound request");
        assert_eq!(opened.code, Code::AccountingRequest);
        Accounted { opened, octets, from }
    }

    pub(super) async fn answer(&self, request: &Accounted) {
        let nothing = Attributes::new();
        let optional = MessageAuthenticator::Optional;
        let reply = seal_reply(Code::AccountingResponse, &request.opened, &nothing, &secret(), optional);
        self.socket.send_to(&reply.expect("a reply"), request.from).await.expect("sent");
    }

    /// The next record, answered.
    pub(super) async fn take(&self) -> Accounted {
        let request = self.receive().await;
        self.answer(&request).await;
        request
    }
}

/// An authentication server that answers when it is told to.
pub(super) struct AccessServer {
    socket: UdpSocket,
}

/// An Access-Request, read octet by octet.
pub(super) struct Asked {
    pub(super) octets: Vec<u8>,
    /// In the packet's order.
    pub(super) attributes: Vec<(u8, Vec<u8>)>,
    pub(super) from: SocketAddr,
}

impl Asked {
    /// The first value of a type.
    pub(super) fn value(&self, octet: u8) -> &[u8] {
        let found = self.attributes.iter().find(|(attribute_type, _)| *attribute_type == octet);
        &found.unwrap_or_else(|| panic!("no attribute {octet}")).1
    }

    pub(super) fn text(&self, octet: u8) -> &str {
        std::str::from_utf8(self.value(octet)).expect("text")
    }

    pub(super) fn types(&self) -> Vec<u8> {
        self.attributes.iter().map(|(attribute_type, _)| *attribute_type).collect()
    }

    pub(super) fn authenticator(&self) -> &[u8] {
        &self.octets[4..20]
    }
}

impl AccessServer {
    pub(super) async fn start() -> Self {
        Self { socket: UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket") }
    }

    pub(super) fn addr(&self) -> SocketAddr {
        self.socket.local_addr().expect("bound")
    }

    pub(super) async fn receive(&self) -> Asked {
        let mut buffer = [0; 4096];
        let (length, from) =
            timeout(PATIENCE, self.socket.recv_from(&mut buffer)).await.expect("a request in time").expect("received");
        let octets = buffer[..length].to_vec();
        assert_eq!((octets[0], usize::from(u16::from_be_bytes([octets[2], octets[3]]))), (1, length));
        let (mut attributes, mut rest) = (Vec::new(), &octets[20..]);
        while let [attribute_type, length, ..] = *rest {
            attributes.push((attribute_type, rest[2..usize::from(length)].to_vec()));
            rest = &rest[usize::from(length)..];
        }
        Asked { octets, attributes, from }
    }

    /// 2 is Access-Accept, 3 Access-Reject.
    pub(super) async fn answer(&self, request: &Asked, code: u8, attributes: &[u8]) {
        let length = u16::try_from(20 + attributes.len()).expect("short").to_be_bytes();
        let head = [code, request.octets[1], length[0], length[1]];
        let signed = [&head, request.authenticator(), attributes, SECRET.as_bytes()].concat();
        let reply = [&head[..], &Md5::digest(signed), attributes].concat();
        self.socket.send_to(&reply, request.from).await.expect("sent");
    }

    /// The next request, accepted.
    pub(super) async fn accept(&self) -> Asked {
        let request = self.receive().await;
        self.answer(&request, 2, &[]).await;
        request
    }
}
