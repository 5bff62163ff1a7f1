//! What a CoA-Request changes, seen on the wire and over REST.
use std::net::Ipv4Addr;

use radkick::radius::{AttributeType, Attributes, Code, ErrorCause, MessageAuthenticator, seal_request};
use radkick::simulator::{
    Behaviours, CoaBehaviours, Event, ExtraAttribute, HotspotCoa, LoginBy, Mismatch, Router, RouterOptions,
    SessionSpec, SessionView, UnlistedLimits,
};
use reqwest::Method;
use serde_json::{Value, json};

use super::peer::{AccountingServer, Sender};
use super::rest::{ACTIVE, ask};
use super::{CLIENT, MAC, accounted, event, identity, secret, start, with_rest};

const RATE_LIMIT: AttributeType = AttributeType::mikrotik(8);
const ADDRESS_LIST: AttributeType = AttributeType::mikrotik(19);
const IDLE_TIMEOUT: AttributeType = AttributeType::Standard(28);
const NAK_406: (Code, Option<ErrorCause>) = (Code::CoaNak, Some(ErrorCause::UNSUPPORTED_EXTENSION));
const ACK: (Code, Option<ErrorCause>) = (Code::CoaAck, None);

/// A router with REST where alice is on the hotspot and bob on PPP.
async fn router(coa: CoaBehaviours) -> Router {
    with(Behaviours { coa, ..Behaviours::default() }).await
}

async fn with(behaviours: Behaviours) -> Router {
    let router = start(RouterOptions { behaviours, ..with_rest() }).await;
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    router.login(SessionSpec::ppp("bob", "02:00:00:00:00:42", Ipv4Addr::new(10, 0, 0, 2)));
    router
}

fn alice() -> Attributes {
    identity("alice", Some(CLIENT), None)
}

fn bob() -> Attributes {
    identity("bob", None, Some("81000002"))
}

fn text(mut request: Attributes, attribute_type: AttributeType, value: &str) -> Attributes {
    request.push(attribute_type, value).expect("a value");
    request
}

fn number(mut request: Attributes, attribute_type: AttributeType, value: u32) -> Attributes {
    request.push_u32(attribute_type, value);
    request
}

async fn change(router: &Router, attributes: &Attributes) -> (Code, Option<ErrorCause>) {
    let sender = Sender::new(router.coa_addr()).await;
    let request = seal_request(Code::CoaRequest, 3, attributes, &secret(), MessageAuthenticator::Required);
    let request = request.expect("a request");
    sender.send(request.octets()).await;
    let answer = sender.answer(&request).await;
    (answer.code, answer.attributes.error_cause())
}

fn view(router: &Router, user: &str) -> SessionView {
    router.sessions().into_iter().find(|session| session.user == user).expect("a session")
}

async fn rows(router: &Router, path: &str) -> Value {
    let (status, rows) = ask(router, Method::GET, path).await;
    assert_eq!(status, 200, "{rows}");
    rows
}

#[tokio::test]
async fn a_rate_limit_is_the_dynamic_queue() {
    let router = router(CoaBehaviours::default()).await;
    assert_eq!(rows(&router, "/rest/queue/simple").await, json!([]), "without a limit there is none");
    let burst = "1M/2M 4M 500k 10/20 3 64k/128k";
    assert_eq!(change(&router, &text(alice(), RATE_LIMIT, burst)).await, ACK);
    assert_eq!(change(&router, &text(bob(), RATE_LIMIT, "512k")).await, ACK);
    let queues = rows(&router, "/rest/queue/simple").await;
    let alices = json!({
        ".id": queues[0][".id"], "name": "<hotspot-alice>", "target": "192.168.88.41/32", "dynamic": "true",
        "max-limit": "1000000/2000000", "burst-limit": "4000000/4000000", "burst-threshold": "500000/500000",
        "burst-time": "10s/20s", "priority": "3/3", "limit-at": "64000/128000",
    });
    assert_eq!(queues[0], alices);
    assert_eq!((&queues[1]["name"], &queues[1]["max-limit"]), (&json!("<pppoe-bob>"), &json!("512000/512000")));
    let path = format!("/rest/queue/simple/{}", queues[0][".id"].as_str().expect("an id"));
    assert_eq!(ask(&router, Method::DELETE, &path).await.0, 406, "it goes with its session alone");
    Sender::new(router.coa_addr()).await.exchange(1, &alice()).await;
    let left = rows(&router, "/rest/queue/simple").await;
    assert_eq!((left.as_array().map(Vec::len), &left[0]["name"]), (Some(1), &json!("<pppoe-bob>")));
}

