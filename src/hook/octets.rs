//! A value of a packet: octets, whatever they are.

use std::fmt::Write as _;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Octets of an attribute of type string: at most [`Octets::MAX`] of them, any of them.
///
/// In JSON a string where they are UTF-8, else `{"hex": "c328"}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Octets(Vec<u8>);

impl Octets {
    /// What fits into one attribute (RFC 2865 §5).
    pub const MAX: usize = 253;

    /// These octets; `None` where there are more than [`Self::MAX`].
    #[must_use]
    pub fn new(octets: impl Into<Vec<u8>>) -> Option<Self> {
        let octets = octets.into();
        (octets.len() <= Self::MAX).then_some(Self(octets))
    }

    /// All of them.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As text; `None` where they are not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// As text, with octets that are not UTF-8 written as FreeRADIUS writes them into its tables and log: a backslash and three
    /// octal digits.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.0.utf8_chunks().fold(String::with_capacity(self.0.len()), |mut text, chunk| {
            text.push_str(chunk.valid());
            for octet in chunk.invalid() {
                write!(text, "\\{octet:03o}").ok();
            }
            text
        })
    }
}

/// How octets stand in JSON.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Form<'a> {
    Text(std::borrow::Cow<'a, str>),
    Hex { hex: std::borrow::Cow<'a, str> },
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let form = match self.as_str() {
            Some(text) => Form::Text(text.into()),
            None => Form::Hex { hex: hex(&self.0).into() },
        };
        form.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let octets = match Form::deserialize(deserializer)? {
            Form::Text(text) => text.into_owned().into_bytes(),
            Form::Hex { hex } => unhex(&hex).ok_or_else(|| serde::de::Error::custom("not hexadecimal octets"))?,
        };
        Self::new(octets).ok_or_else(|| serde::de::Error::custom("longer than an attribute"))
    }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        write!(text, "{octet:02x}").ok();
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |digit: char| u8::try_from(digit.to_digit(16)?).ok();
    let digits: Vec<u8> = text.chars().map(digit).collect::<Option<_>>()?;
    let pairs = digits.chunks_exact(2);
    pairs.remainder().is_empty().then(|| pairs.map(|pair| pair[0] * 16 + pair[1]).collect())
}
