//! The two digests of a signed packet. `signed_with` is what stands in the Authenticator field meanwhile: zeros for a
//! request, the request's Authenticator for a reply.

use hmac::Mac;
use md5::{Digest, Md5};

use super::SharedSecret;
use super::packet::HEADER_OCTETS;

/// HMAC-MD5 over the packet with `signed_with` as Authenticator and the attribute's own value, at `start`, zero
/// (RFC 5176 §3.4).
pub(super) fn message_authenticator_of(
    octets: &[u8],
    signed_with: [u8; 16],
    secret: &SharedSecret,
    start: usize,
) -> [u8; 16] {
    let mac = secret
        .mac()
        .chain_update(octets.get(..4).unwrap_or_default())
        .chain_update(signed_with)
        .chain_update(octets.get(HEADER_OCTETS..start).unwrap_or_default())
        .chain_update([0; 16])
        .chain_update(octets.get(start + 16..).unwrap_or_default());
    mac.finalize().into_bytes().into()
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
