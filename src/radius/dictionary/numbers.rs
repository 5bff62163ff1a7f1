//! Attributes by their numbers.

use std::str::FromStr;

use super::super::AttributeType;

impl AttributeType {
    /// The attribute that `Attr-N`, `Attr-26.V.N` or `Vendor-V-Attr-N` stands for, in any case, known or not. None is
    /// numbered 0, but for a vendor's attribute.
    #[must_use]
    pub fn from_numbers(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let vendor = match (name.strip_prefix("attr-26."), name.strip_prefix("vendor-")) {
            (Some(numbers), _) => Some(numbers.split_once('.')?),
            (None, Some(numbers)) => Some(numbers.split_once("-attr-")?),
            (None, None) => None,
        };
        match vendor {
            Some((id, octet)) => Some(Self::Vendor { vendor_id: nonzero(id)?, vendor_type: digits(octet)? }),
            None => Some(Self::Standard(nonzero(name.strip_prefix("attr-")?)?)),
        }
    }
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok().filter(|_| text.bytes().all(|octet| octet.is_ascii_digit()))
}

fn nonzero<T: FromStr + Default + PartialEq>(text: &str) -> Option<T> {
    digits(text).filter(|number| *number != T::default())
}
