//! The shared secret of a NAS.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit};
use md5::Md5;
use secrecy::{ExposeSecret, SecretSlice};

/// The secret that a NAS and radkick share (RFC 2865 §3). It has no `Display`, its `Debug` is redacted, and it is wiped
/// when the last clone is dropped.
#[derive(Clone)]
pub struct SharedSecret(Arc<Keyed>);

struct Keyed {
    octets: SecretSlice<u8>,
    /// HMAC-MD5 that has taken the secret already: half the work for a packet, done once.
    mac: Hmac<Md5>,
}

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
        if octets.is_empty() {
            return Err(EmptySecret);
        }
        let mac = keyed(&octets);
        Ok(Self(Arc::new(Keyed { octets: octets.into(), mac })))
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.octets.expose_secret()
    }

    /// HMAC-MD5 with the secret as its key, and nothing else in it yet.
    pub(super) fn mac(&self) -> Hmac<Md5> {
        self.0.mac.clone()
    }
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn keyed(octets: &[u8]) -> Hmac<Md5> {
    Hmac::new_from_slice(octets).expect("any key length")
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret([REDACTED])")
    }
}

impl PartialEq for SharedSecret {
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.expose().ct_eq(other.expose()).into()
    }
}

impl Eq for SharedSecret {}
