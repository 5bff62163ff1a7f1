//! The engine behind a real socket, on loopback.
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use radkick::clock::Clock;
use radkick::dynauth::{Ended, Outcome, Request, RetransmitPolicy};
use radkick::udp::{UdpHandle, any_source};
use tokio::task::JoinSet;

use super::das;
use super::loopback::LoopbackDas;
use crate::support::wait::{PATIENCE, poll_for};

const ACK: Outcome = Outcome::Ack { residual_context_removed: false };

async fn socket() -> UdpHandle {
    UdpHandle::bind(None, Clock).expect("a socket")
}

/// With times that no busy machine reaches: one transmission unless a datagram is lost.
fn to(das_addr: SocketAddr) -> Request {
    let secs = Duration::from_secs;
    let policy = RetransmitPolicy { irt: secs(20), mrt: secs(20), mrc: 3, mrd: secs(60) };
    Request { das_addr, policy, ..das::disconnect("alice") }
}

/// With times that a test can wait for: at most five transmissions within 0.8 s.
fn hasty(das_addr: SocketAddr) -> Request {
    let ms = Duration::from_millis;
    Request { policy: RetransmitPolicy { irt: ms(50), mrt: ms(200), mrc: 5, mrd: ms(800) }, ..to(das_addr) }
}

async fn bounded<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("within a minute")
}

