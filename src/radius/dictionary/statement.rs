//! The statements of dictionary files, one at a time.

use std::path::Path;
use std::sync::Arc;

use super::super::value::number;
use super::super::{AttributeType, ValueType};
use super::definition::Flags;
use super::lower::Lower;
use super::{Definition, Dictionary, DictionaryError, DictionaryProblem, Feature, NotCarried, Vendor};

/// What has been read of a tree of files.
pub(super) struct Statements<'a> {
    dictionary: &'a mut Dictionary,
    file: Arc<str>,
    /// BEGIN-VENDOR and BEGIN-TLV without their ends, of each file that is open.
    blocks: Vec<Vec<Block>>,
    /// VALUE lines whose ATTRIBUTE has not come yet.
    early: Vec<Early>,
    not_carried: Vec<NotCarried>,
}

struct Block {
    name: Box<str>,
    line: usize,
    kind: Kind,
}

enum Kind {
    Vendor(Vendor),
    Extended,
    Tlv,
}

struct Early {
    file: Arc<str>,
    line: usize,
    attribute: Box<str>,
    name: Box<str>,
    value: u64,
}

impl<'a> Statements<'a> {
    pub(super) fn new(dictionary: &'a mut Dictionary) -> Self {
        Self { dictionary, file: "".into(), blocks: Vec::new(), early: Vec::new(), not_carried: Vec::new() }
    }

    pub(super) fn begin_file(&mut self, path: &Path) {
        self.blocks.push(Vec::new());
        self.resume_file(path);
    }

    /// What comes next stands in `path` again.
    pub(super) fn resume_file(&mut self, path: &Path) {
        self.file = path.display().to_string().into();
    }

    /// Fails with the line of a block that is still open.
    pub(super) fn end_file(&mut self) -> Result<(), (usize, DictionaryProblem)> {
        match self.blocks.pop().and_then(|mut blocks| blocks.pop()) {
            Some(block) => Err((block.line, DictionaryProblem::Block(block.name.into()))),
            None => Ok(()),
        }
    }

