//! Sealing requests and replies, and opening what a peer sent.
//!
//! The order is the whole point. Sealing a request: Message-Authenticator over a zero Authenticator, then the Request
//! Authenticator over that (RFC 5176 §3.4, §2.3). Opening: length, Authenticator in constant time, then the attributes,
//! then the Message-Authenticator, then whether the Code fits.

use subtle::ConstantTimeEq;

use super::digest::{digest, message_authenticator_of};
use super::packet::{HEADER_OCTETS, Tag, encode, find_tag, trim};
use super::{Attributes, Code, DecodeError, EncodeError, Reader, SharedSecret, wire};

const ZERO: [u8; 16] = [0; 16];

/// What to do about the Message-Authenticator (RFC 5176 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageAuthenticator {
    /// Added when sealing, demanded when opening.
    Required,
    /// Left out when sealing, checked where present when opening.
    Optional,
}

impl MessageAuthenticator {
    const fn is_required(self) -> bool {
        matches!(self, Self::Required)
    }
}

/// A request ready for the wire. Retransmissions send these same octets (RFC 5176 §2.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(super) code: Code,
    pub(super) identifier: u8,
    pub(super) authenticator: [u8; 16],
    pub(super) octets: Vec<u8>,
}

impl Sealed {
    /// The octets of the datagram.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// The Identifier octet, by which a reply is found.
    #[must_use]
    pub const fn identifier(&self) -> u8 {
        self.identifier
    }

    /// The request's code.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }
}

/// A packet that passed every check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What it is.
    pub code: Code,
    /// Its Identifier.
    pub identifier: u8,
    /// Its Authenticator; a reply to it is computed over this.
    pub authenticator: [u8; 16],
    /// Its attributes.
    pub attributes: Attributes,
}

/// Why a datagram is silently discarded (RFC 5176 §1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Not a packet.
    #[error("malformed: {0}")]
    Malformed(#[from] DecodeError),
    /// A code that does not answer the request, or that is not a signed request.
    #[error("unexpected code {0}")]
    UnexpectedCode(u8),
    /// A reply with another Identifier than the request's.
    #[error("unknown identifier {0}")]
    UnknownIdentifier(u8),
    /// The Request or Response Authenticator is not what the secret gives.
    #[error("bad authenticator (wrong secret, or forged)")]
    BadAuthenticator,
    /// The Message-Authenticator is wrong, repeated, or not 16 octets.
    #[error("bad Message-Authenticator")]
    BadMessageAuthenticator,
    /// None is there, and one is required.
    #[error("no Message-Authenticator, and one is required")]
    MissingMessageAuthenticator,
}

/// Builds the octets of a signed request (Accounting-, Disconnect- or CoA-Request).
///
/// A Message-Authenticator among `attributes` is replaced by the real one.
///
/// # Errors
/// [`EncodeError::PacketTooLong`] over 4096 octets.
pub fn seal_request(
    code: Code,
    identifier: u8,
    attributes: &Attributes,
    secret: &SharedSecret,
    message_authenticator: MessageAuthenticator,
) -> Result<Sealed, EncodeError> {
    debug_assert!(code.is_signed_request());
    let (mut octets, place) = encode(code, identifier, attributes, message_authenticator.is_required())?;
    let authenticator = sign(&mut octets, place, ZERO, secret);
    Ok(Sealed { code, identifier, authenticator, octets })
}

/// Builds the octets of the reply to `request`.
///
/// # Errors
/// As [`seal_request`].
pub fn seal_reply(
    code: Code,
    request: &Opened,
    attributes: &Attributes,
    secret: &SharedSecret,
    message_authenticator: MessageAuthenticator,
) -> Result<Vec<u8>, EncodeError> {
    let (mut octets, place) = encode(code, request.identifier, attributes, message_authenticator.is_required())?;
    sign(&mut octets, place, request.authenticator, secret);
    Ok(octets)
}

