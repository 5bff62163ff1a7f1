//! A bounded cursor over received octets.

use super::DecodeError;

/// Reads octets of a peer from front to back and never past their end.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A cursor at the first octet of `octets`.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// The next `n` octets.
    ///
    /// # Errors
    /// [`DecodeError::UnexpectedEnd`] when fewer are left; nothing is consumed then.
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let (head, tail) = self.rest.split_at_checked(n).ok_or(DecodeError::UnexpectedEnd)?;
        self.rest = tail;
        Ok(head)
    }

    /// The next octet.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn take_u8(&mut self) -> Result<u8, DecodeError> {
        self.take_array::<1>().map(|[octet]| octet)
    }

    /// The next two octets as a number in network order.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn take_u16(&mut self) -> Result<u16, DecodeError> {
        self.take_array().map(u16::from_be_bytes)
    }

    /// The next `N` octets as an array.
    ///
    /// # Errors
    /// As [`Reader::take`].
    pub fn take_array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.take(N)?.try_into().map_err(|_| DecodeError::UnexpectedEnd)
    }

    /// Everything that is left.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}
