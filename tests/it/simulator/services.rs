//! Wi-Fi and DHCP sessions, names in parts and alone, and how rows are called.
use std::net::Ipv4Addr;

use radkick::radius::{AttributeType, Attributes, Code, ErrorCause, MessageAuthenticator, seal_request};
use radkick::simulator::{
    Behaviours, Counters, HotspotIds, NakEverything, NameAlone, OctetDirection, Octets, RebootBehaviours, Router,
    RouterOptions, SessionSpec, SplitUserDomain, UserNameCase, WifiNames,
};
use reqwest::Method;
use serde_json::json;

use super::peer::{AccountingServer, Sender};
use super::rest::{ACTIVE, ask};
use super::{CLIENT, MAC, accounted, identity, options, secret, start, with_rest};

type Answer = (Code, Option<ErrorCause>);

const ACK: Answer = (Code::DisconnectAck, None);
const NAK_406: Answer = (Code::DisconnectNak, Some(ErrorCause::UNSUPPORTED_EXTENSION));

async fn router(behaviours: Behaviours) -> Router {
    start(RouterOptions { behaviours, ..with_rest() }).await
}

async fn disconnect(router: &Router, request: &Attributes) -> Answer {
    let answer = Sender::new(router.coa_addr()).await.exchange(1, request).await;
    (answer.code, answer.attributes.error_cause())
}

async fn probe(router: &Router, request: &Attributes) -> Code {
    let sender = Sender::new(router.coa_addr()).await;
    let request =
        seal_request(Code::CoaRequest, 1, request, &secret(), MessageAuthenticator::Required).expect("a request");
    sender.send(request.octets()).await;
    sender.answer(&request).await.code
}

fn users(router: &Router) -> Vec<String> {
    router.sessions().into_iter().map(|session| session.acct_session_id[..2].to_owned() + &session.user).collect()
}

#[tokio::test]
async fn a_dhcp_session_refuses_everything() {
    let server = AccountingServer::start().await;
    let router = start(accounted(server.addr())).await;
    let mac = "00:E1:0C:38:C8:F8";
    let lease = router.login(SessionSpec::dhcp(mac, CLIENT));
    let begun = server.take().await.opened.attributes;
    assert!(lease.acct_session_id.starts_with("83"), "{lease:?}");
    assert_eq!(begun.first_text(AttributeType::CALLING_STATION_ID).as_deref(), Some("1:0:e1:c:38:c8:f8"));
    assert_eq!(begun.first_text(AttributeType::USER_NAME).as_deref(), Some(mac));
    for request in [
        identity(mac, Some(CLIENT), Some(&lease.acct_session_id)),
        identity(mac, None, None),
        identity(mac, None, Some(&lease.acct_session_id)),
    ] {
        assert_eq!(disconnect(&router, &request).await, NAK_406, "{request:?}");
        assert_eq!(probe(&router, &request).await, Code::CoaNak, "{request:?}");
    }
    assert_eq!(router.sessions().len(), 1);
}

#[tokio::test]
async fn wireless_takes_its_macs_name_from_the_hotspot() {
    let with_ip = || identity(MAC, Some(CLIENT), None);
    let without = || identity(MAC, None, None);
    let (hotspot, wifi) = (format!("80{MAC}"), format!("82{MAC}"));
    for (wifi_names, request, left) in [
        (WifiNames::Taken, with_ip(), &hotspot),
        (WifiNames::Taken, without(), &hotspot),
        (WifiNames::TakenWithoutIp, with_ip(), &wifi),
        (WifiNames::TakenWithoutIp, without(), &hotspot),
        (WifiNames::Off, with_ip(), &wifi),
    ] {
        let router = router(Behaviours { wifi_names, ..Behaviours::default() }).await;
        router.login(SessionSpec::wifi(MAC));
        router.login(SessionSpec::hotspot(MAC, MAC, CLIENT));
        assert_eq!(disconnect(&router, &request).await, ACK, "{wifi_names:?}");
        assert_eq!(users(&router), [left.as_str()], "{wifi_names:?} {request:?}");
    }
}

