//! Values of attributes: text from people and dictionaries to octets and back.

mod prefix;

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::from_utf8;

use super::date::parse_date;
use super::quoting::{Written, hex, strip_0x, trim, unhex};

/// How a dictionary says a value is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueType {
    /// Text, UTF-8 by rule and anything in practice (`string`).
    Text,
    /// Octets, written `0x…` or as text (`octets`).
    Octets,
    /// A layout we do not read from text, written `0x…`: Ascend's filters (`abinary`).
    Opaque,
    /// An unsigned number of so many octets: 1 `byte` and `bool`, 2 `short`, 4 `integer`, 8 `integer64`.
    Unsigned(u8),
    /// A signed 32-bit number (`signed`).
    Signed,
    /// Seconds since 1970 (`date`), written as that number or as a date that names its zone.
    Date,
    /// An IPv4 address (`ipaddr`).
    Ipv4,
    /// An IPv6 address (`ipv6addr`).
    Ipv6,
    /// An address of either family (`combo-ip`).
    Address,
    /// An IPv4 prefix (`ipv4prefix`): reserved octet, length, four octets (RFC 6572 §5). All 32 bits where no length is
    /// written.
    Ipv4Prefix,
    /// An IPv6 prefix (`ipv6prefix`): reserved octet, length, as many octets as needed (RFC 3162 §2.3). All 128 bits
    /// where no length is written.
    Ipv6Prefix,
    /// An interface identifier of eight octets (`ifid`), written `1:2:3:4`.
    InterfaceId,
    /// An Ethernet address of six octets (`ether`), written `00:11:22:33:44:55`.
    Ethernet,
}

/// Why text is not a value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct ValueError {
    /// What was given, at most 80 characters of it.
    pub text: String,
    /// What would be right.
    pub expected: &'static str,
}

impl ValueError {
    pub(super) fn new(text: &[u8], expected: &'static str) -> Self {
        Self { text: shown(text), expected }
    }
}

/// Octets for a message: short, and whatever they are.
pub(super) fn shown(octets: &[u8]) -> String {
    const MAX_SHOWN: usize = 80;
    let text: Cow<'_, str> = String::from_utf8_lossy(octets);
    match text.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.into_owned(),
    }
}