#[tokio::test]
async fn ascends_rates_count_without_mikrotiks() {
    let ascend = |vendor_type| AttributeType::Vendor { vendor_id: 529, vendor_type };
    let router = router(CoaBehaviours::default()).await;
    let (data, xmit) = (ascend(197), ascend(255));
    for (request, rx, tx) in [
        (number(bob(), data, 64_000), 64_000, 64_000),
        (number(number(bob(), data, 64_000), data, 32_000), 32_000, 64_000),
        (number(number(bob(), data, 64_000), xmit, 32_000), 64_000, 32_000),
        (number(text(bob(), RATE_LIMIT, "1k"), data, 64_000), 1_000, 1_000),
    ] {
        assert_eq!(change(&router, &request).await, ACK);
        let max = view(&router, "bob").settings.rate_limit.expect("a limit").max;
        assert_eq!((max.rx, max.tx), (rx, tx), "{request:?}");
    }
}

#[tokio::test]
async fn limits_have_64_bits_unless_switched_otherwise() {
    let big = |request| number(number(request, AttributeType::mikrotik(1), 5), AttributeType::mikrotik(14), 1);
    let total = |request| number(request, AttributeType::mikrotik(17), 9);
    for (unlisted_limits, answer, limits) in [
        (UnlistedLimits::Apply, ACK, (Some(4_294_967_301), Some(9))),
        (UnlistedLimits::Ignore, ACK, (Some(5), None)),
        (UnlistedLimits::Refuse, NAK_406, (None, None)),
    ] {
        let router = router(CoaBehaviours { unlisted_limits, ..CoaBehaviours::default() }).await;
        assert_eq!(change(&router, &total(big(alice()))).await, answer, "{unlisted_limits:?}");
        let settings = view(&router, "alice").settings;
        assert_eq!((settings.limit_bytes_in, settings.limit_bytes_total), limits, "{unlisted_limits:?}");
        let row = &rows(&router, ACTIVE).await[0];
        let written = limits.0.map_or(Value::Null, |limit| json!(limit.to_string()));
        assert_eq!(row["limit-bytes-in"], written, "{unlisted_limits:?}");
    }
}

#[tokio::test]
async fn timeouts_and_names_are_kept_and_zero_takes_them_away() {
    let router = router(CoaBehaviours::default()).await;
    let request = number(number(alice(), AttributeType::SESSION_TIMEOUT, 3600), IDLE_TIMEOUT, 300);
    let request = text(text(request, AttributeType::Standard(11), "chain"), AttributeType::mikrotik(3), "gold");
    let request = number(text(request, AttributeType::mikrotik(12), "http://a/"), AttributeType::Standard(62), 2);
    let request = text(number(request, AttributeType::mikrotik(13), 60), AttributeType::mikrotik(11), "mark");
    assert_eq!(change(&router, &request).await, ACK);
    let settings = view(&router, "alice").settings;
    assert_eq!((settings.filter_id.as_deref(), settings.group.as_deref()), (Some("chain"), Some("gold")));
    assert_eq!((settings.port_limit, settings.advertise_interval), (Some(2), Some(60)));
    assert_eq!((settings.advertise_url.as_deref(), settings.mark_id.as_deref()), (Some("http://a/"), Some("mark")));
    let row = &rows(&router, ACTIVE).await[0];
    assert_eq!(row["idle-timeout"], "5m");
    assert!(["1h", "59m59s", "59m58s"].contains(&row["session-time-left"].as_str().expect("a time")), "{row}");
    let none = number(number(alice(), AttributeType::SESSION_TIMEOUT, 0), IDLE_TIMEOUT, 0);
    assert_eq!(change(&router, &none).await, ACK);
    let row = &rows(&router, ACTIVE).await[0];
    assert!(row.get("session-time-left").is_none() && row.get("idle-timeout").is_none(), "{row}");
    assert_eq!(view(&router, "alice").settings.group.as_deref(), Some("gold"), "what is not named stays");
}

#[tokio::test]
async fn a_session_timeout_ends_the_session() {
    let server = AccountingServer::start().await;
    let router = start(accounted(server.addr())).await;
    let long_on = SessionSpec { already_on: std::time::Duration::from_mins(2), ..SessionSpec::ppp("bob", MAC, CLIENT) };
    router.login(long_on);
    server.take().await;
    let request = number(identity("bob", Some(CLIENT), None), AttributeType::SESSION_TIMEOUT, 60);
    assert_eq!(change(&router, &request).await, ACK);
    let stop = server.take().await.opened.attributes;
    assert_eq!(stop.first_u32(AttributeType::ACCT_TERMINATE_CAUSE), Some(5));
    assert_eq!(router.sessions(), []);
}

#[tokio::test]
async fn an_address_list_holds_the_clients_address() {
    let router = router(CoaBehaviours::default()).await;
    let request = text(text(bob(), ADDRESS_LIST, "Reject_1"), ADDRESS_LIST, "Late");
    assert_eq!(change(&router, &request).await, ACK);
    let lists = rows(&router, "/rest/ip/firewall/address-list?address=10.0.0.2").await;
    assert_eq!((&lists[0]["list"], &lists[1]["list"]), (&json!("Reject_1"), &json!("Late")));
    assert_eq!(lists[0]["dynamic"], "true");
    assert_eq!(change(&router, &text(bob(), ADDRESS_LIST, "Active")).await, ACK);
    let lists = rows(&router, "/rest/ip/firewall/address-list").await;
    assert_eq!((lists.as_array().map(Vec::len), &lists[0]["list"]), (Some(1), &json!("Active")));
}