#[tokio::test]
async fn a_station_is_named_by_its_mac_in_one_form() {
    let server = AccountingServer::start().await;
    let router = start(accounted(server.addr())).await;
    router.login(SessionSpec::wifi(MAC));
    router.login(SessionSpec::wifi("02:00:00:00:00:42"));
    let begun = server.take().await.opened.attributes;
    assert!(!begun.contains(AttributeType::FRAMED_IP_ADDRESS));
    server.take().await;
    assert_eq!(disconnect(&router, &identity("02-00-00-00-00-41", Some(CLIENT), None)).await, NAK_406);
    assert_eq!(disconnect(&router, &identity("020000000041", Some(CLIENT), None)).await, NAK_406);
    assert_eq!(disconnect(&router, &identity(MAC, None, None)).await, ACK);
    assert_eq!(users(&router), ["8202:00:00:00:00:42"]);
    assert_eq!(server.take().await.opened.attributes.first_u32(AttributeType::ACCT_TERMINATE_CAUSE), Some(6));
}

#[tokio::test]
async fn a_domain_may_stand_apart_and_a_request_needs_one_form() {
    let full = || identity("alice@hotel", Some(CLIENT), None);
    let user = || identity("alice", Some(CLIENT), None);
    for (split_user_domain, by_full, by_user) in [
        (SplitUserDomain::Off, ACK, NAK_406),
        (SplitUserDomain::FullName, ACK, NAK_406),
        (SplitUserDomain::UserName, NAK_406, ACK),
        (SplitUserDomain::Either, ACK, ACK),
    ] {
        let router = router(Behaviours { split_user_domain, ..Behaviours::default() }).await;
        for (request, answer) in [(full(), by_full), (user(), by_user)] {
            router.login(SessionSpec::hotspot("alice@hotel", MAC, CLIENT));
            let (_, rows) = ask(&router, Method::GET, ACTIVE).await;
            let (_, cookies) = ask(&router, Method::GET, "/rest/ip/hotspot/cookie").await;
            for row in [&rows[0], &cookies[0]] {
                if split_user_domain == SplitUserDomain::Off {
                    assert!(row["user"] == "alice@hotel" && row.get("domain").is_none(), "{row}");
                } else {
                    assert_eq!((&row["user"], &row["domain"]), (&json!("alice"), &json!("hotel")));
                }
            }
            assert_eq!(disconnect(&router, &request).await, answer, "{split_user_domain:?} {request:?}");
        }
    }
}

#[tokio::test]
async fn a_name_may_fit_in_any_case() {
    for (user_name, answer) in [(UserNameCase::Exact, NAK_406), (UserNameCase::Ignored, ACK)] {
        let router = router(Behaviours { user_name, ..Behaviours::default() }).await;
        router.login(SessionSpec::ppp("Bob", MAC, CLIENT));
        assert_eq!(disconnect(&router, &identity("bOB", Some(CLIENT), None)).await, answer, "{user_name:?}");
    }
}

#[tokio::test]
async fn a_name_alone_means_the_first_all_or_none() {
    for (ppp_name_alone, answer, left) in
        [(NameAlone::First, ACK, 1), (NameAlone::All, ACK, 0), (NameAlone::Nobody, NAK_406, 2)]
    {
        let router = router(Behaviours { ppp_name_alone, ..Behaviours::default() }).await;
        let first = router.login(SessionSpec::ppp("bob", MAC, CLIENT));
        router.login(SessionSpec::ppp("bob", "02:00:00:00:00:42", Ipv4Addr::new(10, 0, 0, 2)));
        assert_eq!(disconnect(&router, &identity("bob", None, None)).await, answer, "{ppp_name_alone:?}");
        assert_eq!(router.sessions().len(), left, "{ppp_name_alone:?}");
        assert!(ppp_name_alone != NameAlone::First || router.session(&first.acct_session_id).is_none());
    }
}

#[tokio::test]
async fn a_hotspot_id_is_an_address_or_used_once() {
    for (hotspot_ids, same) in [(HotspotIds::Address, true), (HotspotIds::Counter, false)] {
        let router = router(Behaviours { hotspot_ids, ..Behaviours::default() }).await;
        router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
        let (_, before) = ask(&router, Method::GET, ACTIVE).await;
        let path = format!("{ACTIVE}/{}", before[0][".id"].as_str().expect("an id"));
        assert_eq!(ask(&router, Method::GET, &path).await.1["user"], "alice");
        router.login(SessionSpec::hotspot("mallory", "02:00:00:00:00:66", CLIENT));
        let (_, after) = ask(&router, Method::GET, ACTIVE).await;
        assert_eq!(before[0][".id"] == after[0][".id"], same, "{hotspot_ids:?}");
        assert_eq!(ask(&router, Method::DELETE, &path).await.0, if same { 204 } else { 404 }, "{hotspot_ids:?}");
    }
}

