//! What the router reports, and how often.
use std::net::Ipv4Addr;
use std::time::Duration;

use radkick::radius::{AttributeType, Attributes, Code};
use radkick::simulator::{
    AccountingOptions, Behaviours, Event, Octets, RouterOptions, SessionSpec, StopTiming, UnknownSession,
};

use super::peer::{AccountingServer, Sender};
use super::{CLIENT, MAC, ROUTER, accounted, event, identity, options, secret, start, with_alice};

const STATUS: AttributeType = AttributeType::ACCT_STATUS_TYPE;
const START: u32 = 1;
const STOP: u32 = 2;
const INTERIM: u32 = 3;

/// More than 32 bits hold, one Gigaword and a bit each way.
const MUCH: Octets = Octets { input: (1 << 32) + 100, output: (3 << 32) + 7 };

fn number(attributes: &Attributes, attribute_type: AttributeType) -> u32 {
    attributes.first_u32(attribute_type).expect("the number is there")
}

/// The types of the attributes as they stand in the packet.
fn order(octets: &[u8]) -> Vec<u8> {
    let mut rest = &octets[20..];
    let mut types = Vec::new();
    while let [attribute_type, length, ..] = rest {
        types.push(*attribute_type);
        rest = &rest[usize::from(*length)..];
    }
    types
}

#[tokio::test]
async fn a_start_is_laid_out_as_on_a_captured_router() {
    let server = AccountingServer::start().await;
    let (_router, _) = with_alice(accounted(server.addr())).await;
    let start = server.take().await;
    assert_eq!(order(&start.octets), [40, 61, 31, 30, 87, 1, 5, 44, 8, 26, 55, 32, 41, 4]);
    let attributes = &start.opened.attributes;
    assert_eq!(number(attributes, STATUS), START);
    assert_eq!(attributes.first_text(AttributeType::USER_NAME).as_deref(), Some("alice"));
    assert_eq!(attributes.first_text(AttributeType::ACCT_SESSION_ID).as_deref(), Some("80000001"));
    assert_eq!(number(attributes, AttributeType::NAS_PORT), 0x8000_0001);
    assert_eq!(attributes.first_text(AttributeType::CALLING_STATION_ID).as_deref(), Some(MAC));
    assert_eq!(attributes.first_text(AttributeType::CALLED_STATION_ID).as_deref(), Some("hotspot1"));
    assert_eq!(attributes.first_ipv4(AttributeType::FRAMED_IP_ADDRESS), Some(CLIENT));
    assert_eq!(attributes.first_ipv4(AttributeType::mikrotik(10)), Some(CLIENT));
    assert_eq!(attributes.first_text(AttributeType::NAS_IDENTIFIER).as_deref(), Some("R1"));
    assert_eq!(attributes.first_ipv4(AttributeType::NAS_IP_ADDRESS), Some(ROUTER));
    assert_eq!(start.from.ip(), ROUTER);
}

#[tokio::test]
async fn ppp_says_what_it_is() {
    let server = AccountingServer::start().await;
    let router = start(accounted(server.addr())).await;
    router.login(SessionSpec::ppp("bob", MAC, CLIENT));
    let attributes = server.take().await.opened.attributes;
    assert_eq!(number(&attributes, AttributeType::SERVICE_TYPE), 2);
    assert_eq!(number(&attributes, AttributeType::FRAMED_PROTOCOL), 1);
    assert_eq!(number(&attributes, AttributeType::NAS_PORT_TYPE), 15);
    assert_eq!(number(&attributes, AttributeType::NAS_PORT), 0x8100_0001);
    assert!(!attributes.contains(AttributeType::mikrotik(10)));
}

