//! Attributes and their types, vendor-specific ones included.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{DecodeError, EncodeError, ErrorCause, Reader};

/// MikroTik's vendor number (RFC 2865 §5.26).
pub const VENDOR_MIKROTIK: u32 = 14988;

const MAX_VALUE_OCTETS: usize = 253;
const MAX_VENDOR_VALUE_OCTETS: usize = 247;

/// Which attribute: one of the standard space, or a vendor's (RFC 2865 §5, §5.26).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttributeType {
    /// A type of the standard space, 1 to 255.
    Standard(u8),
    /// A vendor's own type inside Vendor-Specific.
    Vendor {
        /// The vendor's number (IANA Private Enterprise Number).
        vendor_id: u32,
        /// The vendor's type.
        vendor_type: u8,
    },
}

macro_rules! standard {
    ($($name:ident = $value:literal $section:literal;)*) => {
        impl AttributeType {
            $(#[doc = concat!("Type ", stringify!($value), ", ", $section, ".")]
            pub const $name: Self = Self::Standard($value);)*
        }
    };
}

standard! {
    USER_NAME = 1 "RFC 2865 §5.1";
    USER_PASSWORD = 2 "RFC 2865 §5.2";
    CHAP_PASSWORD = 3 "RFC 2865 §5.3";
    NAS_IP_ADDRESS = 4 "RFC 2865 §5.4";
    NAS_PORT = 5 "RFC 2865 §5.5";
    SERVICE_TYPE = 6 "RFC 2865 §5.6";
    FRAMED_PROTOCOL = 7 "RFC 2865 §5.7";
    FRAMED_IP_ADDRESS = 8 "RFC 2865 §5.8";
    REPLY_MESSAGE = 18 "RFC 2865 §5.18";
    STATE = 24 "RFC 2865 §5.24";
    CLASS = 25 "RFC 2865 §5.25";
    VENDOR_SPECIFIC = 26 "RFC 2865 §5.26";
    SESSION_TIMEOUT = 27 "RFC 2865 §5.27";
    CALLED_STATION_ID = 30 "RFC 2865 §5.30";
    CALLING_STATION_ID = 31 "RFC 2865 §5.31";
    NAS_IDENTIFIER = 32 "RFC 2865 §5.32";
    PROXY_STATE = 33 "RFC 2865 §5.33";
    ACCT_STATUS_TYPE = 40 "RFC 2866 §5.1";
    ACCT_DELAY_TIME = 41 "RFC 2866 §5.2";
    ACCT_INPUT_OCTETS = 42 "RFC 2866 §5.3";
    ACCT_OUTPUT_OCTETS = 43 "RFC 2866 §5.4";
    ACCT_SESSION_ID = 44 "RFC 2866 §5.5";
    ACCT_SESSION_TIME = 46 "RFC 2866 §5.7";
    ACCT_INPUT_PACKETS = 47 "RFC 2866 §5.8";
    ACCT_OUTPUT_PACKETS = 48 "RFC 2866 §5.9";
    ACCT_TERMINATE_CAUSE = 49 "RFC 2866 §5.10";
    ACCT_MULTI_SESSION_ID = 50 "RFC 2866 §5.11";
    ACCT_INPUT_GIGAWORDS = 52 "RFC 2869 §5.1";
    ACCT_OUTPUT_GIGAWORDS = 53 "RFC 2869 §5.2";
    EVENT_TIMESTAMP = 55 "RFC 2869 §5.3";
    CHAP_CHALLENGE = 60 "RFC 2865 §5.40";
    NAS_PORT_TYPE = 61 "RFC 2865 §5.41";
    MESSAGE_AUTHENTICATOR = 80 "RFC 2869 §5.14";
    NAS_PORT_ID = 87 "RFC 2869 §5.17";
    CHARGEABLE_USER_IDENTITY = 89 "RFC 4372 §2.2";
    FRAMED_IPV6_PREFIX = 97 "RFC 3162 §2.3";
    ERROR_CAUSE = 101 "RFC 5176 §3.5";
}

impl AttributeType {
    /// A MikroTik attribute (vendor 14988).
    #[must_use]
    pub const fn mikrotik(vendor_type: u8) -> Self {
        Self::Vendor { vendor_id: VENDOR_MIKROTIK, vendor_type }
    }
}

/// The attributes of a packet, in order, raw values checked for length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(Vec<(AttributeType, Vec<u8>)>);