#[tokio::test]
async fn the_host_row_stays_or_goes() {
    for (host_row_goes, hosts) in [(false, 1), (true, 0)] {
        let router = router(Behaviours { host_row_goes, ..Behaviours::default() }).await;
        router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
        assert_eq!(disconnect(&router, &identity("alice", Some(CLIENT), None)).await, ACK);
        let (_, rows) = ask(&router, Method::GET, "/rest/ip/hotspot/host").await;
        assert_eq!(rows.as_array().map(Vec::len), Some(hosts));
    }
}

#[tokio::test]
async fn input_is_what_either_side_received() {
    for (octet_direction, input) in [(OctetDirection::RouterSees, 1), (OctetDirection::ClientSees, 2)] {
        let server = AccountingServer::start().await;
        let behaviours = Behaviours { octet_direction, ..Behaviours::default() };
        let router = start(RouterOptions { behaviours, ..accounted(server.addr()) }).await;
        let session = router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
        server.take().await;
        router.use_data(&session.acct_session_id, Octets { input: 1, output: 2 }).unwrap();
        router.logout(&session.acct_session_id).unwrap();
        let stop = server.take().await.opened.attributes;
        assert_eq!(stop.first_u32(AttributeType::ACCT_INPUT_OCTETS), Some(input), "{octet_direction:?}");
        assert_eq!(stop.first_u32(AttributeType::ACCT_OUTPUT_OCTETS), Some(3 - input), "{octet_direction:?}");
    }
}

#[tokio::test]
async fn every_request_may_be_refused_with_one_cause() {
    for (nak, cause) in [
        (NakEverything::Cause(504), Some(ErrorCause(504))),
        (NakEverything::Cause(4_000_000), Some(ErrorCause(4_000_000))),
        (NakEverything::NoCause, None),
    ] {
        let router = router(Behaviours { nak_everything: Some(nak), ..Behaviours::default() }).await;
        router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
        let alice = identity("alice", Some(CLIENT), None);
        assert_eq!(disconnect(&router, &alice).await, (Code::DisconnectNak, cause));
        assert_eq!(probe(&router, &alice).await, Code::CoaNak);
        assert_eq!(router.counters(), Counters { requests: 2, naks: 2, ..Counters::default() });
        assert_eq!(router.sessions().len(), 1);
    }
}

#[tokio::test]
async fn a_reboot_tells_what_its_switches_say() {
    let switches = |no_accounting_on, clean_stops| RebootBehaviours { no_accounting_on, clean_stops };
    for (reboot, clean, told) in [
        (switches(false, false), true, vec![(7, None)]),
        (switches(false, true), true, vec![(2, Some(11)), (7, None)]),
        (switches(false, true), false, vec![(7, None)]),
        (switches(true, true), true, vec![(2, Some(11))]),
        (switches(true, false), false, vec![]),
    ] {
        let server = AccountingServer::start().await;
        let behaviours = Behaviours { reboot, ..Behaviours::default() };
        let router = start(RouterOptions { behaviours, ..accounted(server.addr()) }).await;
        router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
        server.take().await;
        if clean {
            router.reboot_cleanly();
        } else {
            router.reboot();
        }
        for expected in told {
            let record = server.take().await.opened.attributes;
            let number = |attribute_type| record.first_u32(attribute_type);
            let found = (number(AttributeType::ACCT_STATUS_TYPE), number(AttributeType::ACCT_TERMINATE_CAUSE));
            assert_eq!(found, (Some(expected.0), expected.1), "{reboot:?} {clean}");
        }
        let next = router.login(SessionSpec::ppp("bob", MAC, CLIENT));
        assert_eq!(next.acct_session_id, "81100001", "the boot digit counts");
        let record = server.take().await.opened.attributes;
        assert_eq!(record.first_text(AttributeType::USER_NAME).as_deref(), Some("bob"), "nothing else was sent");
    }
}

#[tokio::test]
async fn a_router_without_wifi_or_leases_is_as_before() {
    let router = start(options()).await;
    assert_eq!(disconnect(&router, &identity(MAC, None, None)).await, ACK, "no ip provided");
}
