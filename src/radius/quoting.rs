//! Values as radclient's packet files write them, and hexadecimal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// What separates words; radclient knows no other spaces.
pub(super) const fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c)
}

/// Text without the spaces around it.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let text = trim_start(text);
    let end = text.iter().rposition(|octet| !is_space(*octet)).map_or(0, |at| at + 1);
    text.get(..end).unwrap_or_default()
}

pub(super) fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|octet| !is_space(*octet)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

/// A value as it was written, without the quotes around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written<'a> {
    text: Cow<'a, [u8]>,
    has_escapes: bool,
}

impl<'a> Written<'a> {
    /// Text that means what it says: nothing in it is a quote or an escape.
    pub(super) const fn plain(text: &'a [u8]) -> Self {
        Self { text: Cow::Borrowed(text), has_escapes: false }
    }

    /// The value that `text` begins with, and what follows it: `"…"`, `'…'`, `` `…` ``, or a word that ends at a space,
    /// a comma or a comment. `None` for a quote that is not closed, for no word, and for one that needs quotes.
    pub(super) fn take(text: &'a [u8]) -> Option<(Self, &'a [u8])> {
        if let [quote @ (b'"' | b'\'' | b'`'), rest @ ..] = text {
            return take_quoted(rest, *quote);
        }
        let end = text.iter().position(|octet| is_space(*octet) || matches!(octet, b',' | b'#')).unwrap_or(text.len());
        let (word, rest) = text.split_at_checked(end)?;
        let is_bare = !word.is_empty() && !needs_quotes(word);
        is_bare.then(|| (Self { text: Cow::Borrowed(word), has_escapes: word.contains(&b'\\') }, rest))
    }

    /// A part of this text, escapes read as in the whole.
    pub(super) const fn with<'b>(&self, part: &'b [u8]) -> Written<'b> {
        Written { text: Cow::Borrowed(part), has_escapes: self.has_escapes }
    }

    /// The text, escapes as they stand: what every type but text is read from.
    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Appends the octets of a text, its escapes resolved. `None` when it ends inside an escape.
    pub(super) fn unescape(&self, octets: &mut Vec<u8>) -> Option<()> {
        if !self.has_escapes {
            octets.extend_from_slice(&self.text);
            return Some(());
        }
        let mut rest: &[u8] = &self.text;
        while let [first, left @ ..] = rest {
            let (octet, left) = if *first == b'\\' { escape(left)? } else { (*first, left) };
            octets.push(octet);
            rest = left;
        }
        Some(())
    }
}

/// Whether a word holds what no word without quotes may hold; `,` and `#` end one instead.
fn needs_quotes(word: &[u8]) -> bool {
    let has_pair = || word.windows(2).any(|pair| matches!(pair, b"++" | b"!*" | b"!~"));
    word.iter().any(|octet| is_reserved(*octet)) || word.iter().any(|octet| matches!(octet, b'+' | b'!')) && has_pair()
}

const fn is_reserved(octet: u8) -> bool {
    matches!(octet, b'{' | b'}' | b'(' | b')' | b';' | b'=' | b'<' | b'>')
}

/// Text up to `quote`. A backslash before that quote vanishes here, for every type; other escapes are for text alone.
fn take_quoted(text: &[u8], quote: u8) -> Option<(Written<'_>, &[u8])> {
    let first = text.iter().position(|octet| *octet == quote || *octet == b'\\')?;
    let (before, from) = text.split_at_checked(first)?;
    let (found, rest) = from.split_first()?;
    if *found == quote {
        return Some((Written::plain(before), rest));
    }
    let mut inner = before.to_vec();
    let mut octets = from.iter();
    loop {
        match octets.next()? {
            octet if *octet == quote => {
                let has_escapes = quote != b'"' || !has_expansion(&inner);
                return Some((Written { text: Cow::Owned(inner), has_escapes }, octets.as_slice()));
            }
            b'\\' => match octets.next()? {
                octet if *octet == quote => inner.push(*octet),
                octet => inner.extend([b'\\', *octet]),
            },
            octet => inner.push(*octet),
        }
    }
}

/// Whether `%{` is there for FreeRADIUS to expand. radclient expands nothing, and then leaves escapes alone as well.
fn has_expansion(mut text: &[u8]) -> bool {
    loop {
        match text {
            [] => return false,
            [b'%', b'{', ..] => return true,
            [b'%', b'%', rest @ ..] | [_, rest @ ..] => text = rest,
        }
    }
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
pub(super) fn strip_0x(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"0x").or(text.strip_prefix(b"0X"))
}

/// Appends the octets of an even number of hexadecimal digits.
pub(super) fn unhex(digits: &[u8], octets: &mut Vec<u8>) -> Option<()> {
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    for [high, low] in pairs {
        octets.push(hex_digit(*high)? << 4 | hex_digit(*low)?);
    }
    Some(())
}

fn hex_digit(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}
