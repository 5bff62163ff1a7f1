//! Accounting-Requests that FreeRADIUS copies or sends on to us (RFC 2866): the way without a process for each packet.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use crate::clock::Clock;
use crate::radius::{
    AttributeType, Attributes, Code, MAX_PACKET_OCTETS, MessageAuthenticator, Opened, SharedSecret, open_request,
    seal_reply,
};

use super::event::{Event, Kind, Wish};
use super::octets::Octets;

/// Events that wait to be taken. What comes beside them is dropped: its sender repeats it, or the worker's next step finds it.
const WAITING: usize = 1000;

/// How long nothing is received after the system refused.
const RESPITE: Duration = Duration::from_millis(100);

/// Receives Accounting-Requests and yields them as events.
#[derive(Debug)]
pub struct AccountingDoor {
    events: mpsc::Receiver<(Event, Receipt)>,
    counters: Arc<Counters>,
    address: SocketAddr,
    _receiver: AbortOnDropHandle<()>,
}

/// What an [`AccountingDoor`] has seen since it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PacketCounts {
    /// Packets yielded as events.
    pub events: u64,
    /// Packets about no session of a user: Accounting-On, Accounting-Off and the like.
    pub others: u64,
    /// Packets that are no Accounting-Request, or not signed with the secret.
    pub malformed: u64,
    /// Packets that came while too many waited.
    pub dropped: u64,
}

#[derive(Debug, Default)]
struct Counters {
    events: AtomicU64,
    others: AtomicU64,
    malformed: AtomicU64,
    dropped: AtomicU64,
}

/// The other half of an event that came as a packet. Its sender may wait for an Accounting-Response (RFC 2866 §4.2); dropping
/// this sends none.
#[derive(Debug)]
#[must_use = "dropped, it leaves the sender without an answer"]
pub struct Receipt {
    socket: Arc<UdpSocket>,
    secret: SharedSecret,
    sender: SocketAddr,
    request: Opened,
}

impl Receipt {
    /// Answers: what the packet told is on the disk.
    pub fn stored(self) {
        let answer = seal_reply(
            Code::AccountingResponse,
            &self.request,
            &proxy_state(&self.request.attributes),
            &self.secret,
            MessageAuthenticator::Optional,
        );
        // Who is not heard asks again, and FreeRADIUS' `replicate` waits for nothing
        answer.ok().and_then(|answer| self.socket.try_send_to(&answer, self.sender).ok());
    }
}

/// What a proxy wants back, as it was and in its order (RFC 2865 §5.33).
fn proxy_state(request: &Attributes) -> Attributes {
    let mut answer = Attributes::new();
    for state in request.all(AttributeType::PROXY_STATE) {
        answer.push(AttributeType::PROXY_STATE, state).ok();
    }
    answer
}

impl AccountingDoor {
    /// Listens at `address`, for packets that are signed with `secret`.
    ///
    /// # Errors
    /// Where the address cannot be had.
    pub async fn bind(address: SocketAddr, secret: SharedSecret, clock: Clock) -> std::io::Result<Self> {
        let socket = Arc::new(UdpSocket::bind(address).await?);
        let address = socket.local_addr()?;
        let (sender, events) = mpsc::channel(WAITING);
        let counters = Arc::new(Counters::default());
        let reception = Reception { socket, secret, clock, sender, counters: Arc::clone(&counters) };
        let receiver = AbortOnDropHandle::new(tokio::spawn(reception.run()));
        Ok(Self { events, counters, address, _receiver: receiver })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next event, and the way to answer it. May be cancelled without losing one.
    pub async fn next(&mut self) -> Option<(Event, Receipt)> {
        self.events.recv().await
    }

    /// What has been seen so far.
    #[must_use]
    pub fn counts(&self) -> PacketCounts {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        PacketCounts {
            events: of(&self.counters.events),
            others: of(&self.counters.others),
            malformed: of(&self.counters.malformed),
            dropped: of(&self.counters.dropped),
        }
    }
}

struct Reception {
    socket: Arc<UdpSocket>,
    secret: SharedSecret,
    clock: Clock,
    sender: mpsc::Sender<(Event, Receipt)>,
    counters: Arc<Counters>,
}

impl Reception {
    async fn run(self) {
        let mut datagram = [0; MAX_PACKET_OCTETS];
        loop {
            match self.socket.recv_from(&mut datagram).await {
                Ok((length, sender)) => self.receive(datagram.get(..length).unwrap_or_default(), sender),
                // That nobody waits for the answer is told on the next call
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot receive accounting");
                    tokio::time::sleep(RESPITE).await;
                }
            }
        }
    }

