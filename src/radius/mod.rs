//! The RADIUS wire format: packets, attributes, sealing and opening, dictionaries. Pure.
//!
//! The `radius` crate knows the numbers of codes and attributes. Packets are built and read here, because Dynamic
//! Authorization needs what the crate lacks: the Message-Authenticator, the check of a reply, vendor attributes both ways,
//! the order of attributes, bounds before anything is decoded, and one buffer a packet in place of forty.
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
//! Invariants: no clock, no socket, no randomness, no log. Octets of a peer are read through [`Reader`] only, attributes
//! after the packet's length and authenticator have been checked.
//!
//! Start reading at [`seal_request`] and [`open_reply`].

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod access;
mod attribute;
mod attribute_type;
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
mod wire;

pub use access::{chap_password, hide_password, seal_access_request};
pub use attribute::Attributes;
pub use attribute_type::{AttributeType, VENDOR_MIKROTIK};
pub use authenticator::{
    MessageAuthenticator, OpenError, Opened, Sealed, open_reply, open_request, seal_reply, seal_request,
};
pub use code::Code;
pub use date::parse_date;
pub use dictionary::{Definition, Dictionary, DictionaryError, DictionaryProblem, Feature, NotCarried};
pub use error_cause::{ErrorCause, ErrorCauseClass};
pub use packet::{DecodeError, EncodeError, MAX_PACKET_OCTETS, packet_octets};
pub use pairs::{MAX_LINE_OCTETS, PacketFileError, PairError, PairProblem, RequestReader, parse_pair, parse_requests};
pub use reader::Reader;
pub use secret::{EmptySecret, SharedSecret};
pub use value::{ValueError, ValueType};

#[cfg(test)]
mod tests;
