//! How FreeRADIUS writes a string into the environment with `shell_escape = yes`: in double quotes, `"`, `\`, newline, return and
//! tab with a backslash, any other octet that is no printable UTF-8 as a backslash and three octal digits.

/// The octets that were quoted; `None` where the quotes do not close at the end: the value was cut off.
pub(super) fn unquote(quoted: &[u8]) -> Option<Vec<u8>> {
    let mut rest = quoted.strip_prefix(b"\"")?;
    let mut octets = Vec::with_capacity(rest.len());
    loop {
        let (octet, left) = match rest {
            [b'"'] => return Some(octets),
            [b'"', ..] | [] => return None,
            [b'\\', escape @ ..] => unescape(escape)?,
            [octet, left @ ..] => (*octet, left),
        };
        octets.push(octet);
        rest = left;
    }
}

fn unescape(escape: &[u8]) -> Option<(u8, &[u8])> {
    match escape {
        [b'n', left @ ..] => Some((b'\n', left)),
        [b'r', left @ ..] => Some((b'\r', left)),
        [b't', left @ ..] => Some((b'\t', left)),
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', left @ ..] => {
            Some(((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), left))
        }
        [octet, left @ ..] if !octet.is_ascii_alphanumeric() => Some((*octet, left)),
        _ => None,
    }
}
