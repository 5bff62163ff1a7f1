//! Many routers in one process, and what each remembers.
use std::net::Ipv4Addr;

use radkick::radius::Code;
use radkick::simulator::{Event, Fleet, LoggedEvent, RouterOptions, SessionSpec};
use reqwest::Method;
use serde_json::json;
use tokio::time::timeout;

use super::peer::{AccountingServer, Sender};
use super::rest::{ACTIVE, ask};
use super::{CLIENT, MAC, accounted, identity, start, with_rest};
use crate::support::wait::PATIENCE;

const MANY: u32 = 300;

/// Open files of this process.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").expect("open files").count()
}

#[tokio::test]
async fn three_hundred_routers_start_and_answer() {
    let pattern = RouterOptions { bind: Ipv4Addr::new(127, 7, 0, 1), name: "R".to_owned(), ..with_rest() };
    let before = descriptors();
    let fleet = Fleet::start(MANY, &pattern).await.expect("a fleet");
    // Other tests of this process open files too.
    assert!(descriptors() < before + 4 * 300, "two sockets each");
    assert_eq!(fleet.len(), 300);
    for (index, router) in fleet.iter().enumerate() {
        router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
        let (_, identity_row) = ask(router, Method::GET, "/rest/system/identity").await;
        assert_eq!(identity_row, json!({ "name": format!("R{}", index + 1) }));
        let sender = Sender::new(router.coa_addr()).await;
        assert_eq!(sender.exchange(1, &identity("alice", Some(CLIENT), None)).await.code, Code::DisconnectAck);
        assert_eq!(router.sessions(), []);
    }
    assert_eq!(fleet[299].coa_addr().ip(), Ipv4Addr::new(127, 7, 1, 44));
}

#[tokio::test]
async fn a_fleet_says_when_an_address_is_taken() {
    let fixed = |port| {
        let mut pattern = RouterOptions { bind: Ipv4Addr::new(127, 8, 0, 1), ..with_rest() };
        pattern.coa = radkick::simulator::Incoming::Accept(port);
        pattern
    };
    let first = Fleet::start(1, &fixed(0)).await.expect("a router");
    let taken = RouterOptions { bind: Ipv4Addr::new(127, 8, 0, 0), ..fixed(first[0].coa_addr().port()) };
    assert!(Fleet::start(3, &taken).await.is_err());
}

fn words(events: Vec<LoggedEvent>) -> Vec<String> {
    let text = |logged: LoggedEvent| logged.event.to_string();
    let words = |text: String| text.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
    events.into_iter().map(|logged| words(text(logged))).collect()
}

#[tokio::test]
async fn the_log_has_everything_in_order_and_is_asked_afterwards() {
    let server = AccountingServer::start().await;
    let rest = with_rest().rest;
    let router = start(RouterOptions { rest, ..accounted(server.addr()) }).await;
    let sender = Sender::new(router.coa_addr()).await;
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    server.take().await;
    router.accounting_settled().await;
    let mark = router.mark();
    sender.exchange(1, &identity("alice", Some(CLIENT), Some("80000001"))).await;
    server.take().await;
    router.accounting_settled().await;
    sender.send(b"noise").await;
    let discarded = router.event_since(mark, |event| matches!(event, Event::Discarded { .. }));
    timeout(PATIENCE, discarded).await.expect("it is discarded");
    ask(&router, Method::GET, ACTIVE).await;
    router.reboot();

    let events = router.events_since(mark);
    let numbers: Vec<u64> = events.iter().map(|logged| logged.number).collect();
    assert_eq!(numbers, (mark..mark + numbers.len() as u64).collect::<Vec<_>>(), "no gaps");
    let expected = [
        "radius Disconnect-Request",
        "ended 80000001",
        "radius Disconnect-ACK",
        "account 80000001",
        "radius discarded",
        "log user",
        "rest GET",
    ];
    let found = words(events);
    assert_eq!(found[..expected.len()], expected);
    assert!(found.contains(&"rebooted 1".to_owned()), "{found:?}");
    assert_eq!(router.events_since(router.mark()), []);

    let past = router.event_since(mark, |event| matches!(event, Event::Ended { .. })).await;
    assert_eq!(past.number, mark + 1, "what has happened is found too");
}

#[tokio::test]
async fn the_log_is_bounded() {
    let router = start(with_rest()).await;
    for _ in 0..6_000 {
        let session = router.login(SessionSpec::ppp("bob", MAC, CLIENT));
        router.vanish(&session.acct_session_id).expect("bob is on");
    }
    let events = router.events_since(0);
    assert_eq!((events.len(), events[0].number, router.mark()), (10_000, 2_000, 12_000));
}
