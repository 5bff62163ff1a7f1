//! A hundred NAS on loopback addresses of their own, on a network that loses packets.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::net::{Ipv4Addr, SocketAddr};

use radkick::radius::{AttributeType, Attributes, Code, MessageAuthenticator, open_request, seal_reply};
use tokio::net::UdpSocket;
use tokio_util::sync::CancellationToken;

use crate::packets::secret;

const REQUIRED: MessageAuthenticator = MessageAuthenticator::Required;
/// 127.77.0.1 is the first.
const FIRST: u32 = 0x7f4d_0001;

/// NAS that live until this is dropped.
#[derive(Debug)]
pub(crate) struct Fleet {
    pub(crate) nas: Vec<SocketAddr>,
    over: CancellationToken,
    /// Dead NAS have a socket that nobody reads.
    _deaf: Vec<std::net::UdpSocket>,
}

impl Fleet {
    /// Starts `count` NAS of which the last `dead` never answer, on a thread of their own.
    pub(crate) fn start(count: u32, dead: u32) -> anyhow::Result<Self> {
        let sockets = (0..count).map(|n| std::net::UdpSocket::bind((Ipv4Addr::from_bits(FIRST + n), 0)));
        let mut sockets = sockets.collect::<Result<Vec<_>, _>>()?;
        let nas = sockets.iter().map(std::net::UdpSocket::local_addr).collect::<Result<_, _>>()?;
        let deaf = sockets.split_off(usize::try_from(count - dead)?);
        sockets.iter().try_for_each(|socket| socket.set_nonblocking(true))?;
        let over = CancellationToken::new();
        let until = over.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                for socket in sockets {
                    tokio::spawn(answer(UdpSocket::from_std(socket).expect("in a runtime")));
                }
                until.cancelled().await;
            });
        });
        Ok(Self { nas, over, _deaf: deaf })
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

async fn answer(socket: UdpSocket) {
    let (secret, mut seen, mut buffer) = (secret(), BTreeMap::<String, u32>::new(), [0; 4096]);
    loop {
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let request = open_request(&buffer[..length], &secret, REQUIRED).expect("it is ours");
        let session = request.attributes.first_text(AttributeType::ACCT_SESSION_ID).expect("it names a session");
        let transmission = seen.entry(session.clone()).or_default();
        *transmission += 1;
        if is_lost(&session, *transmission, "there") || is_lost(&session, *transmission, "back") {
            continue;
        }
        let ack = seal_reply(Code::DisconnectAck, &request, &Attributes::new(), &secret, REQUIRED).expect("it fits");
        socket.send_to(&ack, from).await.expect("it is sent");
    }
}

/// One packet in ten, each time the same ones: what differs between two runs is not luck.
fn is_lost(session: &str, transmission: u32, way: &str) -> bool {
    let mut hasher = DefaultHasher::new();
    (session, transmission, way).hash(&mut hasher);
    hasher.finish().is_multiple_of(10)
}
