//! One secret, and packets that whoever knows it has signed.
use radkick::radius::SharedSecret;

use super::super::by_hand::sign;

const SECRET: &[u8] = b"testing123";

pub(crate) const MESSAGE_AUTHENTICATOR: u8 = 80;

/// The most octets that attributes have.
const LONGEST: usize = 4096 - 20;

pub(crate) fn shared_secret() -> SharedSecret {
    SharedSecret::new(SECRET.to_vec()).expect("a secret of some octets")
}

/// Header and attributes, as many as fit, with the Authenticator that is right for `signed_with`.
pub(crate) fn signed(code: u8, identifier: u8, attributes: &[u8], signed_with: [u8; 16]) -> Vec<u8> {
    sign(code, identifier, &attributes[..attributes.len().min(LONGEST)], signed_with, SECRET)
}
