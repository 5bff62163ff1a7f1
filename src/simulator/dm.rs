//! What a router does about a Disconnect-Request: a pure decision over its sessions.

use std::net::Ipv4Addr;

use super::behaviours::{ExtraAttribute, Mismatch, NameAlone, SplitUserDomain, UserNameCase, WifiNames, WithoutIp};
use super::session::{Session, split_domain};
use super::{Behaviours, Service};
use crate::radius::{AttributeType, Attributes, ErrorCause};

/// What the router knows when it decides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) name: &'a str,
    pub(super) address: Ipv4Addr,
    pub(super) hotspot: bool,
    /// Those of the `/radius` entry, where these limit it.
    pub(super) services: Option<&'a [Service]>,
    pub(super) sessions: &'a [Session],
    pub(super) behaviours: &'a Behaviours,
}

/// What is answered, and done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Decision {
    /// ACK; these are the sessions, at least one.
    Sessions(Vec<u32>),
    /// ACK, and nothing is done; the log says why.
    AckNoop(&'static str),
    /// NAK.
    Nak(Option<ErrorCause>),
}

/// What identifies a session, or the router, or belongs to the protocol. Anything else is refused (RouterOS changelog
/// 6.43: an attribute outside the list breaks a hotspot Disconnect).
pub(super) const ALLOWED: [AttributeType; 14] = [
    AttributeType::USER_NAME,
    AttributeType::NAS_IP_ADDRESS,
    AttributeType::NAS_PORT,
    AttributeType::FRAMED_IP_ADDRESS,
    AttributeType::CLASS,
    AttributeType::CALLED_STATION_ID,
    AttributeType::CALLING_STATION_ID,
    AttributeType::NAS_IDENTIFIER,
    AttributeType::PROXY_STATE,
    AttributeType::ACCT_SESSION_ID,
    AttributeType::EVENT_TIMESTAMP,
    AttributeType::NAS_PORT_TYPE,
    AttributeType::MESSAGE_AUTHENTICATOR,
    AttributeType::NAS_PORT_ID,
];

pub(super) const HOTSPOT_SERVER: &str = "hotspot1";
pub(super) const PPP_SERVICE: &str = "service1";
pub(super) const INTERFACE: &str = "bridge1";

/// Called-Station-Id.
pub(super) const fn called(service: Service) -> &'static str {
    match service {
        Service::Hotspot => HOTSPOT_SERVER,
        Service::Ppp => PPP_SERVICE,
        Service::Wifi => "wifi1",
        Service::Dhcp => "dhcp1",
    }
}

/// Decides about a Disconnect-Request.
pub(super) fn decide(request: &Attributes, scene: Scene<'_>) -> Decision {
    if request.iter().any(|(attribute_type, _)| is_extra(attribute_type, scene.behaviours)) {
        return Decision::Nak(Some(ErrorCause::UNSUPPORTED_EXTENSION));
    }
    let user = request.first_text(AttributeType::USER_NAME).unwrap_or_default();
    if wireless_takes(request, scene.behaviours) && scene.behaviours.wifi_stations.contains(&user) {
        return Decision::AckNoop("wireless: station disconnected by radius");
    }
    find(request, scene)
}

/// Finds the session that a Disconnect- or CoA-Request identifies.
pub(super) fn find(request: &Attributes, scene: Scene<'_>) -> Decision {
    let not_found = Decision::Nak(scene.behaviours.not_found.error_cause());
    if let Some(number) = station(request, scene).filter(|_| wireless_takes(request, scene.behaviours)) {
        return Decision::Sessions(vec![number]);
    }
    let with_ip = request.contains(AttributeType::FRAMED_IP_ADDRESS);
    let found = scene.sessions.iter().filter(|session| {
        let reachable = match session.spec.service {
            Service::Ppp => true,
            Service::Hotspot => with_ip,
            Service::Wifi | Service::Dhcp => false,
        };
        let served = scene.services.is_none_or(|services| services.contains(&session.spec.service));
        reachable && served && session.spec.radius && fits_router(request, scene) && fits(request, session, scene)
    });
    let found: Vec<&Session> = found.collect();
    match (found.first(), station(request, scene)) {
        (Some(first), _) if found.len() > 1 && is_name_alone(request) && first.spec.service == Service::Ppp => {
            several(&found, scene.behaviours.ppp_name_alone).map_or(not_found, Decision::Sessions)
        }
        (Some(first), _) => Decision::Sessions(vec![first.number]),
        (None, Some(station)) => Decision::Sessions(vec![station]),
        (None, None) if scene.hotspot && !with_ip && !names_another(request, scene) => {
            without_ip(scene.behaviours.hotspot_without_ip)
        }
        (None, None) => not_found,
    }
}

/// Whether wireless goes before the hotspot.
fn wireless_takes(request: &Attributes, behaviours: &Behaviours) -> bool {
    match behaviours.wifi_names {
        WifiNames::Taken => true,
        WifiNames::TakenWithoutIp => !request.contains(AttributeType::FRAMED_IP_ADDRESS),
        WifiNames::Off => false,
    }
}

