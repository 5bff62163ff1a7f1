//! A Dynamic Authorization Server of a few lines, and requests for it.
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

use radkick::dynauth::Request;
use radkick::radius::{
    AttributeType, Attributes, Code, ErrorCause, MessageAuthenticator, Opened, SharedSecret, open_request, seal_reply,
};

pub(crate) const SECRET: &str = "testing123";

pub(crate) fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text.as_bytes().to_vec()).expect("a secret of some octets")
}

/// The address of the nth NAS.
pub(crate) fn das_addr(n: u8) -> SocketAddr {
    ([192, 0, 2, n], 3799).into()
}

pub(crate) fn user(name: &str) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, name).expect("a short name");
    attributes
}

pub(crate) fn disconnect(name: &str) -> Request {
    Request::new(das_addr(1), Code::DisconnectRequest, user(name), secret(SECRET))
}

pub(crate) fn open(octets: &[u8]) -> Option<Opened> {
    open_request(octets, &secret(SECRET), MessageAuthenticator::Optional).ok()
}

pub(crate) fn error_cause(cause: ErrorCause) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.push_u32(AttributeType::ERROR_CAUSE, cause.0);
    attributes
}

/// A reply that is right in every respect.
pub(crate) fn reply(code: Code, request: &Opened, attributes: &Attributes) -> Vec<u8> {
    seal_reply(code, request, attributes, &secret(SECRET), MessageAuthenticator::Optional).expect("a short reply")
}

/// What the server answers, by the user's name: `nak` and a number, or ACK.
pub(crate) fn answer(octets: &[u8]) -> Option<Vec<u8>> {
    let request = open(octets)?;
    let name = request.attributes.first_text(AttributeType::USER_NAME).unwrap_or_default();
    let (ack, nak) = if request.code == Code::CoaRequest {
        (Code::CoaAck, Code::CoaNak)
    } else {
        (Code::DisconnectAck, Code::DisconnectNak)
    };
    Some(match name.strip_prefix("nak").map(str::parse) {
        Some(Ok(cause)) => reply(nak, &request, &error_cause(ErrorCause(cause))),
        Some(Err(_)) => reply(nak, &request, &Attributes::new()),
        None => reply(ack, &request, &Attributes::new()),
    })
}

/// The server on a loopback socket, until it is dropped.
pub(crate) struct LoopbackDas {
    pub(crate) addr: SocketAddr,
    received: Arc<Mutex<Vec<(SocketAddr, Vec<u8>)>>>,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LoopbackDas {
    /// Answers as [`answer`] does.
    pub(crate) fn start() -> Self {
        Self::answering([127, 0, 0, 1].into(), |octets, _| answer(octets).into_iter().collect())
    }

    /// Receives and never answers.
    pub(crate) fn silent() -> Self {
        Self::answering([127, 0, 0, 1].into(), |_, _| Vec::new())
    }

    /// Sends what `answers` gives for a datagram; its second argument counts the datagrams from 1.
    pub(crate) fn answering(address: IpAddr, answers: impl Fn(&[u8], usize) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind((address, 0)).expect("a loopback socket");
        let addr = socket.local_addr().expect("a bound socket");
        let received = Arc::new(Mutex::new(Vec::new()));
        let closing = Arc::new(AtomicBool::new(false));
        let (log, closed) = (Arc::clone(&received), Arc::clone(&closing));
        let thread = spawn(move || {
            let mut buffer = [0; 5000];
            while let Ok((octets, from)) = socket.recv_from(&mut buffer) {
                if closed.load(Ordering::SeqCst) {
                    return;
                }
                let mut log = log.lock().expect("no panic under the lock");
                log.push((from, buffer[..octets].to_vec()));
                for answer in answers(&buffer[..octets], log.len()) {
                    socket.send_to(&answer, from).expect("loopback");
                }
            }
        });
        Self { addr, received, closing, thread: Some(thread) }
    }

    /// Every datagram so far, with where it came from.
    pub(crate) fn received(&self) -> Vec<(SocketAddr, Vec<u8>)> {
        self.received.lock().expect("no panic under the lock").clone()
    }
}

impl Drop for LoopbackDas {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        let waker = UdpSocket::bind((self.addr.ip(), 0)).expect("a loopback socket");
        waker.send_to(&[], self.addr).expect("loopback");
        self.thread.take().map(JoinHandle::join);
    }
}
