//! What the router answers to Disconnect-Requests, and what it does.
use std::net::Ipv4Addr;

use md5::{Digest, Md5};
use radkick::radius::{AttributeType, Attributes, Code, ErrorCause, MessageAuthenticator, SharedSecret, seal_request};
use radkick::simulator::{
    Behaviours, CookieRemoval, Counters, Event, ExtraAttribute, MessageAuthenticators, Mismatch, NotFound,
    RepeatedRequest, RouterOptions, SessionSpec, WithoutIp,
};

use super::peer::Sender;
use super::{CLIENT, MAC, SECRET, event, identity, options, secret, start, with_alice};

const NAK_406: (Code, Option<ErrorCause>) = (Code::DisconnectNak, Some(ErrorCause::UNSUPPORTED_EXTENSION));
const NAK_503: (Code, Option<ErrorCause>) = (Code::DisconnectNak, Some(ErrorCause::SESSION_CONTEXT_NOT_FOUND));
const NAK: (Code, Option<ErrorCause>) = (Code::DisconnectNak, None);
const ACK: (Code, Option<ErrorCause>) = (Code::DisconnectAck, None);

/// What alice's router answers to a request, and whether her session is still there.
async fn asked(behaviours: Behaviours, request: &Attributes) -> ((Code, Option<ErrorCause>), bool) {
    let (router, session) = with_alice(RouterOptions { behaviours, ..options() }).await;
    let sender = Sender::new(router.coa_addr()).await;
    let answer = sender.exchange(9, request).await;
    ((answer.code, answer.attributes.error_cause()), router.session(&session.acct_session_id).is_some())
}

fn alice() -> Attributes {
    identity("alice", Some(CLIENT), Some("80000001"))
}

#[tokio::test]
async fn an_ack_is_twenty_octets_made_with_the_secret() {
    let (router, session) = with_alice(options()).await;
    assert_eq!(session.acct_session_id, "80000001");
    let sender = Sender::new(router.coa_addr()).await;
    let request = Sender::request(7, &alice());
    sender.send(request.octets()).await;
    let (reply, _) = sender.receive().await;

    let signed = [&[41, 7, 0, 20][..], &request.octets()[4..20], SECRET.as_bytes()].concat();
    let authenticator: [u8; 16] = Md5::digest(signed).into();
    assert_eq!(reply, [&[41, 7, 0, 20][..], &authenticator].concat(), "RFC 2865 section 3, by hand");
    assert_eq!(router.sessions(), []);
    assert_eq!(router.requests()[0].octets, request.octets());
    assert_eq!(router.counters(), Counters { requests: 1, acks: 1, ..Counters::default() });
}

#[tokio::test]
async fn proxy_states_come_back_in_their_order_and_nothing_else() {
    let (router, _) = with_alice(options()).await;
    let sender = Sender::new(router.coa_addr()).await;
    let mut request = alice();
    request.push(AttributeType::PROXY_STATE, "first").unwrap();
    request.push(AttributeType::PROXY_STATE, "second").unwrap();
    let answer = sender.exchange(1, &request).await;
    assert_eq!(answer.code, Code::DisconnectAck);
    let states: Vec<_> = answer.attributes.all(AttributeType::PROXY_STATE).collect();
    assert_eq!(states, [b"first".as_slice(), b"second"]);
    assert_eq!(answer.attributes.len(), 2);
}

#[tokio::test]
async fn every_identifier_must_fit_and_ppp_needs_no_address() {
    let there = true;
    for (request, answer, still) in [
        (alice(), ACK, !there),
        (identity("alice", Some(CLIENT), None), ACK, !there),
        (identity("alice", Some(Ipv4Addr::new(192, 168, 88, 42)), Some("80000001")), NAK_406, there),
        (identity("alice", Some(CLIENT), Some("80000002")), NAK_406, there),
        (identity("alice", Some(CLIENT), Some("0x80000001")), NAK_406, there),
        (identity("Alice", Some(CLIENT), Some("80000001")), NAK_406, there),
        (identity("alice", None, Some("81000001")), NAK_406, there),
    ] {
        assert_eq!(asked(Behaviours::default(), &request).await, (answer, still), "{request:?}");
    }
}

#[tokio::test]
async fn a_hotspot_needs_the_address() {
    let without = identity("alice", None, Some("80000001"));
    for (hotspot_without_ip, answer) in
        [(WithoutIp::AckNoop, ACK), (WithoutIp::Nak406, NAK_406), (WithoutIp::NakNone, NAK)]
    {
        let behaviours = Behaviours { hotspot_without_ip, ..Behaviours::default() };
        assert_eq!(asked(behaviours, &without).await, (answer, true), "{hotspot_without_ip:?}");
    }
}

#[tokio::test]
async fn the_log_tells_of_the_missing_address() {
    let (router, _) = with_alice(options()).await;
    let mut events = router.events();
    Sender::new(router.coa_addr()).await.exchange(1, &identity("alice", None, None)).await;
    let wanted = Event::Log { text: "radius disconnect with no ip provided".to_owned() };
    event(&mut events, |event| *event == wanted).await;
}

