//! Error-Cause: why a request was refused (RFC 5176 §3.5).

use std::fmt;

/// The value of an Error-Cause attribute: an open number, because a NAS may send one that no document lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorCause(pub u32);

/// The hundreds of an [`ErrorCause`], which say whose fault it is when the number itself is unknown (RFC 5176 §3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCauseClass {
    /// 2xx: success, in an ACK only.
    Success,
    /// 4xx: the fault of the Dynamic Authorization Client.
    Client,
    /// 5xx: the fault of the NAS, or the state of the session there.
    Nas,
    /// Anything else.
    Unassigned,
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident = $value:literal $text:literal;)*) => {
        impl ErrorCause {
            $($(#[$doc])* pub const $name: Self = Self($value);)*

            /// The name that RFC 5176 §3.5 gives the number; `None` for one it does not list.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($text),)*
                    _ => None,
                }
            }
        }
    };
}

causes! {
    /// 201: a session's remains were removed.
    RESIDUAL_SESSION_CONTEXT_REMOVED = 201 "Residual-Session-Context-Removed";
    /// 202: reserved for EAP.
    INVALID_EAP_PACKET = 202 "Invalid-EAP-Packet";
    /// 401: an attribute that the NAS does not take.
    UNSUPPORTED_ATTRIBUTE = 401 "Unsupported-Attribute";
    /// 402: an attribute that the NAS wants is not there.
    MISSING_ATTRIBUTE = 402 "Missing-Attribute";
    /// 403: the NAS identification names another NAS.
    NAS_IDENTIFICATION_MISMATCH = 403 "NAS-Identification-Mismatch";
    /// 404: the request is malformed.
    INVALID_REQUEST = 404 "Invalid-Request";
    /// 405: the Service-Type is not taken.
    UNSUPPORTED_SERVICE = 405 "Unsupported-Service";
    /// 406: the extension is not supported; RouterOS also says it for a session that it does not have.
    UNSUPPORTED_EXTENSION = 406 "Unsupported-Extension";
    /// 407: an attribute's value is not taken.
    INVALID_ATTRIBUTE_VALUE = 407 "Invalid-Attribute-Value";
    /// 501: forbidden by the NAS's administrator.
    ADMINISTRATIVELY_PROHIBITED = 501 "Administratively-Prohibited";
    /// 502: a proxy has no route.
    REQUEST_NOT_ROUTABLE = 502 "Request-Not-Routable";
    /// 503: no such session.
    SESSION_CONTEXT_NOT_FOUND = 503 "Session-Context-Not-Found";
    /// 504: the session cannot be removed.
    SESSION_CONTEXT_NOT_REMOVABLE = 504 "Session-Context-Not-Removable";
    /// 505: a proxy failed.
    OTHER_PROXY_PROCESSING_ERROR = 505 "Other-Proxy-Processing-Error";
    /// 506: no resources.
    RESOURCES_UNAVAILABLE = 506 "Resources-Unavailable";
    /// 507: the NAS started an authorization of its own instead.
    REQUEST_INITIATED = 507 "Request-Initiated";
    /// 508: the identification fits more than one session.
    MULTIPLE_SESSION_SELECTION_UNSUPPORTED = 508 "Multiple-Session-Selection-Unsupported";
}

impl ErrorCause {
    /// Whose fault the number says it is.
    #[must_use]
    pub const fn class(self) -> ErrorCauseClass {
        match self.0 {
            200..=299 => ErrorCauseClass::Success,
            400..=499 => ErrorCauseClass::Client,
            500..=599 => ErrorCauseClass::Nas,
            _ => ErrorCauseClass::Unassigned,
        }
    }
}

impl fmt::Display for ErrorCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{} {name}", self.0),
            None => write!(f, "{}", self.0),
        }
    }
}
