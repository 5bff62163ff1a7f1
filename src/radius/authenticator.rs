//! Sealing requests and replies, and opening what a peer sent.
//!
//! The order is the whole point. Sealing a request: Message-Authenticator over a zero Authenticator, then the Request
//! Authenticator over that (RFC 5176 §3.4, §2.3). Opening: length, Authenticator in constant time, then the attributes,
//! then the Message-Authenticator, then whether the Code fits.

use subtle::ConstantTimeEq;

use super::digest::{digest, message_authenticator_of};
use super::packet::{decode_attributes, encode, find_attribute, trim};
use super::{AttributeType, Attributes, Code, DecodeError, EncodeError, Reader, SharedSecret};

const MESSAGE_AUTHENTICATOR: u8 = 80;
const ZERO: [u8; 16] = [0; 16];

/// What to do about the Message-Authenticator (RFC 5176 §3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageAuthenticator {
    /// Added when sealing, demanded when opening.
    Required,
    /// Left out when sealing, checked where present when opening.
    Optional,
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
    let mut octets = unsigned(code, identifier, attributes, message_authenticator)?;
    let authenticator = sign(&mut octets, ZERO, secret);
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
    let mut octets = unsigned(code, request.identifier, attributes, message_authenticator)?;
    sign(&mut octets, request.authenticator, secret);
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
    let attributes = decode_attributes(octets)?;
    verify_message_authenticator(octets, signed_with, secret, message_authenticator)?;
    let code = Code::from_octet(code).ok_or(DecodeError::UnknownCode(code))?;
    Ok(Opened { code, identifier, authenticator, attributes })
}

pub(super) fn unsigned(
    code: Code,
    identifier: u8,
    attributes: &Attributes,
    message_authenticator: MessageAuthenticator,
) -> Result<Vec<u8>, EncodeError> {
    let mut all = Attributes::new();
    for (attribute_type, value) in attributes.iter() {
        if attribute_type != AttributeType::MESSAGE_AUTHENTICATOR {
            all.push(attribute_type, value)?;
        }
    }
    if message_authenticator == MessageAuthenticator::Required {
        all.push(AttributeType::MESSAGE_AUTHENTICATOR, ZERO)?;
    }
    encode(code, identifier, &all)
}

/// Fills in the Message-Authenticator (if its place is there) and then the Authenticator, which it returns.
fn sign(octets: &mut [u8], signed_with: [u8; 16], secret: &SharedSecret) -> [u8; 16] {
    let places = find_attribute(octets, MESSAGE_AUTHENTICATOR).unwrap_or_default();
    if let Some(&(start, 16)) = places.first() {
        let tag = message_authenticator_of(octets, signed_with, secret, start);
        octets.iter_mut().skip(start).zip(tag).for_each(|(octet, value)| *octet = value);
    }
    let authenticator = digest(octets, signed_with, secret);
    octets.iter_mut().skip(4).zip(authenticator).for_each(|(octet, value)| *octet = value);
    authenticator
}

fn verify_message_authenticator(
    octets: &[u8],
    signed_with: [u8; 16],
    secret: &SharedSecret,
    message_authenticator: MessageAuthenticator,
) -> Result<(), OpenError> {
    match find_attribute(octets, MESSAGE_AUTHENTICATOR)?.as_slice() {
        [] if message_authenticator == MessageAuthenticator::Optional => Ok(()),
        [] => Err(OpenError::MissingMessageAuthenticator),
        [(start, 16)] => {
            let expected = message_authenticator_of(octets, signed_with, secret, *start);
            let mut reader = Reader::new(octets);
            reader.take(*start)?;
            let found = reader.take_array::<16>()?;
            if bool::from(expected.ct_eq(&found)) { Ok(()) } else { Err(OpenError::BadMessageAuthenticator) }
        }
        _ => Err(OpenError::BadMessageAuthenticator),
    }
}