#[tokio::test]
async fn a_router_without_a_hotspot_does_not_miss_the_address() {
    let (router, _) = with_alice(RouterOptions { hotspot: false, ..options() }).await;
    let answer = Sender::new(router.coa_addr()).await.exchange(1, &identity("nobody", None, None)).await;
    assert_eq!((answer.code, answer.attributes.error_cause()), NAK_406);
}

#[tokio::test]
async fn what_is_not_there_is_refused_in_each_way() {
    let nobody = identity("nobody", Some(CLIENT), None);
    for (not_found, answer) in [
        (NotFound::UnsupportedExtension, NAK_406),
        (NotFound::SessionContextNotFound, NAK_503),
        (NotFound::NoErrorCause, NAK),
    ] {
        let behaviours = Behaviours { not_found, ..Behaviours::default() };
        assert_eq!(asked(behaviours, &nobody).await, (answer, true), "{not_found:?}");
    }
}

#[tokio::test]
async fn switched_so_the_first_identifier_wins() {
    let behaviours = Behaviours { mismatch: Mismatch::FirstWins, ..Behaviours::default() };
    let stale_address = identity("alice", Some(Ipv4Addr::new(192, 168, 88, 42)), Some("80000001"));
    assert_eq!(asked(behaviours, &stale_address).await, (ACK, false));
}

#[tokio::test]
async fn an_attribute_outside_the_list_is_refused() {
    let with = |attribute_type, value: &[u8]| {
        let mut request = alice();
        request.push(attribute_type, value).unwrap();
        request
    };
    let unknown = with(AttributeType::Vendor { vendor_id: 9, vendor_type: 1 }, b"x");
    let timeout = with(AttributeType::SESSION_TIMEOUT, &[0, 0, 0, 0]);
    let port = with(AttributeType::NAS_PORT_ID, b"bridge1");
    assert_eq!(asked(Behaviours::default(), &unknown).await, (NAK_406, true));
    assert_eq!(asked(Behaviours::default(), &timeout).await, (NAK_406, true));
    assert_eq!(asked(Behaviours::default(), &port).await, (ACK, false));
    let ignores = Behaviours { extra_attribute: ExtraAttribute::Ignore, ..Behaviours::default() };
    assert_eq!(asked(ignores, &unknown).await, (ACK, false));
    let old = Behaviours { refuse_nas_port_id: true, ..Behaviours::default() };
    assert_eq!(asked(old, &port).await, (NAK_406, true), "before 6.43");
}

#[tokio::test]
async fn a_request_for_another_router_finds_nothing() {
    for (attribute_type, value) in
        [(AttributeType::NAS_IDENTIFIER, b"R2".as_slice()), (AttributeType::NAS_IP_ADDRESS, &[127, 0, 1, 8])]
    {
        let mut request = alice();
        request.push(attribute_type, value).unwrap();
        assert_eq!(asked(Behaviours::default(), &request).await, (NAK_406, true), "{attribute_type:?}");
    }
}

#[tokio::test]
async fn a_name_that_is_a_wifi_station_never_reaches_the_hotspot() {
    let behaviours = Behaviours { wifi_stations: vec![MAC.to_owned()], ..Behaviours::default() };
    let router = start(RouterOptions { behaviours, ..options() }).await;
    router.login(SessionSpec::hotspot(MAC, MAC, CLIENT));
    let answer = Sender::new(router.coa_addr()).await.exchange(1, &identity(MAC, Some(CLIENT), None)).await;
    assert_eq!((answer.code, router.sessions().len()), (Code::DisconnectAck, 1));
}

#[tokio::test]
async fn an_ack_may_do_nothing() {
    let behaviours = Behaviours { ack_does_nothing: true, ..Behaviours::default() };
    assert_eq!(asked(behaviours, &alice()).await, (ACK, true));
}

#[tokio::test]
async fn a_local_session_hears_nothing() {
    let router = start(options()).await;
    router.login(SessionSpec { radius: false, ..SessionSpec::hotspot("alice", MAC, CLIENT) });
    let answer = Sender::new(router.coa_addr()).await.exchange(1, &alice()).await;
    assert_eq!(((answer.code, answer.attributes.error_cause()), router.sessions().len()), (NAK_406, 1));
}

#[tokio::test]
async fn a_repeated_request_meets_an_empty_place_or_the_same_answer() {
    for (repeated_request, second) in
        [(RepeatedRequest::EvaluatedAgain, Code::DisconnectNak), (RepeatedRequest::CachedReply, Code::DisconnectAck)]
    {
        let behaviours = Behaviours { repeated_request, ..Behaviours::default() };
        let (router, _) = with_alice(RouterOptions { behaviours, ..options() }).await;
        let sender = Sender::new(router.coa_addr()).await;
        assert_eq!(sender.exchange(1, &alice()).await.code, Code::DisconnectAck);
        assert_eq!(sender.exchange(1, &alice()).await.code, second, "{repeated_request:?}");
        assert_eq!(router.requests().len(), 2);
    }
}

