//! The Code octet of a packet.

use std::fmt;

use ::radius::core::code::Code as WireCode;

/// What a packet is (RFC 2865 §3, RFC 2866 §3, RFC 5176 §2.1), of the kinds that radkick sends or takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// Access-Request (1).
    AccessRequest,
    /// Access-Accept (2).
    AccessAccept,
    /// Access-Reject (3).
    AccessReject,
    /// Accounting-Request (4).
    AccountingRequest,
    /// Accounting-Response (5).
    AccountingResponse,
    /// Disconnect-Request (40).
    DisconnectRequest,
    /// Disconnect-ACK (41).
    DisconnectAck,
    /// Disconnect-NAK (42).
    DisconnectNak,
    /// CoA-Request (43).
    CoaRequest,
    /// CoA-ACK (44).
    CoaAck,
    /// CoA-NAK (45).
    CoaNak,
}

impl Code {
    /// The code that stands for `octet`; `None` for one we neither send nor take.
    #[must_use]
    pub const fn from_octet(octet: u8) -> Option<Self> {
        Some(match octet {
            1 => Self::AccessRequest,
            2 => Self::AccessAccept,
            3 => Self::AccessReject,
            4 => Self::AccountingRequest,
            5 => Self::AccountingResponse,
            40 => Self::DisconnectRequest,
            41 => Self::DisconnectAck,
            42 => Self::DisconnectNak,
            43 => Self::CoaRequest,
            44 => Self::CoaAck,
            45 => Self::CoaNak,
            _ => return None,
        })
    }

    /// The octet that stands for it.
    #[must_use]
    pub const fn octet(self) -> u8 {
        self.wire() as u8
    }

    /// Whether a reply of this code answers a request of code `request`.
    #[must_use]
    pub const fn answers(self, request: Self) -> bool {
        matches!(
            (request, self),
            (Self::AccessRequest, Self::AccessAccept | Self::AccessReject)
                | (Self::AccountingRequest, Self::AccountingResponse)
                | (Self::DisconnectRequest, Self::DisconnectAck | Self::DisconnectNak)
                | (Self::CoaRequest, Self::CoaAck | Self::CoaNak)
        )
    }

    /// Whether the request's authenticator is a digest over it and the secret (RFC 2866 §3, RFC 5176 §2.3), so that it
    /// can be checked.
    #[must_use]
    pub const fn is_signed_request(self) -> bool {
        matches!(self, Self::AccountingRequest | Self::DisconnectRequest | Self::CoaRequest)
    }

    pub(super) const fn wire(self) -> WireCode {
        match self {
            Self::AccessRequest => WireCode::AccessRequest,
            Self::AccessAccept => WireCode::AccessAccept,
            Self::AccessReject => WireCode::AccessReject,
            Self::AccountingRequest => WireCode::AccountingRequest,
            Self::AccountingResponse => WireCode::AccountingResponse,
            Self::DisconnectRequest => WireCode::DisconnectRequest,
            Self::DisconnectAck => WireCode::DisconnectACK,
            Self::DisconnectNak => WireCode::DisconnectNAK,
            Self::CoaRequest => WireCode::CoARequest,
            Self::CoaAck => WireCode::CoAACK,
            Self::CoaNak => WireCode::CoANAK,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CoaRequest => "CoA-Request",
            Self::CoaAck => "CoA-ACK",
            Self::CoaNak => "CoA-NAK",
            Self::DisconnectAck => "Disconnect-ACK",
            Self::DisconnectNak => "Disconnect-NAK",
            Self::AccessRequest
            | Self::AccessAccept
            | Self::AccessReject
            | Self::AccountingRequest
            | Self::AccountingResponse
            | Self::DisconnectRequest => self.wire().string(),
        })
    }
}
