//! Values of attributes: text from people and dictionaries to octets and back.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::date::parse_date;
use super::quoting::{SPACES, Written, hex, strip_0x, unhex};

/// How a dictionary says a value is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Text, UTF-8 by rule and anything in practice (`string`).
    Text,
    /// Octets, written `0x…` or as text (`octets`).
    Octets,
    /// A type we do not interpret, written `0x…`.
    Opaque,
    /// An unsigned number of so many octets: 1 `byte`, 2 `short`, 4 `integer`, 8 `integer64`.
    Unsigned(u8),
    /// A signed 32-bit number (`signed`).
    Signed,
    /// Seconds since 1970 (`date`), written as that number or as a date that names its zone.
    Date,
    /// An IPv4 address (`ipaddr`).
    Ipv4,
    /// An IPv6 address (`ipv6addr`).
    Ipv6,
    /// An IPv6 prefix (`ipv6prefix`): reserved octet, length, as many octets as needed (RFC 3162 §2.3). All 128 bits
    /// where no length is written.
    Ipv6Prefix,
    /// An interface identifier of eight octets (`ifid`), written `1:2:3:4`.
    InterfaceId,
}

/// Why text is not a value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct ValueError {
    /// What was given.
    pub text: String,
    /// What would be right.
    pub expected: &'static str,
}

impl ValueType {
    /// The type that a dictionary file calls `name`; [`ValueType::Opaque`] for one we do not interpret.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "string" => Self::Text,
            "byte" => Self::Unsigned(1),
            "short" => Self::Unsigned(2),
            "integer" => Self::Unsigned(4),
            "integer64" => Self::Unsigned(8),
            "signed" => Self::Signed,
            "date" => Self::Date,
            "ipaddr" => Self::Ipv4,
            "ipv6addr" => Self::Ipv6,
            "ipv6prefix" => Self::Ipv6Prefix,
            "ifid" => Self::InterfaceId,
            "octets" => Self::Octets,
            _ => Self::Opaque,
        }
    }

    /// Octets from text, which means what it says: quotes and backslashes are part of it.
    ///
    /// # Errors
    /// [`ValueError`] says what would be right.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, ValueError> {
        self.encode_written(&Written::plain(text))
    }

    /// Octets from a value of a packet file. Escapes are for text; no other type knows them.
    pub(super) fn encode_written(self, written: &Written) -> Result<Vec<u8>, ValueError> {
        let octets = if self == Self::Text { written.octets() } else { self.encode_bare(written.text()) };
        octets.ok_or_else(|| error(written.text(), self.expected()))
    }

    fn encode_bare(self, text: &str) -> Option<Vec<u8>> {
        Some(match (self, strip_0x(text)) {
            (Self::Text, _) | (Self::Octets, None) => text.as_bytes().to_vec(),
            (Self::Octets | Self::Opaque, digits) => unhex(digits?)?,
            (Self::Unsigned(octets), _) => unsigned(text, octets)?,
            (Self::Signed, _) => text.parse::<i32>().ok()?.to_be_bytes().to_vec(),
            (Self::Date, _) => u32::try_from(parse_date(text, None)?).ok()?.to_be_bytes().to_vec(),
            (Self::Ipv4, _) => text.strip_suffix("/32").unwrap_or(text).parse::<Ipv4Addr>().ok()?.octets().to_vec(),
            (Self::Ipv6, _) => text.strip_suffix("/128").unwrap_or(text).parse::<Ipv6Addr>().ok()?.octets().to_vec(),
            (Self::Ipv6Prefix, _) => encode_prefix(text)?,
            (Self::InterfaceId, _) => encode_interface_id(text)?,
        })
    }

    /// Text from octets; octets that do not fit the type are shown as `0x…`.
    #[must_use]
    pub fn decode(self, octets: &[u8]) -> String {
        self.decode_exact(octets).unwrap_or_else(|| hex(octets))
    }

    fn decode_exact(self, octets: &[u8]) -> Option<String> {
        Some(match self {
            Self::Text => String::from_utf8_lossy(octets).into_owned(),
            Self::Unsigned(width) if octets.len() == usize::from(width) => {
                octets.iter().fold(0_u64, |number, octet| number << 8 | u64::from(*octet)).to_string()
            }
            Self::Octets | Self::Opaque | Self::Unsigned(_) => return None,
            Self::Signed => i32::from_be_bytes(octets.try_into().ok()?).to_string(),
            Self::Date => {
                let seconds = u32::from_be_bytes(octets.try_into().ok()?);
                jiff::Timestamp::from_second(seconds.into()).ok()?.to_string()
            }
            Self::Ipv4 => Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?).to_string(),
            Self::Ipv6 => Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?).to_string(),
            Self::Ipv6Prefix => decode_prefix(octets)?,
            Self::InterfaceId => {
                let number = u64::from_be_bytes(octets.try_into().ok()?);
                let group = |shift: u32| number >> shift & 0xffff;
                format!("{:x}:{:x}:{:x}:{:x}", group(48), group(32), group(16), group(0))
            }
        })
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Text => "text: it ends inside an escape",
            Self::Octets => "text or octets such as 0x00ff41",
            Self::Opaque => "octets such as 0x00ff41",
            Self::Unsigned(1) => "a number from 0 to 255, or a name the dictionary gives one",
            Self::Unsigned(2) => "a number from 0 to 65535, or a name the dictionary gives one",
            Self::Unsigned(4) => "a number from 0 to 4294967295, or a name the dictionary gives one",
            Self::Unsigned(_) => "a number from 0 to 18446744073709551615",
            Self::Signed => "a number from -2147483648 to 2147483647",
            Self::Date => {
                "seconds since 1970 or a time with its zone, such as Nov 22 2026 08:00:00 UTC or 2026-11-22T08:00:00Z"
            }
            Self::Ipv4 => "an IPv4 address such as 192.0.2.1",
            Self::Ipv6 => "an IPv6 address such as 2001:db8::1",
            Self::Ipv6Prefix => "an IPv6 prefix such as 2001:db8::/64",
            Self::InterfaceId => "an interface identifier such as 1:2:3:4",
        }
    }
}

