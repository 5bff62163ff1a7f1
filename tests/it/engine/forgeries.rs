//! Nothing that is not signed with the secret ends an exchange.
use std::net::SocketAddr;
use std::time::Duration;

use proptest::prelude::*;
use radkick::dynauth::{DiscardReason, Outcome, Request};
use radkick::radius::{AttributeType, Attributes, Code, DecodeError, MessageAuthenticator, OpenError, seal_reply};

use super::das;
use super::link::{EPOCH, Link};

/// A link with one request in flight, and the right answer to it.
fn in_flight(request: Request) -> (Link, Vec<u8>) {
    let mut link = Link::silent(0);
    link.send(request).expect("a request");
    let answer = das::answer(link.last_octets()).expect("an answer");
    (link, answer)
}

/// Why `datagram` is discarded; the right answer must still count afterwards.
fn refusal(from: SocketAddr, forge: impl Fn(&mut Vec<u8>)) -> DiscardReason {
    let (mut link, answer) = in_flight(das::disconnect("alice"));
    let mut forged = answer.clone();
    forge(&mut forged);
    link.receive(from, &forged);
    assert_eq!(link.ended, []);
    link.receive(das::das_addr(1), &answer);
    assert_eq!(link.only_end().outcome, Outcome::Ack { residual_context_removed: false });
    assert_eq!(link.discarded[0].from, from);
    link.discarded[0].reason
}

#[test]
fn each_fault_has_its_name() {
    let das = das::das_addr(1);
    let refused = |forge: fn(&mut Vec<u8>)| match refusal(das, forge) {
        DiscardReason::Refused(error) => error,
        DiscardReason::StaleEventTimestamp | DiscardReason::UnexpectedSource => {
            panic!("it came from the right address")
        }
    };
    assert_eq!(refused(|octets| octets[4..20].fill(0)), OpenError::BadAuthenticator);
    assert!(matches!(refused(|octets| octets[1] ^= 1), OpenError::UnknownIdentifier(_)));
    assert_eq!(refused(|octets| octets.truncate(19)), OpenError::Malformed(DecodeError::UnexpectedEnd));
    assert_eq!(refused(Vec::clear), OpenError::Malformed(DecodeError::UnexpectedEnd));
    assert_eq!(refused(|octets| octets[3] = 19), OpenError::Malformed(DecodeError::PacketLength(19)));
    assert_eq!(refusal(das::das_addr(2), |_| {}), DiscardReason::UnexpectedSource);
    assert_eq!(refusal((das.ip(), 3798).into(), |_| {}), DiscardReason::UnexpectedSource);
}

#[test]
fn a_signed_reply_to_another_kind_of_request_is_discarded() {
    for code in [Code::CoaAck, Code::CoaNak, Code::DisconnectRequest, Code::AccessAccept] {
        let (mut link, _) = in_flight(das::disconnect("alice"));
        let request = das::open(link.last_octets()).expect("our own request");
        link.receive(das::das_addr(1), &das::reply(code, &request, &Attributes::new()));
        assert_eq!(link.ended, [], "{code}");
        assert!(matches!(link.discarded[0].reason, DiscardReason::Refused(OpenError::UnexpectedCode(_))), "{code}");
    }
}

#[test]
fn a_stale_reply_is_discarded_where_its_time_is_looked_at() {
    let seconds = |epoch: i64| u32::try_from(epoch).expect("a time of this century");
    for (off, window, taken) in
        [(300, 300, true), (-300, 300, true), (301, 300, false), (-301, 300, false), (-9999, 0, true)]
    {
        let request = Request { event_timestamp_window: Duration::from_secs(window), ..das::disconnect("alice") };
        let (mut link, _) = in_flight(request);
        let request = das::open(link.last_octets()).expect("our own request");
        let mut attributes = Attributes::new();
        attributes.push_u32(AttributeType::EVENT_TIMESTAMP, seconds(EPOCH + off));
        link.receive(das::das_addr(1), &das::reply(Code::DisconnectAck, &request, &attributes));
        assert_eq!(link.ended.len(), usize::from(taken), "{off} s off, {window} s allowed");
        let stale = link.discarded.iter().map(|discard| discard.reason).collect::<Vec<_>>();
        assert_eq!(stale, if taken { vec![] } else { vec![DiscardReason::StaleEventTimestamp] });
    }
}

#[test]
fn a_message_authenticator_can_be_demanded() {
    let strict = Request { require_message_authenticator: true, ..das::disconnect("alice") };
    let (mut link, bare) = in_flight(strict);
    link.receive(das::das_addr(1), &bare);
    assert_eq!(link.discarded[0].reason, DiscardReason::Refused(OpenError::MissingMessageAuthenticator));
    let request = das::open(link.last_octets()).expect("our own request");
    let with = MessageAuthenticator::Required;
    let full = seal_reply(Code::DisconnectAck, &request, &Attributes::new(), &das::secret(das::SECRET), with);
    link.receive(das::das_addr(1), &full.expect("a reply"));
    assert_eq!(link.ended.len(), 1);
}

#[test]
fn the_answer_to_another_request_is_discarded() {
    let mut link = Link::silent(0);
    link.send(das::disconnect("alice")).expect("a request");
    link.send(Request { das_addr: das::das_addr(2), ..das::disconnect("bob") }).expect("a request");
    let mut answer = das::answer(&link.transmissions[0].2).expect("an answer");
    answer[1] = link.transmissions[1].2[1];
    link.receive(das::das_addr(2), &answer);
    assert_eq!(link.discarded[0].reason, DiscardReason::Refused(OpenError::BadAuthenticator));
    assert_eq!(link.ended, []);
}

proptest! {
    #[test]
    fn no_noise_ends_an_exchange(octets in prop::collection::vec(any::<u8>(), 0..100), from in 0_u8..3) {
        let (mut link, _) = in_flight(das::disconnect("alice"));
        link.receive(das::das_addr(from), &octets);
        prop_assert_eq!(link.ended.len(), 0);
        prop_assert_eq!(link.discarded.len(), 1);
    }

    #[test]
    fn no_header_without_the_secret_ends_an_exchange(
        code in any::<u8>(),
        authenticator in any::<[u8; 16]>(),
        attributes in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let (mut link, _) = in_flight(das::disconnect("alice"));
        let length = u16::try_from(20 + attributes.len()).unwrap().to_be_bytes();
        let header = [code, link.last_octets()[1], length[0], length[1]];
        link.receive(das::das_addr(1), &[&header[..], &authenticator, &attributes].concat());
        prop_assert_eq!(link.ended.len(), 0);
        prop_assert_eq!(link.discarded.len(), 1);
    }

    #[test]
    fn no_change_of_a_right_answer_ends_an_exchange(at in any::<prop::sample::Index>(), bit in 0..8, name in "nak[0-9]{0,3}") {
        let (mut link, mut answer) = in_flight(das::disconnect(&name));
        let at = at.index(answer.len());
        answer[at] ^= 1_u8 << bit;
        link.receive(das::das_addr(1), &answer);
        prop_assert_eq!(link.ended.len(), 0);
    }

    #[test]
    fn no_other_secret_ends_an_exchange(other in "[a-z]{1,20}") {
        let (mut link, _) = in_flight(das::disconnect("alice"));
        let request = das::open(link.last_octets()).expect("our own request");
        let forged = seal_reply(
            Code::DisconnectAck, &request, &Attributes::new(), &das::secret(&other), MessageAuthenticator::Required,
        );
        link.receive(das::das_addr(1), &forged.unwrap());
        prop_assert_eq!(link.ended.len(), 0);
    }
}
