//! What is known of RouterOS and what is not: for each way that a router may behave, the fate that is told, and how it is known.
use std::sync::Arc;

use radkick::jobs::SessionReport;
use radkick::simulator::{
    BeforeDelete, CookieRemoval, ExtraAttribute, HotspotIds, MessageAuthenticators, Mismatch, NakEverything, NotFound,
    Placement, RepeatedRequest, RestFault, Service, SplitUserDomain, StopTiming, WifiNames, WithoutIp,
};

use super::chance::{Meanwhile, Scenario};
use super::lane::{Ground, Kind, Lane, ONE_OF_EACH};

/// What differs, and what is to be told: fate, evidence, path.
type Case = (&'static str, fn(&mut Scenario), [&'static str; 3]);

const STOP: [&str; 3] = ["ended", "accounting_stop", "radius"];
const STOP_BY_REST: [&str; 3] = ["ended", "accounting_stop", "rest"];
const ABSENT: [&str; 3] = ["ended", "absent_from_router", "radius"];
const GONE: [&str; 3] = ["already_gone", "accounting_stop", ""];
const UNPROVEN: [&str; 3] = ["unknown", "disconnect_ack", ""];
const NOTHING: [&str; 3] = ["unknown", "", ""];
const REFUSED: [&str; 3] = ["still_active", "refused", ""];

fn ppp(scenario: &mut Scenario) {
    scenario.service = Service::Ppp;
}

/// Somebody's hotspot login is the MAC of a Wi-Fi station.
fn station(scenario: &mut Scenario, names: WifiNames) {
    let station = format!("02:{:02X}:00:00:00:{:02X}", scenario.seed / 1_000_000, scenario.seed % 256);
    scenario.user = Some(station.clone());
    scenario.behaviours.wifi_stations = vec![station];
    scenario.behaviours.wifi_names = names;
}

fn domain(scenario: &mut Scenario, split: SplitUserDomain) {
    scenario.user = Some(format!("s{}@isp", scenario.seed));
    scenario.behaviours.split_user_domain = split;
}

fn rest_fault(scenario: &mut Scenario, fault: RestFault) {
    scenario.behaviours.rest.fault = Some(fault);
}

/// RADIUS alone: radacct has to tell.
const RADIUS_ALONE: &[Case] = &[
    ("hotspot", |_| {}, STOP),
    ("ppp", ppp, STOP),
    ("unknown source or secret: dropped", |s| s.other_secret = true, NOTHING),
    ("not found 406", |s| s.meanwhile = Meanwhile::Vanished, NOTHING),
    (
        "not found 503",
        |s| (s.meanwhile, s.behaviours.not_found) = (Meanwhile::Vanished, NotFound::SessionContextNotFound),
        ["already_gone", "session_not_found", ""],
    ),
    (
        "not found without a cause",
        |s| (s.meanwhile, s.behaviours.not_found) = (Meanwhile::Vanished, NotFound::NoErrorCause),
        NOTHING,
    ),
    ("the first identifier wins", |s| s.behaviours.mismatch = Mismatch::FirstWins, STOP),
    ("extra attributes ignored", |s| s.behaviours.extra_attribute = ExtraAttribute::Ignore, STOP),
    ("NAS-Port-Id refused (before 6.43)", |s| s.behaviours.refuse_nas_port_id = true, STOP),
    ("a MAC that is on Wi-Fi: wireless takes it", |s| station(s, WifiNames::Taken), UNPROVEN),
    ("the same, measured on 7.9.2", |s| station(s, WifiNames::TakenWithoutIp), STOP),
    ("the same, the hotspot first", |s| station(s, WifiNames::Off), STOP),
    ("user and domain apart, full name", |s| domain(s, SplitUserDomain::FullName), STOP),
    ("user and domain apart, user alone", |s| domain(s, SplitUserDomain::UserName), STOP),
    ("user and domain apart, either", |s| domain(s, SplitUserDomain::Either), STOP),
    (
        "Message-Authenticator in replies",
        |s| s.behaviours.message_authenticator = MessageAuthenticators::InReplies,
        STOP,
    ),
    ("Message-Authenticator required", |s| s.behaviours.message_authenticator = MessageAuthenticators::Required, STOP),
    ("ACK lost, evaluated again: NAK", |s| s.behaviours.faults.drop_replies = 1, GONE),
    (
        "ACK lost, answered as before",
        |s| {
            s.behaviours.faults.drop_replies = 1;
            s.behaviours.repeated_request = RepeatedRequest::CachedReply;
        },
        STOP,
    ),
    ("Stop before the ACK", |s| s.behaviours.stop = StopTiming::BeforeAck, STOP),
    ("Stop lost", |s| s.behaviours.stop = StopTiming::Lost, UNPROVEN),
    ("Stop twice", |s| s.behaviours.stop = StopTiming::Repeated, STOP),
    (
        "PPP's Stop says NAS-Request",
        |s| {
            ppp(s);
            s.behaviours.ppp_nas_request = true;
        },
        STOP,
    ),
    ("ACK without effect", |s| s.behaviours.ack_does_nothing = true, UNPROVEN),
    ("DHCP: no DM", |s| s.service = Service::Dhcp, NOTHING),
    ("requests lost", |s| s.behaviours.faults.silent = true, NOTHING),
    ("one request lost", |s| s.behaviours.faults.drop_requests = 1, STOP),
    ("requests twice", |s| s.behaviours.faults.duplicate_requests = 1, STOP),
    ("replies twice", |s| s.behaviours.faults.duplicate_reply = true, STOP),
    ("a forged ACK before", |s| s.behaviours.faults.forged_ack = Some(Placement::Before), STOP),
    ("a forged ACK instead", |s| s.behaviours.faults.forged_ack = Some(Placement::Instead), NOTHING),
    ("a wrong Identifier before", |s| s.behaviours.faults.wrong_identifier = Some(Placement::Before), STOP),
    ("a wrong Identifier instead", |s| s.behaviours.faults.wrong_identifier = Some(Placement::Instead), NOTHING),
    ("reply from another address", |s| s.behaviours.faults.reply_from = Some([127, 0, 60, 99].into()), GONE),
    ("NAK 401", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(401)), REFUSED),
    ("NAK 402", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(402)), REFUSED),
    ("NAK 403", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(403)), REFUSED),
    ("NAK 404", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(404)), REFUSED),
    ("NAK 405", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(405)), REFUSED),
    ("NAK 406", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(406)), NOTHING),
    ("NAK 407", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(407)), REFUSED),
    ("NAK 501", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(501)), REFUSED),
    ("NAK 502", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(502)), NOTHING),
    (
        "NAK 503",
        |s| s.behaviours.nak_everything = Some(NakEverything::Cause(503)),
        ["already_gone", "session_not_found", ""],
    ),
    ("NAK 504", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(504)), REFUSED),
    ("NAK 505", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(505)), REFUSED),
    ("NAK 506", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(506)), REFUSED),
    ("NAK 507", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(507)), REFUSED),
    ("NAK 508", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(508)), REFUSED),
    ("NAK of an unknown cause", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(4711)), NOTHING),
    ("NAK without a cause", |s| s.behaviours.nak_everything = Some(NakEverything::NoCause), NOTHING),
];

