//! Whether a request says which session it means, and carries nothing that a DAS must refuse.
//!
//! RFC 5176 contradicts itself: §3 lists Framed-IP-Address, Framed-Interface-Id and Framed-IPv6-Prefix as session
//! identification, the table of §3.6 forbids them in a Disconnect-Request, and an example in §7 sends the first. The
//! tables here take both readings together. What one NAS takes is narrower, and known by its settings alone.

use super::RequestError;
use crate::radius::{AttributeType, Attributes, Code};

/// Which session: RFC 5176 §3, and RFC 4818's and RFC 6911's address attributes in the same sense.
const SESSION: [AttributeType; 12] = [
    AttributeType::USER_NAME,
    AttributeType::NAS_PORT,
    AttributeType::FRAMED_IP_ADDRESS,
    AttributeType::CALLING_STATION_ID,
    AttributeType::ACCT_SESSION_ID,
    AttributeType::ACCT_MULTI_SESSION_ID,
    AttributeType::NAS_PORT_ID,
    AttributeType::CHARGEABLE_USER_IDENTITY,
    AttributeType::Standard(96), // Framed-Interface-Id
    AttributeType::FRAMED_IPV6_PREFIX,
    AttributeType::Standard(123), // Delegated-IPv6-Prefix
    AttributeType::Standard(168), // Framed-IPv6-Address
];

/// What else a Disconnect-Request may carry: NAS identification, and what §3.6 lets through. Called-Station-Id stands in
/// §3's list of session identification, but alone it names a hotspot with everyone on it.
const COMPANIONS: [AttributeType; 10] = [
    AttributeType::CALLED_STATION_ID,
    AttributeType::NAS_IP_ADDRESS,
    AttributeType::NAS_IDENTIFIER,
    AttributeType::Standard(95), // NAS-IPv6-Address
    AttributeType::REPLY_MESSAGE,
    AttributeType::CLASS,
    AttributeType::PROXY_STATE,
    AttributeType::ACCT_TERMINATE_CAUSE,
    AttributeType::EVENT_TIMESTAMP,
    AttributeType::MESSAGE_AUTHENTICATOR,
];

/// What no CoA-Request may carry: passwords, and what belongs into answers.
const NOT_IN_COA: [AttributeType; 3] =
    [AttributeType::USER_PASSWORD, AttributeType::Standard(3), AttributeType::ERROR_CAUSE];

/// Checks that `attributes` name a session and that a DAS need not refuse them for their mere types.
///
/// A Disconnect-Request takes session and NAS identification and the attributes that go with any packet (RFC 5176 §3); a
/// CoA-Request takes whatever is to be changed as well. Vendor-specific attributes may identify a session in the
/// first, and are what is to be changed in the second.
///
/// # Errors
/// [`RequestError::ForbiddenAttribute`] for the first that does not belong there, then
/// [`RequestError::NoSessionIdentification`] when none says which session.
pub fn check_identification(code: Code, attributes: &Attributes) -> Result<(), RequestError> {
    let disconnect = code == Code::DisconnectRequest;
    let identifies = |attribute_type: AttributeType| {
        SESSION.contains(&attribute_type) || (disconnect && is_vendor_specific(attribute_type))
    };
    let allowed = |attribute_type: AttributeType| {
        if disconnect {
            identifies(attribute_type) || COMPANIONS.contains(&attribute_type)
        } else {
            !NOT_IN_COA.contains(&attribute_type)
        }
    };
    if let Some((attribute_type, _)) = attributes.iter().find(|(attribute_type, _)| !allowed(*attribute_type)) {
        return Err(RequestError::ForbiddenAttribute(attribute_type));
    }
    if attributes.iter().any(|(attribute_type, _)| identifies(attribute_type)) {
        Ok(())
    } else {
        Err(RequestError::NoSessionIdentification)
    }
}

fn is_vendor_specific(attribute_type: AttributeType) -> bool {
    matches!(attribute_type, AttributeType::Vendor { .. } | AttributeType::VENDOR_SPECIFIC)
}
