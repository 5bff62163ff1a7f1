//! Arbitrary attributes, secrets and codes.
use proptest::prelude::*;
use radkick::radius::{AttributeType, Attributes, Code, MessageAuthenticator, SharedSecret};

/// A type and a value that fits it.
pub(crate) type Pair = (AttributeType, Vec<u8>);

/// Standard types but for Message-Authenticator, which the packet brings itself; vendors' types, MikroTik's often; and
/// Vendor-Specific values that are in no vendor's form.
pub(crate) fn pair() -> impl Strategy<Value = Pair> {
    let standard = any::<u8>().prop_filter("of its own", |octet| ![0, 26, 80].contains(octet));
    let vendor_id = prop_oneof![Just(14988), any::<u32>()];
    prop_oneof![
        (standard, value(253)).prop_map(|(octet, value)| (AttributeType::Standard(octet), value)),
        (vendor_id, any::<u8>(), value(247))
            .prop_map(|(vendor_id, vendor_type, value)| (AttributeType::Vendor { vendor_id, vendor_type }, value)),
        prop::collection::vec(any::<u8>(), 1..6).prop_map(|value| (AttributeType::VENDOR_SPECIFIC, value)),
    ]
}

fn value(longest: usize) -> impl Strategy<Value = Vec<u8>> {
    let octets = |range| prop::collection::vec(any::<u8>(), range);
    prop_oneof![4 => octets(1..=20), 1 => octets(1..=longest), 1 => octets(longest..=longest)]
}

/// Any number of them, none included; some several times.
pub(crate) fn pairs() -> impl Strategy<Value = Vec<Pair>> {
    prop::collection::vec((pair(), 1_usize..3), 0..8)
        .prop_map(|all| all.into_iter().flat_map(|(pair, copies)| std::iter::repeat_n(pair, copies)).collect())
}

pub(crate) fn attributes(pairs: &[Pair]) -> Attributes {
    let mut attributes = Attributes::new();
    for (attribute_type, value) in pairs {
        attributes.push(*attribute_type, value).expect("a value that fits");
    }
    attributes
}

/// What a reader finds, but for the Message-Authenticator.
pub(crate) fn read(attributes: &Attributes) -> Vec<Pair> {
    let own = |(attribute_type, _): &(AttributeType, &[u8])| *attribute_type != AttributeType::MESSAGE_AUTHENTICATOR;
    attributes.iter().filter(own).map(|(attribute_type, value)| (attribute_type, value.to_vec())).collect()
}

pub(crate) fn secret() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 1..100)
}

pub(crate) fn shared(octets: &[u8]) -> SharedSecret {
    SharedSecret::new(octets.to_vec()).expect("a secret of some octets")
}

pub(crate) fn message_authenticator() -> impl Strategy<Value = MessageAuthenticator> {
    prop_oneof![Just(MessageAuthenticator::Required), Just(MessageAuthenticator::Optional)]
}

pub(crate) fn request_code() -> impl Strategy<Value = Code> {
    prop::sample::select(&[Code::DisconnectRequest, Code::CoaRequest, Code::AccountingRequest][..])
}

/// The codes that answer a request.
pub(crate) fn answers(request: Code) -> Vec<Code> {
    (0..=255).filter_map(Code::from_octet).filter(|code| code.answers(request)).collect()
}