impl ValueType {
    /// The type that a dictionary file calls `name`, in lower case, if it is one of FreeRADIUS' with a single value.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::Text,
            "octets" => Self::Octets,
            "abinary" => Self::Opaque,
            "byte" | "uint8" | "bool" => Self::Unsigned(1),
            "short" | "uint16" => Self::Unsigned(2),
            "integer" | "uint32" => Self::Unsigned(4),
            "integer64" | "uint64" => Self::Unsigned(8),
            "signed" | "int32" => Self::Signed,
            "date" => Self::Date,
            "ipaddr" => Self::Ipv4,
            "ipv6addr" => Self::Ipv6,
            "combo-ip" => Self::Address,
            "ipv4prefix" => Self::Ipv4Prefix,
            "ipv6prefix" => Self::Ipv6Prefix,
            "ifid" => Self::InterfaceId,
            "ether" => Self::Ethernet,
            _ => return None,
        })
    }

    /// Octets from text, which means what it says: quotes and backslashes are part of it.
    ///
    /// # Errors
    /// [`ValueError`] says what would be right.
    pub fn encode(self, text: &str) -> Result<Vec<u8>, ValueError> {
        let mut octets = Vec::new();
        self.encode_written(&Written::plain(text.as_bytes()), &mut octets).map(|()| octets)
    }

    /// Appends the octets of a value of a packet file. Escapes are for text; no other type knows them. After an error
    /// nothing is appended.
    pub(super) fn encode_written(self, written: &Written, octets: &mut Vec<u8>) -> Result<(), ValueError> {
        let before = octets.len();
        let done = if self == Self::Text { written.unescape(octets) } else { self.encode_bare(written.text(), octets) };
        done.ok_or_else(|| {
            octets.truncate(before);
            ValueError::new(written.text(), self.expected())
        })
    }

    fn encode_bare(self, octets: &[u8], to: &mut Vec<u8>) -> Option<()> {
        if matches!(self, Self::Text | Self::Octets | Self::Opaque) {
            match strip_0x(octets) {
                Some(digits) if self != Self::Text => unhex(digits, to)?,
                None if self == Self::Opaque => return None,
                _ => to.extend_from_slice(octets),
            }
            return Some(());
        }
        let text = from_utf8(octets).ok()?;
        match self {
            Self::Text | Self::Octets | Self::Opaque => {}
            Self::Unsigned(width) => encode_unsigned(octets, width, to)?,
            Self::Signed => to.extend(text.parse::<i32>().ok()?.to_be_bytes()),
            Self::Date => to.extend(u32::try_from(parse_date(text, None)?).ok()?.to_be_bytes()),
            Self::Ipv4 => to.extend(prefix::ipv4(text)?.octets()),
            Self::Ipv6 => to.extend(prefix::ipv6(text)?.octets()),
            Self::Address => match prefix::ipv4(text) {
                Some(address) => to.extend(address.octets()),
                None => to.extend(prefix::ipv6(text)?.octets()),
            },
            Self::Ipv4Prefix => prefix::encode_ipv4(text, to)?,
            Self::Ipv6Prefix => prefix::encode_ipv6(text, to)?,
            Self::InterfaceId => to.extend(encode_interface_id(text)?),
            Self::Ethernet => to.extend(encode_ethernet(text)?),
        }
        Some(())
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
            Self::Address => Self::Ipv4.decode_exact(octets).or_else(|| Self::Ipv6.decode_exact(octets))?,
            Self::Ipv4Prefix => prefix::decode_ipv4(octets)?,
            Self::Ipv6Prefix => prefix::decode_ipv6(octets)?,
            Self::InterfaceId => {
                let number = u64::from_be_bytes(octets.try_into().ok()?);
                let group = |shift: u32| number >> shift & 0xffff;
                format!("{:x}:{:x}:{:x}:{:x}", group(48), group(32), group(16), group(0))
            }
            Self::Ethernet => {
                let octets = <[u8; 6]>::try_from(octets).ok()?;
                octets.map(|octet| format!("{octet:02x}")).join(":")
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
            Self::Address => "an address such as 192.0.2.1 or 2001:db8::1",
            Self::Ipv4Prefix => "an IPv4 prefix such as 192.0.2.0/24",
            Self::Ipv6Prefix => "an IPv6 prefix such as 2001:db8::/64",
            Self::InterfaceId => "an interface identifier such as 1:2:3:4",
            Self::Ethernet => "an Ethernet address such as 00:11:22:33:44:55",
        }
    }
}

/// A number as FreeRADIUS writes one: decimal, or hexadecimal after `0x`.
pub(super) fn number(text: &[u8]) -> Option<u64> {
    match strip_0x(text) {
        Some(digits) if !digits.iter().all(u8::is_ascii_hexdigit) => None,
        Some(digits) => u64::from_str_radix(from_utf8(digits).ok()?, 16).ok(),
        None => from_utf8(text).ok()?.parse().ok(),
    }
}

fn encode_unsigned(text: &[u8], width: u8, to: &mut Vec<u8>) -> Option<()> {
    let all = number(trim(text))?.to_be_bytes();
    let (leading, value) = all.split_at_checked(all.len().checked_sub(width.into())?)?;
    leading.iter().all(|octet| *octet == 0).then(|| to.extend_from_slice(value))
}

fn encode_interface_id(text: &str) -> Option<[u8; 8]> {
    let is_group = |group: &&str| group.len() <= 4 && group.bytes().all(|b| b.is_ascii_hexdigit());
    let group = |group: &str| u16::from_str_radix(Some(group).filter(is_group)?, 16).ok();
    let groups: Vec<u16> = text.split(':').map(group).collect::<Option<_>>()?;
    let [a, b, c, d] = <[u16; 4]>::try_from(groups).ok()?.map(u64::from);
    Some((a << 48 | b << 32 | c << 16 | d).to_be_bytes())
}

fn encode_ethernet(text: &str) -> Option<[u8; 6]> {
    let is_octet = |octet: &&str| octet.len() == 2 && octet.bytes().all(|b| b.is_ascii_hexdigit());
    let octet = |octet: &str| u8::from_str_radix(Some(octet).filter(is_octet)?, 16).ok();
    text.split(':').map(octet).collect::<Option<Vec<u8>>>()?.try_into().ok()
}
