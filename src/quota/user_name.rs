//! The one rule for user names: what the NAS knows, and how FreeRADIUS' tables spell it.

use std::fmt;
use std::sync::Arc;

/// What FreeRADIUS' `safe_characters` lets through unescaped (the default of `rlm_sql`).
const SAFE: &str = "@abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_: /";

/// A user's name as the NAS sends it in User-Name (RFC 2865 §5.1): not escaped, case kept, 1 to 253 octets on the wire.
///
/// FreeRADIUS writes names into its tables escaped (`o'brien` becomes `o=27brien`) and looks them up so; two names are
/// the same user when their unescaped forms are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(Arc<str>);

impl UserName {
    /// A name as a person or a packet gives it.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name that stands in a table as `stored`.
    #[must_use]
    pub fn from_table(stored: &str) -> Self {
        if stored.contains(['=', '\\']) {
            return Self(without_backslashes(&unescape(stored)).into());
        }
        Self(stored.into())
    }

    /// How FreeRADIUS spells the name in its tables: a backslash before `"` and `\`, in `\n`, `\r`, `\t`, and before the three
    /// octal digits of any other control octet (the layer of `%{User-Name}`), then `=XX` for each octet that is not safe
    /// (that of `rlm_sql`). UTF-8 stays as it is.
    #[must_use]
    pub fn to_table(&self) -> String {
        if self.is_spelled_alike() {
            return self.0.to_string();
        }
        let escaped = self.0.chars().fold(String::with_capacity(self.0.len()), |mut out, c| {
            match BACKSLASHED.iter().find(|(plain, _)| *plain == c) {
                Some((_, letter)) => out.extend(['\\', *letter]),
                None if c.is_ascii_control() => out.extend(format!("\\{:03o}", u32::from(c)).chars()),
                None => out.push(c),
            }
            out
        });
        escaped.chars().fold(String::with_capacity(escaped.len()), |out, c| match c {
            c if !c.is_ascii() || SAFE.contains(c) => out + c.encode_utf8(&mut [0; 4]),
            c => format!("{out}={:02X}", u32::from(c)),
        })
    }

    /// Each way in which a table may spell the name: as FreeRADIUS escapes it and, where that differs, bare, as a panel that
    /// knows nothing of that writes it.
    pub fn spellings(&self) -> impl Iterator<Item = String> + use<> {
        let bare = (!self.is_spelled_alike()).then(|| self.0.to_string());
        std::iter::once(self.to_table()).chain(bare)
    }

    /// Whether it is all ASCII and there is one way to spell it: then that is the name itself.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.0.is_ascii() && self.is_spelled_alike()
    }

    /// Whether FreeRADIUS escapes nothing of it.
    fn is_spelled_alike(&self) -> bool {
        self.0.chars().all(|c| c.is_ascii_alphanumeric() || !c.is_ascii() || SAFE.contains(c))
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
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (plain, width) = escaped(rest).unwrap_or((c, c.len_utf8()));
        out.push(plain);
        rest = rest.get(width..).unwrap_or_default();
    }
    out
}

/// The character that the escape at the beginning of `text` stands for, and how long the escape is.
fn escaped(text: &str) -> Option<(char, usize)> {
    let behind = text.strip_prefix('\\')?;
    let letter = behind.chars().next()?;
    if let Some((plain, _)) = BACKSLASHED.iter().find(|(_, known)| *known == letter) {
        return Some((*plain, 2));
    }
    let octal = behind.get(..3).and_then(|digits| u8::from_str_radix(digits, 8).ok());
    octal.filter(u8::is_ascii).map(|octet| (char::from(octet), 4))
}

/// A value as the NAS sent it, from how FreeRADIUS stored it: `=XX` stands for an octet, in every column that holds a
/// NAS's text. What does not become UTF-8 stays as stored.
#[must_use]
pub fn unescape(stored: &str) -> String {
    if !stored.contains('=') {
        return stored.to_owned();
    }
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
