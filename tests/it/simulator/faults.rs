//! Trouble on the way between a sender and the router.
use std::net::Ipv4Addr;

use radkick::radius::{Code, MessageAuthenticator, OpenError, open_reply};
use radkick::simulator::{Behaviours, Event, Faults, Incoming, Placement, Router, RouterOptions};

use super::peer::Sender;
use super::{CLIENT, event, identity, options, secret, with_alice};

async fn with_faults(faults: Faults) -> (Router, Sender) {
    let behaviours = Behaviours { faults, ..Behaviours::default() };
    let (router, _) = with_alice(RouterOptions { behaviours, ..options() }).await;
    let sender = Sender::new(router.coa_addr()).await;
    (router, sender)
}

fn alice() -> radkick::radius::Attributes {
    identity("alice", Some(CLIENT), None)
}

#[tokio::test]
async fn the_first_requests_may_be_lost() {
    let (router, sender) = with_faults(Faults { drop_requests: 2, ..Faults::default() }).await;
    let request = Sender::request(1, &alice());
    for _ in 0..3 {
        sender.send(request.octets()).await;
    }
    assert_eq!(sender.answer(&request).await.code, Code::DisconnectAck);
    assert_eq!(router.counters().requests, 1, "the router saw only the third");
}

#[tokio::test]
async fn a_lost_ack_leaves_a_nak_for_the_retransmission() {
    let (router, sender) = with_faults(Faults { drop_replies: 1, ..Faults::default() }).await;
    let request = Sender::request(1, &alice());
    sender.send(request.octets()).await;
    sender.send(request.octets()).await;
    assert_eq!(sender.answer(&request).await.code, Code::DisconnectNak);
    assert_eq!((router.sessions().len(), router.counters().acks), (0, 1));
}

#[tokio::test]
async fn a_reply_may_come_twice() {
    let (_router, sender) = with_faults(Faults { duplicate_reply: true, ..Faults::default() }).await;
    let request = Sender::request(1, &alice());
    sender.send(request.octets()).await;
    assert_eq!(sender.receive().await, sender.receive().await);
}

#[tokio::test]
async fn a_forged_ack_may_come_first() {
    let faults = Faults { forged_ack: Some(Placement::Before), ..Faults::default() };
    let (router, sender) = with_faults(faults).await;
    let request = Sender::request(1, &identity("nobody", Some(CLIENT), None));
    sender.send(request.octets()).await;
    let (forged, _) = sender.receive().await;
    assert_eq!(forged[..2], [41, 1], "it looks like an ACK to this request");
    let opened = open_reply(&forged, &request, &secret(), MessageAuthenticator::Optional);
    assert_eq!(opened, Err(OpenError::BadAuthenticator));
    assert_eq!(sender.answer(&request).await.code, Code::DisconnectNak);
    assert_eq!(router.counters().naks, 1);
}

#[tokio::test]
async fn a_forged_ack_may_be_all_there_is() {
    let faults = Faults { forged_ack: Some(Placement::Instead), ..Faults::default() };
    let (router, sender) = with_faults(faults).await;
    let request = Sender::request(1, &alice());
    sender.send(request.octets()).await;
    let (forged, _) = sender.receive().await;
    let opened = open_reply(&forged, &request, &secret(), MessageAuthenticator::Optional);
    assert_eq!(opened, Err(OpenError::BadAuthenticator));
    assert_eq!((router.sessions().len(), router.counters().acks), (1, 0));
}

#[tokio::test]
async fn a_sound_reply_may_carry_another_identifier() {
    let faults = Faults { wrong_identifier: Some(Placement::Before), ..Faults::default() };
    let (_router, sender) = with_faults(faults).await;
    let request = Sender::request(255, &alice());
    sender.send(request.octets()).await;
    let (other, _) = sender.receive().await;
    assert_eq!(other[1], 0);
    let opened = open_reply(&other, &request, &secret(), MessageAuthenticator::Optional);
    assert_eq!(opened, Err(OpenError::UnknownIdentifier(0)));
    assert_eq!(sender.answer(&request).await.code, Code::DisconnectAck);
}

#[tokio::test]
async fn replies_may_come_from_another_address() {
    let elsewhere = Ipv4Addr::new(127, 0, 1, 77);
    let (router, sender) = with_faults(Faults { reply_from: Some(elsewhere), ..Faults::default() }).await;
    let request = Sender::request(1, &alice());
    sender.send(request.octets()).await;
    let (reply, from) = sender.receive().await;
    assert_eq!((from.ip(), from.port()), (elsewhere.into(), router.coa_addr().port()));
    assert!(open_reply(&reply, &request, &secret(), MessageAuthenticator::Optional).is_ok());
}

