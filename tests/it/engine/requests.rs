//! What goes onto the wire, and what is refused before.
use radkick::dynauth::{Moment, Request, RequestError, check_identification};
use radkick::radius::{AttributeType, Attributes, Code, MessageAuthenticator, Opened, open_request};

use super::das;
use super::link::{EPOCH, Link};

fn sent(request: Request) -> Opened {
    let mut link = Link::silent(0);
    link.send(request).expect("a request");
    das::open(link.last_octets()).expect("our own request")
}

#[test]
fn event_timestamp_and_message_authenticator_go_with_it() {
    let seconds = u32::try_from(EPOCH).ok();
    let mut link = Link::silent(0);
    link.send(das::disconnect("alice")).expect("a request");
    let demanded = open_request(link.last_octets(), &das::secret(das::SECRET), MessageAuthenticator::Required);
    assert_eq!(demanded.expect("a right one").attributes.first_u32(AttributeType::EVENT_TIMESTAMP), seconds);

    let mut request = das::disconnect("alice");
    request.attributes.push_u32(AttributeType::EVENT_TIMESTAMP, 7);
    let opened = sent(request);
    let given: Vec<_> = opened.attributes.all(AttributeType::EVENT_TIMESTAMP).collect();
    assert_eq!(given, [7_u32.to_be_bytes()], "one that was given is left as it is");
}

#[test]
fn both_can_be_switched_off() {
    let bare = Request { message_authenticator: false, event_timestamp: false, ..das::disconnect("alice") };
    assert_eq!(sent(bare).attributes, das::user("alice"));
}

#[test]
fn a_clock_before_1970_sends_no_timestamp() {
    let mut link = Link::silent(0);
    let moment = Moment { epoch: -1, ..link.moment() };
    link.client.handle_request(das::disconnect("alice"), moment).expect("a request");
    let octets = link.client.poll_transmit().expect("a transmission").octets;
    assert!(!das::open(octets).expect("our own").attributes.contains(AttributeType::EVENT_TIMESTAMP));
}

#[test]
fn only_requests_of_dynamic_authorization_are_sent() {
    let request = Request { code: Code::AccountingRequest, ..das::disconnect("alice") };
    let refused = Err(RequestError::NotDynamicAuthorization(Code::AccountingRequest));
    assert_eq!(request.check_size(), refused);
    assert_eq!(Link::silent(0).send(request).map(|_| ()), refused);
}

#[test]
fn a_request_must_name_a_session() {
    let check = |code, types: &[AttributeType]| {
        let mut attributes = Attributes::new();
        for attribute_type in types {
            attributes.push_u32(*attribute_type, 1);
        }
        check_identification(code, &attributes)
    };
    let none = Err(RequestError::NoSessionIdentification);
    for code in [Code::DisconnectRequest, Code::CoaRequest] {
        assert_eq!(check(code, &[]), none);
        assert_eq!(check(code, &[AttributeType::NAS_IP_ADDRESS, AttributeType::CALLED_STATION_ID]), none);
        for number in [1, 5, 8, 31, 44, 50, 87, 89, 96, 97, 123, 168] {
            assert_eq!(check(code, &[AttributeType::Standard(number)]), Ok(()), "{code} {number}");
        }
    }
    let vendor = AttributeType::mikrotik(10);
    assert_eq!(check(Code::DisconnectRequest, &[vendor]), Ok(()));
    assert_eq!(check(Code::CoaRequest, &[AttributeType::mikrotik(8)]), none);
}

#[test]
fn a_request_must_not_carry_what_every_nas_refuses() {
    let check = |code, attribute_type| {
        let mut attributes = das::user("alice");
        attributes.push_u32(attribute_type, 1);
        check_identification(code, &attributes)
    };
    for number in [2, 6, 27, 40, 101] {
        let attribute_type = AttributeType::Standard(number);
        let refused = Err(RequestError::ForbiddenAttribute(attribute_type));
        assert_eq!(check(Code::DisconnectRequest, attribute_type), refused, "{number}");
    }
    for number in [4, 18, 25, 26, 30, 32, 33, 49, 55, 80, 95] {
        assert_eq!(check(Code::DisconnectRequest, AttributeType::Standard(number)), Ok(()), "{number}");
    }
    assert_eq!(check(Code::CoaRequest, AttributeType::SESSION_TIMEOUT), Ok(()));
    for number in [2, 3, 101] {
        assert!(check(Code::CoaRequest, AttributeType::Standard(number)).is_err(), "{number}");
    }
}
