//! What ends an exchange, and what it says then.
use std::net::IpAddr;
use std::time::Duration;

use radkick::dynauth::{DiscardReason, Outcome, Request, SendError};
use radkick::radius::{AttributeType, Attributes, Code, ErrorCause, OpenError};

use super::das;
use super::link::Link;

const ACK: Outcome = Outcome::Ack { residual_context_removed: false };

fn end_of(request: Request) -> radkick::dynauth::Ended {
    let mut link = Link::new(0);
    link.send(request).expect("a request");
    link.run();
    link.only_end().clone()
}

#[test]
fn an_ack_is_an_ack() {
    let ended = end_of(das::disconnect("alice"));
    assert_eq!(ended.outcome, ACK);
    assert_eq!(ended.code, Some(Code::DisconnectAck));
    assert_eq!(ended.transmissions, 1);
    assert_eq!(ended.round_trip, Some(Duration::from_millis(20)));
    assert_eq!(ended.elapsed, Duration::from_millis(20));
    assert_eq!(ended.reply, Some(Attributes::new()));
    let coa = end_of(Request { code: Code::CoaRequest, ..das::disconnect("alice") });
    assert_eq!((coa.outcome, coa.code), (ACK, Some(Code::CoaAck)));
}

#[test]
fn a_nak_says_why_or_does_not() {
    let nak = |name| end_of(das::disconnect(name)).outcome;
    let found = nak("nak503");
    assert_eq!(found, Outcome::Nak { error_cause: Some(ErrorCause::SESSION_CONTEXT_NOT_FOUND) });
    assert_eq!(nak("nak99999"), Outcome::Nak { error_cause: Some(ErrorCause(99_999)) });
    assert_eq!(nak("nak"), Outcome::Nak { error_cause: None });
    let coa = end_of(Request { code: Code::CoaRequest, ..das::disconnect("nak401") });
    assert_eq!(coa.code, Some(Code::CoaNak));
    assert_eq!(coa.reply.and_then(|reply| reply.error_cause()), Some(ErrorCause::UNSUPPORTED_ATTRIBUTE));
}

#[test]
fn an_ack_may_say_that_only_remains_were_there() {
    let mut link = Link::silent(0);
    link.send(das::disconnect("alice")).expect("a request");
    let request = das::open(link.last_octets()).expect("our own request");
    let attributes = das::error_cause(ErrorCause::RESIDUAL_SESSION_CONTEXT_REMOVED);
    link.receive(das::das_addr(1), &das::reply(Code::DisconnectAck, &request, &attributes));
    assert_eq!(link.only_end().outcome, Outcome::Ack { residual_context_removed: true });
}

#[test]
fn a_late_reply_counts_while_the_exchange_lives_and_never_after() {
    let mut link = Link::silent(0);
    link.send(das::disconnect("alice")).expect("a request");
    let reply = das::answer(link.last_octets()).expect("an answer");
    link.pass(Duration::from_secs(2));
    link.timer();
    link.receive(das::das_addr(1), &reply);
    let ended = link.only_end().clone();
    assert_eq!((ended.outcome, ended.transmissions), (ACK, 2));
    assert_eq!(ended.round_trip, Some(Duration::from_secs(2)));
    link.receive(das::das_addr(1), &reply);
    let identifier = link.last_octets()[1];
    let late = DiscardReason::Refused(OpenError::UnknownIdentifier(identifier));
    assert_eq!(link.discarded.iter().map(|discard| discard.reason).collect::<Vec<_>>(), [late]);
    assert_eq!(link.ended.len(), 1);
}

#[test]
fn an_answer_from_another_address_of_the_nas_is_taken_if_it_was_named() {
    let mut link = Link::silent(0);
    let other = das::das_addr(9);
    link.send(das::disconnect("alice")).expect("a request");
    link.send(Request { reply_from: [other.ip()].into(), ..das::disconnect("bob") }).expect("a request");
    let [alice, bob] = [0, 1].map(|n: usize| das::answer(&link.transmissions[n].2).expect("an answer"));
    link.receive(other, &alice);
    assert_eq!(link.ended, []);
    link.receive((other.ip(), 1).into(), &bob);
    assert_eq!(link.discarded[1].reason, DiscardReason::UnexpectedSource);
    link.receive(other, &bob);
    assert_eq!(link.only_end().outcome, ACK);
    link.receive(other, &bob);
    assert_eq!(link.discarded[2].reason, DiscardReason::UnexpectedSource, "nobody expects more from there");
    link.receive(das::das_addr(1), &alice);
    assert_eq!(link.ended.len(), 2);
}

#[test]
fn two_nas_may_answer_from_one_address_under_one_identifier() {
    let mut link = Link::silent(0);
    let shared: IpAddr = [192, 0, 2, 99].into();
    let mut replies = Vec::new();
    for nas in 0..=255 {
        let request = Request { das_addr: das::das_addr(nas), reply_from: [shared].into(), ..das::disconnect("alice") };
        link.send(request).expect("a request");
        replies.push(das::answer(link.last_octets()).expect("an answer"));
    }
    let identifiers: std::collections::BTreeSet<u8> = replies.iter().map(|reply| reply[1]).collect();
    assert!(identifiers.len() < 256, "some share one");
    for reply in replies {
        link.receive((shared, 3799).into(), &reply);
    }
    assert_eq!((link.ended.len(), link.discarded.len()), (256, 0));
}

#[test]
fn an_icmp_error_ends_nothing_and_other_send_errors_do() {
    let mut link = Link::silent(0);
    let id = link.send(das::disconnect("alice")).expect("a request");
    link.client.handle_send_error(id, SendError::PortUnreachable, link.moment());
    link.client.handle_send_error(id, SendError::NoBuffers, link.moment());
    link.timer();
    assert_eq!(link.ended, []);
    link.client.handle_send_error(id, SendError::NetworkUnreachable, link.moment());
    link.timer();
    assert_eq!(link.only_end().outcome, Outcome::Unreachable(SendError::NetworkUnreachable));
    assert_eq!(link.client.in_flight(), 0);
}

#[test]
fn what_nobody_waits_for_is_not_sent_and_ends_once() {
    let mut link = Link::new(0);
    let moment = link.moment();
    let id = link.client.handle_request(das::disconnect("alice"), moment).expect("a request");
    link.client.cancel(id, moment);
    link.client.cancel(id, moment);
    link.run();
    link.timer();
    assert_eq!(link.transmissions, []);
    assert_eq!(link.only_end().outcome, Outcome::Cancelled);
    assert_eq!(link.client.in_flight(), 0);
}

#[test]
fn a_reply_keeps_its_attributes() {
    let mut link = Link::silent(0);
    link.send(das::disconnect("alice")).expect("a request");
    let request = das::open(link.last_octets()).expect("our own request");
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::REPLY_MESSAGE, "bye").expect("a short text");
    link.receive(das::das_addr(1), &das::reply(Code::DisconnectNak, &request, &attributes));
    assert_eq!(link.only_end().reply, Some(attributes));
}
