use super::*;

mod dictionary;
mod file;
mod text;

/// RFC 5176's sealing, confirmed by an independent hmac/hashlib calculation. Never edit these octets.
const FROZEN: &str = "2809002ff4a36bd5a4651e083409d03e3365dc0701046f6b2c056162635012f316398b016f8e9fc834a5bc1d17d23e";

fn secret() -> SharedSecret {
    SharedSecret::new(b"testing123".to_vec()).unwrap()
}

fn frozen() -> Sealed {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, "ok").unwrap();
    attributes.push(AttributeType::ACCT_SESSION_ID, "abc").unwrap();
    seal_request(Code::DisconnectRequest, 9, &attributes, &secret(), MessageAuthenticator::Required).unwrap()
}

fn reply(code: Code, attributes: &Attributes, with: MessageAuthenticator) -> Vec<u8> {
    let request = open_request(frozen().octets(), &secret(), MessageAuthenticator::Required).unwrap();
    seal_reply(code, &request, attributes, &secret(), with).unwrap()
}

fn open(datagram: &[u8]) -> Result<Opened, OpenError> {
    open_reply(datagram, &frozen(), &secret(), MessageAuthenticator::Optional)
}

#[test]
fn the_frozen_vector_is_what_we_send() {
    assert_eq!(quoting::hex(frozen().octets()), format!("0x{FROZEN}"));
}

#[test]
fn a_sealed_request_opens_with_its_secret_only() {
    let other = SharedSecret::new(b"other".to_vec()).unwrap();
    let opened = open_request(frozen().octets(), &secret(), MessageAuthenticator::Required).unwrap();
    assert_eq!(opened.attributes.first_text(AttributeType::USER_NAME).as_deref(), Some("ok"));
    assert_eq!(
        open_request(frozen().octets(), &other, MessageAuthenticator::Required),
        Err(OpenError::BadAuthenticator)
    );
}

