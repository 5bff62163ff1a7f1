//! FreeRADIUS' dictionary files: names, numbers and types of attributes and of their values.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::quoting::Written;
use super::value::number;
use super::{AttributeType, ValueError, ValueType};

const BUNDLED: [(&str, &str); 12] = [
    ("dictionary.rfc2865", include_str!("../../dictionaries/dictionary.rfc2865")),
    ("dictionary.rfc2866", include_str!("../../dictionaries/dictionary.rfc2866")),
    ("dictionary.rfc2869", include_str!("../../dictionaries/dictionary.rfc2869")),
    ("dictionary.rfc3162", include_str!("../../dictionaries/dictionary.rfc3162")),
    ("dictionary.rfc4372", include_str!("../../dictionaries/dictionary.rfc4372")),
    ("dictionary.rfc4818", include_str!("../../dictionaries/dictionary.rfc4818")),
    ("dictionary.rfc5176", include_str!("../../dictionaries/dictionary.rfc5176")),
    ("dictionary.rfc6911", include_str!("../../dictionaries/dictionary.rfc6911")),
    ("dictionary.ascend", include_str!("../../dictionaries/dictionary.ascend")),
    ("dictionary.microsoft", include_str!("../../dictionaries/dictionary.microsoft")),
    ("dictionary.wispr", include_str!("../../dictionaries/dictionary.wispr")),
    ("dictionary.mikrotik", include_str!("../../dictionaries/dictionary.mikrotik")),
];

/// One attribute of a [`Dictionary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Definition {
    /// Its name, as the dictionary spells it.
    pub name: String,
    /// Its number.
    pub attribute_type: AttributeType,
    /// How its value is laid out.
    pub value_type: ValueType,
    /// Whether its value travels encrypted (flag `encrypt=N`), which needs more than the dictionary.
    pub(super) encrypted: bool,
    named_values: BTreeMap<String, u64>,
    value_names: BTreeMap<u64, String>,
}

/// All attributes that can be named.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    by_name: BTreeMap<String, Definition>,
    names: BTreeMap<AttributeType, String>,
}

/// Where a dictionary file is wrong, and how.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct DictionaryError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: DictionaryProblem,
}

/// What is wrong with a line of a dictionary file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DictionaryProblem {
    /// Not ATTRIBUTE, VALUE, VENDOR, BEGIN-VENDOR or END-VENDOR with what belongs behind it.
    #[error(
        "expected ATTRIBUTE name number type, VALUE attribute name number, VENDOR name number, or BEGIN-VENDOR name"
    )]
    Syntax,
    /// A number that does not fit.
    #[error("{0:?} is not a number that fits here")]
    Number(String),
    /// A vendor or an attribute that no line above defines.
    #[error("{0:?} is not defined above this line")]
    Undefined(String),
}

impl Definition {
    /// Octets from a value: a name that the dictionary gives one, or what its type takes.
    pub(super) fn encode(&self, written: &Written) -> Result<Vec<u8>, ValueError> {
        match self.named_values.get(&written.text().to_ascii_lowercase()) {
            Some(value) => self.value_type.encode(&value.to_string()),
            None => self.value_type.encode_written(written),
        }
    }

    /// Text from octets: the name that the dictionary gives the value, or the value.
    #[must_use]
    pub fn decode(&self, octets: &[u8]) -> String {
        let text = self.value_type.decode(octets);
        text.parse().ok().and_then(|value: u64| self.value_names.get(&value)).cloned().unwrap_or(text)
    }
}

impl Dictionary {
    /// The dictionaries that radkick ships (folder `dictionaries/`).
    ///
    /// # Errors
    /// None for the files as they are shipped, which a test holds.
    pub fn bundled() -> Result<Self, DictionaryError> {
        let mut dictionary = Self::default();
        for (file, text) in BUNDLED {
            dictionary.parse(file, text)?;
        }
        Ok(dictionary)
    }

    /// Adds the definitions of one file's text. A later definition of a name replaces an earlier one.
    ///
    /// # Errors
    /// [`DictionaryError`] for the first line that is wrong.
    pub fn parse(&mut self, file: &str, text: &str) -> Result<(), DictionaryError> {
        let mut vendors = BTreeMap::new();
        let mut vendor = None;
        for (index, line) in text.lines().enumerate() {
            let words: Vec<&str> = line.split('#').next().unwrap_or_default().split_whitespace().collect();
            self.line(&words, &mut vendors, &mut vendor).map_err(|problem| DictionaryError {
                file: file.to_owned(),
                line: index + 1,
                problem,
            })?;
        }
        Ok(())
    }

