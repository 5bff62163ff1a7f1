//! A DAS that checks every request and takes it, as fast as it can: datagrams in batches, keys prepared, nothing allocated
//! for a packet. It shares no code with what is measured.

use std::io::{IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::{Digest as _, Md5};
use nix::errno::Errno;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::socket::{MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, setsockopt, sockopt};
use nix::sys::time::TimeValLike as _;

/// Datagrams that one system call takes.
pub(crate) const BATCH: usize = 64;
const OCTETS: usize = 4096;
const DISCONNECT_REQUEST: u8 = 40;
const DISCONNECT_ACK: u8 = 41;
const EVENT_TIMESTAMP: u8 = 55;
const MESSAGE_AUTHENTICATOR: u8 = 80;
/// Header and Message-Authenticator.
const ACK_OCTETS: usize = 38;

/// What it has done so far.
#[derive(Debug, Default)]
struct Counts {
    answered: AtomicU64,
    refused: AtomicU64,
    cpu_millis: AtomicU64,
}

/// A DAS on loopback; it answers until this process ends.
#[derive(Debug)]
pub(crate) struct Responder {
    counts: Arc<Counts>,
    addr: SocketAddrV4,
}

impl Responder {
    pub(crate) fn start(secret: &str) -> anyhow::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        widen(&socket);
        let std::net::SocketAddr::V4(addr) = socket.local_addr()? else { anyhow::bail!("not an IPv4 address") };
        let counts = Arc::<Counts>::default();
        let checker = Checker::new(secret)?;
        let counted = Arc::clone(&counts);
        std::thread::spawn(move || answer_all(&socket, &checker, &counted).expect("the responder's socket works"));
        Ok(Self { counts, addr })
    }

    pub(crate) const fn addr(&self) -> SocketAddrV4 {
        self.addr
    }

    /// How many requests it has answered so far; retransmissions count.
    ///
    /// # Errors
    /// When there was one that it did not take.
    pub(crate) fn answered(&self) -> anyhow::Result<u64> {
        let refused = self.counts.refused.load(Ordering::Relaxed);
        anyhow::ensure!(refused == 0, "{refused} requests were not as they should be");
        Ok(self.counts.answered.load(Ordering::Relaxed))
    }

    /// Microseconds of its core that a request took so far.
    pub(crate) fn micros_each(&self) -> anyhow::Result<f64> {
        let millis = u32::try_from(self.counts.cpu_millis.load(Ordering::Relaxed))?;
        Ok(f64::from(millis) * 1e3 / f64::from(u32::try_from(self.answered()?.max(1))?))
    }
}

/// Buffers as large as the system lets anybody have them: what does not fit is lost.
pub(crate) fn widen(socket: &UdpSocket) {
    const WANTED: usize = 8 << 20;
    // More than the bound for everybody is for the privileged; what is refused is not needed
    if setsockopt(socket, sockopt::RcvBufForce, &WANTED).is_err() {
        setsockopt(socket, sockopt::RcvBuf, &WANTED).ok();
    }
}

/// Room for the datagrams of one system call.
struct Batch {
    requests: Vec<[u8; OCTETS]>,
    replies: Vec<[u8; ACK_OCTETS]>,
    from: Vec<Option<SockaddrIn>>,
    lengths: Vec<usize>,
}

fn answer_all(socket: &UdpSocket, checker: &Checker, counts: &Counts) -> anyhow::Result<()> {
    let mut batch = Batch {
        requests: vec![[0; OCTETS]; BATCH],
        replies: vec![[0; ACK_OCTETS]; BATCH],
        from: Vec::with_capacity(BATCH),
        lengths: Vec::with_capacity(BATCH),
    };
    let [mut receiving, mut sending] = [(); 2].map(|()| MultiHeaders::preallocate(BATCH, None));
    loop {
        batch.receive(socket, &mut receiving)?;
        let answered = batch.answer(checker);
        count(counts, answered, batch.lengths.len())?;
        batch.send(socket, &mut sending, answered)?;
    }
}

impl Batch {
    /// Waits for one and takes as many as are there.
    fn receive(&mut self, socket: &UdpSocket, headers: &mut MultiHeaders<SockaddrIn>) -> anyhow::Result<()> {
        self.from.clear();
        self.lengths.clear();
        let mut slices: Vec<_> = self.requests.iter_mut().map(|octets| [IoSliceMut::new(octets)]).collect();
        match recvmmsg(socket.as_raw_fd(), headers, slices.iter_mut(), MsgFlags::MSG_WAITFORONE, None) {
            Ok(received) => {
                for one in received {
                    self.from.push(one.address);
                    self.lengths.push(one.bytes);
                }
                Ok(())
            }
            Err(Errno::EINTR) => Ok(()),
            Err(error) => Err(error).context("receiving"),
        }
    }

