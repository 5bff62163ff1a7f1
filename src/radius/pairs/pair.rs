//! One pair: its name, its operator, and the attribute that they make.

use std::str::from_utf8;

use super::super::dictionary::tag;
use super::super::quoting::{Written, is_space, trim, trim_start};
use super::super::value::shown;
use super::super::{AttributeType, Attributes, Definition, Dictionary, EncodeError, ValueType};
use super::{PairProblem, control};

/// How long one attribute's value may be.
const MAX_VALUE_OCTETS: usize = 253;

/// Operators that compare; `=~` and `=*` too, in a file.
const COMPARING: [&str; 8] = ["!=", "<=", ">=", "!~", "!*", "-=", "<", ">"];

const UNTAGGED: &str = "it has no tag; leave out the colon and what follows it";

/// The beginning of a pair: `Name =`, `Name:1 :=`, and what stands behind.
#[derive(Debug)]
pub(super) struct Named<'a> {
    pub(super) name: &'a [u8],
    /// The digits behind the name's colon.
    tag: Option<&'a [u8]>,
    pub(super) behind: &'a [u8],
}

impl<'a> Named<'a> {
    /// Reads up to the operator: `=`, `:=` or `+=`.
    pub(super) fn take(pair: &'a [u8]) -> Result<Self, PairProblem> {
        let no_equals = || PairProblem::NoEquals(shown(trim(pair)));
        let pair_start = trim_start(pair);
        let ends_name =
            |octet: &u8| is_space(*octet) || matches!(octet, b'=' | b':' | b'+' | b'!' | b'<' | b'>' | b'~');
        let end = pair_start.iter().position(ends_name).ok_or_else(no_equals)?;
        let (name, rest) = pair_start.split_at_checked(end).ok_or_else(no_equals)?;
        let (tag, rest) = take_tag(rest);
        let rest = trim_start(rest);
        if let Some(operator) = COMPARING.iter().find(|operator| rest.starts_with(operator.as_bytes())) {
            return Err(PairProblem::Operator { name: shown(name), operator });
        }
        let rest = rest.strip_prefix(b":").or(rest.strip_prefix(b"+")).unwrap_or(rest);
        let behind = rest.strip_prefix(b"=").ok_or_else(no_equals)?;
        if name.is_empty() { Err(no_equals()) } else { Ok(Self { name, tag, behind }) }
    }

    /// Reads a second octet of the operator, which a packet file may have: `==`.
    pub(super) fn in_file(self) -> Result<Self, PairProblem> {
        for (octet, operator) in [(b"~", "=~"), (b"*", "=*")] {
            if self.behind.starts_with(octet) {
                return Err(PairProblem::Operator { name: shown(self.name), operator });
            }
        }
        Ok(Self { behind: self.behind.strip_prefix(b"=").unwrap_or(self.behind), ..self })
    }
}

/// The digits behind a colon, whatever they count up to; `:=` has none.
fn take_tag(rest: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let Some(behind) = rest.strip_prefix(b":") else { return (None, rest) };
    let end = behind.iter().position(|octet| is_space(*octet) || matches!(octet, b'=' | b':' | b'+'));
    match behind.split_at_checked(end.unwrap_or(behind.len())) {
        Some((tag, rest)) if !tag.is_empty() => (Some(tag), rest),
        _ => (None, rest),
    }
}

/// Appends the attribute that a name and a value make, and says how many octets it takes in a packet. `octets` is room to
/// work in.
pub(super) fn push(
    dictionary: &Dictionary,
    named: &Named,
    value: &Written,
    octets: &mut Vec<u8>,
    attributes: &mut Attributes,
) -> Result<usize, PairProblem> {
    octets.clear();
    let name = named.name;
    let (attribute_type, concat, encoded) = match dictionary.by_octets(name) {
        Some(definition) => {
            let attribute_type = place(definition, name)?;
            let tag = named.tag.map(|digits| tag_of(definition, digits)).transpose()?;
            (attribute_type, definition.flags.concat, definition.encode(value, tag, octets))
        }
        None => (by_numbers(dictionary, named)?, false, ValueType::Opaque.encode_written(value, octets)),
    };
    encoded.map_err(|source| PairProblem::Value { name: shown(name), source })?;
    append(attribute_type, octets, concat, attributes)
        .map_err(|source| PairProblem::Length { name: shown(name), source })
}

fn append(
    attribute_type: AttributeType,
    octets: &[u8],
    concat: bool,
    attributes: &mut Attributes,
) -> Result<usize, EncodeError> {
    let header = match attribute_type {
        AttributeType::Standard(_) => 2,
        AttributeType::Vendor { .. } => 8,
    };
    if !concat || octets.len() <= MAX_VALUE_OCTETS {
        return attributes.push(attribute_type, octets).map(|()| header + octets.len());
    }
    octets.chunks(MAX_VALUE_OCTETS).try_fold(0, |sum, part| {
        attributes.push(attribute_type, part)?;
        Ok(sum + header + part.len())
    })
}

/// The number of an attribute that a request may carry as it is written.
fn place(definition: &Definition, name: &[u8]) -> Result<AttributeType, PairProblem> {
    match &definition.place {
        Ok(_) if definition.flags.encrypted => Err(PairProblem::Encrypted { name: definition.name.clone() }),
        Ok(AttributeType::CHAP_PASSWORD) => {
            Err(PairProblem::Control { name: definition.name.clone(), instead: control::NO_PASSWORD })
        }
        Ok(attribute_type) => Ok(*attribute_type),
        Err(reason) => Err(control_problem(name).unwrap_or_else(|| PairProblem::NotCarried(reason.clone()))),
    }
}

fn tag_of(definition: &Definition, digits: &[u8]) -> Result<u8, PairProblem> {
    let problem = |reason| PairProblem::Tag { name: definition.name.clone(), reason };
    if !definition.flags.tagged {
        return Err(problem(UNTAGGED));
    }
    tag(digits).ok_or_else(|| problem("a tag is a number from 0 to 31, right behind the colon"))
}

fn by_numbers(dictionary: &Dictionary, named: &Named) -> Result<AttributeType, PairProblem> {
    let name = named.name;
    let text = from_utf8(name).unwrap_or_default();
    let Some(attribute_type) = AttributeType::from_numbers(text) else {
        let unknown = || match text.split('-').nth(1).unwrap_or_default().bytes().next() {
            Some(b'0'..=b'9') if is_by_number(text) => PairProblem::UnknownNumber(shown(name)),
            _ => PairProblem::UnknownName { name: shown(name), nearest: None },
        };
        return Err(control_problem(name).unwrap_or_else(unknown));
    };
    if named.tag.is_some() {
        return Err(PairProblem::Tag { name: shown(name), reason: UNTAGGED });
    }
    let AttributeType::Vendor { vendor_id, .. } = attribute_type else { return Ok(attribute_type) };
    match dictionary.vendor_format(vendor_id) {
        Some(format) => Err(PairProblem::VendorFormat { name: shown(name), format: format.to_owned() }),
        None => Ok(attribute_type),
    }
}

/// Whether a name begins as those do that are made of numbers.
fn is_by_number(name: &str) -> bool {
    let first = name.split('-').next().unwrap_or_default();
    ["Attr", "Vendor"].iter().any(|prefix| first.eq_ignore_ascii_case(prefix))
}

fn control_problem(name: &[u8]) -> Option<PairProblem> {
    control::instead(name).map(|instead| PairProblem::Control { name: shown(name), instead })
}