    fn line(
        &mut self,
        words: &[&str],
        vendors: &mut BTreeMap<String, u32>,
        vendor: &mut Option<u32>,
    ) -> Result<(), DictionaryProblem> {
        match words {
            [] => {}
            ["VENDOR", name, id, ..] => {
                vendors.insert((*name).to_owned(), parse_number(id)?);
            }
            ["BEGIN-VENDOR", name, ..] => {
                *vendor = Some(*vendors.get(*name).ok_or_else(|| DictionaryProblem::Undefined((*name).to_owned()))?);
            }
            ["END-VENDOR", ..] => *vendor = None,
            ["ATTRIBUTE", name, id, value_type, flags @ ..] => {
                self.define(name, parse_number(id)?, (value_type, flags), *vendor);
            }
            ["VALUE", attribute, name, value, ..] => self.name_value(attribute, name, value)?,
            _ => return Err(DictionaryProblem::Syntax),
        }
        Ok(())
    }

    fn define(&mut self, name: &str, id: u8, (value_type, flags): (&str, &[&str]), vendor: Option<u32>) {
        let attribute_type = match vendor {
            Some(vendor_id) => AttributeType::Vendor { vendor_id, vendor_type: id },
            None => AttributeType::Standard(id),
        };
        self.names.insert(attribute_type, name.to_owned());
        let definition = Definition {
            name: name.to_owned(),
            attribute_type,
            value_type: ValueType::from_name(value_type.split(['[', ',']).next().unwrap_or_default()),
            encrypted: flags.iter().any(|flag| flag.contains("encrypt=")),
            named_values: BTreeMap::new(),
            value_names: BTreeMap::new(),
        };
        self.by_name.insert(name.to_ascii_lowercase(), definition);
    }

    fn name_value(&mut self, attribute: &str, name: &str, value: &str) -> Result<(), DictionaryProblem> {
        let value = number(value).ok_or_else(|| DictionaryProblem::Number(value.to_owned()))?;
        let definition = self
            .by_name
            .get_mut(&attribute.to_ascii_lowercase())
            .ok_or_else(|| DictionaryProblem::Undefined(attribute.to_owned()))?;
        definition.named_values.insert(name.to_ascii_lowercase(), value);
        definition.value_names.insert(value, name.to_owned());
        Ok(())
    }

    /// The attribute of this name, in any case, as FreeRADIUS takes it.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Definition> {
        self.by_name.get(&name.to_ascii_lowercase())
    }

    /// The known name most like `name`, if any is alike at all.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let wanted = name.to_ascii_lowercase();
        let alike = |known: &str| strsim::jaro_winkler(&wanted, known);
        let (_, best) = self.by_name.iter().max_by(|(a, _), (b, _)| alike(a).total_cmp(&alike(b)))?;
        (alike(&best.name.to_ascii_lowercase()) > 0.8).then_some(best.name.as_str())
    }

    /// The name of an attribute; `Attr-N` or `Vendor-V-Attr-N` for one without ([`AttributeType::from_numbers`]).
    #[must_use]
    pub fn name(&self, attribute_type: AttributeType) -> String {
        match (self.names.get(&attribute_type), attribute_type) {
            (Some(name), _) => name.clone(),
            (None, AttributeType::Standard(octet)) => format!("Attr-{octet}"),
            (None, AttributeType::Vendor { vendor_id, vendor_type }) => {
                format!("Vendor-{vendor_id}-Attr-{vendor_type}")
            }
        }
    }

    /// A value as text: the dictionary's name for it where there is one.
    #[must_use]
    pub fn value(&self, attribute_type: AttributeType, octets: &[u8]) -> String {
        let definition = self.names.get(&attribute_type).and_then(|name| self.attribute(name));
        definition.map_or_else(|| ValueType::Opaque.decode(octets), |definition| definition.decode(octets))
    }

    /// All definitions, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.by_name.values()
    }
}

impl AttributeType {
    /// The attribute that `Attr-N`, `Attr-26.V.N` or `Vendor-V-Attr-N` stands for, in any case, known or not. None is
    /// numbered 0, but for a vendor's attribute.
    #[must_use]
    pub fn from_numbers(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let vendor = match (name.strip_prefix("attr-26."), name.strip_prefix("vendor-")) {
            (Some(numbers), _) => Some(numbers.split_once('.')?),
            (None, Some(numbers)) => Some(numbers.split_once("-attr-")?),
            (None, None) => None,
        };
        match vendor {
            Some((id, octet)) => Some(Self::Vendor { vendor_id: nonzero(id)?, vendor_type: digits(octet)? }),
            None => Some(Self::Standard(nonzero(name.strip_prefix("attr-")?)?)),
        }
    }
}

fn digits<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok().filter(|_| text.bytes().all(|octet| octet.is_ascii_digit()))
}

fn nonzero<T: FromStr + Default + PartialEq>(text: &str) -> Option<T> {
    digits(text).filter(|number| *number != T::default())
}

fn parse_number<T: TryFrom<u64>>(text: &str) -> Result<T, DictionaryProblem> {
    number(text).and_then(|value| T::try_from(value).ok()).ok_or_else(|| DictionaryProblem::Number(text.to_owned()))
}
