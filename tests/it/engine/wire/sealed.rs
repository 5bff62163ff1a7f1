//! What we seal opens with its secret, and nothing else does.
use proptest::prelude::*;
use radkick::radius::{
    AttributeType, Attributes, Code, EncodeError, MessageAuthenticator, OpenError, Opened, Sealed, SharedSecret,
    open_reply, open_request, packet_octets, seal_reply, seal_request,
};

use super::arbitrary::{Pair, answers, attributes, message_authenticator, pairs, read, request_code, secret, shared};
use super::by_hand;

const ZERO: [u8; 16] = [0; 16];
const ANY: MessageAuthenticator = MessageAuthenticator::Optional;

/// A request and the reply to it.
#[derive(Debug)]
struct Exchange {
    secret: Vec<u8>,
    with: MessageAuthenticator,
    asked: Vec<Pair>,
    answered: Vec<Pair>,
    request: Sealed,
    reply_code: Code,
    reply: Vec<u8>,
}

impl Exchange {
    fn shared(&self) -> SharedSecret {
        shared(&self.secret)
    }

    fn opened(&self) -> Opened {
        open_request(self.request.octets(), &self.shared(), self.with).expect("our own request")
    }

    fn open(&self, datagram: &[u8]) -> Result<Opened, OpenError> {
        open_reply(datagram, &self.request, &self.shared(), ANY)
    }
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let codes = request_code().prop_flat_map(|code| (Just(code), prop::sample::select(answers(code))));
    (codes, any::<u8>(), pairs(), pairs(), secret(), message_authenticator()).prop_map(
        |((code, reply_code), identifier, asked, answered, secret, with)| {
            let key = shared(&secret);
            let request = seal_request(code, identifier, &attributes(&asked), &key, with).expect("a short request");
            let opened = open_request(request.octets(), &key, with).expect("our own request");
            let reply = seal_reply(reply_code, &opened, &attributes(&answered), &key, with).expect("a short reply");
            Exchange { secret, with, asked, answered, request, reply_code, reply }
        },
    )
}

/// Attributes of exactly `octets` octets on the wire, 3 or more.
fn filled(octets: usize) -> Vec<Pair> {
    let long = (octets - 3) / 255;
    let rest = octets - 255 * long;
    let lengths = std::iter::repeat_n(255, long).chain(match rest {
        256.. => vec![3, rest - 3],
        _ => vec![rest],
    });
    lengths.map(|length| (AttributeType::CLASS, vec![7; length - 2])).collect()
}

