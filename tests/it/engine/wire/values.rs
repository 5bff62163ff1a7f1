//! Values as people write them: what is shown is what is taken.
use proptest::prelude::*;
use radkick::radius::{
    AttributeType, Attributes, Definition, Dictionary, PairProblem, ValueType, parse_pair, parse_requests,
};

/// Octets that are a value of the type in its only form.
fn octets(value_type: ValueType) -> BoxedStrategy<Vec<u8>> {
    let any = |octets: usize| prop::collection::vec(any::<u8>(), octets).boxed();
    match value_type {
        ValueType::Text => "[^\u{0}\\pC'\"` ][^\u{0}]{0,60}[^\\pC ]".prop_map(String::into_bytes).boxed(),
        ValueType::Octets | ValueType::Opaque => prop::collection::vec(proptest::num::u8::ANY, 1..100).boxed(),
        ValueType::Unsigned(octets) => any(octets.into()),
        ValueType::InterfaceId => any(8),
        ValueType::Ipv6 => any(16),
        ValueType::Address => prop_oneof![any(4), any(16)].boxed(),
        ValueType::Ethernet => any(6),
        ValueType::Ipv4Prefix => {
            (0..=32_u8, any(4)).prop_map(|(length, address)| ipv4_prefix(length, &address)).boxed()
        }
        ValueType::Ipv6Prefix => (0..=128_u8, any(16)).prop_map(|(length, address)| prefix(length, &address)).boxed(),
        ValueType::Signed | ValueType::Date | ValueType::Ipv4 => any(4),
    }
}

/// As RFC 3162 §2.3 has it: no bit set behind the prefix, no octet more than it needs.
fn prefix(length: u8, address: &[u8]) -> Vec<u8> {
    let mut octets = vec![0, length];
    octets.extend(address.iter().take(usize::from(length).div_ceil(8)));
    if !length.is_multiple_of(8) {
        *octets.last_mut().expect("at least one") &= 0xff << (8 - length % 8);
    }
    octets
}

/// As RFC 6572 §5 has it: all four octets, no bit set behind the prefix.
fn ipv4_prefix(length: u8, address: &[u8]) -> Vec<u8> {
    let mut octets = prefix(length, address);
    octets.resize(6, 0);
    octets
}

fn value_type() -> impl Strategy<Value = ValueType> {
    let unsigned = [1, 2, 4, 8].map(ValueType::Unsigned);
    let others = [
        ValueType::Text,
        ValueType::Octets,
        ValueType::Opaque,
        ValueType::Signed,
        ValueType::Date,
        ValueType::Ipv4,
        ValueType::Ipv6,
        ValueType::Address,
        ValueType::Ethernet,
        ValueType::Ipv4Prefix,
        ValueType::Ipv6Prefix,
        ValueType::InterfaceId,
    ];
    prop::sample::select([&unsigned[..], &others].concat())
}

/// Every attribute that our dictionaries name, with a value of its type.
fn named() -> impl Strategy<Value = (String, AttributeType, Vec<u8>)> {
    let dictionary = Dictionary::bundled().expect("our own dictionaries");
    let one = |one: &Definition| Some((one.name.clone(), *one.place.as_ref().ok()?, one.value_type));
    let all: Vec<_> = dictionary.iter().filter_map(one).collect();
    prop::sample::select(all).prop_flat_map(|(name, attribute_type, value_type)| {
        // The first octet is the tag, and no tag is above 31 (RFC 2868 §3.1).
        let tagged = name.starts_with("Tunnel-") && value_type == ValueType::Unsigned(4);
        let octets = octets(value_type).prop_map(move |mut octets| {
            octets[0] &= if tagged { 0x1f } else { 0xff };
            octets
        });
        (Just(name), Just(attribute_type), octets)
    })
}

proptest! {
    #[test]
    fn what_is_shown_is_what_is_taken((value_type, octets) in value_type().prop_flat_map(|t| (Just(t), octets(t)))) {
        let shown = value_type.decode(&octets);
        prop_assert_eq!(value_type.encode(&shown), Ok(octets), "{}", shown);
    }

    #[test]
    fn any_octets_of_a_peer_are_shown_and_what_is_typed_never_panics(
        value_type in value_type(), octets in prop::collection::vec(any::<u8>(), 0..=253), text in "\\PC{0,40}",
    ) {
        let shown = value_type.decode(&octets);
        prop_assert!(shown.len() >= octets.len().min(1));
        drop(value_type.encode(&text));
        drop(value_type.encode(&shown));
    }

    #[test]
    fn a_pair_is_written_and_read_by_the_same_name((name, attribute_type, octets) in named()) {
        let dictionary = Dictionary::bundled().expect("our own dictionaries");
        let shown = dictionary.value(attribute_type, &octets);
        let mut attributes = Attributes::new();
        match parse_pair(&dictionary, &format!("{name} = {shown}"), &mut attributes) {
            Ok(()) => prop_assert_eq!(attributes.iter().collect::<Vec<_>>(), [(attribute_type, octets.as_slice())]),
            Err(error) => prop_assert!(matches!(error, PairProblem::Encrypted { .. } | PairProblem::Control { .. }), "{}: {}", shown, error),
        }
    }

    #[test]
    fn a_packet_file_is_read_as_it_was_written(all in prop::collection::vec(prop::collection::vec("[ -~]{1,40}", 1..4), 0..5)) {
        let dictionary = Dictionary::bundled().expect("our own dictionaries");
        let line = |name: &String| {
            format!("User-Name = '{}'\n", name.replace('\\', "\\\\").replace('\'', "\\'"))
        };
        let text: String = all.iter().map(|one| one.iter().map(line).collect::<String>() + "\n").collect();
        let read = parse_requests(&dictionary, &text).expect("a right file");
        let read: Vec<Vec<&[u8]>> = read.iter().map(|one| one.all(AttributeType::USER_NAME).collect()).collect();
        let written: Vec<Vec<&[u8]>> = all.iter().map(|one| one.iter().map(String::as_bytes).collect()).collect();
        prop_assert_eq!(read, written);
    }
}
