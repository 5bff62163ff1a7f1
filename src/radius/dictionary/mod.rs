//! FreeRADIUS' dictionary files: names, numbers and types of attributes and of their values.
//!
//! Invariants: no file is opened here; whoever loads a tree hands over what reads one. What a file defines and no packet
//! of ours carries can be named all the same, so that an error tells why ([`Definition::place`]).
//!
//! Start reading at [`Dictionary::bundled`] and [`Dictionary::load`].

mod bundled;
mod definition;
mod error;
mod load;
mod lower;
mod numbers;
mod statement;

use foldhash::HashMap;

pub use definition::Definition;
pub(super) use definition::tag;
pub use error::{DictionaryError, DictionaryProblem, Feature, NotCarried};

use self::lower::Lower;
use super::{AttributeType, ValueType};

/// All attributes that can be named.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    definitions: Vec<Definition>,
    by_name: HashMap<Box<[u8]>, usize>,
    by_number: HashMap<AttributeType, usize>,
    vendors: HashMap<Box<[u8]>, Vendor>,
}

/// A vendor of a dictionary.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Vendor {
    id: u32,
    /// How many octets a type and a length have, and what else `format=` says, when it is not `1,1`.
    format: Option<Box<str>>,
}

impl Dictionary {
    /// The dictionaries that radkick ships (folder `dictionaries/`).
    ///
    /// # Errors
    /// None for the files as they are shipped, which a test holds.
    pub fn bundled() -> Result<Self, DictionaryError> {
        let mut dictionary = Self::default();
        for (file, text) in bundled::BUNDLED {
            dictionary.parse(file, text)?;
        }
        Ok(dictionary)
    }

    /// The attribute of this name, in any case, as FreeRADIUS takes it.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Definition> {
        self.by_octets(name.as_bytes())
    }

    pub(super) fn by_octets(&self, name: &[u8]) -> Option<&Definition> {
        self.definitions.get(*self.by_name.get(Lower::new(name)?.octets())?)
    }

    /// The known name most like `name`, if any is alike at all.
    #[must_use]
    pub fn nearest(&self, name: &str) -> Option<&str> {
        let wanted = name.to_ascii_lowercase();
        let alike = |known: &Definition| strsim::jaro_winkler(&wanted, &known.name.to_ascii_lowercase());
        let ranked = self.definitions.iter().map(|known| (alike(known), known));
        let (how_much, best) = ranked.max_by(|(a, _), (b, _)| a.total_cmp(b))?;
        (how_much > 0.8).then_some(best.name.as_str())
    }

    /// The name of an attribute; `Attr-N` or `Vendor-V-Attr-N` for one without ([`AttributeType::from_numbers`]).
    #[must_use]
    pub fn name(&self, attribute_type: AttributeType) -> String {
        match (self.definition(attribute_type), attribute_type) {
            (Some(definition), _) => definition.name.clone(),
            (None, AttributeType::Standard(octet)) => format!("Attr-{octet}"),
            (None, AttributeType::Vendor { vendor_id, vendor_type }) => {
                format!("Vendor-{vendor_id}-Attr-{vendor_type}")
            }
        }
    }

    /// A value as text: the dictionary's name for it where there is one.
    #[must_use]
    pub fn value(&self, attribute_type: AttributeType, octets: &[u8]) -> String {
        self.definition(attribute_type)
            .map_or_else(|| ValueType::Opaque.decode(octets), |definition| definition.decode(octets))
    }

    fn definition(&self, attribute_type: AttributeType) -> Option<&Definition> {
        self.definitions.get(*self.by_number.get(&attribute_type)?)
    }

    /// All definitions, in the order in which their names appeared.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.definitions.iter()
    }

    /// What `format=` says of a vendor, when its attributes are not as RFC 2865 §5.26 recommends.
    pub(super) fn vendor_format(&self, vendor_id: u32) -> Option<&str> {
        let mut formats = self.vendors.values().filter(|vendor| vendor.id == vendor_id).map(|vendor| &vendor.format);
        formats.find_map(|format| format.as_deref())
    }

    /// Adds a definition. A later one of the same name takes the place of the earlier; of two names for one number the
    /// later is what the number is called.
    fn define(&mut self, lower: &Lower, mut definition: Definition) {
        let at = self.by_name.get(lower.octets()).copied();
        let index = at.unwrap_or(self.definitions.len());
        let number = definition.place.as_ref().ok().copied();
        if let Some(slot) = self.definitions.get_mut(index) {
            std::mem::swap(slot, &mut definition);
            let earlier = definition;
            if let Some(number) =
                earlier.place.as_ref().ok().filter(|number| self.by_number.get(number) == Some(&index))
            {
                self.by_number.remove(number);
            }
            slot.inherit(earlier);
        } else {
            self.definitions.push(definition);
            self.by_name.insert(lower.octets().into(), index);
        }
        if let Some(number) = number {
            self.by_number.insert(number, index);
        }
    }
}
