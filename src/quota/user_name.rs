//! The one rule for user names: what the NAS knows, and how FreeRADIUS' tables spell it.

use std::fmt;

/// What FreeRADIUS' `safe_characters` lets through unescaped (`rlm_sql`'s default).
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
        Self(without_backslashes(&unescape(stored)))
    }

    /// How FreeRADIUS spells the name in its tables: a backslash before `"` and `\` and in `\n`, `\r`, `\t` (the layer of
    /// `%{User-Name}`), then `=XX` for each octet that is not safe (`rlm_sql`'s). UTF-8 stays as it is.
    #[must_use]
    pub fn to_table(&self) -> String {
        let escaped = self.0.chars().fold(String::with_capacity(self.0.len()), |mut out, c| {
            match BACKSLASHED.iter().find(|(plain, _)| *plain == c) {
                Some((_, letter)) => out.extend(['\\', *letter]),
                None => out.push(c),
            }
            out
        });
        escaped.chars().fold(String::with_capacity(escaped.len()), |out, c| match c {
            c if !c.is_ascii() || SAFE.contains(c) => out + c.encode_utf8(&mut [0; 4]),
            c => format!("{out}={:02X}", u32::from(c)),
        })
    }

    /// The name as the NAS knows it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What FreeRADIUS writes with a backslash, and the letter behind it.
const BACKSLASHED: [(char, char); 5] = [('\n', 'n'), ('\r', 'r'), ('\t', 't'), ('"', '"'), ('\\', '\\')];

fn without_backslashes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let next = rest.clone().next().and_then(|next| BACKSLASHED.iter().find(|(_, letter)| *letter == next));
        match (c, next) {
            ('\\', Some((plain, _))) => {
                out.push(*plain);
                rest.next();
            }
            _ => out.push(c),
        }
    }
    out
}

/// A value as the NAS sent it, from how FreeRADIUS stored it: `=XX` stands for an octet, in every column that holds a
/// NAS's text. What does not become UTF-8 stays as stored.
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