#[tokio::test]
async fn a_stop_after_a_disconnect_carries_every_octet_and_the_cause() {
    let server = AccountingServer::start().await;
    let (router, session) = with_alice(accounted(server.addr())).await;
    server.take().await;
    router.use_data(&session.acct_session_id, MUCH).unwrap();
    router.interim(&session.acct_session_id).unwrap();
    assert_eq!(number(&server.take().await.opened.attributes, STATUS), INTERIM);

    let answer = Sender::new(router.coa_addr()).await.exchange(1, &identity("alice", Some(CLIENT), None)).await;
    assert_eq!(answer.code, Code::DisconnectAck);
    let stop = server.take().await;
    let attributes = &stop.opened.attributes;
    assert_eq!(
        order(&stop.octets),
        [40, 49, 61, 31, 30, 87, 1, 5, 44, 8, 26, 55, 42, 43, 52, 53, 47, 48, 46, 32, 41, 4]
    );
    assert_eq!(number(attributes, STATUS), STOP);
    assert_eq!(number(attributes, AttributeType::ACCT_TERMINATE_CAUSE), 6);
    assert_eq!(number(attributes, AttributeType::ACCT_INPUT_GIGAWORDS), 1);
    assert_eq!(number(attributes, AttributeType::ACCT_INPUT_OCTETS), 100);
    assert_eq!(number(attributes, AttributeType::ACCT_OUTPUT_GIGAWORDS), 3);
    assert_eq!(number(attributes, AttributeType::ACCT_OUTPUT_OCTETS), 7);
    router.accounting_settled().await;
}

#[tokio::test]
async fn each_way_a_stop_can_go() {
    for (stop, records) in [
        (StopTiming::AfterAck, vec![STOP, START]),
        (StopTiming::BeforeAck, vec![STOP, START]),
        (StopTiming::Lost, vec![START]),
        (StopTiming::Repeated, vec![STOP, STOP, START]),
    ] {
        let server = AccountingServer::start().await;
        let behaviours = Behaviours { stop, ..Behaviours::default() };
        let (router, _) = with_alice(RouterOptions { behaviours, ..accounted(server.addr()) }).await;
        server.take().await;
        Sender::new(router.coa_addr()).await.exchange(1, &identity("alice", Some(CLIENT), None)).await;
        if stop == StopTiming::BeforeAck {
            assert_eq!(number(&server.take().await.opened.attributes, STATUS), STOP, "it was out before the ACK");
        }
        router.login(SessionSpec::hotspot("bob", "02:00:00:00:00:42", Ipv4Addr::new(192, 168, 88, 42)));
        let rest = records.len() - usize::from(stop == StopTiming::BeforeAck);
        let mut seen = Vec::new();
        let mut octets = Vec::new();
        for _ in 0..rest {
            let record = server.take().await;
            seen.push(number(&record.opened.attributes, STATUS));
            octets.push(record.octets);
        }
        assert_eq!(seen, records[records.len() - rest..], "{stop:?}");
        if stop == StopTiming::Repeated {
            assert_eq!(octets[0], octets[1], "the same octets");
        }
    }
}

#[tokio::test]
async fn ppp_may_say_nas_request() {
    let server = AccountingServer::start().await;
    let behaviours = Behaviours { ppp_nas_request: true, ..Behaviours::default() };
    let router = start(RouterOptions { behaviours, ..accounted(server.addr()) }).await;
    let session = router.login(SessionSpec::ppp("bob", MAC, CLIENT));
    server.take().await;
    let request = identity("bob", None, Some(&session.acct_session_id));
    Sender::new(router.coa_addr()).await.exchange(1, &request).await;
    assert_eq!(number(&server.take().await.opened.attributes, AttributeType::ACCT_TERMINATE_CAUSE), 10);
}

#[tokio::test]
async fn an_unanswered_record_comes_again_octet_for_octet_and_then_no_more() {
    let server = AccountingServer::start().await;
    let mut accounting = AccountingOptions::new(server.addr(), secret());
    accounting.timeout = Duration::from_millis(20);
    accounting.transmissions = 3;
    let router = start(RouterOptions { accounting: Some(accounting), ..options() }).await;
    let mut events = router.events();
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    let first = server.receive().await;
    for _ in 0..2 {
        let again = server.receive().await;
        assert_eq!((again.octets, again.from), (first.octets.clone(), first.from));
    }
    router.accounting_settled().await;
    let given_up = Event::Accounted {
        status: "Start",
        acct_session_id: Some("80000001".to_owned()),
        answered: false,
        transmissions: 3,
    };
    event(&mut events, |event| *event == given_up).await;
}

#[tokio::test]
async fn an_answer_ends_the_retransmissions() {
    let server = AccountingServer::start().await;
    let (router, _) = with_alice(accounted(server.addr())).await;
    let mut events = router.events();
    server.take().await;
    router.accounting_settled().await;
    let wanted = |event: &Event| matches!(event, Event::Accounted { answered: true, transmissions: 1, .. });
    event(&mut events, wanted).await;
}

