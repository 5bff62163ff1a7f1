//! Octets from attributes and back, on the `radius` crate.

use ::radius::core::avp::AVP;
use ::radius::core::packet::Packet;

use super::{AttributeType, Attributes, Code, Reader};

/// The longest packet (RFC 2865 §3).
pub const MAX_PACKET_OCTETS: usize = 4096;

pub(super) const HEADER_OCTETS: usize = 20;
const VENDOR_SPECIFIC: u8 = 26;

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
    /// A code that we do not take.
    #[error("code {0} is not one we take")]
    UnknownCode(u8),
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

/// Header and attributes with whatever authenticator; sealing puts in the real one.
pub(super) fn encode(code: Code, identifier: u8, attributes: &Attributes) -> Result<Vec<u8>, EncodeError> {
    let mut packet = Packet::new_with_identifier(code.wire(), &[], identifier);
    let mut octets = HEADER_OCTETS;
    for (attribute_type, value) in attributes.iter() {
        let avp = wire_attribute(attribute_type, value);
        octets += 2 + avp.encode_bytes().len();
        if octets > MAX_PACKET_OCTETS {
            return Err(EncodeError::PacketTooLong);
        }
        packet.add(avp);
    }
    packet.encode().map_err(|_| EncodeError::PacketTooLong)
}

fn wire_attribute(attribute_type: AttributeType, value: &[u8]) -> AVP {
    match attribute_type {
        AttributeType::Standard(octet) => AVP::from_bytes(octet, value),
        AttributeType::Vendor { vendor_id, vendor_type } => {
            let length = u8::try_from(value.len() + 2).unwrap_or(u8::MAX);
            let mut octets = vendor_id.to_be_bytes().to_vec();
            octets.extend([vendor_type, length]);
            octets.extend(value);
            AVP::from_bytes(VENDOR_SPECIFIC, &octets)
        }
    }
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

/// The attributes of a packet whose length and authenticator have been checked, types in ascending order, values of a
/// type in the packet's order.
pub(super) fn decode_attributes(octets: &[u8]) -> Result<Attributes, DecodeError> {
    let packet = Packet::decode(octets, &[]).map_err(|_| DecodeError::AttributeLength)?;
    let mut attributes = Attributes::new();
    for octet in u8::MIN..=u8::MAX {
        for avp in packet.lookup_all(octet) {
            attributes.push_wire(octet, &avp.encode_bytes());
        }
    }
    Ok(attributes)
}

/// Where each value of attribute type `octet` begins in the packet, with its length.
pub(super) fn find_attribute(octets: &[u8], octet: u8) -> Result<Vec<(usize, usize)>, DecodeError> {
    let mut reader = Reader::new(octets);
    reader.take(HEADER_OCTETS)?;
    let mut found = Vec::new();
    while !reader.is_empty() {
        let attribute_type = reader.take_u8()?;
        let length = usize::from(reader.take_u8()?).checked_sub(2).ok_or(DecodeError::AttributeLength)?;
        let start = octets.len() - reader.rest().len();
        reader.take(length).map_err(|_| DecodeError::AttributeLength)?;
        if attribute_type == octet {
            found.push((start, length));
        }
    }
    Ok(found)
}
