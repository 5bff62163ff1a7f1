//! Access-Requests: their authenticator is a random number that hides the password, and only the Message-Authenticator
//! protects them.

use md5::{Digest, Md5};

use super::authenticator::put;
use super::digest::message_authenticator_of;
use super::packet::encode;
use super::{AttributeType, Attributes, Code, EncodeError, Sealed, SharedSecret};

/// The longest password that User-Password carries, in octets (RFC 2865 §5.2).
const MAX_PASSWORD_OCTETS: usize = 128;

/// Builds the octets of an Access-Request with `authenticator`, 16 octets that nobody can guess (RFC 2865 §3). Its
/// Message-Authenticator is the last attribute (RFC 2869 §5.14).
///
/// # Errors
/// [`EncodeError::PacketTooLong`] over 4096 octets.
pub fn seal_access_request(
    identifier: u8,
    authenticator: [u8; 16],
    attributes: &Attributes,
    secret: &SharedSecret,
) -> Result<Sealed, EncodeError> {
    let code = Code::AccessRequest;
    let (mut octets, place) = encode(code, identifier, attributes, true)?;
    put(&mut octets, 4, authenticator);
    if let Some(place) = place {
        let tag = message_authenticator_of(&octets, authenticator, secret, place);
        put(&mut octets, place, tag);
    }
    Ok(Sealed { code, identifier, authenticator, octets })
}

/// User-Password's value: the password padded with zeros to a multiple of 16 octets and hidden (RFC 2865 §5.2).
///
/// # Errors
/// [`EncodeError::ValueLength`] over 128 octets.
pub fn hide_password(password: &[u8], authenticator: [u8; 16], secret: &SharedSecret) -> Result<Vec<u8>, EncodeError> {
    if password.len() > MAX_PASSWORD_OCTETS {
        let (octets, max) = (password.len(), MAX_PASSWORD_OCTETS);
        return Err(EncodeError::ValueLength { attribute_type: AttributeType::USER_PASSWORD, octets, max });
    }
    let mut padded = password.to_vec();
    padded.resize(password.len().max(1).next_multiple_of(16), 0);
    let mut before = authenticator.to_vec();
    let mut hidden = Vec::with_capacity(padded.len());
    for block in padded.chunks(16) {
        let mask = Md5::new().chain_update(secret.expose()).chain_update(&before).finalize();
        before = block.iter().zip(mask).map(|(octet, mask)| octet ^ mask).collect();
        hidden.extend_from_slice(&before);
    }
    Ok(hidden)
}

/// CHAP-Password's value: an identifier, and MD5 over it, the password and the challenge (RFC 2865 §2.2, §5.3).
#[must_use]
pub fn chap_password(identifier: u8, password: &[u8], challenge: &[u8]) -> Vec<u8> {
    let digest = Md5::new().chain_update([identifier]).chain_update(password).chain_update(challenge).finalize();
    [&[identifier], digest.as_slice()].concat()
}

#[cfg(test)]
mod tests {
    use super::super::{MessageAuthenticator, Reader, open_reply};
    use super::*;

    fn octets(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
        let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        digits.chunks(2).map(octet).collect()
    }

    /// RFC 2865 §7.1: nemo, whose password is arctangent, and the Accept.
    #[test]
    fn the_rfcs_example() {
        let secret = SharedSecret::new(b"xyzzy5461".to_vec()).unwrap();
        let authenticator = octets("0f403f9473978057bd83d5cb98f4227a").try_into().unwrap();
        let hidden = hide_password(b"arctangent", authenticator, &secret).unwrap();
        assert_eq!(hidden, octets("0dbe708d93d413ce3196e43f782a0aee"));
        let mut attributes = Attributes::new();
        attributes.push(AttributeType::USER_NAME, "nemo").unwrap();
        attributes.push(AttributeType::USER_PASSWORD, hidden).unwrap();
        let request = seal_access_request(0, authenticator, &attributes, &secret).unwrap();
        assert_eq!(request.octets()[..4], [1, 0, 0, 62]);
        assert_eq!(request.octets()[4..20], authenticator);
        let accept = octets("0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103");
        let opened = open_reply(&accept, &request, &secret, MessageAuthenticator::Optional).unwrap();
        assert_eq!(opened.code, Code::AccessAccept);
    }

    /// RFC 2865 §7.2: flopsy, whose password is arctangent, and whose challenge is the authenticator.
    #[test]
    fn the_rfcs_chap() {
        let challenge = octets("2aee86f08d0d55969ca5978e0d3367a2");
        let expected = octets("16e97557c316185895f293ff6344077275");
        assert_eq!(chap_password(0x16, b"arctangent", &challenge), expected);
    }

    #[test]
    fn the_message_authenticator_is_last_and_covers_the_random_authenticator() {
        let secret = SharedSecret::new(b"secret".to_vec()).unwrap();
        let mut attributes = Attributes::new();
        attributes.push(AttributeType::USER_NAME, "alice").unwrap();
        let request = seal_access_request(7, [9; 16], &attributes, &secret).unwrap();
        let mut reader = Reader::new(request.octets());
        reader.take(20 + 7).unwrap();
        assert_eq!(reader.take_array(), Ok([80, 18]));
        let tag: [u8; 16] = reader.take_array().unwrap();
        assert!(reader.is_empty());
        assert_eq!(tag, message_authenticator_of(request.octets(), [9; 16], &secret, 29));
        assert_ne!(tag, message_authenticator_of(request.octets(), [8; 16], &secret, 29));
    }

    #[test]
    fn passwords_are_padded_and_bounded() {
        let secret = SharedSecret::new(b"secret".to_vec()).unwrap();
        for (length, hidden) in [(0, 16), (1, 16), (16, 16), (17, 32), (128, 128)] {
            assert_eq!(hide_password(&vec![b'x'; length], [1; 16], &secret).unwrap().len(), hidden);
        }
        assert!(hide_password(&[b'x'; 129], [1; 16], &secret).is_err());
    }
}