/// The session of the Wi-Fi station whose MAC is the User-Name.
fn station(request: &Attributes, scene: Scene<'_>) -> Option<u32> {
    let user = request.first(AttributeType::USER_NAME)?;
    let is_it = |session: &&Session| session.spec.service == Service::Wifi && session.spec.user.as_bytes() == user;
    scene.sessions.iter().find(is_it).map(|session| session.number)
}

fn is_name_alone(request: &Attributes) -> bool {
    ![AttributeType::ACCT_SESSION_ID, AttributeType::FRAMED_IP_ADDRESS, AttributeType::NAS_PORT]
        .into_iter()
        .any(|attribute_type| request.contains(attribute_type))
}

fn several(found: &[&Session], behaviour: NameAlone) -> Option<Vec<u32>> {
    let numbers = found.iter().map(|session| session.number);
    match behaviour {
        NameAlone::First => Some(numbers.take(1).collect()),
        NameAlone::All => Some(numbers.collect()),
        NameAlone::Nobody => None,
    }
}

/// Whether a Disconnect-Request with such an attribute is refused.
pub(super) fn is_extra(attribute_type: AttributeType, behaviours: &Behaviours) -> bool {
    !ALLOWED.contains(&attribute_type) && behaviours.extra_attribute == ExtraAttribute::Refuse
        || attribute_type == AttributeType::NAS_PORT_ID && behaviours.refuse_nas_port_id
}

/// Whether the session id, or the name of a lease, says that the hotspot is not meant.
fn names_another(request: &Attributes, scene: Scene<'_>) -> bool {
    let id = request.first_text(AttributeType::ACCT_SESSION_ID).unwrap_or_default();
    let user = request.first_text(AttributeType::USER_NAME).unwrap_or_default();
    let is_lease = |session: &Session| session.spec.service == Service::Dhcp && session.spec.user == user;
    ["81", "82", "83"].iter().any(|digits| id.starts_with(digits)) || scene.sessions.iter().any(is_lease)
}

const fn without_ip(behaviour: WithoutIp) -> Decision {
    match behaviour {
        WithoutIp::AckNoop => Decision::AckNoop("radius disconnect with no ip provided"),
        WithoutIp::Nak406 => Decision::Nak(Some(ErrorCause::UNSUPPORTED_EXTENSION)),
        WithoutIp::NakNone => Decision::Nak(None),
    }
}

fn fits_router(request: &Attributes, scene: Scene<'_>) -> bool {
    equals(request, AttributeType::NAS_IDENTIFIER, scene.name.as_bytes()).unwrap_or(true)
        && equals(request, AttributeType::NAS_IP_ADDRESS, &scene.address.octets()).unwrap_or(true)
}

/// Whether the request means this session. One that identifies nothing means none.
fn fits(request: &Attributes, session: &Session, scene: Scene<'_>) -> bool {
    let spec = &session.spec;
    let main = [
        equals(request, AttributeType::ACCT_SESSION_ID, session.acct_session_id().as_bytes()),
        equals(request, AttributeType::FRAMED_IP_ADDRESS, &spec.address.octets()),
        request.first(AttributeType::USER_NAME).map(|name| is_named(name, session, scene.behaviours)),
    ];
    let further = [
        equals(request, AttributeType::NAS_PORT, &session.number.to_be_bytes()),
        equals(request, AttributeType::NAS_PORT_ID, INTERFACE.as_bytes()),
        equals(request, AttributeType::CALLED_STATION_ID, called(spec.service).as_bytes()),
        equals(request, AttributeType::CALLING_STATION_ID, spec.mac.as_bytes()),
    ];
    let mut given = main.into_iter().flatten();
    match scene.behaviours.mismatch {
        Mismatch::FirstWins => given.next().unwrap_or(false),
        Mismatch::NotFound => {
            main.iter().any(Option::is_some)
                && given.all(|equal| equal)
                && further.into_iter().flatten().all(|equal| equal)
        }
    }
}

/// Whether a User-Name is the session's, in the form that `split-user-domain` asks for.
fn is_named(name: &[u8], session: &Session, behaviours: &Behaviours) -> bool {
    let same = |own: &str| match behaviours.user_name {
        UserNameCase::Exact => own.as_bytes() == name,
        UserNameCase::Ignored => own.as_bytes().eq_ignore_ascii_case(name),
    };
    let full = &session.spec.user;
    let split = behaviours.split_user_domain;
    match session.spec.service {
        Service::Hotspot if split == SplitUserDomain::UserName => same(split_domain(full).0),
        Service::Hotspot if split == SplitUserDomain::Either => same(full) || same(split_domain(full).0),
        Service::Hotspot | Service::Ppp | Service::Wifi | Service::Dhcp => same(full),
    }
}

/// Whether the attribute has this value; `None` when it is not in the request.
fn equals(request: &Attributes, attribute_type: AttributeType, value: &[u8]) -> Option<bool> {
    request.first(attribute_type).map(|given| given == value)
}
