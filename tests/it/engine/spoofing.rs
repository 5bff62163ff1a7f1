//! A hundred thousand forged replies to live exchanges, from the right address and before the real ones.
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use radkick::clock::Clock;
use radkick::dynauth::{Ended, Outcome, Request, RetransmitPolicy};
use radkick::metrics::Metrics;
use radkick::udp::UdpHandle;
use tokio::task::JoinSet;

use super::das;
use super::wire::by_hand::{seal, sign};
use crate::support::wait::{PATIENCE, poll_for};

const FORGERIES: u64 = 100_000;

/// As many at once as a socket's buffer holds with room to spare.
const AT_ONCE: u64 = 100;

const LIVE: usize = 40;

/// Somebody who sees every request, may send from the server's own socket, and does not know the secret.
struct Attacker {
    server: UdpSocket,
    /// Another socket, which was asked nothing.
    stranger: UdpSocket,
    victim: SocketAddr,
    requests: Vec<Vec<u8>>,
    /// What was answered to requests that have ended.
    overheard: Vec<Vec<u8>>,
    chance: Rng,
}

impl Attacker {
    /// Sends a forged reply with this Identifier.
    fn forge(&mut self, identifier: u8) {
        let request = self.chance.choice(&self.requests).expect("a request").clone();
        let right = das::answer(&request).expect("an answer");
        let code = self.chance.choice([41, 42, 44, 45, 40, 43, 2, 3, 5, 0, 255]).expect("some");
        let authenticator = self.chance.u128(..).to_be_bytes();
        let signed_with: [u8; 16] = request[4..20].try_into().expect("16 octets");
        let mut octets = match self.chance.u8(..11) {
            0 | 1 => [&[code, identifier, 0, 20][..], &authenticator].concat(),
            2 => [&[code, identifier, 0, 26][..], &authenticator, &[101, 6, 0, 0, 1, 247]].concat(),
            3 => [&[code, identifier, 0, 20][..], &[0; 16]].concat(),
            4 => [&[code, identifier, 0, 20][..], &signed_with].concat(),
            5 => sign(code, identifier, &[], signed_with, b"testing124"),
            6 => seal(code, identifier, &[], signed_with, b"testing124"),
            7 => request,
            8 => right[..self.chance.usize(..right.len())].to_vec(),
            9 => self.chance.choice(&self.overheard).expect("an answer").clone(),
            // The right answer, but for one bit
            _ => {
                let mut octets = right;
                let at = self.chance.usize(..octets.len());
                octets[at] ^= 1 << self.chance.u8(..8);
                return self.send(&octets);
            }
        };
        // Of the right answer to another request it is the Identifier that is forged
        if self.chance.bool()
            && let Some(octet) = octets.get_mut(1)
        {
            *octet = identifier;
        }
        self.send(&octets);
    }

    fn send(&self, octets: &[u8]) {
        let socket = if octets.last().is_some_and(|octet| octet % 16 == 0) { &self.stranger } else { &self.server };
        socket.send_to(octets, self.victim).expect("loopback");
    }
}

/// So patient that it is sent once.
fn request(das_addr: SocketAddr, name: &str) -> Request {
    let minutes = Duration::from_mins(5);
    let policy = RetransmitPolicy { irt: minutes, mrt: minutes, mrc: 2, mrd: minutes };
    Request { das_addr, policy, ..das::disconnect(name) }
}

fn name(n: usize) -> String {
    if n.is_multiple_of(2) { format!("alice{n}") } else { format!("nak{}", 500 + n) }
}

/// Asks for all of them, each with a name of its own.
fn ask(socket: &UdpHandle, das_addr: SocketAddr) -> JoinSet<(usize, Ended)> {
    let mut running = JoinSet::new();
    for n in 0..LIVE {
        let (socket, request) = (socket.clone(), request(das_addr, &name(n)));
        running.spawn(async move { (n, socket.exchange(request).await.expect("a request")) });
    }
    running
}

/// What the server receives, without an answer to any.
async fn receive(server: &UdpSocket) -> (Vec<Vec<u8>>, SocketAddr) {
    let server = server.try_clone().expect("a second handle");
    let receive = move || {
        let mut buffer = [0; 4096];
        let one = || {
            let (octets, from) = server.recv_from(&mut buffer).expect("a request");
            (buffer[..octets].to_vec(), from)
        };
        let (all, sources): (Vec<_>, Vec<_>) = std::iter::repeat_with(one).take(LIVE).unzip();
        assert!(sources.iter().all(|source| *source == sources[0]), "one port has room for all: {sources:?}");
        (all, sources[0])
    };
    tokio::task::spawn_blocking(receive).await.expect("no panic")
}

