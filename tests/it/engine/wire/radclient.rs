//! The real radclient and the real FreeRADIUS on the other side: octets equal to ours, and each takes what we sealed.
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};

use radkick::radius::{
    AttributeType, Attributes, Code, Dictionary, ErrorCause, MessageAuthenticator, Opened, Sealed, open_reply,
    open_request, parse_pair, seal_reply, seal_request,
};

use crate::engine::das;
use crate::engine::loopback::LoopbackDas;
use crate::support::freeradius::{FreeRadius, FreeRadiusOptions};
use crate::support::radclient::{Radclient, Reply, RequestKind};
use crate::support::wait::PATIENCE;

const SECRET: &str = das::SECRET;

/// Names, addresses, numbers, vendors of one and of four octets' length, tags, octets, a prefix longer than it needs to be.
const RICH: &str = r#"
User-Name = "o'br\"ien \303\251"
NAS-IP-Address = 192.0.2.7
NAS-IPv6-Address = 2001:db8::7
Acct-Session-Id = "80a00f31"
Tunnel-Type:1 = VLAN
Tunnel-Medium-Type:1 = IEEE-802
Tunnel-Private-Group-Id:1 = "4094"
Tunnel-Private-Group-Id = "7"
Mikrotik-Rate-Limit = "2M/2M 4M/4M 1M/1M 8/8"
Mikrotik-Total-Limit = 4294967295
Cisco-AVPair = "a=b"
Cisco-AVPair += "c=d"
WISPr-Bandwidth-Max-Down = 1
Class = 0x00ff41
Class = 0x00ff41
Framed-IPv6-Prefix = 2001:db8:ff::/33
Framed-Interface-Id = 1:2:3:4
Proxy-State = 0x01
Proxy-State = 0x0203
"#;

/// A dictionary directory for radclient.
fn raddb() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let text = "$INCLUDE /usr/share/freeradius/dictionary\n";
    std::fs::write(directory.path().join("dictionary"), text).expect("a dictionary");
    directory
}

fn radclient(raddb: &tempfile::TempDir, kind: RequestKind, to: SocketAddr) -> Radclient {
    Radclient { raddb: raddb.path().into(), to, kind, secret: SECRET.into(), tries: 4, wait_secs: 5 }
}

/// The packets that radclient is to send: few attributes and many, long ones, with a Message-Authenticator and without.
fn packets() -> Vec<String> {
    let long = format!("User-Name = \"{}\"\nReply-Message = \"{}\"\n", "u".repeat(253), "m".repeat(253));
    let vendor = format!("Mikrotik-Rate-Limit = \"{}\"\n", "9".repeat(247));
    let texts = ["User-Name = \"alice\"\n", RICH, &long, &vendor, "Event-Timestamp = 1700000000\nNAS-Port = 0\n"];
    let tagged = texts.map(|text| format!("{}\nMessage-Authenticator = 0x00\n", text.trim()));
    texts.map(|text| text.trim().to_owned()).into_iter().chain(tagged).collect()
}

/// Opens a request, and seals what it found once more.
fn again(octets: &[u8]) -> (Opened, Sealed) {
    let secret = das::secret(SECRET);
    let opened = open_request(octets, &secret, MessageAuthenticator::Optional).expect("radclient's request");
    let with = if opened.attributes.contains(AttributeType::MESSAGE_AUTHENTICATOR) {
        MessageAuthenticator::Required
    } else {
        MessageAuthenticator::Optional
    };
    let sealed = seal_request(opened.code, opened.identifier, &opened.attributes, &secret, with).expect("a request");
    (opened, sealed)
}

#[test]
fn radclients_requests_are_ours_octet_by_octet() {
    let raddb = raddb();
    let das = LoopbackDas::start();
    for kind in [RequestKind::Disconnect, RequestKind::Coa] {
        for packet in packets() {
            let before = das.received().len();
            let reply = radclient(&raddb, kind, das.addr).send(&packet).expect("an answer");
            let (_, octets) = das.received().swap_remove(before);
            let (opened, sealed) = again(&octets);
            assert_eq!(sealed.octets(), octets, "{packet}");
            assert_eq!(opened.attributes.len(), packet.lines().count(), "{packet}");
            assert_eq!(reply.code.replace("ACK", "Request"), opened.code.to_string());
        }
    }
}

/// What RADIUS' own dictionaries name alike is read alike: our octets for a line are radclient's.
#[test]
fn a_line_of_text_becomes_the_octets_that_radclient_sends() {
    let (raddb, das) = (raddb(), LoopbackDas::start());
    let dictionary = Dictionary::bundled().expect("our own dictionaries");
    let lines = RICH.trim().lines();
    // Of these our dictionaries have no name, or the prefix is written longer than it needs to be.
    let lines: Vec<&str> =
        lines.filter(|line| !["Tunnel", "Cisco", "Framed-IPv6"].iter().any(|s| line.starts_with(s))).collect();
    let mut ours = Attributes::new();
    for line in &lines {
        parse_pair(&dictionary, line, &mut ours).expect("an attribute");
    }
    radclient(&raddb, RequestKind::Coa, das.addr).send(&lines.join("\n")).expect("an answer");
    assert_eq!(das.received().len(), 1);
    assert_eq!(again(&das.received()[0].1).0.attributes, ours);
}

