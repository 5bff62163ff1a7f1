//! What names a session to a NAS: which attributes, in which order of trying, and when the next set is tried.

use std::net::Ipv4Addr;

use crate::config::IdentityAttribute::{
    self, AcctSessionId, CalledStationId, CallingStationId, FramedIpAddress, FramedIpv6Prefix, NasIdentifier,
    NasIpAddress, NasPortId, UserName,
};
use crate::config::Service;
use crate::radius::{AttributeType, Attributes, EncodeError, ErrorCause};
use crate::routeros::mac_digits;
use crate::store::SessionRow;

use super::session_id::{RouterOsService, as_sent, routeros_service};

/// NAS-Port-Types of PPP, by name and number (RFC 2865 §5.41, RFC 4603): Virtual is L2TP, PPTP, SSTP.
const PPP_PORTS: [&str; 12] =
    ["Virtual", "5", "PPPoA", "30", "PPPoEoA", "31", "PPPoEoE", "32", "PPPoEoVLAN", "33", "PPPoEoQinQ", "34"];

/// What kind of session a row of radacct is: any NAS says Framed-Protocol PPP for PPP; RouterOS begins the
/// Acct-Session-Id of a hotspot session with 80, of a PPP session with 81, of others with other digits (RouterOS manual,
/// RADIUS); last, NAS-Port-Type tells. Called-Station-Id tells nothing: a hotspot's name is as good as a service's.
#[must_use]
pub fn service_of(session: &SessionRow, setting: Service) -> Service {
    match (setting, routeros_service(&session.acct_session_id)) {
        (Service::Hotspot | Service::Ppp | Service::Other, _) => setting,
        (Service::Auto, _) if session.framed_protocol == "PPP" => Service::Ppp,
        (Service::Auto, Some(RouterOsService::Ppp)) => Service::Ppp,
        (Service::Auto, Some(RouterOsService::Hotspot)) => Service::Hotspot,
        (Service::Auto, None) if PPP_PORTS.contains(&session.nas_port_type.as_str()) => Service::Ppp,
        // Known from a router's list alone, where PPP says so
        (Service::Auto, None) if session.acct_unique_id.is_empty() => Service::Hotspot,
        (Service::Auto, Some(RouterOsService::Other) | None) => Service::Other,
    }
}

/// The sets of attributes that name a session, in the order in which they are tried: the operator's own, else the
/// service's. `alone` says that the user has no other open session on that NAS.
///
/// A set for which the session lacks a value is left out, and so is User-Name without anything that tells sessions apart
/// unless `alone`. Where none is left, what the session has of the first set is sent, if that names it. Empty: nothing can
/// be sent.
///
/// A hotspot of RouterOS needs Framed-IP-Address: without it a request is acknowledged and nothing happens. Nothing more
/// than needed is sent, because some NAS refuse a request for one attribute that they do not use.
#[must_use]
pub fn ladder(
    session: &SessionRow,
    service: Service,
    operators: &[Vec<IdentityAttribute>],
    alone: bool,
) -> Vec<Vec<IdentityAttribute>> {
    let own = if operators.is_empty() { sets_of(service) } else { operators.to_vec() };
    let guarded = operators.is_empty() && matches!(service, Service::Hotspot | Service::Ppp) && is_mac(session);
    let mut ladder: Vec<Vec<IdentityAttribute>> = Vec::new();
    let has = |attribute: &IdentityAttribute| value(session, *attribute).is_some();
    for mut set in own.iter().cloned() {
        if guarded && set.contains(&UserName) && !set.contains(&FramedIpAddress) {
            // The Wi-Fi table of the router would take the name for a station of its own, and drop that
            set.push(FramedIpAddress);
        }
        let known = ladder.iter().any(|before| same(before, &set));
        if set.iter().all(has) && names_it(&set, alone) && !known {
            ladder.push(set);
        }
    }
    if ladder.is_empty() {
        let rest: Vec<IdentityAttribute> = own.into_iter().next().unwrap_or_default().into_iter().filter(has).collect();
        let rest = if guarded { rest.into_iter().filter(|attribute| *attribute != UserName).collect() } else { rest };
        ladder.extend(Some(rest).filter(|set| names_it(set, alone)));
    }
    ladder
}

fn sets_of(service: Service) -> Vec<Vec<IdentityAttribute>> {
    match service {
        Service::Hotspot => vec![
            vec![UserName, FramedIpAddress, AcctSessionId],
            vec![UserName, FramedIpAddress],
            vec![AcctSessionId, FramedIpAddress],
        ],
        Service::Ppp => {
            vec![vec![AcctSessionId, UserName], vec![AcctSessionId], vec![UserName, FramedIpAddress], vec![UserName]]
        }
        Service::Other | Service::Auto => vec![
            vec![UserName, AcctSessionId],
            vec![AcctSessionId],
            vec![UserName, FramedIpAddress],
            vec![UserName, CallingStationId],
            vec![UserName],
        ],
    }
}

