//! Which Identifier a request gets.
use std::collections::BTreeSet;

use radkick::clock::Clock;
use radkick::dynauth::{DynAuthClient, Request, RequestError};

use super::das;
use super::link::Link;

/// The Identifiers of all transmissions.
fn used(link: &Link) -> Vec<u8> {
    link.transmissions.iter().map(|(_, _, octets)| octets[1]).collect()
}

#[test]
fn all_256_can_be_in_flight_and_then_no_more() {
    let mut link = Link::silent(0);
    let first = link.send(das::disconnect("alice")).expect("a request");
    for _ in 1..256 {
        link.send(das::disconnect("alice")).expect("a free identifier");
    }
    assert_eq!(used(&link).into_iter().collect::<BTreeSet<_>>().len(), 256);
    assert_eq!(link.send(das::disconnect("alice")), Err(RequestError::NoFreeIdentifier));
    let elsewhere = Request { das_addr: das::das_addr(2), ..das::disconnect("alice") };
    assert!(link.send(elsewhere).is_ok(), "another NAS has its own");
    link.client.cancel(first, link.now);
    link.send(das::disconnect("alice")).expect("the one that has become free");
    assert_eq!(used(&link)[257], used(&link)[0]);
    assert_eq!(link.client.in_flight(), 257);
}

#[test]
fn the_one_that_rested_longest_goes_first() {
    let mut link = Link::new(0);
    for _ in 0..300 {
        link.send(das::disconnect("alice")).expect("a request");
        link.run();
    }
    let used = used(&link);
    assert_eq!(used[..256].iter().collect::<BTreeSet<_>>().len(), 256);
    assert_eq!(used[256..], used[..44]);
}

#[test]
fn a_request_that_does_not_fit_uses_up_none() {
    let mut link = Link::silent(0);
    let mut request = das::disconnect("alice");
    for _ in 0..17 {
        request.attributes.push(radkick::radius::AttributeType::CLASS, [0; 253]).expect("a value of 253");
    }
    for _ in 0..300 {
        assert_eq!(link.send(request.clone()), Err(RequestError::PacketTooLong));
    }
    assert!(link.send(das::disconnect("alice")).is_ok());
    assert_eq!(link.client.in_flight(), 1);
}

#[test]
fn each_run_starts_elsewhere_and_the_same_seed_at_the_same() {
    let first = |seed: u64| {
        let mut client = DynAuthClient::new(seed);
        client.handle_request(das::disconnect("alice"), Clock.now(), 0, 0).expect("a request");
        client.poll_transmit().expect("a transmission").octets[1]
    };
    let starts: BTreeSet<u8> = (0..64).map(first).collect();
    assert!(starts.len() > 32, "{starts:?}");
    assert_eq!(first(7), first(7));
}
