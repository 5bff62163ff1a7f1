//! Addresses and prefixes.

use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) fn ipv4(text: &str) -> Option<Ipv4Addr> {
    text.strip_suffix("/32").unwrap_or(text).parse().ok()
}

pub(super) fn ipv6(text: &str) -> Option<Ipv6Addr> {
    text.strip_suffix("/128").unwrap_or(text).parse().ok()
}

/// The address of a prefix and how many bits of it count, at most and where none are written `max`.
fn split(text: &str, max: u8) -> Option<(&str, u8)> {
    let Some((address, length)) = text.split_once('/') else { return Some((text, max)) };
    let length = length.parse::<u8>().ok().filter(|length| *length <= max)?;
    Some((address, length))
}

pub(super) fn encode_ipv4(text: &str, to: &mut Vec<u8>) -> Option<()> {
    let (address, length) = split(text, 32)?;
    let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
    let address = u32::from(address.parse::<Ipv4Addr>().ok()?) & mask;
    to.extend([0, length]);
    to.extend(address.to_be_bytes());
    Some(())
}

pub(super) fn encode_ipv6(text: &str, to: &mut Vec<u8>) -> Option<()> {
    let (address, length) = split(text, 128)?;
    let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
    let address = u128::from(address.parse::<Ipv6Addr>().ok()?) & mask;
    to.extend([0, length]);
    to.extend(address.to_be_bytes().into_iter().take(usize::from(length).div_ceil(8)));
    Some(())
}

pub(super) fn decode_ipv4(octets: &[u8]) -> Option<String> {
    let [_, length @ ..=32, a, b, c, d] = octets else { return None };
    Some(format!("{}/{length}", Ipv4Addr::new(*a, *b, *c, *d)))
}

pub(super) fn decode_ipv6(octets: &[u8]) -> Option<String> {
    let [_, length, prefix @ ..] = octets else { return None };
    if *length > 128 || prefix.len() > 16 || prefix.len() < usize::from(*length).div_ceil(8) {
        return None;
    }
    let mut address = [0; 16];
    address.iter_mut().zip(prefix).for_each(|(octet, value)| *octet = *value);
    Some(format!("{}/{length}", Ipv6Addr::from(address)))
}
