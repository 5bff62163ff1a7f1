//! Quotes and escapes of radclient's packet files, and hexadecimal.

use std::fmt::Write as _;

/// Text without its quotes: `"…"` with backslash escapes (`\n \r \t \\ \" \'`, three octal digits, `\xHH`), `'…'` as it
/// stands, anything else unchanged. `None` when the closing quote is missing or is not the end.
pub(super) fn unquote(text: &str) -> Option<Vec<u8>> {
    if let Some(rest) = text.strip_prefix('\'') {
        return rest.strip_suffix('\'').filter(|inner| !inner.contains('\'')).map(|inner| inner.as_bytes().to_vec());
    }
    match text.strip_prefix('"') {
        Some(rest) => unescape(rest.as_bytes()),
        None => Some(text.as_bytes().to_vec()),
    }
}

/// Octets up to the closing double quote, which must be the last octet.
fn unescape(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(rest.len());
    loop {
        match rest {
            [b'"'] => return Some(octets),
            [] | [b'"', ..] => return None,
            [b'\\', escaped @ ..] => {
                let (octet, left) = escape(escaped)?;
                octets.push(octet);
                rest = left;
            }
            [octet, left @ ..] => {
                octets.push(*octet);
                rest = left;
            }
        }
    }
}

/// The octet that an escape stands for, and what follows it.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', left @ ..] => {
            Some(((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), left))
        }
        [b'x', a, b, left @ ..] => {
            let digits = [*a, *b];
            Some((u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?, left))
        }
        [b'n', left @ ..] => Some((b'\n', left)),
        [b'r', left @ ..] => Some((b'\r', left)),
        [b't', left @ ..] => Some((b'\t', left)),
        [other, left @ ..] => Some((*other, left)),
        [] => None,
    }
}

/// `0x` and two lower-case digits an octet.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold("0x".to_owned(), |mut text, octet| {
        write!(text, "{octet:02x}").ok();
        text
    })
}

/// Octets from an even number of hexadecimal digits.
pub(super) fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    pairs
        .iter()
        .map(|pair| {
            let text = std::str::from_utf8(pair).ok().filter(|text| text.bytes().all(|b| b.is_ascii_hexdigit()))?;
            u8::from_str_radix(text, 16).ok()
        })
        .collect()
}
