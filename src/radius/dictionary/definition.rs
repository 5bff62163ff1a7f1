//! One attribute of a dictionary: its number, the layout of its value, the names of its values.

use std::collections::BTreeMap;

use super::super::quoting::Written;
use super::super::value::number;
use super::super::{AttributeType, ValueError, ValueType};
use super::lower::Lower;
use super::{Feature, NotCarried};

/// One attribute of a [`Dictionary`](super::Dictionary).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name, as the dictionary spells it.
    pub name: String,
    /// Its number, or why it does not go into a packet.
    pub place: Result<AttributeType, Box<NotCarried>>,
    /// How its value is laid out.
    pub value_type: ValueType,
    /// What else the dictionary says of it.
    pub(in super::super) flags: Flags,
    named_values: BTreeMap<Box<[u8]>, u64>,
    value_names: BTreeMap<u64, String>,
}

/// The flags behind an attribute's type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Flags {
    /// Whether its value travels encrypted (`encrypt=N`), which needs more than the dictionary.
    pub(in super::super) encrypted: bool,
    /// Whether it may have a tag (`has_tag`, RFC 2868 §3.1).
    pub(in super::super) tagged: bool,
    /// Whether a value that is too long goes on in the next attribute of its kind (`concat`, RFC 2869 §5.13).
    pub(in super::super) concat: bool,
}

const TAGGED_NUMBER: &str = "a number from 0 to 16777215, or a name the dictionary gives one; a tag stands behind the \
     attribute's name, as in Tunnel-Type:1";

/// The highest tag (RFC 2868 §3.1); 0 is none.
const MAX_TAG: u8 = 0x1f;

impl Flags {
    /// Reads `has_tag,encrypt=2` and the like.
    pub(super) fn parse(words: &[&str]) -> Result<Self, Feature> {
        let mut flags = Self::default();
        for flag in words.iter().flat_map(|word| word.split(',')).filter(|flag| !flag.is_empty()) {
            match flag {
                "has_tag" => flags.tagged = true,
                "concat" => flags.concat = true,
                "virtual" | "internal" => return Err(Feature::Internal),
                // How values are shown or come from a list: one value is laid out the same.
                "array" | "secret" | "has_value" => {}
                _ if flag.starts_with("encrypt=") => flags.encrypted = true,
                _ => return Err(Feature::Flag(flag.to_owned())),
            }
        }
        Ok(flags)
    }
}

impl Definition {
    pub(super) fn new(
        name: &str,
        place: Result<AttributeType, Box<NotCarried>>,
        value_type: ValueType,
        flags: Flags,
    ) -> Self {
        let (named_values, value_names) = (BTreeMap::new(), BTreeMap::new());
        Self { name: name.to_owned(), place, value_type, flags, named_values, value_names }
    }

    /// Takes over the names of values from an earlier definition of the same.
    pub(super) fn inherit(&mut self, earlier: Self) {
        if (&self.place, self.value_type) == (&earlier.place, earlier.value_type) {
            self.named_values = earlier.named_values;
            self.value_names = earlier.value_names;
        }
    }

    pub(super) fn name_value(&mut self, name: &str, lower: &Lower, value: u64) {
        self.named_values.insert(lower.octets().into(), value);
        self.value_names.insert(value, name.to_owned());
    }

    /// Appends a value's octets: what its type takes, or a name that the dictionary gives one.
    pub(in super::super) fn encode(
        &self,
        written: &Written,
        tag: Option<u8>,
        octets: &mut Vec<u8>,
    ) -> Result<(), ValueError> {
        if self.flags.tagged {
            return self.encode_tagged(written, tag, octets);
        }
        self.value_type.encode_written(written, octets).or_else(|error| {
            let value = self.named_value(written.text()).ok_or(error)?;
            self.value_type.encode_written(&Written::plain(value.to_string().as_bytes()), octets)
        })
    }

    fn named_value(&self, name: &[u8]) -> Option<u64> {
        if self.named_values.is_empty() {
            return None;
        }
        self.named_values.get(Lower::new(name)?.octets()).copied()
    }

    /// A tag is the first octet of four of a number (0 for none), and the first of a text that has one.
    fn encode_tagged(&self, written: &Written, tag: Option<u8>, octets: &mut Vec<u8>) -> Result<(), ValueError> {
        let (tag, written) = match (tag, split_tag(written.text())) {
            (Some(_), Some(_)) => {
                return Err(ValueError::new(written.text(), "one value: its attribute has a tag already"));
            }
            (None, Some((tag, rest))) => (tag, written.with(rest)),
            (tag, None) => (tag.unwrap_or(0), written.clone()),
        };
        if self.value_type != ValueType::Unsigned(4) {
            octets.extend((tag != 0).then_some(tag));
            return self.value_type.encode_written(&written, octets);
        }
        let value =
            number(written.text()).or_else(|| self.named_value(written.text())).filter(|value| *value < 1 << 24);
        let value = value.and_then(|value| u32::try_from(value).ok());
        let [_, value @ ..] = value.ok_or_else(|| ValueError::new(written.text(), TAGGED_NUMBER))?.to_be_bytes();
        octets.push(tag);
        octets.extend(value);
        Ok(())
    }

    /// Text from octets: the name that the dictionary gives the value, or the value. A tag stands before it: `:1:VLAN`.
    #[must_use]
    pub fn decode(&self, octets: &[u8]) -> String {
        match (octets, self.value_type) {
            ([0, a, b, c], ValueType::Unsigned(4)) if self.flags.tagged => self.decode_value(&[0, *a, *b, *c]),
            ([tag @ 1..=MAX_TAG, a, b, c], ValueType::Unsigned(4)) if self.flags.tagged => {
                format!(":{tag}:{}", self.decode_value(&[0, *a, *b, *c]))
            }
            ([tag @ 1..=MAX_TAG, text @ ..], ValueType::Text) if self.flags.tagged => {
                format!(":{tag}:{}", self.decode_value(text))
            }
            _ => self.decode_value(octets),
        }
    }

    fn decode_value(&self, octets: &[u8]) -> String {
        let text = self.value_type.decode(octets);
        text.parse().ok().and_then(|value: u64| self.value_names.get(&value)).cloned().unwrap_or(text)
    }
}

/// The tag of a value that begins with `:N:`, and what follows; FreeRADIUS takes a tag there as well.
fn split_tag(text: &[u8]) -> Option<(u8, &[u8])> {
    let rest = text.strip_prefix(b":")?;
    let end = rest.iter().position(|octet| *octet == b':')?;
    let (digits, rest) = rest.split_at_checked(end)?;
    Some((tag(digits)?, rest.strip_prefix(b":")?))
}

/// A tag from its digits: 0 to 31.
pub(in super::super) fn tag(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    text.parse().ok().filter(|tag| *tag <= MAX_TAG && digits.iter().all(u8::is_ascii_digit))
}