#[tokio::test]
async fn interims_come_by_themselves() {
    let server = AccountingServer::start().await;
    let mut accounting = AccountingOptions::new(server.addr(), secret());
    accounting.interim_interval = Some(Duration::from_millis(10));
    let router = start(RouterOptions { accounting: Some(accounting), ..options() }).await;
    router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    let statuses = [server.take().await, server.take().await, server.take().await];
    assert_eq!(statuses.map(|record| number(&record.opened.attributes, STATUS)), [START, INTERIM, INTERIM]);
}

#[tokio::test]
async fn data_flows_at_its_rate_without_calls() {
    tokio::time::pause();
    let router = start(options()).await;
    let rate = Octets { input: 10, output: 1000 };
    let session = router.login(SessionSpec { rate, ..SessionSpec::hotspot("alice", MAC, CLIENT) });
    tokio::time::advance(Duration::from_mins(1)).await;
    let view = router.session(&session.acct_session_id).unwrap();
    assert_eq!((view.octets, view.uptime_secs), (Octets { input: 600, output: 60_000 }, 60));
}

#[tokio::test]
async fn a_session_may_have_begun_before() {
    let server = AccountingServer::start().await;
    let router = start(accounted(server.addr())).await;
    let already_on = Duration::from_hours(2);
    let session = router.login(SessionSpec { already_on, ..SessionSpec::hotspot("alice", MAC, CLIENT) });
    let start = server.take().await.opened.attributes;
    router.interim(&session.acct_session_id).unwrap();
    let interim = server.take().await.opened.attributes;
    let at = |record| number(record, AttributeType::EVENT_TIMESTAMP);
    let durations = [at(&interim) - at(&start), number(&interim, AttributeType::ACCT_SESSION_TIME)];
    assert!(durations.iter().all(|seconds| (7200..7300).contains(seconds)), "{durations:?}");
}

#[tokio::test]
async fn a_reboot_forgets_sessions_and_counts_itself() {
    let server = AccountingServer::start().await;
    let (router, session) = with_alice(accounted(server.addr())).await;
    server.take().await;
    router.reboot();
    assert_eq!(number(&server.take().await.opened.attributes, STATUS), 7, "Accounting-On, and no Stop before it");
    assert_eq!(router.sessions(), []);
    let again = router.login(SessionSpec::hotspot("alice", MAC, CLIENT));
    assert_eq!((session.acct_session_id.as_str(), again.acct_session_id.as_str()), ("80000001", "80100001"));
}

#[tokio::test]
async fn users_log_out_and_sessions_vanish() {
    let server = AccountingServer::start().await;
    let (router, alice) = with_alice(accounted(server.addr())).await;
    let bob = router.login(SessionSpec::hotspot("bob", "02:00:00:00:00:42", Ipv4Addr::new(192, 168, 88, 42)));
    server.take().await;
    server.take().await;
    router.vanish(&bob.acct_session_id).unwrap();
    router.logout(&alice.acct_session_id).unwrap();
    let stop = server.take().await.opened.attributes;
    assert_eq!(stop.first_text(AttributeType::ACCT_SESSION_ID).as_deref(), Some("80000001"), "bob sent none");
    assert_eq!(number(&stop, AttributeType::ACCT_TERMINATE_CAUSE), 1);
    let unknown = UnknownSession(alice.acct_session_id.clone());
    assert_eq!(router.logout(&alice.acct_session_id), Err(unknown.clone()));
    assert_eq!(router.interim(&alice.acct_session_id), Err(unknown.clone()));
    assert_eq!(router.vanish(&alice.acct_session_id), Err(unknown.clone()));
    assert_eq!(router.use_data(&alice.acct_session_id, MUCH), Err(unknown));
}

#[tokio::test]
async fn a_local_session_is_not_accounted() {
    let server = AccountingServer::start().await;
    let router = start(accounted(server.addr())).await;
    let local = router.login(SessionSpec { radius: false, ..SessionSpec::hotspot("local", MAC, CLIENT) });
    router.logout(&local.acct_session_id).unwrap();
    router.login(SessionSpec::ppp("bob", MAC, CLIENT));
    let first = server.take().await.opened.attributes;
    assert_eq!(first.first_text(AttributeType::USER_NAME).as_deref(), Some("bob"));
}
