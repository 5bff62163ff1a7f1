//! Frozen packets of other programs (fixtures/packets/exchanges.txt): we read them as they were meant, and would have sent
//! the same octets.
use radkick::radius::{
    AttributeType, Attributes, Code, Dictionary, MessageAuthenticator, Opened, SharedSecret, open_reply, open_request,
    parse_pair, seal_reply, seal_request,
};

use super::das;

const FIXTURE: &str = include_str!("../../../fixtures/packets/exchanges.txt");

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
    fn read(lines: &[(&'static str, &'static str)], key: &str) -> Self {
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
        let expected: Vec<_> = self.has.iter().collect();
        assert_eq!(found, expected, "{case}");
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

fn cases() -> Vec<Case> {
    let blocks = FIXTURE.split("\n\n").filter(|block| block.starts_with("case "));
    let read = |block: &'static str| {
        let lines: Vec<_> = block.lines().filter_map(|line| line.split_once(' ')).collect();
        let value = |key| lines.iter().find(|(found, _)| *found == key).map(|(_, value)| *value).expect("a value");
        Case {
            name: value("case"),
            secret: das::secret(value("secret")),
            request: Packet::read(&lines, "request"),
            reply: Packet::read(&lines, "reply"),
        }
    };
    blocks.map(read).collect()
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
    for code in [Code::DisconnectAck, Code::DisconnectNak, Code::CoaNak] {
        assert!(codes.iter().any(|octet| Code::from_octet(*octet) == Some(code)), "{code}");
    }
}
