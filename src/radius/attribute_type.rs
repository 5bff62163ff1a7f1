//! Which attribute: numbers of the standard space, as the `radius` crate has them, and vendors' own.

use ::radius::core::{rfc2865, rfc2866, rfc2869, rfc3162, rfc3576, rfc4372};

/// MikroTik's vendor number (RFC 2865 §5.26).
pub const VENDOR_MIKROTIK: u32 = 14988;

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
    ($($name:ident = $value:expr, $section:literal;)*) => {
        impl AttributeType {
            $(#[doc = concat!($section, ".")]
            pub const $name: Self = Self::Standard($value);)*
        }
    };
}

standard! {
    USER_NAME = rfc2865::USER_NAME_TYPE, "RFC 2865 §5.1";
    USER_PASSWORD = rfc2865::USER_PASSWORD_TYPE, "RFC 2865 §5.2";
    CHAP_PASSWORD = rfc2865::CHAP_PASSWORD_TYPE, "RFC 2865 §5.3";
    NAS_IP_ADDRESS = rfc2865::NAS_IP_ADDRESS_TYPE, "RFC 2865 §5.4";
    NAS_PORT = rfc2865::NAS_PORT_TYPE, "RFC 2865 §5.5";
    SERVICE_TYPE = rfc2865::SERVICE_TYPE_TYPE, "RFC 2865 §5.6";
    FRAMED_PROTOCOL = rfc2865::FRAMED_PROTOCOL_TYPE, "RFC 2865 §5.7";
    FRAMED_IP_ADDRESS = rfc2865::FRAMED_IP_ADDRESS_TYPE, "RFC 2865 §5.8";
    REPLY_MESSAGE = rfc2865::REPLY_MESSAGE_TYPE, "RFC 2865 §5.18";
    STATE = rfc2865::STATE_TYPE, "RFC 2865 §5.24";
    CLASS = rfc2865::CLASS_TYPE, "RFC 2865 §5.25";
    VENDOR_SPECIFIC = rfc2865::VENDOR_SPECIFIC_TYPE, "RFC 2865 §5.26";
    SESSION_TIMEOUT = rfc2865::SESSION_TIMEOUT_TYPE, "RFC 2865 §5.27";
    CALLED_STATION_ID = rfc2865::CALLED_STATION_ID_TYPE, "RFC 2865 §5.30";
    CALLING_STATION_ID = rfc2865::CALLING_STATION_ID_TYPE, "RFC 2865 §5.31";
    NAS_IDENTIFIER = rfc2865::NAS_IDENTIFIER_TYPE, "RFC 2865 §5.32";
    PROXY_STATE = rfc2865::PROXY_STATE_TYPE, "RFC 2865 §5.33";
    ACCT_STATUS_TYPE = rfc2866::ACCT_STATUS_TYPE_TYPE, "RFC 2866 §5.1";
    ACCT_DELAY_TIME = rfc2866::ACCT_DELAY_TIME_TYPE, "RFC 2866 §5.2";
    ACCT_INPUT_OCTETS = rfc2866::ACCT_INPUT_OCTETS_TYPE, "RFC 2866 §5.3";
    ACCT_OUTPUT_OCTETS = rfc2866::ACCT_OUTPUT_OCTETS_TYPE, "RFC 2866 §5.4";
    ACCT_SESSION_ID = rfc2866::ACCT_SESSION_ID_TYPE, "RFC 2866 §5.5";
    ACCT_SESSION_TIME = rfc2866::ACCT_SESSION_TIME_TYPE, "RFC 2866 §5.7";
    ACCT_INPUT_PACKETS = rfc2866::ACCT_INPUT_PACKETS_TYPE, "RFC 2866 §5.8";
    ACCT_OUTPUT_PACKETS = rfc2866::ACCT_OUTPUT_PACKETS_TYPE, "RFC 2866 §5.9";
    ACCT_TERMINATE_CAUSE = rfc2866::ACCT_TERMINATE_CAUSE_TYPE, "RFC 2866 §5.10";
    ACCT_MULTI_SESSION_ID = rfc2866::ACCT_MULTI_SESSION_ID_TYPE, "RFC 2866 §5.11";
    ACCT_INPUT_GIGAWORDS = rfc2869::ACCT_INPUT_GIGAWORDS_TYPE, "RFC 2869 §5.1";
    ACCT_OUTPUT_GIGAWORDS = rfc2869::ACCT_OUTPUT_GIGAWORDS_TYPE, "RFC 2869 §5.2";
    EVENT_TIMESTAMP = rfc2869::EVENT_TIMESTAMP_TYPE, "RFC 2869 §5.3";
    CHAP_CHALLENGE = rfc2865::CHAP_CHALLENGE_TYPE, "RFC 2865 §5.40";
    NAS_PORT_TYPE = rfc2865::NAS_PORT_TYPE_TYPE, "RFC 2865 §5.41";
    MESSAGE_AUTHENTICATOR = rfc2869::MESSAGE_AUTHENTICATOR_TYPE, "RFC 2869 §5.14";
    NAS_PORT_ID = rfc2869::NAS_PORT_ID_TYPE, "RFC 2869 §5.17";
    CHARGEABLE_USER_IDENTITY = rfc4372::CHARGEABLE_USER_IDENTITY_TYPE, "RFC 4372 §2.2";
    FRAMED_IPV6_PREFIX = rfc3162::FRAMED_IPV6_PREFIX_TYPE, "RFC 3162 §2.3";
    ERROR_CAUSE = rfc3576::ERROR_CAUSE_TYPE, "RFC 5176 §3.5";
}

impl AttributeType {
    /// A MikroTik attribute (vendor 14988).
    #[must_use]
    pub const fn mikrotik(vendor_type: u8) -> Self {
        Self::Vendor { vendor_id: VENDOR_MIKROTIK, vendor_type }
    }
}
