//! Frozen packets of other programs (fixtures/packets): we read them as they were meant, and would have sent the same
//! octets.
use radkick::radius::{
    AttributeType, Attributes, Code, Dictionary, MessageAuthenticator, Opened, SharedSecret, open_reply, open_request,
    parse_pair, seal_reply, seal_request,
};

use super::by_hand::sign;
use crate::engine::das;

const EXCHANGES: &str = include_str!("../../../../fixtures/packets/exchanges.txt");
const PUBLISHED: &str = include_str!("../../../../fixtures/packets/published.txt");

/// The `key value` lines of one block of a file.
type Lines = Vec<(&'static str, &'static str)>;

/// One exchange of the file.
struct Case {
    name: &'static str,
    secret: SharedSecret,
    request: Packet,
    reply: Packet,
}

struct Packet {
    octets: Vec<u8>,
    is: &'static str,
    has: Attributes,
}

impl Packet {
    fn read(lines: &Lines, key: &str) -> Self {
        let all = |suffix: &str| {
            let key = format!("{key}{suffix}");
            lines.iter().filter(move |(found, _)| *found == key).map(|(_, value)| *value)
        };
        let dictionary = Dictionary::bundled().expect("our own dictionaries");
        let mut has = Attributes::new();
        for pair in all("-has") {
            parse_pair(&dictionary, pair, &mut has).expect("an attribute");
        }
        let [octets, is] = ["", "-is"].map(|suffix| all(suffix).next().expect("octets and what they are"));
        Self { octets: unhex(octets), is, has }
    }

    fn check(&self, opened: &Opened, case: &str) {
        let found: Vec<_> =
            opened.attributes.iter().filter(|(t, _)| *t != AttributeType::MESSAGE_AUTHENTICATOR).collect();
        assert_eq!(found, self.has.iter().collect::<Vec<_>>(), "{case}");
    }
}

/// Whether it was sent with a Message-Authenticator.
fn with(opened: &Opened) -> MessageAuthenticator {
    let there = opened.attributes.contains(AttributeType::MESSAGE_AUTHENTICATOR);
    if there { MessageAuthenticator::Required } else { MessageAuthenticator::Optional }
}

fn unhex(digits: &str) -> Vec<u8> {
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(octet).collect()
}

/// The blocks of a file that begin with `key`.
fn blocks(file: &'static str, key: &str) -> Vec<Lines> {
    let blocks = file.split("\n\n").filter(|block| block.starts_with(key));
    blocks.map(|block| block.lines().filter_map(|line| line.split_once(' ')).collect()).collect()
}

fn value(lines: &Lines, key: &str) -> Option<&'static str> {
    lines.iter().find(|(found, _)| *found == key).map(|(_, value)| *value)
}

fn cases() -> Vec<Case> {
    let read = |lines: &Lines| Case {
        name: value(lines, "case").expect("a name"),
        secret: das::secret(value(lines, "secret").expect("a secret")),
        request: Packet::read(lines, "request"),
        reply: Packet::read(lines, "reply"),
    };
    blocks(EXCHANGES, "case ").iter().map(read).collect()
}

#[test]
fn requests_are_read_and_would_be_sent_the_same() {
    for Case { name, secret, request, .. } in cases() {
        let opened = open_request(&request.octets, &secret, MessageAuthenticator::Optional).expect(name);
        assert_eq!(format!("{} {}", opened.code, opened.identifier), request.is, "{name}");
        request.check(&opened, name);
        let sealed = seal_request(opened.code, opened.identifier, &request.has, &secret, with(&opened));
        assert_eq!(sealed.expect(name).octets(), request.octets, "{name}");
    }
}

#[test]
fn replies_are_read_and_would_be_sent_the_same() {
    for Case { name, secret, request, reply } in cases() {
        let asked = open_request(&request.octets, &secret, MessageAuthenticator::Optional).expect(name);
        let sealed = seal_request(asked.code, asked.identifier, &request.has, &secret, with(&asked));
        let opened = open_reply(&reply.octets, &sealed.expect(name), &secret, MessageAuthenticator::Optional);
        let opened = opened.expect(name);
        assert_eq!(opened.code.to_string(), reply.is, "{name}");
        reply.check(&opened, name);
        let again = seal_reply(opened.code, &asked, &reply.has, &secret, with(&opened));
        assert_eq!(again.expect(name), reply.octets, "{name}");
    }
}

#[test]
fn the_cases_cover_what_comes_back() {
    let codes: Vec<u8> = cases().iter().map(|case| case.reply.octets[0]).collect();
    for code in [Code::DisconnectAck, Code::DisconnectNak, Code::CoaAck, Code::CoaNak] {
        assert!(codes.iter().any(|octet| Code::from_octet(*octet) == Some(code)), "{code}");
    }
}

#[test]
fn published_packets_are_read_and_would_be_sent_the_same() {
    for lines in blocks(PUBLISHED, "case ").iter().filter(|lines| value(lines, "refused").is_none()) {
        let [name, secret] = ["case", "secret"].map(|key| value(lines, key).expect("a name and a secret"));
        let (secret, packet) = (das::secret(secret), Packet::read(lines, "packet"));
        let opened = open_request(&packet.octets, &secret, MessageAuthenticator::Optional).expect(name);
        assert_eq!(format!("{} {}", opened.code, opened.identifier), packet.is, "{name}");
        packet.check(&opened, name);
        let sealed = seal_request(opened.code, opened.identifier, &packet.has, &secret, with(&opened));
        assert_eq!(sealed.expect(name).octets(), packet.octets, "{name}");
    }
}

/// Their attributes are read as they were meant once they stand behind an authenticator that is right.
#[test]
fn published_packets_that_are_no_signed_request_are_refused_as_such() {
    let secret = "of-the-tests";
    let refused = blocks(PUBLISHED, "case ").into_iter().filter_map(|lines| Some((value(&lines, "refused")?, lines)));
    for (reason, lines) in refused {
        let (name, packet) = (value(&lines, "case").expect("a name"), Packet::read(&lines, "packet"));
        let key = das::secret(value(&lines, "secret").unwrap_or(secret));
        let error = open_request(&packet.octets, &key, MessageAuthenticator::Optional).expect_err(name);
        assert_eq!(error.to_string(), reason, "{name}");
        let code = Code::from_octet(packet.octets[0]).expect("a code of RADIUS");
        assert_eq!(format!("{code} {}", packet.octets[1]), packet.is, "{name}");
        if !packet.has.is_empty() {
            let again = sign(40, 1, &packet.octets[20..], [0; 16], secret.as_bytes());
            let opened = open_request(&again, &das::secret(secret), MessageAuthenticator::Optional);
            packet.check(&opened.expect(name), name);
        }
    }
}

#[test]
fn published_values_are_shown_as_others_show_them() {
    let dictionary = Dictionary::bundled().expect("our own dictionaries");
    let [lines] = blocks(PUBLISHED, "values ").try_into().expect("one block of values");
    for (_, value) in lines.iter().filter(|(key, _)| *key == "value") {
        let words: Vec<&str> = value.splitn(3, ' ').collect();
        let place = &dictionary.attribute(words[0]).expect("a known attribute").place;
        let attribute_type = *place.as_ref().expect("one that goes into a packet");
        let octets = unhex(words[1].trim_start_matches("0x"));
        assert_eq!(dictionary.value(attribute_type, &octets), words[2], "{value}");
    }
}