proptest! {
    #[test]
    fn a_request_comes_back_as_it_went(exchange in exchange()) {
        let opened = exchange.opened();
        let octets = exchange.request.octets();
        prop_assert_eq!(opened.code, exchange.request.code());
        prop_assert_eq!(opened.identifier, exchange.request.identifier());
        prop_assert_eq!(&opened.authenticator, &octets[4..20]);
        prop_assert_eq!(read(&opened.attributes), exchange.asked);
        prop_assert_eq!(usize::from(u16::from_be_bytes([octets[2], octets[3]])), octets.len());
    }

    #[test]
    fn a_reply_comes_back_as_it_went(exchange in exchange()) {
        let opened = exchange.open(&exchange.reply).expect("the right reply");
        prop_assert_eq!(opened.code, exchange.reply_code);
        prop_assert_eq!(read(&opened.attributes), exchange.answered);
        let tagged = opened.attributes.contains(AttributeType::MESSAGE_AUTHENTICATOR);
        prop_assert_eq!(tagged, exchange.with == MessageAuthenticator::Required);
    }

    #[test]
    fn the_digests_are_those_of_the_rfcs(exchange in exchange()) {
        let (secret, octets) = (&exchange.secret, exchange.request.octets());
        let signed_with: [u8; 16] = octets[4..20].try_into().expect("16 octets");
        let again = |octets: &[u8], with| by_hand::sign(octets[0], octets[1], &octets[20..], with, secret);
        prop_assert_eq!(octets, again(octets, ZERO));
        prop_assert_eq!(&exchange.reply, &again(&exchange.reply, signed_with));
        if exchange.with == MessageAuthenticator::Required {
            for (packet, signed_with) in [(octets, ZERO), (&exchange.reply, signed_with)] {
                let place = packet.len() - 16;
                prop_assert_eq!(&packet[place..], by_hand::tag(packet, place, signed_with, secret));
            }
        }
    }

    #[test]
    fn one_flipped_bit_is_refused(exchange in exchange(), at in any::<prop::sample::Index>(), bit in 0..8) {
        let flipped = |octets: &[u8]| {
            let mut octets = octets.to_vec();
            octets[at.index(exchange.request.octets().len().min(exchange.reply.len()))] ^= 1_u8 << bit;
            octets
        };
        prop_assert!(open_request(&flipped(exchange.request.octets()), &exchange.shared(), ANY).is_err());
        prop_assert!(exchange.open(&flipped(&exchange.reply)).is_err());
    }

    #[test]
    fn cut_short_it_is_refused(exchange in exchange(), at in any::<prop::sample::Index>()) {
        let request = exchange.request.octets();
        prop_assert!(open_request(&request[..at.index(request.len())], &exchange.shared(), ANY).is_err());
        prop_assert!(exchange.open(&exchange.reply[..at.index(exchange.reply.len())]).is_err());
    }

    #[test]
    fn padding_is_not_looked_at(exchange in exchange(), padding in prop::collection::vec(any::<u8>(), 0..5000)) {
        let padded = |octets: &[u8]| [octets, &padding].concat();
        let request = open_request(&padded(exchange.request.octets()), &exchange.shared(), exchange.with);
        prop_assert_eq!(request, Ok(exchange.opened()));
        prop_assert_eq!(exchange.open(&padded(&exchange.reply)), exchange.open(&exchange.reply));
    }

    #[test]
    fn another_secret_opens_nothing(exchange in exchange(), other in secret()) {
        prop_assume!(other != exchange.secret);
        let request = open_request(exchange.request.octets(), &shared(&other), ANY);
        prop_assert_eq!(request, Err(OpenError::BadAuthenticator));
        let reply = open_reply(&exchange.reply, &exchange.request, &shared(&other), ANY);
        prop_assert_eq!(reply, Err(OpenError::BadAuthenticator));
    }

    #[test]
    fn the_reply_to_another_request_is_refused(one in exchange(), other in exchange()) {
        prop_assume!(one.request.octets() != other.request.octets());
        let mut reply = other.reply.clone();
        reply[1] = one.request.identifier();
        prop_assert_eq!(one.open(&reply), Err(OpenError::BadAuthenticator));
    }

    #[test]
    fn what_nobody_sealed_is_never_accepted(exchange in exchange(), octets in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(open_request(&octets, &exchange.shared(), ANY).is_err());
        prop_assert!(exchange.open(&octets).is_err());
        let mut headed = octets;
        headed.splice(..headed.len().min(4), exchange.reply[..4].iter().copied());
        prop_assert!(exchange.open(&headed).is_err());
    }

    #[test]
    fn a_packet_has_4096_octets_at_most(octets in 4000_usize..4200, with in message_authenticator(), code in request_code()) {
        let attributes = attributes(&filled(octets - 20));
        let total = if with == MessageAuthenticator::Required { octets + 18 } else { octets };
        let sealed = seal_request(code, 1, &attributes, &shared(b"secret"), with);
        let counted = packet_octets(&attributes, with == MessageAuthenticator::Required);
        if total > 4096 {
            prop_assert_eq!(sealed, Err(EncodeError::PacketTooLong));
            prop_assert_eq!(counted, Err(EncodeError::PacketTooLong));
        } else {
            let sealed = sealed.expect("it fits");
            prop_assert_eq!((sealed.octets().len(), counted.map(usize::from)), (total, Ok(total)));
            prop_assert!(open_request(sealed.octets(), &shared(b"secret"), with).is_ok());
        }
    }
}

#[test]
fn exactly_4096_octets_go_and_one_more_does_not() {
    for (octets, with, fits) in [
        (4096, MessageAuthenticator::Optional, true),
        (4097, MessageAuthenticator::Optional, false),
        (4078, MessageAuthenticator::Required, true),
        (4079, MessageAuthenticator::Required, false),
    ] {
        let attributes = attributes(&filled(octets - 20));
        let key = shared(b"secret");
        let request = seal_request(Code::CoaRequest, 1, &attributes, &key, with);
        assert_eq!(request.map(|sealed| sealed.octets().len()), fits.then_some(4096).ok_or(EncodeError::PacketTooLong));
        let asked = seal_request(Code::CoaRequest, 1, &Attributes::new(), &key, ANY).expect("a short one");
        let opened = open_request(asked.octets(), &key, ANY).expect("our own");
        let reply = seal_reply(Code::CoaAck, &opened, &attributes, &key, with);
        assert_eq!(reply.as_ref().map(Vec::len).ok(), fits.then_some(4096));
        if let Ok(reply) = reply {
            assert_eq!(open_reply(&reply, &asked, &key, with).map(|opened| opened.code), Ok(Code::CoaAck));
        }
    }
}