impl Attributes {
    /// No attributes.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends an attribute of 1 to 253 octets (1 to 247 for a vendor's).
    ///
    /// # Errors
    /// [`EncodeError::ValueLength`] for any other length.
    pub fn push(&mut self, attribute_type: AttributeType, value: impl Into<Vec<u8>>) -> Result<(), EncodeError> {
        let value = value.into();
        let max = match attribute_type {
            AttributeType::Standard(_) => MAX_VALUE_OCTETS,
            AttributeType::Vendor { .. } => MAX_VENDOR_VALUE_OCTETS,
        };
        if value.is_empty() || value.len() > max {
            return Err(EncodeError::ValueLength { attribute_type, octets: value.len(), max });
        }
        self.0.push((attribute_type, value));
        Ok(())
    }

    /// Appends a 32-bit number in network order.
    pub fn push_u32(&mut self, attribute_type: AttributeType, value: u32) {
        self.0.push((attribute_type, value.to_be_bytes().to_vec()));
    }

    /// Appends an IPv4 address.
    pub fn push_ipv4(&mut self, attribute_type: AttributeType, value: Ipv4Addr) {
        self.0.push((attribute_type, value.octets().to_vec()));
    }

    /// Each attribute's type and value, in the packet's order.
    pub fn iter(&self) -> impl Iterator<Item = (AttributeType, &[u8])> {
        self.0.iter().map(|(attribute_type, value)| (*attribute_type, value.as_slice()))
    }

    /// The values of one type, in order.
    pub fn all(&self, attribute_type: AttributeType) -> impl Iterator<Item = &[u8]> {
        self.iter().filter(move |(t, _)| *t == attribute_type).map(|(_, value)| value)
    }

    /// The first value of one type.
    #[must_use]
    pub fn first(&self, attribute_type: AttributeType) -> Option<&[u8]> {
        self.all(attribute_type).next()
    }

    /// The first value as a 32-bit number; `None` when absent or not four octets.
    #[must_use]
    pub fn first_u32(&self, attribute_type: AttributeType) -> Option<u32> {
        self.first(attribute_type)?.try_into().ok().map(u32::from_be_bytes)
    }

    /// The first value as an IPv4 address; `None` when absent or not four octets.
    #[must_use]
    pub fn first_ipv4(&self, attribute_type: AttributeType) -> Option<Ipv4Addr> {
        self.first_u32(attribute_type).map(Ipv4Addr::from)
    }

    /// The first value as an IPv6 address; `None` when absent or not sixteen octets.
    #[must_use]
    pub fn first_ipv6(&self, attribute_type: AttributeType) -> Option<Ipv6Addr> {
        <[u8; 16]>::try_from(self.first(attribute_type)?).ok().map(Ipv6Addr::from)
    }

    /// The first value as text; octets that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn first_text(&self, attribute_type: AttributeType) -> Option<String> {
        self.first(attribute_type).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The Error-Cause, if one is there.
    #[must_use]
    pub fn error_cause(&self) -> Option<ErrorCause> {
        self.first_u32(AttributeType::ERROR_CAUSE).map(ErrorCause)
    }

    /// Whether an attribute of this type is there.
    #[must_use]
    pub fn contains(&self, attribute_type: AttributeType) -> bool {
        self.first(attribute_type).is_some()
    }

    /// How many attributes there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes one attribute as it stood on the wire. A Vendor-Specific one that is not in the form RFC 2865 §5.26
    /// recommends is kept whole, as type 26.
    pub(super) fn push_wire(&mut self, octet: u8, value: &[u8]) {
        match (AttributeType::Standard(octet), vendor_attributes(value)) {
            (AttributeType::VENDOR_SPECIFIC, Ok(vendor)) => self.0.extend(vendor),
            (attribute_type, _) => self.0.push((attribute_type, value.to_vec())),
        }
    }
}

/// The sub-attributes of one Vendor-Specific value.
fn vendor_attributes(value: &[u8]) -> Result<Vec<(AttributeType, Vec<u8>)>, DecodeError> {
    let mut reader = Reader::new(value);
    let vendor_id = u32::from_be_bytes(reader.take_array()?);
    let mut found = Vec::new();
    while !reader.is_empty() {
        let vendor_type = reader.take_u8()?;
        let length = usize::from(reader.take_u8()?);
        let value = reader.take(length.checked_sub(2).ok_or(DecodeError::AttributeLength)?)?;
        found.push((AttributeType::Vendor { vendor_id, vendor_type }, value.to_vec()));
    }
    if found.is_empty() { Err(DecodeError::UnexpectedEnd) } else { Ok(found) }
}
