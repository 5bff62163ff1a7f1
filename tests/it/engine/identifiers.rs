//! Which Identifier a request gets, and from which port.
use std::collections::BTreeSet;
use std::time::Duration;

use radkick::clock::Clock;
use radkick::dynauth::{DynAuthClient, ExchangeId, Moment, Port, PortChange, Request, RequestError};
use radkick::radius::AttributeType;

use super::das;
use super::link::Link;

const HOLD: Duration = Duration::from_secs(30);

/// The Identifiers of all transmissions.
fn used(link: &Link) -> Vec<u8> {
    link.transmissions.iter().map(|(_, _, octets)| octets[1]).collect()
}

/// A request for a NAS to which one port alone may send.
fn from_one_port() -> Request {
    Request { max_ports: 1, ..das::disconnect("alice") }
}

fn send(link: &mut Link, requests: usize, request: &Request) -> Vec<ExchangeId> {
    (0..requests).map(|_| link.send(request.clone()).expect("a request")).collect()
}

/// Looks at the timer until nothing is left to wait for.
fn settle(link: &mut Link) {
    while link.step() {}
}

#[test]
fn all_256_can_be_in_flight_and_the_next_waits_for_one() {
    let mut link = Link::silent(0);
    let request = Request { identifier_hold: Duration::ZERO, ..from_one_port() };
    let sent = send(&mut link, 258, &request);
    assert_eq!(used(&link).into_iter().collect::<BTreeSet<_>>().len(), 256);
    assert_eq!(link.transmissions.len(), 256);
    let elsewhere = Request { das_addr: das::das_addr(2), ..das::disconnect("alice") };
    link.send(elsewhere).expect("a request");
    assert_eq!(link.transmissions.len(), 257, "another NAS has its own");
    link.client.cancel(sent[7], link.moment());
    link.timer();
    let (_, id, octets) = &link.transmissions[257];
    assert_eq!((*id, octets[1]), (sent[256], used(&link)[7]), "first come, first served");
    assert_eq!(link.client.in_flight(), 258);
}

#[test]
fn who_waits_and_is_cancelled_is_never_sent() {
    let mut link = Link::silent(0);
    let sent = send(&mut link, 258, &Request { identifier_hold: Duration::ZERO, ..from_one_port() });
    link.client.cancel(sent[256], link.moment());
    link.client.cancel(sent[0], link.moment());
    link.timer();
    assert_eq!(link.transmissions.last().map(|(_, id, _)| *id), Some(sent[257]));
    assert_eq!(link.ended[0].1.transmissions, 0);
}

#[test]
fn the_one_that_rested_longest_goes_first() {
    let mut link = Link::new(0);
    for _ in 0..300 {
        link.send(das::disconnect("alice")).expect("a request");
        while link.client.in_flight() > 0 {
            link.step();
        }
    }
    let used = used(&link);
    assert_eq!(used[..256].iter().collect::<BTreeSet<_>>().len(), 256);
    assert_eq!(used[256..], used[..44]);
}

/// Ends the first of 256 exchanges by `end`, and says after how long the 257th is sent.
fn rest_after(request: &Request, end: fn(&mut Link, ExchangeId)) -> Duration {
    let patient = radkick::dynauth::RetransmitPolicy { mrd: Duration::from_mins(10), mrc: 0, ..request.policy };
    let mut link = Link::silent(0);
    let first = send(&mut link, 1, request)[0];
    let answered = Request { policy: patient, ..request.clone() };
    let others = send(&mut link, 256, &answered);
    end(&mut link, first);
    let ended = link.now;
    let last = *others.last().expect("256 of them");
    while !link.transmissions.iter().any(|(_, id, _)| *id == last) {
        assert!(link.step(), "it is sent some day");
    }
    link.now - ended
}

fn answer(link: &mut Link, id: ExchangeId) {
    let sent = link.transmissions.iter().find(|(_, sent, _)| *sent == id).expect("its transmission");
    let answer = das::answer(&sent.2).expect("an answer");
    link.receive(das::das_addr(1), &answer);
}

#[test]
fn after_an_answer_to_the_only_transmission_it_is_free_at_once() {
    assert_eq!(rest_after(&from_one_port(), answer), Duration::ZERO);
}

#[test]
fn where_a_nas_answers_from_a_cache_it_is_always_held() {
    let request = Request { identifier_hold_always: true, ..from_one_port() };
    assert_eq!(rest_after(&request, answer), HOLD);
}

#[test]
fn after_a_retransmission_it_is_held() {
    let retransmitted = |link: &mut Link, id: ExchangeId| {
        link.pass(Duration::from_secs(2));
        link.timer();
        answer(link, id);
    };
    assert_eq!(rest_after(&from_one_port(), retransmitted), HOLD);
}

#[test]
fn after_silence_it_is_held() {
    let silent = |link: &mut Link, _: ExchangeId| {
        while link.ended.is_empty() {
            link.step();
        }
    };
    assert_eq!(rest_after(&from_one_port(), silent), HOLD);
}

#[test]
fn after_a_cancellation_it_is_held() {
    let cancelled = |link: &mut Link, id: ExchangeId| {
        link.client.cancel(id, link.moment());
        link.timer();
    };
    assert_eq!(rest_after(&from_one_port(), cancelled), HOLD);
}