/// What the server answers to the nth request, from 1.
fn nth_reply(request: &Opened, n: usize) -> Vec<u8> {
    let mut attributes = das::error_cause(ErrorCause(503));
    attributes.push(AttributeType::REPLY_MESSAGE, "x".repeat(253)).expect("a long value");
    attributes.push(AttributeType::mikrotik(8), "2M/2M").expect("a limit");
    attributes.push(AttributeType::PROXY_STATE, [1, 2]).expect("octets");
    let coa = request.code == Code::CoaRequest;
    let (code, attributes) = match (n % 2, coa) {
        (1, true) => (Code::CoaAck, Attributes::new()),
        (1, false) => (Code::DisconnectAck, Attributes::new()),
        (_, true) => (Code::CoaNak, attributes),
        (_, false) => (Code::DisconnectNak, attributes),
    };
    let with = if n % 4 < 2 { MessageAuthenticator::Optional } else { MessageAuthenticator::Required };
    seal_reply(code, request, &attributes, &das::secret(SECRET), with).expect("a reply")
}

#[test]
fn radclient_takes_our_replies() {
    let raddb = raddb();
    let das = LoopbackDas::answering(Ipv4Addr::LOCALHOST.into(), |octets, n| vec![nth_reply(&again(octets).0, n)]);
    for kind in [RequestKind::Disconnect, RequestKind::Coa] {
        let ask = || radclient(&raddb, kind, das.addr).send("User-Name = \"alice\"\nMessage-Authenticator = 0x00\n");
        let replies: Vec<Reply> = (0..4).map(|_| ask().expect("a reply that radclient takes")).collect();
        for (reply, code) in replies.iter().zip(["ACK", "NAK", "ACK", "NAK"]) {
            assert!(reply.code.ends_with(code), "{reply:?}");
            assert_eq!(reply.attributes.contains_key("Error-Cause"), code == "NAK", "{reply:?}");
        }
        assert_eq!(replies[1].attributes["Mikrotik-Rate-Limit"], ["2M/2M"]);
        assert_eq!(replies[1].attributes["Reply-Message"], ["x".repeat(253)]);
    }
}

/// FreeRADIUS behind a socket of ours.
struct Peer {
    server: FreeRadius,
    socket: UdpSocket,
}

impl Peer {
    fn start() -> Self {
        let server = FreeRadius::start(&FreeRadiusOptions::default());
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a bound");
        Self { server, socket }
    }

    /// Asks; the reply must be what we would have answered with the same attributes.
    fn ask(&self, code: Code, identifier: u8, attributes: &Attributes) -> Opened {
        let (secret, with) = (das::secret(self.server.secret()), MessageAuthenticator::Required);
        let sealed = seal_request(code, identifier, attributes, &secret, with).expect("a request");
        self.socket.send_to(sealed.octets(), self.server.coa_addr()).expect("loopback");
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).unwrap_or_else(|error| panic!("{error}\n{}", self.server.log()));
        let reply = open_reply(&buffer[..length], &sealed, &secret, MessageAuthenticator::Optional).expect("its reply");
        let request = open_request(sealed.octets(), &secret, with).expect("our own request");
        let with = if reply.attributes.contains(AttributeType::MESSAGE_AUTHENTICATOR) {
            MessageAuthenticator::Required
        } else {
            MessageAuthenticator::Optional
        };
        let ours = seal_reply(reply.code, &request, &reply.attributes, &secret, with).expect("a reply");
        assert_eq!(ours, buffer[..length]);
        reply
    }
}

#[test]
fn freeradius_takes_our_requests_and_answers_as_we_would() {
    let peer = Peer::start();
    peer.server.account(&[
        ("Acct-Status-Type", "Start"),
        ("User-Name", "alice"),
        ("Acct-Session-Id", "80a00f31"),
        ("NAS-IP-Address", "127.0.0.1"),
    ]);
    let mut alice = das::user("alice");
    alice.push(AttributeType::ACCT_SESSION_ID, "80a00f31").expect("a session");
    alice.push(AttributeType::mikrotik(8), "2M/2M").expect("a limit");
    alice.push(AttributeType::PROXY_STATE, [1, 2]).expect("octets");
    alice.push(AttributeType::PROXY_STATE, [3]).expect("octets");
    alice.push_u32(AttributeType::EVENT_TIMESTAMP, 1_700_000_000);
    let proxy_state: Vec<&[u8]> = alice.all(AttributeType::PROXY_STATE).collect();
    let found = |reply: &Opened| {
        assert_eq!(reply.attributes.all(AttributeType::PROXY_STATE).collect::<Vec<_>>(), proxy_state);
        (reply.code, reply.attributes.error_cause())
    };
    assert_eq!(found(&peer.ask(Code::CoaRequest, 1, &alice)), (Code::CoaAck, None));
    assert_eq!(found(&peer.ask(Code::DisconnectRequest, 2, &alice)), (Code::DisconnectAck, None));
    let gone = Some(ErrorCause::SESSION_CONTEXT_NOT_FOUND);
    assert_eq!(found(&peer.ask(Code::DisconnectRequest, 3, &alice)), (Code::DisconnectNak, gone));
    assert_eq!(found(&peer.ask(Code::CoaRequest, 4, &alice)), (Code::CoaNak, gone));
    let seen = peer.server.coa_requests();
    assert_eq!(seen.len(), 4, "{seen:?}");
    assert_eq!(seen[0]["Mikrotik-Rate-Limit"], ["2M/2M"]);
}
