//! Header and attributes to octets and back.

use super::{AttributeType, Attributes, Code, Reader, wire};

/// The longest packet (RFC 2865 §3).
pub const MAX_PACKET_OCTETS: usize = 4096;

pub(super) const HEADER_OCTETS: usize = 20;

const MESSAGE_AUTHENTICATOR: u8 = 80;
const MESSAGE_AUTHENTICATOR_OCTETS: usize = 18;

/// Why octets are not a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Fewer octets than a length promises.
    #[error("the octets end too early")]
    UnexpectedEnd,
    /// The header's Length is under 20 or over 4096.
    #[error("the header says {0} octets, not 20 to 4096")]
    PacketLength(u16),
    /// An attribute's Length is under 2 or runs past the packet.
    #[error("an attribute's length is wrong")]
    AttributeLength,
}

/// Why attributes cannot become a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A value is empty or too long for its attribute.
    #[error("a value of {octets} octets does not fit {attribute_type:?}: 1 to {max}")]
    ValueLength {
        /// The attribute.
        attribute_type: AttributeType,
        /// How long the value is.
        octets: usize,
        /// How long it may be.
        max: usize,
    },
    /// All attributes together pass 4096 octets with the header.
    #[error("the packet would have more than 4096 octets")]
    PacketTooLong,
}

/// How many octets a packet of `attributes` has, with a Message-Authenticator of its own or none.
///
/// # Errors
/// [`EncodeError::PacketTooLong`] over 4096.
pub fn packet_octets(attributes: &Attributes, message_authenticator: bool) -> Result<u16, EncodeError> {
    let own = if message_authenticator { MESSAGE_AUTHENTICATOR_OCTETS } else { 0 };
    let replaced = message_authenticators(attributes).map(|value| value.len() + 2).sum::<usize>();
    let octets = HEADER_OCTETS + attributes.octets().len() - replaced + own;
    u16::try_from(octets).ok().filter(|_| octets <= MAX_PACKET_OCTETS).ok_or(EncodeError::PacketTooLong)
}

fn message_authenticators(attributes: &Attributes) -> impl Iterator<Item = &[u8]> {
    wire::pairs(attributes.octets()).filter(|(octet, _)| *octet == MESSAGE_AUTHENTICATOR).map(|(_, value)| value)
}

/// A packet with no authenticator in it yet, and where its Message-Authenticator's value is to be put. One among
/// `attributes` is left out: it could not be the real one.
pub(super) fn encode(
    code: Code,
    identifier: u8,
    attributes: &Attributes,
    message_authenticator: bool,
) -> Result<(Vec<u8>, Option<usize>), EncodeError> {
    let length = packet_octets(attributes, message_authenticator)?;
    let mut octets = Vec::with_capacity(length.into());
    octets.extend([code.octet(), identifier]);
    octets.extend(length.to_be_bytes());
    octets.resize(HEADER_OCTETS, 0);
    if message_authenticators(attributes).next().is_none() {
        octets.extend(attributes.octets());
    } else {
        for (octet, value) in wire::pairs(attributes.octets()).filter(|(octet, _)| *octet != MESSAGE_AUTHENTICATOR) {
            octets.extend([octet, u8::try_from(value.len() + 2).unwrap_or(u8::MAX)]);
            octets.extend(value);
        }
    }
    if !message_authenticator {
        return Ok((octets, None));
    }
    octets.extend([MESSAGE_AUTHENTICATOR, 18]);
    let place = octets.len();
    octets.resize(place + 16, 0);
    Ok((octets, Some(place)))
}

/// The datagram without padding: exactly as many octets as its header says (RFC 2865 §3).
pub(super) fn trim(datagram: &[u8]) -> Result<&[u8], DecodeError> {
    let mut reader = Reader::new(datagram);
    reader.take(2)?;
    let length = reader.take_u16()?;
    if !(HEADER_OCTETS..=MAX_PACKET_OCTETS).contains(&usize::from(length)) {
        return Err(DecodeError::PacketLength(length));
    }
    Reader::new(datagram).take(usize::from(length))
}

/// What a packet says of its Message-Authenticator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// It has none.
    Absent,
    /// It has one, whose value begins at this octet.
    At(usize),
    /// It has one of another length, or several.
    Wrong,
}

/// Looks for the Message-Authenticator of a packet whose attributes' lengths fit.
pub(super) fn find_tag(octets: &[u8]) -> Tag {
    let mut at = HEADER_OCTETS;
    let mut tag = Tag::Absent;
    for (octet, value) in wire::pairs(octets.get(HEADER_OCTETS..).unwrap_or_default()) {
        if octet == MESSAGE_AUTHENTICATOR {
            tag = if tag == Tag::Absent && value.len() == 16 { Tag::At(at + 2) } else { Tag::Wrong };
        }
        at += value.len() + 2;
    }
    tag
}
