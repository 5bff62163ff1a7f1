//! What no CoA-Request to RouterOS changes.

use crate::radius::AttributeType;

/// Addresses, pools and routes: RouterOS gives them when a session begins, and never again (RouterOS manual, RADIUS: the
/// address, pool and route of a session cannot be changed; disconnect it instead).
const NEVER: [AttributeType; 13] = [
    AttributeType::FRAMED_IP_ADDRESS,
    AttributeType::Standard(9),  // Framed-IP-Netmask
    AttributeType::Standard(22), // Framed-Route
    AttributeType::Standard(88), // Framed-Pool
    AttributeType::Standard(96), // Framed-Interface-Id
    AttributeType::FRAMED_IPV6_PREFIX,
    AttributeType::Standard(99),  // Framed-IPv6-Route
    AttributeType::Standard(100), // Framed-IPv6-Pool
    AttributeType::Standard(123), // Delegated-IPv6-Prefix
    AttributeType::Standard(168), // Framed-IPv6-Address
    AttributeType::Standard(171), // Delegated-IPv6-Prefix-Pool
    AttributeType::Standard(172), // Stateful-IPv6-Address-Pool
    AttributeType::mikrotik(22),  // Mikrotik-Delegated-IPv6-Pool
];

/// What says which session or which NAS is meant (RFC 5176 §3).
const IDENTIFIES: [AttributeType; 12] = [
    AttributeType::USER_NAME,
    AttributeType::NAS_IP_ADDRESS,
    AttributeType::NAS_PORT,
    AttributeType::CALLED_STATION_ID,
    AttributeType::CALLING_STATION_ID,
    AttributeType::NAS_IDENTIFIER,
    AttributeType::ACCT_SESSION_ID,
    AttributeType::ACCT_MULTI_SESSION_ID,
    AttributeType::NAS_PORT_ID,
    AttributeType::CHARGEABLE_USER_IDENTITY,
    AttributeType::Standard(95), // NAS-IPv6-Address
    AttributeType::Standard(61), // NAS-Port-Type
];

/// What the packet itself has: we put it in, or it belongs into another kind of packet.
const OF_THE_PACKET: [AttributeType; 7] = [
    AttributeType::USER_PASSWORD,
    AttributeType::Standard(3), // CHAP-Password
    AttributeType::PROXY_STATE,
    AttributeType::ACCT_STATUS_TYPE,
    AttributeType::EVENT_TIMESTAMP,
    AttributeType::MESSAGE_AUTHENTICATOR,
    AttributeType::ERROR_CAUSE,
];

pub(super) fn never_changes(attribute: AttributeType) -> bool {
    NEVER.contains(&attribute)
}

pub(super) fn identifies(attribute: AttributeType) -> bool {
    IDENTIFIES.contains(&attribute)
}

pub(super) fn is_of_the_packet(attribute: AttributeType) -> bool {
    OF_THE_PACKET.contains(&attribute)
}
