//! The one rule for user names: what the NAS knows, and how FreeRADIUS' tables spell it.

use std::fmt;

/// What FreeRADIUS' `safe_characters` lets through unescaped (rlm_sql's default).
const SAFE: &str = "@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_: /";

/// A user's name as the NAS sends it in User-Name (RFC 2865 §5.1): not escaped, case kept, 1 to 253 octets on the wire.
///
/// FreeRADIUS writes names into its tables escaped (`o'brien` becomes `o=27brien`) and looks them up so; two names are
/// the same user when their unescaped forms are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(String);

impl UserName {
    /// A name as a person or a packet gives it.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name that stands in a table as `stored`.
    #[must_use]
    pub fn from_table(stored: &str) -> Self {
        Self(unescape(stored))
    }

    /// How FreeRADIUS spells the name in its tables.
    #[must_use]
    pub fn to_table(&self) -> String {
        self.0.chars().fold(String::with_capacity(self.0.len()), |mut out, c| {
            match c {
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                c if !c.is_ascii() || SAFE.contains(c) => out.push(c),
                c => out.push_str(&format!("={:02X}", u32::from(c))),
            }
            out
        })
    }

    /// The name as the NAS knows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value as the NAS sent it, from how FreeRADIUS stored it: every column that holds a NAS's text is escaped alike.
/// Text that does not become UTF-8 stays as stored.
#[must_use]
pub fn unescape(stored: &str) -> String {
    let mut octets = Vec::with_capacity(stored.len());
    let mut rest = stored.as_bytes();
    while let Some((octet, left)) = next_octet(rest) {
        octets.push(octet);
        rest = left;
    }
    String::from_utf8(octets).unwrap_or_else(|_| stored.to_owned())
}

/// One octet of the unescaped form, and what follows it.
fn next_octet(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [] => None,
        [b'=', a, b, left @ ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
            let digits = [*a, *b];
            let octet = std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok())?;
            Some((octet, left))
        }
        [b'\\', b'n', left @ ..] => Some((b'\n', left)),
        [b'\\', b'r', left @ ..] => Some((b'\r', left)),
        [b'\\', b't', left @ ..] => Some((b'\t', left)),
        [octet, left @ ..] => Some((*octet, left)),
    }
}

impl fmt::Display for UserName {
    /// The name for people: control characters as escapes, so that a name cannot break a line or a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .chars()
            .try_for_each(|c| if c.is_control() { write!(f, "{}", c.escape_default()) } else { write!(f, "{c}") })
    }
}