#[test]
fn every_changed_octet_of_a_reply_is_discarded() {
    let mut attributes = Attributes::new();
    attributes.push_u32(AttributeType::ERROR_CAUSE, 503);
    let good = reply(Code::DisconnectNak, &attributes, MessageAuthenticator::Required);
    assert_eq!(open(&good).unwrap().attributes.error_cause(), Some(ErrorCause::SESSION_CONTEXT_NOT_FOUND));
    for at in 0..good.len() {
        let mut forged = good.clone();
        forged[at] ^= 1;
        assert!(open(&forged).is_err(), "octet {at}");
        assert!(open(&good[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn padding_behind_the_length_is_not_looked_at() {
    let mut padded = reply(Code::DisconnectAck, &Attributes::new(), MessageAuthenticator::Optional);
    assert_eq!(padded.len(), 20);
    padded.extend([0xff; 30]);
    assert_eq!(open(&padded).unwrap().code, Code::DisconnectAck);
}

#[test]
fn a_reply_to_another_kind_of_request_is_discarded() {
    let coa = reply(Code::CoaAck, &Attributes::new(), MessageAuthenticator::Optional);
    assert_eq!(open(&coa), Err(OpenError::UnexpectedCode(44)));
}

#[test]
fn a_message_authenticator_can_be_demanded_and_is_never_ignored() {
    let bare = reply(Code::DisconnectAck, &Attributes::new(), MessageAuthenticator::Optional);
    let demanded = open_reply(&bare, &frozen(), &secret(), MessageAuthenticator::Required);
    assert_eq!(demanded, Err(OpenError::MissingMessageAuthenticator));

    let mut forged = Attributes::new();
    forged.push(AttributeType::MESSAGE_AUTHENTICATOR, [7; 16]).unwrap();
    let request = open_request(frozen().octets(), &secret(), MessageAuthenticator::Required).unwrap();
    let mut octets = reply_as_it_stands(&forged);
    resign(&mut octets, request.authenticator);
    assert_eq!(open(&octets), Err(OpenError::BadMessageAuthenticator));

    forged.push(AttributeType::MESSAGE_AUTHENTICATOR, [7; 16]).unwrap();
    let mut octets = reply_as_it_stands(&forged);
    resign(&mut octets, request.authenticator);
    assert_eq!(open(&octets), Err(OpenError::BadMessageAuthenticator), "two of them");
}

/// A Disconnect-ACK with these attributes, a Message-Authenticator that is none among them.
fn reply_as_it_stands(attributes: &Attributes) -> Vec<u8> {
    let length = u16::try_from(20 + attributes.octets().len()).unwrap().to_be_bytes();
    [&[41, 9, length[0], length[1]], &[0; 16][..], attributes.octets()].concat()
}

/// Puts a right Response Authenticator on a reply whose Message-Authenticator is wrong.
fn resign(octets: &mut [u8], request_authenticator: [u8; 16]) {
    use md5::{Digest, Md5};
    octets[4..20].copy_from_slice(&request_authenticator);
    let digest = Md5::new().chain_update(&*octets).chain_update(b"testing123").finalize();
    octets[4..20].copy_from_slice(&digest);
}

#[test]
fn vendor_attributes_go_both_ways() {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::mikrotik(8), "2M/2M").unwrap();
    attributes.push_u32(AttributeType::mikrotik(17), 7);
    attributes.push_ipv4(AttributeType::mikrotik(10), "10.5.88.2".parse().unwrap());
    let sealed = seal_request(Code::CoaRequest, 1, &attributes, &secret(), MessageAuthenticator::Optional).unwrap();
    let opened = open_request(sealed.octets(), &secret(), MessageAuthenticator::Optional).unwrap();
    assert_eq!(opened.attributes, attributes);
}

#[test]
fn a_vendor_specific_attribute_of_another_form_is_kept_whole() {
    for value in [&[0, 0, 0x3a, 0x8c][..], &[0, 0, 0x3a, 0x8c, 8, 1], &[0, 0, 0x3a, 0x8c, 8, 9, 1], &[1]] {
        let mut attributes = Attributes::new();
        attributes.push(AttributeType::VENDOR_SPECIFIC, value).unwrap();
        assert_eq!(attributes.first(AttributeType::VENDOR_SPECIFIC), Some(value));
        assert_eq!(attributes.len(), 1);
    }
}

#[test]
fn several_attributes_of_a_vendor_may_share_one() {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::VENDOR_SPECIFIC, [0, 0, 0x3a, 0x8c, 8, 3, b'x', 9, 4, 1, 2]).unwrap();
    let found: Vec<_> = attributes.iter().collect();
    assert_eq!(found, [(AttributeType::mikrotik(8), &b"x"[..]), (AttributeType::mikrotik(9), &[1, 2])]);
}

#[test]
fn attributes_keep_their_order() {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::CLASS, "c").unwrap();
    attributes.push(AttributeType::USER_NAME, "a").unwrap();
    attributes.push(AttributeType::CLASS, "b").unwrap();
    let opened = open(&reply(Code::DisconnectAck, &attributes, MessageAuthenticator::Optional)).unwrap();
    let found: Vec<_> = opened.attributes.iter().collect();
    assert_eq!(
        found,
        [(AttributeType::CLASS, &b"c"[..]), (AttributeType::USER_NAME, b"a"), (AttributeType::CLASS, b"b")]
    );
}

/// The `radius` crate builds the same octets, and reads ours.
#[test]
fn the_crate_agrees() {
    use ::radius::core::{avp::AVP, code::Code as CrateCode, packet::Packet};
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, "alice").unwrap();
    attributes.push(AttributeType::mikrotik(8), "1M/1M").unwrap();
    attributes.push_u32(AttributeType::NAS_PORT, 7);
    let ours = seal_request(Code::CoaRequest, 3, &attributes, &secret(), MessageAuthenticator::Optional).unwrap();
    let mut theirs = Packet::new_with_identifier(CrateCode::CoARequest, b"testing123", 3);
    theirs.add(AVP::from_string(1, "alice"));
    theirs.add(AVP::from_bytes(26, &[&[0, 0, 0x3a, 0x8c, 8, 7][..], b"1M/1M"].concat()));
    theirs.add(AVP::from_u32(5, 7));
    assert_eq!(quoting::hex(&theirs.encode().unwrap()), quoting::hex(ours.octets()));
    let read = Packet::decode(ours.octets(), b"testing123").unwrap();
    assert_eq!(read.lookup(5).and_then(|avp| avp.encode_u32().ok()), Some(7));
    let answer = read.make_response_packet(CrateCode::CoAACK).encode().unwrap();
    let opened = open_reply(&answer, &ours, &secret(), MessageAuthenticator::Optional).unwrap();
    assert_eq!(opened.code, Code::CoaAck);
}

#[test]
fn lengths_are_checked_before_anything_is_sent() {
    let mut attributes = Attributes::new();
    assert!(attributes.push(AttributeType::USER_NAME, vec![b'x'; 253]).is_ok());
    assert!(attributes.push(AttributeType::USER_NAME, vec![b'x'; 254]).is_err());
    assert!(attributes.push(AttributeType::USER_NAME, vec![]).is_err());
    assert!(attributes.push(AttributeType::mikrotik(1), vec![0; 247]).is_ok());
    assert!(attributes.push(AttributeType::mikrotik(1), vec![0; 248]).is_err());
    for _ in 0..16 {
        attributes.push(AttributeType::CLASS, vec![0; 253]).unwrap();
    }
    let sealed = seal_request(Code::CoaRequest, 1, &attributes, &secret(), MessageAuthenticator::Required);
    assert_eq!(sealed, Err(EncodeError::PacketTooLong));
}

proptest::proptest! {
    #[test]
    fn octets_of_a_peer_never_panic(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        drop(open(&octets));
        drop(open_request(&octets, &secret(), MessageAuthenticator::Optional));
        packet::find_tag(&octets);
        Attributes::of_checked(&octets).iter().count();
    }

    #[test]
    fn signed_noise_never_panics(octets in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let length = u16::try_from(20 + octets.len()).unwrap().to_be_bytes();
        let mut datagram = vec![41, 9, length[0], length[1]];
        datagram.extend([0; 16]);
        datagram.extend(octets);
        let authenticator = open_request(frozen().octets(), &secret(), MessageAuthenticator::Required).unwrap();
        resign(&mut datagram, authenticator.authenticator);
        match open(&datagram) {
            Ok(opened) => proptest::prop_assert_eq!(opened.code, Code::DisconnectAck),
            Err(error) => proptest::prop_assert_ne!(error, OpenError::BadAuthenticator),
        }
    }
}