    /// How many there are to answer; these replies and addresses come first.
    fn answer(&mut self, checker: &Checker) -> usize {
        let mut answered = 0;
        for (at, (request, length)) in self.requests.iter_mut().zip(&self.lengths).enumerate() {
            if let Some(reply) = checker.answer(&mut request[..*length]) {
                (self.replies[answered], self.from[answered]) = (reply, self.from[at]);
                answered += 1;
            }
        }
        answered
    }

    fn send(&self, socket: &UdpSocket, headers: &mut MultiHeaders<SockaddrIn>, answered: usize) -> anyhow::Result<()> {
        let mut sent = 0;
        while sent < answered {
            let slices: Vec<_> = self.replies[sent..answered].iter().map(|octets| [IoSlice::new(octets)]).collect();
            let to = &self.from[sent..answered];
            sent += sendmmsg(socket.as_raw_fd(), headers, slices.iter(), to, [], MsgFlags::empty())?.count();
        }
        Ok(())
    }
}

fn count(counts: &Counts, answered: usize, received: usize) -> anyhow::Result<()> {
    let before = counts.answered.fetch_add(u64::try_from(answered)?, Ordering::Relaxed);
    counts.refused.fetch_add(u64::try_from(received - answered)?, Ordering::Relaxed);
    let after = before + u64::try_from(answered)?;
    if before / 1000 != after / 1000 {
        let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
        let millis = (usage.user_time() + usage.system_time()).num_milliseconds();
        counts.cpu_millis.store(u64::try_from(millis)?, Ordering::Relaxed);
    }
    Ok(())
}

/// The secret, prepared.
#[derive(Debug)]
struct Checker {
    secret: Vec<u8>,
    keyed: Hmac<Md5>,
}

impl Checker {
    fn new(secret: &str) -> anyhow::Result<Self> {
        Ok(Self { secret: secret.into(), keyed: Hmac::new_from_slice(secret.as_bytes())? })
    }

    /// The signed ACK of a request whose length, Request Authenticator and Message-Authenticator are right and that says
    /// when it was sent. The request is not what it was afterwards.
    fn answer(&self, request: &mut [u8]) -> Option<[u8; ACK_OCTETS]> {
        let [code, identifier, high, low, ..] = *request else { return None };
        if code != DISCONNECT_REQUEST || usize::from(u16::from_be_bytes([high, low])) != request.len() {
            return None;
        }
        let authenticator: [u8; 16] = request.get(4..20)?.try_into().ok()?;
        request[4..20].fill(0);
        if self.digest(request) != authenticator {
            return None;
        }
        let (tag, stamped) = places(request)?;
        let sent: [u8; 16] = request.get(tag..tag + 16)?.try_into().ok()?;
        request[tag..tag + 16].fill(0);
        (stamped && self.tag(request) == sent).then(|| self.ack(identifier, authenticator))
    }

    fn ack(&self, identifier: u8, authenticator: [u8; 16]) -> [u8; ACK_OCTETS] {
        let mut ack = [0; ACK_OCTETS];
        ack[..4].copy_from_slice(&[DISCONNECT_ACK, identifier, 0, 38]);
        ack[4..20].copy_from_slice(&authenticator);
        ack[20..22].copy_from_slice(&[MESSAGE_AUTHENTICATOR, 18]);
        let tag = self.tag(&ack);
        ack[22..].copy_from_slice(&tag);
        let signed = self.digest(&ack);
        ack[4..20].copy_from_slice(&signed);
        ack
    }

    fn digest(&self, octets: &[u8]) -> [u8; 16] {
        Md5::new().chain_update(octets).chain_update(&self.secret).finalize().into()
    }

    fn tag(&self, octets: &[u8]) -> [u8; 16] {
        self.keyed.clone().chain_update(octets).finalize().into_bytes().into()
    }
}

/// Where the Message-Authenticator's value begins, and whether an Event-Timestamp is there.
fn places(octets: &[u8]) -> Option<(usize, bool)> {
    let (mut at, mut tag, mut stamped) = (20, None, false);
    while at < octets.len() {
        let (kind, length) = (octets[at], usize::from(*octets.get(at + 1)?));
        match (kind, length) {
            (_, 0 | 1) => return None,
            (MESSAGE_AUTHENTICATOR, 18) => tag = Some(at + 2),
            (EVENT_TIMESTAMP, 6) => stamped = true,
            _ => {}
        }
        at += length;
    }
    (at == octets.len()).then_some((tag?, stamped))
}