    fn receive(&self, datagram: &[u8], sender: SocketAddr) {
        let count = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        let request = open_request(datagram, &self.secret, MessageAuthenticator::Optional);
        let Some(request) = request.ok().filter(|request| request.code == Code::AccountingRequest) else {
            count(&self.counters.malformed);
            return;
        };
        let event = event_of(&request.attributes, self.clock.epoch());
        let receipt = Receipt { socket: Arc::clone(&self.socket), secret: self.secret.clone(), sender, request };
        let Some(event) = event else {
            count(&self.counters.others);
            receipt.stored();
            return;
        };
        match self.sender.try_send((event, receipt)) {
            Ok(()) => count(&self.counters.events),
            Err(_) => count(&self.counters.dropped),
        }
    }
}

/// The packet as an event; `None` where it is about no session of a user. FreeRADIUS' Acct-Unique-Session-Id is in no packet, so
/// nothing else of it could be counted: the user's rows tell.
fn event_of(packet: &Attributes, received_at: i64) -> Option<Event> {
    let kind = match packet.first_u32(AttributeType::ACCT_STATUS_TYPE)? {
        1 => Kind::Start,
        2 => Kind::Stop,
        3 => Kind::Interim,
        _ => return None,
    };
    let mut event = Event::new(kind, Wish::Check, received_at);
    event.user_name = Some(Octets::new(packet.first(AttributeType::USER_NAME)?)?);
    Some(event)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radius::seal_request;

    fn secret(text: &str) -> SharedSecret {
        SharedSecret::new(text.into()).expect("a secret")
    }

    fn interim() -> Attributes {
        let mut packet = Attributes::new();
        packet.push_u32(AttributeType::ACCT_STATUS_TYPE, 3);
        packet.push(AttributeType::USER_NAME, "alice").expect("short");
        packet.push(AttributeType::PROXY_STATE, "one").expect("short");
        packet.push(AttributeType::PROXY_STATE, "two").expect("short");
        packet
    }

    #[test]
    fn a_packet_is_an_event_or_nobodys() {
        let event = event_of(&interim(), 5).expect("an event");
        assert_eq!((event.kind, event.wish, event.received_at), (Kind::Interim, Wish::Check, 5));
        assert_eq!(event.user().expect("a name").as_str(), "alice");
        let mut on = Attributes::new();
        on.push_u32(AttributeType::ACCT_STATUS_TYPE, 7);
        assert_eq!((event_of(&on, 5), event_of(&Attributes::new(), 5)), (None, None));
    }

    #[tokio::test]
    async fn what_is_signed_is_taken_and_answered_once_it_is_stored() {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut door = AccountingDoor::bind(any, secret("right"), Clock).await.expect("a port");
        let address = door.address();
        let client = UdpSocket::bind(any).await.expect("a port");
        let sealed = |code, attributes: &Attributes, word| {
            seal_request(code, 9, attributes, &secret(word), MessageAuthenticator::Optional).expect("short")
        };
        let send = async |octets: &[u8]| {
            client.send_to(octets, address).await.expect("sent");
        };
        let good = sealed(Code::AccountingRequest, &interim(), "right");
        send(b"").await;
        send(&good.octets()[..30]).await;
        send(sealed(Code::AccountingRequest, &interim(), "wrong").octets()).await;
        send(sealed(Code::DisconnectRequest, &interim(), "right").octets()).await;
        send(good.octets()).await;
        let (event, receipt) = door.next().await.expect("one");
        assert_eq!(event.user().expect("a name").as_str(), "alice");
        assert_eq!(door.counts(), PacketCounts { events: 1, malformed: 4, ..PacketCounts::default() });
        receipt.stored();
        let mut answer = [0; MAX_PACKET_OCTETS];
        let length = client.recv(&mut answer).await.expect("answered");
        let answer =
            crate::radius::open_reply(&answer[..length], &good, &secret("right"), MessageAuthenticator::Optional)
                .expect("signed");
        let states: Vec<&[u8]> = answer.attributes.all(AttributeType::PROXY_STATE).collect();
        assert_eq!((answer.code, states), (Code::AccountingResponse, vec![&b"one"[..], b"two"]));
        let mut on = Attributes::new();
        on.push_u32(AttributeType::ACCT_STATUS_TYPE, 7);
        let on = sealed(Code::AccountingRequest, &on, "right");
        send(on.octets()).await;
        client.recv(&mut [0; 20]).await.expect("answered at once");
        assert_eq!(door.counts().others, 1);
    }
}