/// Checks a datagram that claims to answer `request`. The caller has checked where it came from.
///
/// # Errors
/// [`OpenError`]: the datagram is to be counted and ignored, and the exchange goes on.
pub fn open_reply(
    datagram: &[u8],
    request: &Sealed,
    secret: &SharedSecret,
    message_authenticator: MessageAuthenticator,
) -> Result<Opened, OpenError> {
    let octets = trim(datagram)?;
    let [code, identifier] = Reader::new(octets).take_array()?;
    if identifier != request.identifier {
        return Err(OpenError::UnknownIdentifier(identifier));
    }
    let opened = open(octets, request.authenticator, secret, message_authenticator)?;
    if opened.code.answers(request.code) { Ok(opened) } else { Err(OpenError::UnexpectedCode(code)) }
}

/// Checks a datagram that claims to be a signed request; the other side of [`seal_request`].
///
/// # Errors
/// [`OpenError`]: the datagram is to be counted and ignored.
pub fn open_request(
    datagram: &[u8],
    secret: &SharedSecret,
    message_authenticator: MessageAuthenticator,
) -> Result<Opened, OpenError> {
    let octets = trim(datagram)?;
    let code = Reader::new(octets).take_u8()?;
    if !Code::from_octet(code).is_some_and(Code::is_signed_request) {
        return Err(OpenError::UnexpectedCode(code));
    }
    open(octets, ZERO, secret, message_authenticator)
}

/// The checks that replies and requests share. `signed_with` stood in the Authenticator field while it was computed.
fn open(
    octets: &[u8],
    signed_with: [u8; 16],
    secret: &SharedSecret,
    message_authenticator: MessageAuthenticator,
) -> Result<Opened, OpenError> {
    let mut reader = Reader::new(octets);
    let [code, identifier] = reader.take_array()?;
    reader.take_u16()?;
    let authenticator: [u8; 16] = reader.take_array()?;
    let expected = digest(octets, signed_with, secret);
    if !bool::from(expected.ct_eq(&authenticator)) {
        return Err(OpenError::BadAuthenticator);
    }
    let attributes = octets.get(HEADER_OCTETS..).unwrap_or_default();
    wire::check(attributes)?;
    verify_message_authenticator(octets, signed_with, secret, message_authenticator)?;
    let code = Code::from_octet(code).ok_or(OpenError::UnexpectedCode(code))?;
    Ok(Opened { code, identifier, authenticator, attributes: Attributes::of_checked(attributes) })
}

/// Fills in the Message-Authenticator at its place, if it has one, and then the Authenticator, which it returns.
fn sign(octets: &mut [u8], place: Option<usize>, signed_with: [u8; 16], secret: &SharedSecret) -> [u8; 16] {
    if let Some(place) = place {
        let tag = message_authenticator_of(octets, signed_with, secret, place);
        put(octets, place, tag);
    }
    let authenticator = digest(octets, signed_with, secret);
    put(octets, 4, authenticator);
    authenticator
}

pub(super) fn put(octets: &mut [u8], at: usize, value: [u8; 16]) {
    if let Some(place) = octets.get_mut(at..at + 16) {
        place.copy_from_slice(&value);
    }
}

fn verify_message_authenticator(
    octets: &[u8],
    signed_with: [u8; 16],
    secret: &SharedSecret,
    message_authenticator: MessageAuthenticator,
) -> Result<(), OpenError> {
    match find_tag(octets) {
        Tag::Absent if message_authenticator == MessageAuthenticator::Optional => Ok(()),
        Tag::Absent => Err(OpenError::MissingMessageAuthenticator),
        Tag::At(start) => {
            let expected = message_authenticator_of(octets, signed_with, secret, start);
            let found = octets.get(start..start + 16).unwrap_or_default();
            if bool::from(expected.ct_eq(found)) { Ok(()) } else { Err(OpenError::BadMessageAuthenticator) }
        }
        Tag::Wrong => Err(OpenError::BadMessageAuthenticator),
    }
}
