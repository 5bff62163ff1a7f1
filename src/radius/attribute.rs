//! The attributes of a packet, as they stand on the wire.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::wire::{Parts, pairs};
use super::{AttributeType, EncodeError, ErrorCause};

pub(super) const VENDOR_SPECIFIC: u8 = 26;

const MAX_VALUE_OCTETS: usize = 253;
const MAX_VENDOR_VALUE_OCTETS: usize = 247;

/// The attributes of a packet, in order: the octets behind its header, every length among them checked.
///
/// Kept as octets, so that sealing copies them once and opening takes them as they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes(Vec<u8>);

impl Attributes {
    /// No attributes.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Those of a packet, whose lengths the caller has checked.
    pub(super) fn of_checked(octets: &[u8]) -> Self {
        Self(octets.to_vec())
    }

    /// The octets as they stand on the wire.
    pub(super) fn octets(&self) -> &[u8] {
        &self.0
    }

    /// Appends an attribute of 1 to 253 octets (1 to 247 for a vendor's).
    ///
    /// # Errors
    /// [`EncodeError::ValueLength`] for any other length.
    pub fn push(&mut self, attribute_type: AttributeType, value: impl AsRef<[u8]>) -> Result<(), EncodeError> {
        let value = value.as_ref();
        let max = match attribute_type {
            AttributeType::Standard(_) => MAX_VALUE_OCTETS,
            AttributeType::Vendor { .. } => MAX_VENDOR_VALUE_OCTETS,
        };
        match u8::try_from(value.len()) {
            Ok(length @ 1..) if value.len() <= max => self.append(attribute_type, length, value),
            _ => return Err(EncodeError::ValueLength { attribute_type, octets: value.len(), max }),
        }
        Ok(())
    }

    /// Appends a value that fits, `length` octets of it.
    fn append(&mut self, attribute_type: AttributeType, length: u8, value: &[u8]) {
        match attribute_type {
            AttributeType::Standard(octet) => self.0.extend([octet, length + 2]),
            AttributeType::Vendor { vendor_id, vendor_type } => {
                self.0.extend([VENDOR_SPECIFIC, length + 8]);
                self.0.extend(vendor_id.to_be_bytes());
                self.0.extend([vendor_type, length + 2]);
            }
        }
        self.0.extend(value);
    }

    /// Appends a 32-bit number in network order.
    pub fn push_u32(&mut self, attribute_type: AttributeType, value: u32) {
        self.append(attribute_type, 4, &value.to_be_bytes());
    }

    /// Appends an IPv4 address.
    pub fn push_ipv4(&mut self, attribute_type: AttributeType, value: Ipv4Addr) {
        self.append(attribute_type, 4, &value.octets());
    }

    /// Appends all of `others`.
    pub fn extend(&mut self, others: &Self) {
        self.0.extend(&others.0);
    }

    /// Takes all out, and keeps the memory for the next ones.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Each attribute's type and value, in the packet's order. A Vendor-Specific one that is not in the form that
    /// RFC 2865 §5.26 recommends is given whole, as type 26.
    pub fn iter(&self) -> impl Iterator<Item = (AttributeType, &[u8])> {
        pairs(&self.0).flat_map(|(octet, value)| Parts::of(octet, value))
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
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