    /// Takes the VENDOR lines of a text alone; those that are wrong are for [`Statements::take`].
    pub(super) fn vendors(&mut self, text: &str) {
        for line in text.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            if let (Some("VENDOR"), Some(name), Some(id)) = (words.next(), words.next(), words.next()) {
                self.vendor(name, id, words.next()).ok();
            }
        }
    }

    /// Takes one line, in words.
    pub(super) fn take(&mut self, line: usize, words: &[&str]) -> Result<(), DictionaryProblem> {
        match words {
            ["VENDOR", name, id, format @ ..] => self.vendor(name, id, format.first().copied()),
            ["BEGIN-VENDOR", name, parent @ ..] => self.begin_vendor(line, name, !parent.is_empty()),
            ["BEGIN-TLV", name, ..] => {
                self.dictionary.attribute(name).ok_or_else(|| undefined(name))?;
                self.begin(line, name, Kind::Tlv);
                Ok(())
            }
            ["END-VENDOR" | "END-TLV", name, ..] => self.end(name),
            ["ATTRIBUTE", name, oid, value_type, flags @ ..] => self.attribute(line, name, oid, (value_type, flags)),
            ["VALUE", attribute, name, value, ..] => self.value(line, attribute, name, value),
            _ => Err(DictionaryProblem::Syntax),
        }
    }

    fn vendor(&mut self, name: &str, id: &str, format: Option<&str>) -> Result<(), DictionaryProblem> {
        let format = match format.map(|format| format.strip_prefix("format=").ok_or(DictionaryProblem::Syntax)) {
            None | Some(Ok("1,1")) => None,
            Some(Ok(format)) => Some(format.into()),
            Some(Err(error)) => return Err(error),
        };
        let vendor = Vendor { id: parse_number(id)?, format };
        self.dictionary.vendors.insert(lower(name)?.octets().into(), vendor);
        Ok(())
    }

    fn begin_vendor(&mut self, line: usize, name: &str, has_parent: bool) -> Result<(), DictionaryProblem> {
        let vendor = self.dictionary.vendors.get(lower(name)?.octets()).ok_or_else(|| undefined(name))?;
        // A parent is one of the Extended-Vendor-Specific attributes (RFC 6929 §2.4).
        let kind = if has_parent { Kind::Extended } else { Kind::Vendor(vendor.clone()) };
        self.begin(line, name, kind);
        Ok(())
    }

    fn begin(&mut self, line: usize, name: &str, kind: Kind) {
        if let Some(blocks) = self.blocks.last_mut() {
            blocks.push(Block { name: name.into(), line, kind });
        }
    }

    fn end(&mut self, name: &str) -> Result<(), DictionaryProblem> {
        let block = self.blocks.last_mut().and_then(Vec::pop);
        match block {
            Some(block) if block.name.eq_ignore_ascii_case(name) => Ok(()),
            _ => Err(DictionaryProblem::Block(name.to_owned())),
        }
    }

    fn attribute(
        &mut self,
        line: usize,
        name: &str,
        oid: &str,
        (value_type, flags): (&str, &[&str]),
    ) -> Result<(), DictionaryProblem> {
        let lower = lower(name)?;
        let place = self.place(oid)?;
        let type_name = value_type.split(['[', ',']).next().unwrap_or_default();
        let known = of_type(type_name).and_then(|value_type| Ok((value_type, Flags::parse(flags)?)));
        let (place, value_type, flags) = match (place, known) {
            (Ok(place), Ok((value_type, flags))) => (Ok(place), value_type, flags),
            (Err(feature), _) | (Ok(_), Err(feature)) => (Err(feature), ValueType::Opaque, Flags::default()),
        };
        let place = place.map_err(|feature| {
            let not_carried = NotCarried { file: self.file.as_ref().into(), line, name: name.into(), feature };
            self.not_carried.push(not_carried.clone());
            Box::new(not_carried)
        });
        self.dictionary.define(&lower, Definition::new(name, place, value_type, flags));
        Ok(())
    }

    /// Where the packet has the attribute of these numbers, or why nowhere.
    fn place(&self, oid: &str) -> Result<Result<AttributeType, Feature>, DictionaryProblem> {
        let numbers: Vec<u32> = oid.split('.').map(parse_number).collect::<Result<_, _>>()?;
        let block = self.blocks.last().and_then(|blocks| blocks.last()).map(|block| &block.kind);
        let octet = |number: u32| u8::try_from(number).map_err(|_| DictionaryProblem::Number(oid.to_owned()));
        Ok(match (block, numbers.as_slice()) {
            (Some(Kind::Extended), _) | (None, [241..=246, _, ..]) => Err(Feature::Extended),
            (Some(Kind::Vendor(Vendor { format: Some(format), .. })), _) => {
                Err(Feature::VendorFormat(format.as_ref().into()))
            }
            (Some(Kind::Vendor(vendor)), [number]) => {
                Ok(AttributeType::Vendor { vendor_id: vendor.id, vendor_type: octet(*number)? })
            }
            (None, [0]) => return Err(DictionaryProblem::Number(oid.to_owned())),
            (None, [number @ ..=255]) => Ok(AttributeType::Standard(octet(*number)?)),
            (None, [_]) => Err(Feature::Internal),
            (None, [26, vendor_id, number]) => match self.dictionary.vendor_format(*vendor_id) {
                Some(format) => Err(Feature::VendorFormat(format.to_owned())),
                None => Ok(AttributeType::Vendor { vendor_id: *vendor_id, vendor_type: octet(*number)? }),
            },
            (Some(Kind::Tlv | Kind::Vendor(_)) | None, _) => Err(Feature::Tlv),
        })
    }

    fn value(&mut self, line: usize, attribute: &str, name: &str, value: &str) -> Result<(), DictionaryProblem> {
        let value = parse_number(value)?;
        if !self.name_value(attribute, name, value)? {
            let (file, attribute, name) = (Arc::clone(&self.file), attribute.into(), name.into());
            self.early.push(Early { file, line, attribute, name, value });
        }
        Ok(())
    }

    /// Whether the attribute is defined.
    fn name_value(&mut self, attribute: &str, name: &str, value: u64) -> Result<bool, DictionaryProblem> {
        let index = self.dictionary.by_name.get(lower(attribute)?.octets());
        let Some(definition) = index.and_then(|index| self.dictionary.definitions.get_mut(*index)) else {
            return Ok(false);
        };
        definition.name_value(name, &lower(name)?, value);
        Ok(true)
    }

    /// What is not carried, once the last file has been read.
    pub(super) fn finish(mut self) -> Result<Vec<NotCarried>, DictionaryError> {
        for Early { file, line, attribute, name, value } in std::mem::take(&mut self.early) {
            let named = self.name_value(&attribute, &name, value);
            let problem = match named {
                Ok(true) => continue,
                Ok(false) => undefined(&attribute),
                Err(problem) => problem,
            };
            return Err(DictionaryError { file: file.as_ref().into(), line, problem });
        }
        Ok(self.not_carried)
    }
}

/// The layout of a type, for an attribute that has one value and no others inside.
fn of_type(name: &str) -> Result<ValueType, Feature> {
    match name.to_ascii_lowercase().as_str() {
        "tlv" | "struct" => Err(Feature::Tlv),
        "vsa" => Err(Feature::VendorSpecific),
        "extended" | "long-extended" | "evs" => Err(Feature::Extended),
        lower => ValueType::from_name(lower).ok_or_else(|| Feature::Type(name.to_owned())),
    }
}

fn lower(name: &str) -> Result<Lower, DictionaryProblem> {
    Lower::new(name.as_bytes()).ok_or_else(|| DictionaryProblem::Long(name.to_owned()))
}

fn undefined(name: &str) -> DictionaryProblem {
    DictionaryProblem::Undefined(name.to_owned())
}

fn parse_number<T: TryFrom<u64>>(text: &str) -> Result<T, DictionaryProblem> {
    number(text.as_bytes())
        .and_then(|value| T::try_from(value).ok())
        .ok_or_else(|| DictionaryProblem::Number(text.to_owned()))
}
