//! What names a session to a NAS, by service.

use std::net::Ipv4Addr;

use crate::config::{IdentityAttribute, Service};
use crate::radius::{AttributeType, Attributes, EncodeError};
use crate::store::SessionRow;

/// What kind of session a row of radacct is. RouterOS begins the Acct-Session-Id of a hotspot session with 80, of a PPP
/// session with 81 (RouterOS manual, RADIUS); any NAS says Framed-Protocol PPP for PPP.
#[must_use]
pub fn service_of(session: &SessionRow, setting: Service) -> Service {
    let routeros_id = |prefix| session.acct_session_id.len() == 8 && session.acct_session_id.starts_with(prefix);
    match setting {
        Service::Hotspot | Service::Ppp | Service::Other => setting,
        Service::Auto if session.framed_protocol == "PPP" || routeros_id("81") => Service::Ppp,
        Service::Auto if routeros_id("80") => Service::Hotspot,
        Service::Auto => Service::Other,
    }
}

/// The attributes to send: the operator's own first set, else the service's.
///
/// A hotspot of RouterOS needs Framed-IP-Address: without it a request is acknowledged and nothing happens. Nothing more
/// than needed is sent, because some NAS refuse a request for one attribute they do not use.
fn identity_set(service: Service, set: Option<&[IdentityAttribute]>) -> Vec<IdentityAttribute> {
    use IdentityAttribute::{AcctSessionId, FramedIpAddress, UserName};
    match (set, service) {
        (Some(set), _) => set.to_vec(),
        (None, Service::Hotspot) => vec![UserName, FramedIpAddress, AcctSessionId],
        (None, Service::Ppp) => vec![AcctSessionId, UserName],
        (None, Service::Other | Service::Auto) => vec![UserName, AcctSessionId],
    }
}

const fn attribute_type(attribute: IdentityAttribute) -> AttributeType {
    match attribute {
        IdentityAttribute::UserName => AttributeType::USER_NAME,
        IdentityAttribute::AcctSessionId => AttributeType::ACCT_SESSION_ID,
        IdentityAttribute::FramedIpAddress => AttributeType::FRAMED_IP_ADDRESS,
        IdentityAttribute::FramedIpv6Prefix => AttributeType::FRAMED_IPV6_PREFIX,
        IdentityAttribute::CallingStationId => AttributeType::CALLING_STATION_ID,
        IdentityAttribute::CalledStationId => AttributeType::CALLED_STATION_ID,
        IdentityAttribute::NasIpAddress => AttributeType::NAS_IP_ADDRESS,
        IdentityAttribute::NasIdentifier => AttributeType::NAS_IDENTIFIER,
        IdentityAttribute::NasPortId => AttributeType::NAS_PORT_ID,
    }
}

/// Octets of the value that the session has for an attribute; `None` when it has none.
fn value(session: &SessionRow, attribute: IdentityAttribute) -> Option<Vec<u8>> {
    let text = |text: &str| (!text.is_empty()).then(|| text.as_bytes().to_vec());
    let address = |text: &str| text.parse::<Ipv4Addr>().ok().map(|address| address.octets().to_vec());
    match attribute {
        IdentityAttribute::UserName => text(session.user.as_str()),
        IdentityAttribute::AcctSessionId => text(&session.acct_session_id),
        IdentityAttribute::FramedIpAddress => address(&session.framed_ip_address),
        IdentityAttribute::FramedIpv6Prefix => {
            crate::radius::ValueType::Ipv6Prefix.encode(&session.framed_ipv6_prefix).ok()
        }
        IdentityAttribute::CallingStationId => text(&session.calling_station_id),
        IdentityAttribute::CalledStationId => text(&session.called_station_id),
        IdentityAttribute::NasIpAddress => address(&session.nas_ip_address),
        // radacct has neither
        IdentityAttribute::NasIdentifier | IdentityAttribute::NasPortId => None,
    }
}

/// The attributes that name a session.
///
/// # Errors
/// [`EncodeError`] for a value longer than its attribute takes.
pub(super) fn identity(
    session: &SessionRow,
    service: Service,
    set: Option<&[IdentityAttribute]>,
) -> Result<Attributes, EncodeError> {
    let mut attributes = Attributes::new();
    for attribute in identity_set(service, set) {
        if let Some(octets) = value(session, attribute) {
            attributes.push(attribute_type(attribute), octets)?;
        }
    }
    Ok(attributes)
}

/// The names of the attributes that are sent to name a session.
#[must_use]
pub fn identity_names(session: &SessionRow, service: Service, set: Option<&[IdentityAttribute]>) -> Vec<String> {
    let named = identity_set(service, set).into_iter().filter(|attribute| value(session, *attribute).is_some());
    named.map(|attribute| attribute.name().to_owned()).collect()
}
