//! A datagram that claims to answer a request, and one that is signed right, whatever its code and its attributes.
use std::sync::OnceLock;

use radkick::radius::{Attributes, Code, MessageAuthenticator, OpenError, Sealed, open_reply, seal_request};

use super::super::by_hand;
use super::wire;

/// A Disconnect-Request that stays the same.
fn request() -> &'static Sealed {
    static REQUEST: OnceLock<Sealed> = OnceLock::new();
    REQUEST.get_or_init(|| {
        let (none, secret, with) = (Attributes::new(), wire::shared_secret(), MessageAuthenticator::Optional);
        seal_request(Code::DisconnectRequest, 9, &none, &secret, with).expect("a short packet")
    })
}

pub(crate) fn run(octets: &[u8]) {
    let secret = wire::shared_secret();
    // Nobody has signed it, unless they came upon an MD5 digest.
    let unsigned = open_reply(octets, request(), &secret, MessageAuthenticator::Optional);
    assert!(unsigned.is_err(), "{unsigned:?}");
    let [code, attributes @ ..] = octets else { return };
    let authenticator = request().octets()[4..20].try_into().expect("16 octets");
    let datagram = wire::signed(*code, request().identifier(), attributes, authenticator);
    let opened = open_reply(&datagram, request(), &secret, MessageAuthenticator::Optional);
    let parts = by_hand::attributes(&datagram[20..]);
    let tagged = parts.iter().flatten().any(|(_, octet, _)| *octet == wire::MESSAGE_AUTHENTICATOR);
    match opened {
        Ok(opened) => assert!(parts.is_some() && [41, 42].contains(code) && opened.code.octet() == *code),
        Err(OpenError::BadMessageAuthenticator) => assert!(tagged),
        Err(OpenError::UnexpectedCode(found)) => assert!(found == *code && ![41, 42].contains(code)),
        Err(OpenError::Malformed(_)) => assert!(parts.is_none()),
        Err(error) => panic!("{error} of a signed reply"),
    }
    let demanded = open_reply(&datagram, request(), &secret, MessageAuthenticator::Required);
    assert!(demanded.is_err() || tagged);
}