/// RADIUS alone, by a set that lacks Framed-IP-Address.
const BLIND: &[Case] = &[
    ("hotspot without an address: ACK and nothing", |_| {}, UNPROVEN),
    ("the same, NAK 406", |s| s.behaviours.hotspot_without_ip = WithoutIp::Nak406, NOTHING),
    ("the same, NAK without a cause", |s| s.behaviours.hotspot_without_ip = WithoutIp::NakNone, NOTHING),
    ("ppp needs none", ppp, STOP),
];

/// RADIUS, then REST with the router's identity.
const BOTH: &[Case] = &[
    ("unknown source or secret", |s| s.other_secret = true, STOP_BY_REST),
    ("not found", |s| s.meanwhile = Meanwhile::Vanished, ["already_gone", "absent_from_router", ""]),
    ("a MAC that is on Wi-Fi", |s| station(s, WifiNames::Taken), STOP_BY_REST),
    ("user and domain apart", |s| domain(s, SplitUserDomain::FullName), STOP),
    ("ACK without effect", |s| s.behaviours.ack_does_nothing = true, STOP_BY_REST),
    ("Stop lost", |s| s.behaviours.stop = StopTiming::Lost, ABSENT),
    ("both cookies go with it", |s| s.behaviours.cookies = CookieRemoval::Both, STOP),
    ("all requests lost", |s| s.behaviours.faults.silent = true, STOP_BY_REST),
    ("NAK 403", |s| s.behaviours.nak_everything = Some(NakEverything::Cause(403)), STOP_BY_REST),
    (
        "rebooted without a word, and nobody on it any more",
        |s| (s.meanwhile, s.behaviours.reboot.no_accounting_on) = (Meanwhile::Reboot(0), true),
        NOTHING,
    ),
    (
        "HTML instead of lists, Stop lost",
        |s| {
            rest_fault(s, RestFault::Html);
            s.behaviours.stop = StopTiming::Lost;
        },
        UNPROVEN,
    ),
    (
        "empty lists, Stop lost: no proof",
        |s| {
            rest_fault(s, RestFault::EmptyList);
            s.behaviours.stop = StopTiming::Lost;
        },
        UNPROVEN,
    ),
    (
        "empty lists for lack of rights, Stop lost: no proof",
        |s| {
            (s.rights.read, s.behaviours.rest.unreadable_is_empty) = (false, true);
            s.behaviours.stop = StopTiming::Lost;
        },
        UNPROVEN,
    ),
];

