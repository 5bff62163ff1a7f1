//! The RADIUS wire format: packets, attributes, sealing and opening, dictionaries. Pure.
//!
//! The `radius` crate carries packets and attributes; what it lacks for Dynamic Authorization is here: the
//! Message-Authenticator, the check of a reply, vendor attributes both ways, and bounds before anything is decoded.
//!
//! ```text
//!  0                   1                   2                   3
//! +-------+-----------+---------------------+
//! | Code  | Identifier|       Length        |   20..=4096 octets, more is padding  (RFC 2865 §3)
//! +-------+-----------+---------------------+
//! |              Authenticator              |   16 octets
//! +-----------------------------------------+
//! |  Attributes: Type, Length, Value ...    |
//! ```
//!
//! Invariants: no clock, no socket, no randomness, no log. Octets of a peer are read through [`Reader`] only, and the
//! crate's decoder sees nothing that our length and authenticator checks have not passed.
//!
//! Start reading at [`seal_request`] and [`open_reply`].

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod access;
mod attribute;
mod authenticator;
mod code;
mod date;
mod dictionary;
mod digest;
mod error_cause;
mod packet;
mod pairs;
mod quoting;
mod reader;
mod secret;
mod value;

pub use access::{chap_password, hide_password, seal_access_request};
pub use attribute::{AttributeType, Attributes, VENDOR_MIKROTIK};
pub use authenticator::{
    MessageAuthenticator, OpenError, Opened, Sealed, open_reply, open_request, seal_reply, seal_request,
};
pub use code::Code;
pub use date::parse_date;
pub use dictionary::{Definition, Dictionary, DictionaryError, DictionaryProblem, Feature, NotCarried};
pub use error_cause::{ErrorCause, ErrorCauseClass};
pub use packet::{DecodeError, EncodeError, MAX_PACKET_OCTETS};
pub use pairs::{MAX_LINE_OCTETS, PacketFileError, PairError, PairProblem, RequestReader, parse_pair, parse_requests};
pub use reader::Reader;
pub use secret::{EmptySecret, SharedSecret};
pub use value::{ValueError, ValueType};

#[cfg(test)]
mod tests;