/// Waits until so many datagrams have come in, while the sockets' tasks go on.
async fn arrival(das: &LoopbackDas, datagrams: usize) {
    bounded(async {
        while das.received().len() < datagrams {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn outcome(socket: &UdpHandle, request: Request) -> Outcome {
    bounded(socket.exchange(request)).await.expect("a request").outcome
}

#[tokio::test]
async fn an_exchange_over_ipv4_and_ipv6() {
    let das = LoopbackDas::start();
    assert_eq!(outcome(&socket().await, to(das.addr)).await, ACK);
    let das = LoopbackDas::answering(Ipv6Addr::LOCALHOST.into(), |octets, _| das::answer(octets).into_iter().collect());
    let socket = UdpHandle::bind(Some(any_source(das.addr)), Clock).expect("a socket");
    assert_eq!(outcome(&socket, to(das.addr)).await, ACK);
}

#[tokio::test]
async fn the_source_is_the_one_asked_for() {
    let das = LoopbackDas::start();
    let source: IpAddr = [127, 0, 0, 2].into();
    let socket = UdpHandle::bind(Some(source), Clock).expect("a loopback address");
    assert_eq!(outcome(&socket, to(das.addr)).await, ACK);
    assert_eq!(das.received()[0].0, socket.local_addr());
    assert_eq!(socket.local_addr().ip(), source);
    let foreign = UdpHandle::bind(Some([192, 0, 2, 1].into()), Clock);
    assert_eq!(foreign.expect_err("not our address").kind(), std::io::ErrorKind::AddrNotAvailable);
}

#[tokio::test]
async fn silence_is_five_times_the_same_from_the_same_port() {
    let das = LoopbackDas::silent();
    let ended = bounded(socket().await.exchange(hasty(das.addr))).await.expect("a request");
    assert!(matches!(ended.outcome, Outcome::NoReply { .. }), "{ended:?}");
    assert!(ended.transmissions > 1, "{ended:?}");
    arrival(&das, usize::try_from(ended.transmissions).expect("a few")).await;
    let received = das.received();
    assert!(received.iter().all(|one| *one == received[0]), "{received:?}");
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again() {
    let das = LoopbackDas::answering([127, 0, 0, 1].into(), |octets, count| {
        das::answer(octets).into_iter().filter(|_| count > 1).collect()
    });
    let patient = RetransmitPolicy { irt: Duration::from_millis(50), ..RetransmitPolicy::default() };
    let ended = bounded(socket().await.exchange(Request { policy: patient, ..to(das.addr) })).await;
    let ended = ended.expect("a request");
    assert_eq!(ended.outcome, ACK);
    assert!(ended.transmissions > 1);
}

#[tokio::test]
async fn a_forged_answer_is_counted_and_the_right_one_counts() {
    let das = LoopbackDas::answering([127, 0, 0, 1].into(), |octets, _| {
        let right = das::answer(octets).unwrap_or_default();
        let mut forged = right.clone();
        forged[4..20].fill(0);
        vec![forged, Vec::new(), right]
    });
    let socket = socket().await;
    assert_eq!(outcome(&socket, to(das.addr)).await, ACK);
    assert_eq!(socket.discarded(), 2);
}

#[tokio::test]
async fn a_dropped_future_frees_its_identifier() {
    let das = LoopbackDas::silent();
    let socket = socket().await;
    let one_port = Request { max_ports: 1, identifier_hold: Duration::ZERO, ..to(das.addr) };
    for round in 1..=3 {
        let mut running = JoinSet::new();
        for _ in 0..256 {
            let (socket, request) = (socket.clone(), one_port.clone());
            running.spawn(async move { socket.exchange(request).await });
        }
        arrival(&das, round * 256).await;
        assert!(running.try_join_next().is_none(), "all 256 are in flight");
        running.shutdown().await;
    }
    let late = LoopbackDas::start();
    assert_eq!(outcome(&socket, to(late.addr)).await, ACK);
}

#[tokio::test]
async fn more_than_256_take_more_ports() {
    let das = LoopbackDas::silent();
    let socket = socket().await;
    let mut running = JoinSet::new();
    for _ in 0..600 {
        let (socket, request) = (socket.clone(), to(das.addr));
        running.spawn(async move { socket.exchange(request).await });
    }
    arrival(&das, 600).await;
    let ports: std::collections::BTreeSet<SocketAddr> = das.received().into_iter().map(|(from, _)| from).collect();
    assert_eq!((ports.len(), socket.open_ports()), (3, 3));
    assert!(ports.contains(&(IpAddr::from([127, 0, 0, 1]), socket.local_addr().port()).into()));
}

#[tokio::test]
async fn closing_cancels_what_is_in_flight_and_what_comes_later() {
    let das = LoopbackDas::silent();
    let socket = socket().await;
    let running = tokio::spawn({
        let (socket, request) = (socket.clone(), to(das.addr));
        async move { socket.exchange(request).await }
    });
    arrival(&das, 1).await;
    socket.close();
    let ended = bounded(running).await.expect("no panic").expect("a request");
    assert_eq!((ended.outcome, ended.transmissions), (Outcome::Cancelled, 1));
    assert_eq!(bounded(socket.exchange(to(das.addr))).await, Ok(Ended::cancelled_unsent()));
    assert_eq!(das.received().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_socket_closes_with_its_last_handle() {
    let socket = socket().await;
    let (second, address) = (socket.clone(), socket.local_addr());
    drop(socket);
    let das = LoopbackDas::start();
    assert_eq!(outcome(&second, to(das.addr)).await, ACK);
    assert!(std::net::UdpSocket::bind(address).is_err());
    drop(second);
    let free = tokio::task::spawn_blocking(move || poll_for(PATIENCE, || std::net::UdpSocket::bind(address).ok()));
    assert!(free.await.expect("no panic").is_some());
}

#[tokio::test]
async fn what_cannot_leave_is_unreachable() {
    let das: SocketAddr = (Ipv6Addr::LOCALHOST, 9).into();
    let outcome = outcome(&socket().await, to(das)).await;
    assert!(matches!(outcome, Outcome::Unreachable(_)), "{outcome:?}");
}

#[tokio::test]
async fn a_thousand_at_once_each_get_their_answer() {
    let servers: Vec<LoopbackDas> = (0..4).map(|_| LoopbackDas::start()).collect();
    let socket = socket().await;
    let mut running = JoinSet::new();
    for n in 0..1000 {
        let (socket, das_addr) = (socket.clone(), servers[n % 4].addr);
        let name = if n % 8 < 4 { "alice" } else { "nak503" };
        let request = Request { das_addr, ..das::disconnect(name) };
        running.spawn(async move { (name, socket.exchange(request).await) });
    }
    for (name, ended) in bounded(running.join_all()).await {
        let acked = ended.expect("a free identifier").outcome == ACK;
        assert_eq!(acked, name == "alice");
    }
}