/// REST without the router's identity.
const NAMELESS: &[Case] = &[
    ("Stop lost", |s| s.behaviours.stop = StopTiming::Lost, ABSENT),
    ("gone before: any router lacks it", |s| s.meanwhile = Meanwhile::Vanished, NOTHING),
    (
        "empty lists for lack of rights, Stop lost: no proof",
        |s| {
            (s.rights.read, s.behaviours.rest.unreadable_is_empty) = (false, true);
            s.behaviours.stop = StopTiming::Lost;
        },
        UNPROVEN,
    ),
];

/// REST alone.
const REST_ALONE: &[Case] = &[
    ("hotspot", |_| {}, STOP_BY_REST),
    ("ppp", ppp, STOP_BY_REST),
    ("ids that count", |s| s.behaviours.hotspot_ids = HotspotIds::Counter, STOP_BY_REST),
    ("DELETE says 200", |s| s.behaviours.rest.delete_says_200 = true, STOP_BY_REST),
    ("control octets", |s| s.behaviours.rest.raw_control_octets = true, STOP_BY_REST),
    ("Stop lost", |s| s.behaviours.stop = StopTiming::Lost, ["ended", "absent_from_router", "rest"]),
    ("401", |s| rest_fault(s, RestFault::Status(401)), NOTHING),
    ("403", |s| rest_fault(s, RestFault::Status(403)), NOTHING),
    ("404", |s| rest_fault(s, RestFault::Status(404)), NOTHING),
    ("406", |s| rest_fault(s, RestFault::Status(406)), NOTHING),
    ("500", |s| rest_fault(s, RestFault::Status(500)), NOTHING),
    ("HTML", |s| rest_fault(s, RestFault::Html), NOTHING),
    ("cut off", |s| rest_fault(s, RestFault::Truncated), NOTHING),
    ("Session closed after 60 s", |s| rest_fault(s, RestFault::SessionClosed), NOTHING),
    ("another menu's body", |s| rest_fault(s, RestFault::WrongBody), NOTHING),
    ("no right to write", |s| s.rights.write = false, ["still_active", "on_router", ""]),
    ("no right to read", |s| s.rights.read = false, NOTHING),
    (
        "reboot between list and DELETE",
        |s| {
            ppp(s);
            s.behaviours.rest.before_delete = Some(BeforeDelete::Reboot);
            s.behaviours.reboot.no_accounting_on = true;
        },
        ["already_gone", "absent_from_router", ""],
    ),
    (
        "the same, and Accounting-On",
        |s| {
            ppp(s);
            s.behaviours.rest.before_delete = Some(BeforeDelete::Reboot);
        },
        GONE,
    ),
];

/// Plays a case.
async fn once(lane: Lane, ground: &Ground, (seed, change): (u64, fn(&mut Scenario))) -> SessionReport {
    let mut scenario = Scenario { plain: false, ..Scenario::plain(seed) };
    change(&mut scenario);
    let mut reports = lane.play(ground, &scenario).await;
    assert_eq!(reports.len(), 1, "{scenario:#?}\n{reports:#?}");
    reports.remove(0)
}

/// Fate, evidence and path.
fn outcome(report: &SessionReport) -> [&str; 3] {
    let SessionReport { fate, evidence, path, .. } = report;
    [fate.as_str(), evidence.as_deref().unwrap_or_default(), path.as_deref().unwrap_or_default()]
}

async fn told(lane: Lane, ground: &Ground, cases: &[Case], first: u64) -> Vec<String> {
    let mut wrong = Vec::new();
    for (seed, (name, change, expected)) in (first..).zip(cases) {
        // On a busy machine an answer may be late: then once more
        let first = once(lane, ground, (seed, *change)).await;
        let second =
            if outcome(&first) == *expected { first } else { once(lane, ground, (seed + 1_000, *change)).await };
        if outcome(&second) != *expected {
            wrong.push(format!("{:?}, {name}: {:?}, not {expected:?}\n{second:#?}", lane.kind(), outcome(&second)));
        }
    }
    wrong
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_that_a_router_may_behave_has_its_fate_and_evidence() {
    let ground = Arc::new(Ground::start().await);
    let mut lanes = tokio::task::JoinSet::new();
    for (number, index) in (1..).zip(ONE_OF_EACH) {
        let (ground, lane) = (Arc::clone(&ground), Lane::new(index));
        let cases = match lane.kind() {
            Kind::RadiusAlone => RADIUS_ALONE,
            Kind::Blind => BLIND,
            Kind::Both => BOTH,
            Kind::Nameless => NAMELESS,
            Kind::RestAlone => REST_ALONE,
        };
        lanes.spawn(async move { told(lane, &ground, cases, number * 1_000_000).await });
    }
    let wrong = lanes.join_all().await.concat();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
