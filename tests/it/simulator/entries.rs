//! `/radius` entries: who may send, with which secret, and what is counted.
use std::net::{IpAddr, Ipv4Addr};

use radkick::radius::{AttributeType, Attributes, Code, MessageAuthenticator, SharedSecret, seal_request};
use radkick::simulator::{
    BadRequests, Behaviours, DisabledEntries, EntryChoice, EntryServices, IncomingBehaviours, RadiusEntry, RadsecUdp,
    Router, RouterOptions, Service, SessionSpec,
};

use super::peer::Sender;
use super::{CLIENT, MAC, identity, options, secret, start, until};

fn entry(text: &str) -> RadiusEntry {
    RadiusEntry::new(IpAddr::V4(Ipv4Addr::LOCALHOST), named(text))
}

fn named(text: &str) -> SharedSecret {
    SharedSecret::new(text.as_bytes().to_vec()).expect("not empty")
}

async fn router(incoming: IncomingBehaviours, entries: Vec<RadiusEntry>) -> Router {
    let behaviours = Behaviours { incoming, ..Behaviours::default() };
    start(RouterOptions { behaviours, radius_servers: entries, ..options() }).await
}

fn nobody() -> Attributes {
    identity("nobody", Some(CLIENT), None)
}

/// How many requests with this secret are bad after one.
async fn is_taken(router: &Router, text: &str) -> bool {
    let before = router.counters();
    let request = seal_request(Code::DisconnectRequest, 1, &nobody(), &named(text), MessageAuthenticator::Required);
    let request = request.expect("a request");
    Sender::new(router.coa_addr()).await.send(request.octets()).await;
    let all = |counters: radkick::simulator::Counters| counters.naks + counters.bad_requests;
    until("it is counted", || all(router.counters()) > all(before)).await;
    router.counters().naks > before.naks
}

#[tokio::test]
async fn of_two_entries_the_first_or_any_counts() {
    for (entries, second) in [(EntryChoice::First, false), (EntryChoice::Any, true)] {
        let incoming = IncomingBehaviours { entries, ..IncomingBehaviours::default() };
        let router = router(incoming, vec![entry("one"), entry("two")]).await;
        assert!(is_taken(&router, "one").await);
        assert_eq!(is_taken(&router, "two").await, second, "{entries:?}");
        assert!(!is_taken(&router, "three").await);
    }
}

#[tokio::test]
async fn a_disabled_entry_is_passed_over_or_counts() {
    for (disabled_entries, taken) in [(DisabledEntries::Ignored, false), (DisabledEntries::Count, true)] {
        let incoming = IncomingBehaviours { disabled_entries, ..IncomingBehaviours::default() };
        let router = router(incoming, vec![RadiusEntry { disabled: true, ..entry("one") }, entry("two")]).await;
        assert_eq!(is_taken(&router, "one").await, taken, "{disabled_entries:?}");
        assert_eq!(is_taken(&router, "two").await, !taken, "{disabled_entries:?}: the first that counts");
    }
}

#[tokio::test]
async fn an_entrys_services_may_limit_what_it_reaches() {
    for (entry_services, hotspot) in
        [(EntryServices::Ignored, Code::DisconnectAck), (EntryServices::Respected, Code::DisconnectNak)]
    {
        let incoming = IncomingBehaviours { entry_services, ..IncomingBehaviours::default() };
        let only_ppp = RadiusEntry { services: Some(vec![Service::Ppp]), secret: secret(), ..entry("one") };
        let router = router(incoming, vec![only_ppp]).await;
        router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
        router.login(SessionSpec::ppp("bob", MAC, CLIENT));
        let sender = Sender::new(router.coa_addr()).await;
        let answer = sender.exchange(1, &identity("alice", Some(CLIENT), None)).await;
        assert_eq!(answer.code, hotspot, "{entry_services:?}");
        assert_eq!(sender.exchange(2, &identity("bob", Some(CLIENT), None)).await.code, Code::DisconnectAck);
    }
}

#[tokio::test]
async fn udp_from_a_radsec_server_is_dropped_or_has_a_secret() {
    for (radsec, fixed, own) in [
        (RadsecUdp::Dropped, false, false),
        (RadsecUdp::SecretRadsec, true, false),
        (RadsecUdp::OwnSecret, false, true),
    ] {
        let incoming = IncomingBehaviours { radsec, ..IncomingBehaviours::default() };
        let router = router(incoming, vec![RadiusEntry { radsec: true, ..entry("own") }]).await;
        assert_eq!((is_taken(&router, "radsec").await, is_taken(&router, "own").await), (fixed, own), "{radsec:?}");
    }
}

#[tokio::test]
async fn bad_requests_count_what_they_are_switched_to() {
    for (bad_requests, count) in [
        (BadRequests::Both, 3),
        (BadRequests::UnknownSources, 1),
        (BadRequests::BadAuthenticators, 2),
        (BadRequests::Neither, 0),
    ] {
        let incoming = IncomingBehaviours { bad_requests, ..IncomingBehaviours::default() };
        let router = router(incoming, vec![RadiusEntry { secret: secret(), ..entry("one") }]).await;
        let sender = Sender::new(router.coa_addr()).await;
        let stranger = Sender::at(Ipv4Addr::new(127, 0, 0, 9), router.coa_addr()).await;
        stranger.send(Sender::request(1, &nobody()).octets()).await;
        until("the stranger is heard", || router.counters().requests == 1).await;
        let guess =
            seal_request(Code::DisconnectRequest, 2, &nobody(), &named("guess"), MessageAuthenticator::Optional);
        sender.send(guess.expect("a request").octets()).await;
        sender.send(b"no packet").await;
        let answer = sender.exchange(3, &nobody()).await;
        assert_eq!(answer.code, Code::DisconnectNak, "the first thing that is answered");
        assert!(!answer.attributes.contains(AttributeType::MESSAGE_AUTHENTICATOR));
        let counters = router.counters();
        assert_eq!((counters.requests, counters.bad_requests), (4, count), "{bad_requests:?}");
    }
}