#[tokio::test]
async fn all_may_be_lost_until_it_is_not() {
    let (router, sender) = with_faults(Faults { silent: true, ..Faults::default() }).await;
    let mut events = router.events();
    let request = Sender::request(1, &alice());
    sender.send(request.octets()).await;
    event(&mut events, |event| matches!(event, Event::Discarded { .. })).await;
    router.change(|behaviours| behaviours.faults.silent = false);
    assert_eq!(sender.exchange(2, &identity("nobody", Some(CLIENT), None)).await.code, Code::DisconnectNak);
}

#[tokio::test]
async fn a_closed_port_is_not_listened_on() {
    let (router, _) = with_alice(RouterOptions { coa: Incoming::Closed, ..options() }).await;
    let socket = tokio::net::UdpSocket::bind(router.coa_addr()).await;
    assert!(socket.is_ok(), "the port is free");
}

#[tokio::test]
async fn a_dropped_router_frees_its_port() {
    let (router, _) = with_alice(options()).await;
    let address = router.coa_addr();
    drop(router);
    let bind = async {
        while tokio::net::UdpSocket::bind(address).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::wait::PATIENCE, bind).await.expect("its tasks end");
}

/// What became of 100 requests for nobody: how many the router answered, and how many answers came.
async fn hundred(faults: Faults) -> (u64, usize) {
    let (router, sender) = with_faults(faults).await;
    let nobody = || identity("nobody", Some(CLIENT), None);
    let mut came = 0;
    for identifier in 0..100 {
        let mut events = router.events();
        sender.send(Sender::request(identifier, &nobody()).octets()).await;
        event(&mut events, |event| matches!(event, Event::Answered { .. } | Event::Discarded { .. })).await;
    }
    router.change(|behaviours| behaviours.faults = Faults::default());
    sender.send(Sender::request(200, &nobody()).octets()).await;
    while sender.receive().await.0[1] != 200 {
        came += 1;
    }
    (router.counters().naks - 1, came)
}

#[tokio::test]
async fn chance_takes_and_doubles_the_same_with_the_same_seed() {
    let lossy = |seed| Faults { seed, request_loss: 0.3, reply_loss: 0.3, ..Faults::default() };
    let (answered, came) = hundred(lossy(7)).await;
    assert!((50..90).contains(&answered) && came < usize::try_from(answered).unwrap(), "{answered} {came}");
    assert_eq!(hundred(lossy(7)).await, (answered, came));
    assert_ne!(hundred(lossy(8)).await, (answered, came));
    let twice = Faults { seed: 7, request_duplication: 0.5, reply_duplication: 0.5, ..Faults::default() };
    let (answered, came) = hundred(twice).await;
    assert!((120..180).contains(&answered) && came > usize::try_from(answered).unwrap() + 20, "{answered} {came}");
}

#[tokio::test]
async fn a_request_may_come_twice() {
    let (router, sender) = with_faults(Faults { duplicate_requests: 1, ..Faults::default() }).await;
    let request = Sender::request(1, &alice());
    sender.send(request.octets()).await;
    assert_eq!(sender.answer(&request).await.code, Code::DisconnectAck);
    assert_eq!(sender.answer(&request).await.code, Code::DisconnectNak, "the session had gone");
    assert_eq!(router.counters().requests, 2);
}

#[tokio::test]
async fn a_late_reply_is_overtaken() {
    for faults in [Faults { delay_replies: 1, ..Faults::default() }, Faults { reply_delay: 1.0, ..Faults::default() }] {
        let (router, sender) = with_faults(Faults { delay_ms: 100, ..faults }).await;
        let mut events = router.events();
        let (late, next) = (Sender::request(1, &alice()), Sender::request(2, &identity("nobody", Some(CLIENT), None)));
        sender.send(late.octets()).await;
        event(&mut events, |event| matches!(event, Event::Answered { .. })).await;
        assert_eq!(router.sessions(), [], "the router has acted");
        router.change(|behaviours| behaviours.faults.reply_delay = 0.0);
        sender.send(next.octets()).await;
        assert_eq!(sender.answer(&next).await.code, Code::DisconnectNak);
        assert_eq!(sender.answer(&late).await.code, Code::DisconnectAck);
    }
}

#[tokio::test]
async fn a_sound_reply_with_another_identifier_may_be_all_there_is() {
    let faults = Faults { wrong_identifier: Some(Placement::Instead), ..Faults::default() };
    let (router, sender) = with_faults(faults).await;
    sender.send(Sender::request(9, &alice()).octets()).await;
    assert_eq!(sender.receive().await.0[..2], [41, 10]);
    assert_eq!(router.sessions().len(), 1, "the router saw nothing");
}