#[tokio::test]
async fn strangers_and_wrong_secrets_meet_silence_and_are_counted() {
    let (router, session) = with_alice(options()).await;
    let sender = Sender::new(router.coa_addr()).await;
    let stranger = Sender::at(Ipv4Addr::new(127, 0, 0, 9), router.coa_addr()).await;
    let mut events = router.events();

    stranger.send(Sender::request(1, &alice()).octets()).await;
    event(&mut events, |event| matches!(event, Event::Discarded { .. })).await;
    let guess = SharedSecret::new(b"a guess".to_vec()).unwrap();
    for required in [MessageAuthenticator::Required, MessageAuthenticator::Optional] {
        let forged = seal_request(Code::DisconnectRequest, 2, &alice(), &guess, required).unwrap();
        sender.send(forged.octets()).await;
    }
    let accounting = seal_request(Code::AccountingRequest, 3, &alice(), &secret(), MessageAuthenticator::Optional);
    sender.send(accounting.unwrap().octets()).await;
    sender.send(b"not a packet").await;

    let answer = sender.exchange(4, &identity("nobody", Some(CLIENT), None)).await;
    assert_eq!(answer.code, Code::DisconnectNak, "the first thing that is answered");
    assert!(router.session(&session.acct_session_id).is_some());
    assert_eq!(router.counters(), Counters { requests: 6, bad_requests: 5, acks: 0, naks: 1 });
    assert_eq!(router.requests().len(), 1, "only sound requests are remembered");
}

#[tokio::test]
async fn a_message_authenticator_is_checked_demanded_or_given() {
    let plain = seal_request(Code::DisconnectRequest, 1, &alice(), &secret(), MessageAuthenticator::Optional).unwrap();
    let (router, _) = with_alice(options()).await;
    let sender = Sender::new(router.coa_addr()).await;
    sender.send(plain.octets()).await;
    assert_eq!(sender.answer(&plain).await.code, Code::DisconnectAck, "none is needed by default");

    let required = Behaviours { message_authenticator: MessageAuthenticators::Required, ..Behaviours::default() };
    let (router, _) = with_alice(RouterOptions { behaviours: required, ..options() }).await;
    let sender = Sender::new(router.coa_addr()).await;
    sender.send(plain.octets()).await;
    let answer = sender.exchange(2, &alice()).await;
    assert_eq!(answer.code, Code::DisconnectAck, "the first was discarded");
    assert!(answer.attributes.contains(AttributeType::MESSAGE_AUTHENTICATOR));
    assert_eq!(router.counters().bad_requests, 1);
}

#[tokio::test]
async fn the_mac_cookie_goes_and_the_browsers_stays() {
    for (cookies, left) in [(CookieRemoval::MacOnly, vec![false]), (CookieRemoval::Both, vec![])] {
        let behaviours = Behaviours { cookies, ..Behaviours::default() };
        let (router, _) = with_alice(RouterOptions { behaviours, ..options() }).await;
        assert_eq!(router.cookies().len(), 2);
        Sender::new(router.coa_addr()).await.exchange(1, &alice()).await;
        let kinds: Vec<bool> = router.cookies().iter().map(|cookie| cookie.mac_cookie).collect();
        assert_eq!(kinds, left);
    }
}

#[tokio::test]
async fn of_two_sessions_the_named_one_ends() {
    let router = start(options()).await;
    let other = Ipv4Addr::new(192, 168, 88, 42);
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    let second = router.login(SessionSpec::hotspot("alice", "02:00:00:00:00:42", other));
    let ppp = router.login(SessionSpec::ppp("alice", MAC, Ipv4Addr::new(10, 0, 0, 3)));
    let sender = Sender::new(router.coa_addr()).await;
    sender.exchange(1, &identity("alice", Some(CLIENT), None)).await;
    assert_eq!(
        router.sessions().iter().map(|s| &s.acct_session_id).collect::<Vec<_>>(),
        [&second.acct_session_id, &ppp.acct_session_id]
    );
    assert_eq!(ppp.acct_session_id, "81000003");
    sender.exchange(2, &identity("alice", None, Some("81000003"))).await;
    assert_eq!(router.sessions().len(), 1);
}

#[tokio::test]
async fn a_coa_of_identifiers_alone_asks_whether_the_session_is_there() {
    let (router, _) = with_alice(options()).await;
    let sender = Sender::new(router.coa_addr()).await;
    for (identifier, attributes, code) in
        [(1, alice(), Code::CoaAck), (2, identity("bob", Some(CLIENT), None), Code::CoaNak)]
    {
        let probe =
            seal_request(Code::CoaRequest, identifier, &attributes, &secret(), MessageAuthenticator::Required).unwrap();
        sender.send(probe.octets()).await;
        assert_eq!(sender.answer(&probe).await.code, code);
    }
    assert_eq!(router.sessions().len(), 1, "a probe has no effect");
}
