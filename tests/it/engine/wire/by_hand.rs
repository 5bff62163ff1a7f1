//! The wire format once more, as plainly as can be: what the code under test is compared with.
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};

/// Header and attributes with the right Authenticator for `signed_with` (RFC 2865 §3, RFC 2866 §3).
pub(crate) fn sign(code: u8, identifier: u8, attributes: &[u8], signed_with: [u8; 16], secret: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + attributes.len()).expect("a short packet").to_be_bytes();
    let header = [code, identifier, length[0], length[1]];
    let digest =
        Md5::new().chain_update(header).chain_update(signed_with).chain_update(attributes).chain_update(secret);
    [&header, digest.finalize().as_slice(), attributes].concat()
}

/// HMAC-MD5 over a packet whose Message-Authenticator's value begins at `place` (RFC 5176 §3.4).
pub(crate) fn tag(packet: &[u8], place: usize, signed_with: [u8; 16], secret: &[u8]) -> [u8; 16] {
    let mac = Hmac::<Md5>::new_from_slice(secret).expect("a key of any length");
    let mac = mac.chain_update(&packet[..4]).chain_update(signed_with).chain_update(&packet[20..place]);
    mac.chain_update([0; 16]).chain_update(&packet[place + 16..]).finalize().into_bytes().into()
}

/// As [`sign`], with a Message-Authenticator behind the attributes.
pub(crate) fn seal(code: u8, identifier: u8, attributes: &[u8], signed_with: [u8; 16], secret: &[u8]) -> Vec<u8> {
    let mut attributes = [attributes, &[80, 18], &[0; 16]].concat();
    let packet = sign(code, identifier, &attributes, signed_with, secret);
    let place = attributes.len() - 16;
    attributes[place..].copy_from_slice(&tag(&packet, place + 20, signed_with, secret));
    sign(code, identifier, &attributes, signed_with, secret)
}

/// Each attribute's type and value, and where in `octets` the value begins; `None` where a length is wrong.
pub(crate) fn attributes(octets: &[u8]) -> Option<Vec<(usize, u8, &[u8])>> {
    let (mut at, mut found) = (0, Vec::new());
    while at < octets.len() {
        let [octet, length, rest @ ..] = &octets[at..] else { return None };
        found.push((at + 2, *octet, rest.get(..usize::from(*length).checked_sub(2)?)?));
        at += usize::from(*length);
    }
    Some(found)
}
