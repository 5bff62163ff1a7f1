//! The two digests of a signed packet. `signed_with` is what stands in the Authenticator field meanwhile: zeros for a
//! request, the request's Authenticator for a reply.

use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

use super::SharedSecret;
use super::packet::HEADER_OCTETS;

/// HMAC-MD5 over the packet with `signed_with` as Authenticator and the attribute's own value zero (RFC 5176 §3.4).
pub(super) fn message_authenticator_of(
    octets: &[u8],
    signed_with: [u8; 16],
    secret: &SharedSecret,
    start: usize,
) -> [u8; 16] {
    let mut zeroed = octets.to_vec();
    zeroed.iter_mut().skip(4).zip(signed_with).for_each(|(octet, value)| *octet = value);
    zeroed.iter_mut().skip(start).take(16).for_each(|octet| *octet = 0);
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mac = Hmac::<Md5>::new_from_slice(secret.expose()).expect("any key length");
    mac.chain_update(&zeroed).finalize().into_bytes().into()
}

/// MD5 over the packet with `signed_with` as Authenticator, then the secret (RFC 2865 §3, RFC 2866 §3).
pub(super) fn digest(octets: &[u8], signed_with: [u8; 16], secret: &SharedSecret) -> [u8; 16] {
    let digest = Md5::new()
        .chain_update(octets.get(..4).unwrap_or_default())
        .chain_update(signed_with)
        .chain_update(octets.get(HEADER_OCTETS..).unwrap_or_default())
        .chain_update(secret.expose())
        .finalize();
    digest.into()
}
