//! Values as radclient's packet files write them, and hexadecimal.

use std::fmt::Write as _;

/// What separates words; radclient knows no other spaces.
pub(super) const SPACES: [char; 6] = [' ', '\t', '\r', '\n', '\u{b}', '\u{c}'];

const QUOTES: [char; 3] = ['"', '\'', '`'];
/// What no word without quotes may hold; `,` and `#` end one instead.
const RESERVED: [&str; 11] = ["{", "}", "(", ")", ";", "=", "<", ">", "++", "!*", "!~"];

/// A value as it was written, without the quotes around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    text: String,
    has_escapes: bool,
}

impl Written {
    /// Text that means what it says: nothing in it is a quote or an escape.
    pub(super) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), has_escapes: false }
    }

    /// The value that `text` begins with, and what follows it: `"…"`, `'…'`, `` `…` ``, or a word that ends at a space,
    /// a comma or a comment. `None` for a quote that is not closed, for no word, and for one that needs quotes.
    pub(super) fn take(text: &str) -> Option<(Self, &str)> {
        for quote in QUOTES {
            if let Some(rest) = text.strip_prefix(quote) {
                return take_quoted(rest, quote);
            }
        }
        let end = text.find(|c| SPACES.contains(&c) || c == ',' || c == '#').unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        let is_bare = !word.is_empty() && !RESERVED.iter().any(|reserved| word.contains(reserved));
        is_bare.then(|| (Self { text: word.to_owned(), has_escapes: true }, rest))
    }

    /// The text, escapes as they stand: what every type but text is read from.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The octets of a text, its escapes resolved. `None` when it ends inside an escape.
    pub(super) fn octets(&self) -> Option<Vec<u8>> {
        if self.has_escapes { unescape(self.text.as_bytes()) } else { Some(self.text.as_bytes().to_vec()) }
    }
}

/// Text up to `quote`. A backslash before that quote vanishes here, for every type; other escapes are for text alone.
fn take_quoted(text: &str, quote: char) -> Option<(Written, &str)> {
    let mut inner = String::with_capacity(text.len());
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            c if c == quote => {
                let has_escapes = quote != '"' || !has_expansion(&inner);
                return Some((Written { text: inner, has_escapes }, characters.as_str()));
            }
            '\\' => match characters.next()? {
                c if c == quote => inner.push(c),
                c => inner.extend(['\\', c]),
            },
            c => inner.push(c),
        }
    }
}

/// Whether `%{` is there for FreeRADIUS to expand. radclient expands nothing, and then leaves escapes alone as well.
fn has_expansion(text: &str) -> bool {
    text.replace("%%", "").contains("%{")
}

fn unescape(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(rest.len());
    while let [first, left @ ..] = rest {
        let (octet, left) = if *first == b'\\' { escape(left)? } else { (*first, left) };
        octets.push(octet);
        rest = left;
    }
    Some(octets)
}

/// The octet that an escape stands for, and what follows it. A backslash before anything else is a backslash.
fn escape(text: &[u8]) -> Option<(u8, &[u8])> {
    Some(match text {
        [] => return None,
        [a @ b'0'..=b'7', b @ b'0'..=b'7', c @ b'0'..=b'7', left @ ..] => {
            ((a & 0b11) << 6 | (b & 0b111) << 3 | (c & 0b111), left)
        }
        [b'n', left @ ..] => (b'\n', left),
        [b'r', left @ ..] => (b'\r', left),
        [b't', left @ ..] => (b'\t', left),
        [same @ (b'\\' | b'"'), left @ ..] => (*same, left),
        left => (b'\\', left),
    })
}

/// `0x` and two lower-case digits an octet.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold("0x".to_owned(), |mut text, octet| {
        write!(text, "{octet:02x}").ok();
        text
    })
}

/// What follows `0x`, if that is how the text begins.
pub(super) fn strip_0x(text: &str) -> Option<&str> {
    text.strip_prefix("0x").or(text.strip_prefix("0X"))
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
