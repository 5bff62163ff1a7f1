//! Walking over attributes as they stand on the wire.

use super::attribute::VENDOR_SPECIFIC;
use super::{AttributeType, DecodeError, Reader};

/// Type octet and value of each attribute. Ends where a length is wrong; [`check`] says beforehand whether one is.
pub(super) fn pairs(octets: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    let mut reader = Reader::new(octets);
    std::iter::from_fn(move || take_pair(&mut reader).ok())
}

/// Whether every length fits.
pub(super) fn check(octets: &[u8]) -> Result<(), DecodeError> {
    let mut reader = Reader::new(octets);
    while !reader.is_empty() {
        take_pair(&mut reader)?;
    }
    Ok(())
}

fn take_pair<'a>(reader: &mut Reader<'a>) -> Result<(u8, &'a [u8]), DecodeError> {
    let wrong = |_| DecodeError::AttributeLength;
    let [octet, length] = reader.take_array().map_err(wrong)?;
    let length = usize::from(length).checked_sub(2).ok_or(DecodeError::AttributeLength)?;
    Ok((octet, reader.take(length).map_err(wrong)?))
}

/// What one attribute on the wire holds: itself, or a vendor's (RFC 2865 §5.26).
#[derive(Debug)]
pub(super) enum Parts<'a> {
    Whole(Option<(AttributeType, &'a [u8])>),
    Vendor(u32, Reader<'a>),
}

impl<'a> Parts<'a> {
    pub(super) fn of(octet: u8, value: &'a [u8]) -> Self {
        let vendor = if octet == VENDOR_SPECIFIC { vendor_parts(value) } else { None };
        vendor.unwrap_or(Self::Whole(Some((AttributeType::Standard(octet), value))))
    }
}

/// The vendor's attributes, if the value is in the recommended form with at least one.
fn vendor_parts(value: &[u8]) -> Option<Parts<'_>> {
    let mut reader = Reader::new(value);
    let vendor_id = u32::from_be_bytes(reader.take_array().ok()?);
    check(reader.rest()).ok().filter(|()| !reader.is_empty())?;
    Some(Parts::Vendor(vendor_id, reader))
}

impl<'a> Iterator for Parts<'a> {
    type Item = (AttributeType, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Whole(whole) => whole.take(),
            Self::Vendor(vendor_id, reader) => {
                let (vendor_type, value) = take_pair(reader).ok()?;
                Some((AttributeType::Vendor { vendor_id: *vendor_id, vendor_type }, value))
            }
        }
    }
}