fn error(text: &str, expected: &'static str) -> ValueError {
    ValueError { text: text.to_owned(), expected }
}

/// A number as FreeRADIUS writes one: decimal, or hexadecimal after `0x`.
pub(super) fn number(text: &str) -> Option<u64> {
    match strip_0x(text) {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u64::from_str_radix(digits, 16).ok())?,
        None => text.parse().ok(),
    }
}

fn unsigned(text: &str, octets: u8) -> Option<Vec<u8>> {
    let all = number(text.trim_matches(SPACES))?.to_be_bytes();
    let (leading, value) = all.split_at_checked(all.len().checked_sub(octets.into())?)?;
    leading.iter().all(|octet| *octet == 0).then(|| value.to_vec())
}

fn encode_prefix(text: &str) -> Option<Vec<u8>> {
    let (address, length) = text.split_once('/').unwrap_or((text, "128"));
    let length = length.parse::<u8>().ok().filter(|length| *length <= 128)?;
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    let address = u128::from(address.parse::<Ipv6Addr>().ok()?) & mask;
    let mut octets = vec![0, length];
    octets.extend(address.to_be_bytes().into_iter().take(usize::from(length).div_ceil(8)));
    Some(octets)
}

fn encode_interface_id(text: &str) -> Option<Vec<u8>> {
    let is_group = |group: &&str| group.len() <= 4 && group.bytes().all(|b| b.is_ascii_hexdigit());
    let group = |group: &str| u16::from_str_radix(Some(group).filter(is_group)?, 16).ok();
    let groups: Vec<u16> = text.split(':').map(group).collect::<Option<_>>()?;
    Some(<[u16; 4]>::try_from(groups).ok()?.into_iter().flat_map(u16::to_be_bytes).collect())
}

fn decode_prefix(octets: &[u8]) -> Option<String> {
    let [_, length, prefix @ ..] = octets else { return None };
    if *length > 128 || prefix.len() > 16 || prefix.len() < usize::from(*length).div_ceil(8) {
        return None;
    }
    let mut address = [0; 16];
    address.iter_mut().zip(prefix).for_each(|(octet, value)| *octet = *value);
    Some(format!("{}/{length}", Ipv6Addr::from(address)))
}
