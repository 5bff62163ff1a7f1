//! What a router does about a Disconnect-Request: a pure decision over its sessions.

use std::net::Ipv4Addr;

use super::behaviours::{ExtraAttribute, Mismatch, WithoutIp};
use super::session::Session;
use super::{Behaviours, Service};
use crate::radius::{AttributeType, Attributes, ErrorCause};

/// What the router knows when it decides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) name: &'a str,
    pub(super) address: Ipv4Addr,
    pub(super) hotspot: bool,
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

/// Decides about a Disconnect-Request.
pub(super) fn decide(request: &Attributes, scene: Scene<'_>) -> Decision {
    if request.iter().any(|(attribute_type, _)| is_extra(attribute_type, scene.behaviours)) {
        return Decision::Nak(Some(ErrorCause::UNSUPPORTED_EXTENSION));
    }
    let user = request.first_text(AttributeType::USER_NAME).unwrap_or_default();
    if scene.behaviours.wifi_stations.contains(&user) {
        return Decision::AckNoop("wireless: station disconnected by radius");
    }
    find(request, scene)
}

/// Finds the session that a Disconnect- or CoA-Request identifies.
pub(super) fn find(request: &Attributes, scene: Scene<'_>) -> Decision {
    let with_ip = request.contains(AttributeType::FRAMED_IP_ADDRESS);
    let found = scene.sessions.iter().filter(|session| session.spec.radius).find(|session| {
        let reachable = session.spec.service == Service::Ppp || with_ip;
        reachable && fits_router(request, scene) && fits(request, session, scene.behaviours.mismatch)
    });
    match found {
        Some(session) => Decision::Sessions(vec![session.number]),
        None if scene.hotspot && !with_ip && !names_ppp(request) => without_ip(scene.behaviours.hotspot_without_ip),
        None => Decision::Nak(scene.behaviours.not_found.error_cause()),
    }
}

/// Whether a Disconnect-Request with such an attribute is refused.
pub(super) fn is_extra(attribute_type: AttributeType, behaviours: &Behaviours) -> bool {
    !ALLOWED.contains(&attribute_type) && behaviours.extra_attribute == ExtraAttribute::Refuse
        || attribute_type == AttributeType::NAS_PORT_ID && behaviours.refuse_nas_port_id
}

/// Whether the session id says that the hotspot is not meant.
fn names_ppp(request: &Attributes) -> bool {
    request.first_text(AttributeType::ACCT_SESSION_ID).is_some_and(|id| id.starts_with("81"))
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
fn fits(request: &Attributes, session: &Session, mismatch: Mismatch) -> bool {
    let spec = &session.spec;
    let called = match spec.service {
        Service::Hotspot => HOTSPOT_SERVER,
        Service::Ppp => PPP_SERVICE,
    };
    let main = [
        equals(request, AttributeType::ACCT_SESSION_ID, session.acct_session_id().as_bytes()),
        equals(request, AttributeType::FRAMED_IP_ADDRESS, &spec.address.octets()),
        equals(request, AttributeType::USER_NAME, spec.user.as_bytes()),
    ];
    let further = [
        equals(request, AttributeType::NAS_PORT, &session.number.to_be_bytes()),
        equals(request, AttributeType::NAS_PORT_ID, INTERFACE.as_bytes()),
        equals(request, AttributeType::CALLED_STATION_ID, called.as_bytes()),
        equals(request, AttributeType::CALLING_STATION_ID, spec.mac.as_bytes()),
    ];
    let mut given = main.into_iter().flatten();
    match mismatch {
        Mismatch::FirstWins => given.next().unwrap_or(false),
        Mismatch::NotFound => {
            main.iter().any(Option::is_some)
                && given.all(|equal| equal)
                && further.into_iter().flatten().all(|equal| equal)
        }
    }
}

/// Whether the attribute has this value; `None` when it is not in the request.
fn equals(request: &Attributes, attribute_type: AttributeType, value: &[u8]) -> Option<bool> {
    request.first(attribute_type).map(|given| given == value)
}
