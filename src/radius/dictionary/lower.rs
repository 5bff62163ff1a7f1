//! Names as they are looked up: whatever their case, and without a heap.

/// The longest name of a dictionary, in octets.
pub(super) const MAX_NAME: usize = 128;

/// A name in lower case.
#[derive(Debug)]
pub(super) struct Lower {
    octets: [u8; MAX_NAME],
    length: usize,
}

impl Lower {
    /// `None` for a name longer than any.
    pub(super) fn new(name: &[u8]) -> Option<Self> {
        let mut octets = [0; MAX_NAME];
        octets.get_mut(..name.len())?.copy_from_slice(name);
        octets.make_ascii_lowercase();
        Some(Self { octets, length: name.len() })
    }

    pub(super) fn octets(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}
