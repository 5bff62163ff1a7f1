//! What a peer signed is read as it was written, whatever stands in it.
use proptest::prelude::*;
use radkick::radius::{AttributeType, DecodeError, MessageAuthenticator, OpenError, open_request};

use super::arbitrary::{Pair, read, shared};
use super::by_hand::{sign, tag};

const SECRET: &[u8] = b"secret";
const ANY: MessageAuthenticator = MessageAuthenticator::Optional;

/// The attributes of a Disconnect-Request that its sender signed right.
fn opened(attributes: &[u8]) -> Result<Vec<Pair>, OpenError> {
    let packet = sign(40, 7, attributes, [0; 16], SECRET);
    open_request(&packet, &shared(SECRET), ANY).map(|opened| read(&opened.attributes))
}

fn on_the_wire(octet: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len() + 2).expect("a short value");
    [&[octet, length], value].concat()
}

fn standard_octet() -> impl Strategy<Value = u8> {
    any::<u8>().prop_filter("of its own", |octet| ![26, 80].contains(octet))
}

proptest! {
    /// An empty value as well, which we do not send.
    #[test]
    fn standard_attributes_are_read_in_order(
        written in prop::collection::vec((standard_octet(), prop::collection::vec(any::<u8>(), 0..=253)), 0..10),
    ) {
        let octets: Vec<u8> = written.iter().flat_map(|(octet, value)| on_the_wire(*octet, value)).collect();
        let read = opened(&octets).expect("well formed");
        let expected: Vec<Pair> =
            written.into_iter().map(|(octet, value)| (AttributeType::Standard(octet), value)).collect();
        prop_assert_eq!(read, expected);
    }

    /// Several of a vendor's in one Vendor-Specific (RFC 2865 §5.26).
    #[test]
    fn a_vendors_attributes_may_share_one(
        vendor_id in any::<u32>(),
        written in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..30)), 1..7),
    ) {
        let inner: Vec<u8> = written.iter().flat_map(|(octet, value)| on_the_wire(*octet, value)).collect();
        let read = opened(&on_the_wire(26, &[&vendor_id.to_be_bytes()[..], &inner].concat())).expect("well formed");
        let vendor = |(vendor_type, value)| (AttributeType::Vendor { vendor_id, vendor_type }, value);
        prop_assert_eq!(read, written.into_iter().map(vendor).collect::<Vec<Pair>>());
    }

    /// Whatever stands in a Vendor-Specific, nothing of it is lost.
    #[test]
    fn a_vendor_specific_of_any_form_is_kept(value in prop::collection::vec(any::<u8>(), 0..=253)) {
        let read = opened(&on_the_wire(26, &value)).expect("well formed");
        match read.as_slice() {
            [(AttributeType::VENDOR_SPECIFIC, whole)] => prop_assert_eq!(whole, &value),
            parts => {
                let mut again = value[..4].to_vec();
                for (attribute_type, part) in parts {
                    let AttributeType::Vendor { vendor_id, vendor_type } = *attribute_type else {
                        return Err(TestCaseError::fail(format!("{parts:?}")));
                    };
                    prop_assert_eq!(&vendor_id.to_be_bytes(), &value[..4]);
                    again.extend(on_the_wire(vendor_type, part));
                }
                prop_assert_eq!(again, value);
            }
        }
    }

    /// A length that runs past the end, or is under two, makes the whole packet malformed.
    #[test]
    fn a_wrong_attribute_length_is_malformed(
        before in prop::collection::vec(any::<u8>(), 0..=253),
        octet in standard_octet(),
        length in any::<u8>(),
        left in 0_u8..250,
    ) {
        prop_assume!(length < 2 || usize::from(length) > usize::from(left) + 2);
        let mut octets = on_the_wire(25, &before);
        octets.extend([octet, length]);
        // Under two, what follows must not be mistaken for the next attribute.
        octets.extend(vec![0; left.into()]);
        prop_assert_eq!(opened(&octets), Err(OpenError::Malformed(DecodeError::AttributeLength)));
    }

    /// The Message-Authenticator may stand anywhere; its octets are what counts.
    #[test]
    fn a_message_authenticator_is_checked_wherever_it_stands(
        before in prop::collection::vec(any::<u8>(), 1..50),
        behind in prop::collection::vec(any::<u8>(), 1..50),
        flipped in any::<Option<prop::sample::Index>>(),
    ) {
        let unsigned =
            [on_the_wire(1, &before), on_the_wire(80, &[0; 16]), on_the_wire(25, &behind)].concat();
        let mut attributes = unsigned.clone();
        let at = before.len() + 4;
        let right = tag(&sign(40, 7, &unsigned, [0; 16], SECRET), 20 + at, [0; 16], SECRET);
        attributes[at..at + 16].copy_from_slice(&right);
        if let Some(index) = flipped {
            attributes[at + index.index(16)] ^= 1;
        }
        let packet = sign(40, 7, &attributes, [0; 16], SECRET);
        let found = open_request(&packet, &shared(SECRET), MessageAuthenticator::Required).map(|opened| opened.identifier);
        prop_assert_eq!(found, if flipped.is_some() { Err(OpenError::BadMessageAuthenticator) } else { Ok(7) });
    }
}

#[test]
fn a_message_authenticator_of_another_length_or_a_second_one_is_refused() {
    for lengths in [&[15][..], &[17], &[0], &[16, 16], &[16, 15], &[15, 16]] {
        let octets: Vec<u8> = lengths.iter().flat_map(|length| on_the_wire(80, &vec![0; *length])).collect();
        let mut packet = sign(40, 7, &octets, [0; 16], SECRET);
        if lengths.last() == Some(&16) {
            let place = packet.len() - 16;
            let right = tag(&packet, place, [0; 16], SECRET);
            packet[place..].copy_from_slice(&right);
            packet = sign(40, 7, &packet[20..], [0; 16], SECRET);
        }
        let found = open_request(&packet, &shared(SECRET), ANY);
        assert_eq!(found, Err(OpenError::BadMessageAuthenticator), "{lengths:?}");
    }
}
