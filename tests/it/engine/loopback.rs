//! The server of `das` on a loopback socket.
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{JoinHandle, spawn};

use super::das;

/// Where each datagram came from, and its octets.
type Received = Vec<(SocketAddr, Vec<u8>)>;

/// The server on a loopback socket, until it is dropped.
pub(crate) struct LoopbackDas {
    pub(crate) addr: SocketAddr,
    received: Arc<Mutex<Received>>,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LoopbackDas {
    /// Answers as [`das::answer`] does.
    pub(crate) fn start() -> Self {
        Self::answering([127, 0, 0, 1].into(), |octets, _| das::answer(octets).into_iter().collect())
    }

    /// Receives and never answers.
    pub(crate) fn silent() -> Self {
        Self::answering([127, 0, 0, 1].into(), |_, _| Vec::new())
    }

    /// Sends what `answers` gives for a datagram; its second argument counts the datagrams from 1.
    pub(crate) fn answering(address: IpAddr, answers: impl Fn(&[u8], usize) -> Vec<Vec<u8>> + Send + 'static) -> Self {
        let socket = UdpSocket::bind((address, 0)).expect("a loopback socket");
        let addr = socket.local_addr().expect("a bound socket");
        let received = Arc::new(Mutex::new(Received::new()));
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
    pub(crate) fn received(&self) -> Received {
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