/// Whether a set names one session, not a NAS with everybody on it, nor a user with all sessions.
fn names_it(set: &[IdentityAttribute], alone: bool) -> bool {
    let tells_apart = |attribute: &IdentityAttribute| {
        matches!(attribute, AcctSessionId | FramedIpAddress | FramedIpv6Prefix | CallingStationId | NasPortId)
    };
    set.iter().any(tells_apart) || (alone && set.contains(&UserName))
}

fn same(one: &[IdentityAttribute], other: &[IdentityAttribute]) -> bool {
    holds_all(one, other) && holds_all(other, one)
}

fn holds_all(one: &[IdentityAttribute], other: &[IdentityAttribute]) -> bool {
    other.iter().all(|attribute| one.contains(attribute))
}

fn is_mac(session: &SessionRow) -> bool {
    mac_digits(session.user.as_str()).is_some()
}

/// The set to try after a NAK to the one at `tried`; `None` when no other will do.
///
/// By Error-Cause (RFC 5176 §3.5): 401, 402 and 404 find fault with the attributes, so one with fewer follows; 406, 503 and
/// a NAK without a cause say that the NAS knows no such session, so any other follows (RouterOS says 406 for 503); 508 says
/// that the set fits more than one session, so one with something more follows. Everything else would be answered alike.
#[must_use]
pub fn next_set(ladder: &[Vec<IdentityAttribute>], tried: usize, cause: Option<ErrorCause>) -> Option<usize> {
    let refused = ladder.get(tried)?;
    let fits = |set: &[IdentityAttribute]| match cause {
        Some(ErrorCause::UNSUPPORTED_ATTRIBUTE | ErrorCause::MISSING_ATTRIBUTE | ErrorCause::INVALID_REQUEST) => {
            !holds_all(set, refused)
        }
        None | Some(ErrorCause::UNSUPPORTED_EXTENSION | ErrorCause::SESSION_CONTEXT_NOT_FOUND) => true,
        Some(ErrorCause::MULTIPLE_SESSION_SELECTION_UNSUPPORTED) => !holds_all(refused, set),
        Some(_) => false,
    };
    let later = ladder.iter().enumerate().skip(tried + 1);
    later.filter(|(_, set)| fits(set)).map(|(index, _)| index).next()
}

const fn attribute_type(attribute: IdentityAttribute) -> AttributeType {
    match attribute {
        UserName => AttributeType::USER_NAME,
        AcctSessionId => AttributeType::ACCT_SESSION_ID,
        FramedIpAddress => AttributeType::FRAMED_IP_ADDRESS,
        FramedIpv6Prefix => AttributeType::FRAMED_IPV6_PREFIX,
        CallingStationId => AttributeType::CALLING_STATION_ID,
        CalledStationId => AttributeType::CALLED_STATION_ID,
        NasIpAddress => AttributeType::NAS_IP_ADDRESS,
        NasIdentifier => AttributeType::NAS_IDENTIFIER,
        NasPortId => AttributeType::NAS_PORT_ID,
    }
}

/// Octets of the value that the session has for an attribute; `None` when it has none.
fn value(session: &SessionRow, attribute: IdentityAttribute) -> Option<Vec<u8>> {
    let text = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
    let address = |text: &str| text.parse::<Ipv4Addr>().ok().map(|address| address.octets().to_vec());
    match attribute {
        UserName => text(session.user.as_str()),
        AcctSessionId => text(&as_sent(&session.acct_session_id)),
        FramedIpAddress => address(&session.framed_ip_address),
        FramedIpv6Prefix => crate::radius::ValueType::Ipv6Prefix.encode(&session.framed_ipv6_prefix).ok(),
        CallingStationId => text(&session.calling_station_id),
        CalledStationId => text(&session.called_station_id),
        NasIpAddress => address(&session.nas_ip_address),
        NasIdentifier => text(&session.nas_identifier),
        NasPortId => text(&session.nas_port_id),
    }
}

/// The attributes of a set with the session's values.
///
/// # Errors
/// [`EncodeError`] for a value longer than its attribute takes.
pub fn set_attributes(session: &SessionRow, set: &[IdentityAttribute]) -> Result<Attributes, EncodeError> {
    let mut attributes = Attributes::new();
    for attribute in set {
        if let Some(octets) = value(session, *attribute) {
            attributes.push(attribute_type(*attribute), octets)?;
        }
    }
    Ok(attributes)
}

/// The attributes of a set by name.
#[must_use]
pub fn set_names(set: &[IdentityAttribute]) -> Vec<String> {
    set.iter().map(|attribute| attribute.name().to_owned()).collect()
}

/// The names of the attributes that are sent first to name a session.
#[must_use]
pub fn identity_names(session: &SessionRow, service: Service, set: Option<&[IdentityAttribute]>) -> Vec<String> {
    set_names(&first(session, service, set))
}

fn first(session: &SessionRow, service: Service, set: Option<&[IdentityAttribute]>) -> Vec<IdentityAttribute> {
    let operators: Vec<Vec<IdentityAttribute>> = set.map(<[_]>::to_vec).into_iter().collect();
    ladder(session, service, &operators, true).into_iter().next().unwrap_or_default()
}
