//! The ladder of sets that name a session, and how a NAS's answers move along it.

use proptest::prelude::*;

use super::super::identity::{ladder, next_set, service_of, set_attributes, set_names};
use super::session;
use crate::config::IdentityAttribute::{
    self, AcctSessionId, CalledStationId, CallingStationId, FramedIpAddress, NasIdentifier, NasPortId, UserName,
};
use crate::config::Service;
use crate::quota::UserName as Name;
use crate::radius::{AttributeType, ErrorCause};
use crate::store::SessionRow;

type Set = Vec<IdentityAttribute>;

fn hotspot() -> SessionRow {
    session("10.0.0.1", "hotspot1")
}

fn of(session: &SessionRow, service: Service, alone: bool) -> Vec<Set> {
    ladder(session, service, &[], alone)
}

#[test]
fn the_ladders_of_the_services() {
    let session = hotspot();
    let hotspot = [
        vec![UserName, FramedIpAddress, AcctSessionId],
        vec![UserName, FramedIpAddress],
        vec![AcctSessionId, FramedIpAddress],
    ];
    assert_eq!(of(&session, Service::Hotspot, true), hotspot);
    assert_eq!(of(&session, Service::Hotspot, false), hotspot);
    let ppp = [vec![AcctSessionId, UserName], vec![AcctSessionId], vec![UserName, FramedIpAddress], vec![UserName]];
    assert_eq!(of(&session, Service::Ppp, true), ppp);
    assert_eq!(of(&session, Service::Ppp, false), ppp[..3], "the user's other session would go with it");
    let other = of(&session, Service::Other, true);
    assert_eq!(other[..2], [vec![UserName, AcctSessionId], vec![AcctSessionId]]);
    assert_eq!(other.last(), Some(&vec![UserName]));
    assert!(!of(&session, Service::Other, false).contains(&vec![UserName]));
}

#[test]
fn what_the_session_lacks_is_not_sent() {
    let without_address = SessionRow { framed_ip_address: String::new(), ..hotspot() };
    assert_eq!(of(&without_address, Service::Hotspot, true), [vec![UserName, AcctSessionId]], "better than nothing");
    assert_eq!(of(&without_address, Service::Ppp, false), [vec![AcctSessionId, UserName], vec![AcctSessionId]]);
    let with_user_alone = SessionRow { acct_session_id: String::new(), ..without_address };
    assert_eq!(of(&with_user_alone, Service::Hotspot, true), [vec![UserName]]);
    assert!(of(&with_user_alone, Service::Hotspot, false).is_empty());
}

#[test]
fn the_operators_sets_go_over_and_all_count() {
    let sets = [
        vec![UserName, NasIdentifier],
        vec![NasPortId, UserName],
        vec![UserName, FramedIpAddress],
        vec![FramedIpAddress, UserName],
        vec![UserName],
        vec![CalledStationId],
    ];
    assert_eq!(ladder(&hotspot(), Service::Ppp, &sets, true), [sets[2].clone(), sets[4].clone()]);
    assert_eq!(ladder(&hotspot(), Service::Ppp, &sets, false), [sets[2].clone()]);
    let known = SessionRow { nas_identifier: "R1".into(), nas_port_id: "ether1".into(), ..hotspot() };
    assert_eq!(ladder(&known, Service::Ppp, &sets, true)[..2], [sets[0].clone(), sets[1].clone()]);
    let only = [vec![UserName, AcctSessionId, NasIdentifier]];
    assert_eq!(ladder(&hotspot(), Service::Other, &only, false), [vec![UserName, AcctSessionId]]);
}

#[test]
fn a_name_that_is_a_mac_goes_with_its_address() {
    let session = SessionRow { user: Name::new("02:00:00:00:00:01"), ..hotspot() };
    for service in [Service::Hotspot, Service::Ppp] {
        for set in of(&session, service, true) {
            assert!(!set.contains(&UserName) || set.contains(&FramedIpAddress), "{set:?}: a Wi-Fi table would take it");
        }
    }
    let without_address = SessionRow { framed_ip_address: String::new(), ..session.clone() };
    assert_eq!(of(&without_address, Service::Hotspot, true), [vec![AcctSessionId]]);
    // On Wi-Fi itself the name is all there is
    let station = SessionRow { acct_session_id: "82000001".into(), ..without_address };
    assert_eq!(of(&station, service_of(&station, Service::Auto), true)[0], [UserName, AcctSessionId]);
}

