//! The shared secret of a NAS.

use secrecy::{ExposeSecret, SecretSlice};

/// The secret that a NAS and radkick share (RFC 2865 §3). It has no `Display`, its `Debug` is redacted, and it is wiped
/// when dropped.
#[derive(Debug, Clone)]
pub struct SharedSecret(SecretSlice<u8>);

/// A shared secret of no octets, which RFC 2865 §3 forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared secret is empty")]
pub struct EmptySecret;

impl SharedSecret {
    /// Takes the octets of a secret, at least one.
    ///
    /// # Errors
    /// [`EmptySecret`] for none.
    pub fn new(octets: Vec<u8>) -> Result<Self, EmptySecret> {
        if octets.is_empty() { Err(EmptySecret) } else { Ok(Self(octets.into())) }
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }
}

impl PartialEq for SharedSecret {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for SharedSecret {}
