//! A datagram that claims to be a request, and one that is signed right, whatever stands in it.
use radkick::radius::{Code, MessageAuthenticator, OpenError, Opened, open_request, seal_request};

use super::super::by_hand;
use super::wire;

pub(crate) fn run(octets: &[u8]) {
    for with in [MessageAuthenticator::Optional, MessageAuthenticator::Required] {
        if let Ok(opened) = open_request(octets, &wire::shared_secret(), with) {
            seals_again(&opened);
        }
    }
    signed(octets);
}

/// The octets as the attributes of a packet whose sender knows the secret.
fn signed(octets: &[u8]) {
    let packet = wire::signed(Code::CoaRequest.octet(), 7, octets, [0; 16]);
    let opened = open_request(&packet, &wire::shared_secret(), MessageAuthenticator::Optional);
    let tags = |octet: &u8| *octet == wire::MESSAGE_AUTHENTICATOR;
    match (by_hand::attributes(&packet[20..]), opened) {
        (None, Err(OpenError::Malformed(_))) => {}
        (Some(all), Err(OpenError::BadMessageAuthenticator)) => assert!(all.iter().any(|(_, octet, _)| tags(octet))),
        (Some(all), Ok(opened)) => {
            let whole = all.iter().map(|(_, _, value)| value.len()).sum::<usize>();
            assert!(opened.attributes.len() >= all.len(), "{all:?}");
            assert!(opened.attributes.iter().map(|(_, value)| value.len()).sum::<usize>() <= whole, "{all:?}");
            seals_again(&opened);
        }
        (all, opened) => panic!("{all:?}, and {opened:?}"),
    }
}

/// What was read is sent and read once more: the same.
fn seals_again(opened: &Opened) {
    let (secret, with) = (wire::shared_secret(), MessageAuthenticator::Optional);
    let sealed = seal_request(opened.code, opened.identifier, &opened.attributes, &secret, with).expect("no longer");
    let again = open_request(sealed.octets(), &secret, with).expect("our own packet");
    let own = |attributes: &radkick::radius::Attributes| {
        let all = attributes.iter().filter(|(t, _)| *t != radkick::radius::AttributeType::MESSAGE_AUTHENTICATOR);
        all.map(|(t, value)| (t, value.to_vec())).collect::<Vec<_>>()
    };
    assert_eq!(own(&again.attributes), own(&opened.attributes));
}