#[test]
fn services_are_told_by_the_session() {
    let service = |id: &str, protocol: &str, port: &str| {
        let row = SessionRow {
            acct_session_id: id.into(),
            framed_protocol: protocol.into(),
            nas_port_type: port.into(),
            ..hotspot()
        };
        service_of(&row, Service::Auto)
    };
    assert_eq!(service("0x80100001", "", "Wireless-802.11"), Service::Hotspot);
    assert_eq!(service("81E0000B", "", "Ethernet"), Service::Ppp);
    assert_eq!(service("83000001", "", "Virtual"), Service::Other, "DHCP, whatever the port");
    assert_eq!(service("cisco-1", "", "Virtual"), Service::Ppp);
    assert_eq!(service("cisco-1", "", "PPPoEoVLAN"), Service::Ppp);
    assert_eq!(service("cisco-1", "", "Wireless-802.11"), Service::Other);
}

#[test]
fn an_id_is_sent_as_the_router_made_it() {
    let session = SessionRow { acct_session_id: "0x81E0000B".into(), ..hotspot() };
    let attributes = set_attributes(&session, &[AcctSessionId]).expect("short enough");
    let sent: Vec<_> = attributes.iter().collect();
    assert_eq!(sent, [(AttributeType::ACCT_SESSION_ID, &b"81e0000b"[..])]);
}

#[test]
fn answers_move_along() {
    let ladder = of(&hotspot(), Service::Ppp, true);
    let after = |tried, cause: Option<u32>| next_set(&ladder, tried, cause.map(ErrorCause));
    for cause in [None, Some(406), Some(503), Some(401), Some(402), Some(404)] {
        assert_eq!(after(0, cause), Some(1), "{cause:?}");
    }
    assert_eq!(after(1, Some(406)), Some(2));
    assert_eq!(after(1, Some(401)), Some(2), "User-Name and Framed-IP-Address, without the refused id");
    assert_eq!(after(3, Some(401)), None);
    assert_eq!(after(3, None), None);
    assert_eq!(after(3, Some(508)), None);
    let operators = [vec![UserName], vec![UserName, AcctSessionId], vec![AcctSessionId]];
    assert_eq!(next_set(&operators, 0, Some(ErrorCause(508))), Some(1), "one that names one session");
    assert_eq!(next_set(&operators, 0, Some(ErrorCause(401))), Some(2), "more than what was refused is refused too");
    for cause in [201, 403, 405, 407, 501, 502, 504, 505, 506, 507, 999] {
        assert_eq!(after(0, Some(cause)), None, "{cause}");
    }
    assert_eq!(next_set(&[], 0, None), None);
}

fn attribute() -> impl Strategy<Value = IdentityAttribute> {
    proptest::sample::select(IdentityAttribute::ALL.to_vec())
}

proptest! {
    #[test]
    fn a_ladder_never_names_another(
        sets in proptest::collection::vec(proptest::collection::vec(attribute(), 0..5), 0..6),
        (user, id, ip, mac) in ("[a-f0-9:@\\\\]{0,17}", "(80|81)?[0-9a-fA-Fx]{0,8}", "(10\\.0\\.0\\.1)?", "[0-9A-F:]{0,17}"),
        service in proptest::sample::select(vec![Service::Auto, Service::Hotspot, Service::Ppp, Service::Other]),
        alone: bool,
    ) {
        let session = SessionRow {
            user: Name::new(user),
            acct_session_id: id,
            framed_ip_address: ip,
            calling_station_id: mac,
            ..hotspot()
        };
        let ladder = ladder(&session, service_of(&session, service), &sets, alone);
        let apart = [AcctSessionId, FramedIpAddress, CallingStationId, NasPortId, IdentityAttribute::FramedIpv6Prefix];
        for set in &ladder {
            prop_assert!(alone || set.iter().any(|attribute| apart.contains(attribute)), "{set:?}");
            let sent = set_attributes(&session, set).expect("short enough");
            prop_assert_eq!(sent.iter().count(), set.len(), "what is said to be sent is sent");
            prop_assert_eq!(set_names(set).len(), set.len());
        }
        // Whatever a NAS answers, an end is reached, and no set is tried twice.
        for cause in [None, Some(401), Some(406), Some(503), Some(508), Some(403)] {
            let mut at = 0;
            while let Some(next) = next_set(&ladder, at, cause.map(ErrorCause)) {
                prop_assert!(next > at && next < ladder.len());
                at = next;
            }
        }
    }
}