#[test]
fn one_more_port_is_opened_when_all_are_taken_and_closed_when_it_is_idle() {
    let mut link = Link::new(0);
    let sent = send(&mut link, 600, &Request { max_ports: 2, ..das::disconnect("alice") });
    let [PortChange::Open(second)] = link.ports[..] else { panic!("{:?}", link.ports) };
    assert_eq!(link.transmissions.len(), 512);
    while link.client.in_flight() > 0 {
        link.step();
    }
    assert_eq!(link.ended.iter().map(|(id, _)| *id).collect::<BTreeSet<_>>(), sent.into_iter().collect());
    assert_eq!(link.ports.len(), 1, "it is not idle yet");
    settle(&mut link);
    assert_eq!(link.ports[1..], [PortChange::Close(second)]);
    assert!(link.client.is_idle());
}

#[test]
fn a_port_that_is_used_again_stays_open() {
    let mut link = Link::new(0);
    for _ in 0..5 {
        send(&mut link, 300, &das::disconnect("alice"));
        while link.client.in_flight() > 0 {
            link.step();
        }
        link.pass(Duration::from_secs(9));
        link.timer();
    }
    assert_eq!(link.ports.len(), 1);
    settle(&mut link);
    assert_eq!(link.ports.len(), 2);
}

#[test]
fn another_nas_uses_the_ports_that_are_open() {
    let mut link = Link::silent(0);
    send(&mut link, 300, &das::disconnect("alice"));
    send(&mut link, 300, &Request { das_addr: das::das_addr(2), ..das::disconnect("alice") });
    assert_eq!((link.ports.len(), link.transmissions.len()), (1, 600));
}

#[test]
fn without_a_port_more_they_wait() {
    let mut link = Link::new(0);
    link.opens_ports = false;
    send(&mut link, 300, &das::disconnect("alice"));
    assert_eq!(link.transmissions.len(), 256);
    while link.client.in_flight() > 0 {
        assert!(link.step());
    }
    assert_eq!(link.ended.len(), 300);
}

#[test]
fn what_begins_while_a_port_is_full_leaves_from_another() {
    let mut link = Link::silent(0);
    link.send(das::disconnect("alice")).expect("a request");
    link.client.handle_port_full(Port::FIRST, true, link.moment());
    send(&mut link, 1, &Request { das_addr: das::das_addr(2), ..from_one_port() });
    send(&mut link, 2, &das::disconnect("alice"));
    let [PortChange::Open(second)] = link.ports[..] else { panic!("{:?}", link.ports) };
    assert_eq!(link.from, [Port::FIRST, second, second, second]);
    link.client.handle_port_full(second, true, link.moment());
    send(&mut link, 1, &Request { das_addr: das::das_addr(2), ..from_one_port() });
    assert_eq!(link.from.len(), 4, "who may use one port alone waits");
    link.client.handle_port_full(second, false, link.moment());
    link.timer();
    assert_eq!(link.from[4..], [second]);
}

#[test]
fn what_is_sent_is_sent_to_every_nas_in_turn() {
    let mut client = DynAuthClient::new(1);
    let moment = Moment { at: Clock.now(), epoch: 0, random: 0 };
    for (nas, requests) in [(1, 5), (2, 1), (3, 3)] {
        for _ in 0..requests {
            let request = Request { das_addr: das::das_addr(nas), ..das::disconnect("alice") };
            client.handle_request(request, moment).expect("a request");
        }
    }
    let mut order = Vec::new();
    while let Some(transmit) = client.poll_transmit() {
        order.push(transmit.das_addr);
    }
    assert_eq!(order, [1, 2, 3, 1, 3, 1, 3, 1, 1].map(das::das_addr));
}

#[test]
fn in_the_end_nothing_is_remembered() {
    let mut link = Link::silent(0);
    send(&mut link, 1, &Request { reply_from: [[192, 0, 2, 9].into()].into(), ..das::disconnect("alice") });
    settle(&mut link);
    assert!(link.client.is_idle());
    assert_eq!(link.now - link.started, Duration::from_secs(30) + HOLD, "MRD and the hold");
}

#[test]
fn a_request_that_does_not_fit_uses_up_none() {
    let mut link = Link::silent(0);
    let mut request = from_one_port();
    for _ in 0..17 {
        request.attributes.push(AttributeType::CLASS, [0; 253]).expect("a value of 253");
    }
    for _ in 0..300 {
        assert_eq!(link.send(request.clone()), Err(RequestError::PacketTooLong));
    }
    assert!(link.send(from_one_port()).is_ok());
    assert_eq!((link.client.in_flight(), link.transmissions.len()), (1, 1));
}

#[test]
fn each_run_starts_elsewhere_and_the_same_seed_at_the_same() {
    let first = |seed: u64| {
        let mut client = DynAuthClient::new(seed);
        let moment = Moment { at: Clock.now(), epoch: 0, random: 0 };
        client.handle_request(das::disconnect("alice"), moment).expect("a request");
        client.poll_transmit().expect("a transmission").octets[1]
    };
    let starts: BTreeSet<u8> = (0..64).map(first).collect();
    assert!(starts.len() > 32, "{starts:?}");
    assert_eq!(first(7), first(7));
}