fn answer_all(server: &UdpSocket, requests: &[Vec<u8>], to: SocketAddr) -> Vec<Vec<u8>> {
    let answers: Vec<_> = requests.iter().map(|request| das::answer(request).expect("an answer")).collect();
    for answer in &answers {
        server.send_to(answer, to).expect("loopback");
    }
    answers
}

/// Every exchange ends as its own answer says. What the system loses of the answers is sent again.
async fn check_all(mut running: JoinSet<(usize, Ended)>, answer: impl Fn()) {
    let (mut ended, mut rounds) = (0, 0);
    while !running.is_empty() {
        if let Ok(one) = tokio::time::timeout(Duration::from_secs(5), running.join_next()).await {
            let (n, one) = one.expect("one that runs").expect("no panic");
            check(n, &one);
            ended += 1;
        } else {
            rounds += 1;
            assert!(rounds < 12, "the real answers are not heard");
            answer();
        }
    }
    assert_eq!(ended, LIVE);
}

fn check(n: usize, ended: &Ended) {
    match ended.outcome {
        Outcome::Ack { .. } => assert_eq!(n % 2, 0, "{n} {ended:?}"),
        Outcome::Nak { error_cause } => {
            assert_eq!(error_cause.map(|cause| cause.0 as usize), Some(500 + n), "{ended:?}");
        }
        Outcome::NoReply { .. } | Outcome::Unreachable(_) | Outcome::Cancelled => panic!("{n}: {ended:?}"),
    }
    assert_eq!(ended.transmissions, 1, "{n}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_thousand_forged_replies_none_is_believed_and_the_real_ones_are() {
    let metrics = Arc::new(Metrics::default());
    let socket =
        UdpHandle::bind_counting(Some(Ipv4Addr::LOCALHOST.into()), Clock, Arc::clone(&metrics)).expect("a socket");
    let [server, stranger] = [(); 2].map(|()| UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket"));
    server.set_read_timeout(Some(PATIENCE)).expect("a bound");
    let das_addr = server.local_addr().expect("a bound socket");

    let earlier = ask(&socket, das_addr);
    let (requests, victim) = receive(&server).await;
    let overheard = answer_all(&server, &requests, victim);
    check_all(earlier, || drop(answer_all(&server, &requests, victim))).await;

    let mut live = ask(&socket, das_addr);
    let (requests, victim) = receive(&server).await;
    let all = requests.clone();
    let mut attacker = Attacker {
        server: server.try_clone().expect("a second handle"),
        stranger,
        victim,
        requests,
        overheard,
        chance: Rng::with_seed(5),
    };
    let counting = socket.clone();
    let flood = move || {
        let mut forged = 0_u64;
        while counting.discarded() < FORGERIES {
            let wanted = counting.discarded() + AT_ONCE;
            for _ in 0..AT_ONCE {
                attacker.forge(u8::try_from(forged % 256).expect("an octet"));
                forged += 1;
            }
            // What the system loses is forged again
            poll_for(Duration::from_secs(2), || (counting.discarded() >= wanted).then_some(()));
        }
    };
    tokio::task::spawn_blocking(flood).await.expect("no panic");
    assert!(live.try_join_next().is_none(), "a forged reply was believed");
    answer_all(&server, &all, victim);
    check_all(live, || drop(answer_all(&server, &all, victim))).await;
    let counts = || REASONS.map(|reason| discarded(&metrics, reason));
    assert!(counts().iter().all(|count| *count > 1000), "{:?}", counts());
    let agree = poll_for(PATIENCE, || (counts().iter().sum::<u64>() == socket.discarded()).then_some(()));
    assert!(agree.is_some(), "{:?} are {} in all", counts(), socket.discarded());
}

/// What befalls whoever does not know the secret (RFC 4672 §4).
const REASONS: [&str; 4] = ["malformed_responses", "bad_authenticators", "invalid_server_addresses", "packets_dropped"];

fn discarded(metrics: &Metrics, reason: &str) -> u64 {
    let name = format!("dynauth_client_{reason}_total ");
    let text = metrics.text();
    let line = text.lines().find_map(|line| line.split_once(&name));
    line.and_then(|(_, count)| count.parse().ok()).unwrap_or_else(|| panic!("no {name}in\n{text}"))
}