#[tokio::test]
async fn what_a_router_cannot_change_is_refused() {
    let behaviours = Behaviours { mismatch: Mismatch::FirstWins, ..Behaviours::default() };
    let ignoring = Behaviours { extra_attribute: ExtraAttribute::Ignore, ..Behaviours::default() };
    for (behaviours, request) in [
        (Behaviours::default(), text(bob(), AttributeType::Standard(88), "pool")),
        (Behaviours::default(), text(bob(), AttributeType::Standard(22), "10.9.0.0/24")),
        (Behaviours::default(), identity("bob", Some(CLIENT), Some("81000002"))),
        (behaviours, identity("bob", Some(CLIENT), Some("81000002"))),
        (ignoring, text(bob(), AttributeType::Standard(88), "pool")),
        (Behaviours::default(), text(bob(), RATE_LIMIT, "fast")),
        (Behaviours::default(), text(text(bob(), RATE_LIMIT, "1M"), AttributeType::mikrotik(16), "psk")),
        (Behaviours::default(), text(bob(), AttributeType::mikrotik(11), "mark of a hotspot")),
        (Behaviours::default(), text(identity("nobody", Some(CLIENT), None), RATE_LIMIT, "1M")),
    ] {
        let router = with(behaviours).await;
        assert_eq!(change(&router, &request).await, NAK_406, "{request:?}");
        assert!(view(&router, "bob").settings.is_empty(), "{request:?}");
    }
}

#[tokio::test]
async fn the_hotspot_applies_acks_or_refuses_and_a_probe_is_always_answered() {
    let by_mac = SessionSpec { login_by: LoginBy::Mac, ..SessionSpec::hotspot(MAC, MAC, CLIENT) };
    for (hotspot, for_page, for_mac) in [
        (HotspotCoa::AppliesButMacNak406, (ACK, true), (NAK_406, false)),
        (HotspotCoa::Applies, (ACK, true), (ACK, true)),
        (HotspotCoa::AckNoop, (ACK, false), (ACK, false)),
        (HotspotCoa::Nak406, (NAK_406, false), (NAK_406, false)),
    ] {
        let router = router(CoaBehaviours { hotspot, ..CoaBehaviours::default() }).await;
        assert_eq!(change(&router, &alice()).await, ACK, "{hotspot:?}");
        let answer = change(&router, &text(alice(), RATE_LIMIT, "1M")).await;
        assert_eq!((answer, !view(&router, "alice").settings.is_empty()), for_page, "{hotspot:?}");
        router.login(by_mac.clone());
        let mac = || identity(MAC, Some(CLIENT), None);
        assert_eq!(change(&router, &mac()).await, ACK, "{hotspot:?}");
        let answer = change(&router, &text(mac(), RATE_LIMIT, "1M")).await;
        assert_eq!((answer, !view(&router, MAC).settings.is_empty()), for_mac, "{hotspot:?}");
        assert_eq!(change(&router, &text(bob(), RATE_LIMIT, "1M")).await, ACK, "PPP is another matter");
    }
}

#[tokio::test]
async fn a_change_is_told_and_an_ack_may_do_nothing() {
    let router = router(CoaBehaviours::default()).await;
    let mut events = router.events();
    change(&router, &text(bob(), RATE_LIMIT, "1M")).await;
    event(&mut events, |event| matches!(event, Event::Changed { session } if session.user == "bob")).await;
    router.change(|behaviours| behaviours.ack_does_nothing = true);
    assert_eq!(change(&router, &text(bob(), RATE_LIMIT, "9M")).await, ACK);
    assert_eq!(view(&router, "bob").settings.rate_limit.expect("the old one").max.rx, 1_000_000);
}

#[tokio::test]
async fn ppps_accounting_tells_the_settings() {
    let server = AccountingServer::start().await;
    let router = start(accounted(server.addr())).await;
    let bob = router.login(SessionSpec::ppp("bob", MAC, CLIENT));
    assert!(!server.take().await.opened.attributes.contains(RATE_LIMIT));
    let request = text(text(identity("bob", Some(CLIENT), None), RATE_LIMIT, "1k/2k"), ADDRESS_LIST, "Active");
    let request = number(request, AttributeType::mikrotik(15), 2);
    assert_eq!(change(&router, &request).await, ACK);
    router.interim(&bob.acct_session_id).expect("bob is on");
    let interim = server.take().await.opened.attributes;
    assert_eq!(interim.first_text(RATE_LIMIT).as_deref(), Some("1000/2000"));
    assert_eq!(interim.first_text(ADDRESS_LIST).as_deref(), Some("Active"));
    let (low, high) = (interim.first_u32(AttributeType::mikrotik(2)), interim.first_u32(AttributeType::mikrotik(15)));
    assert_eq!((low, high), (Some(0), Some(2)));
}
