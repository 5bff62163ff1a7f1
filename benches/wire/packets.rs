//! The requests that all contenders send, as octets and in radclient's file format.

use std::io::{BufWriter, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;

use radkick::radius::{AttributeType, Attributes, Code, MessageAuthenticator, Sealed, SharedSecret, seal_request};

pub(crate) const SECRET: &str = "secret-of-the-measurement";
pub(crate) const EVENT_TIMESTAMP: u32 = 1_763_870_000;

pub(crate) fn secret() -> SharedSecret {
    SharedSecret::new(SECRET.into()).expect("it is not empty")
}

fn user(n: u32) -> String {
    format!("user{n:07}")
}

fn session(n: u32) -> String {
    format!("{n:08x}")
}

/// What identifies the session of request `n`, when it was sent, and room for the Message-Authenticator.
pub(crate) fn attributes(n: u32) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, user(n)).expect("it fits");
    attributes.push(AttributeType::ACCT_SESSION_ID, session(n)).expect("it fits");
    attributes.push_ipv4(AttributeType::NAS_IP_ADDRESS, Ipv4Addr::LOCALHOST);
    attributes.push_u32(AttributeType::EVENT_TIMESTAMP, EVENT_TIMESTAMP);
    attributes
}

/// Request `n` ready for the wire.
pub(crate) fn sealed(n: u32, secret: &SharedSecret) -> Sealed {
    let [.., identifier] = n.to_be_bytes();
    seal_request(Code::DisconnectRequest, identifier, &attributes(n), secret, MessageAuthenticator::Required)
        .expect("it fits")
}

/// Writes requests 0 to `count` for radclient and `radkick send`.
pub(crate) fn write_file(path: &Path, count: u32) -> std::io::Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    for n in 0..count {
        let (user, session) = (user(n), session(n));
        writeln!(file, "User-Name = \"{user}\"\nAcct-Session-Id = \"{session}\"\nNAS-IP-Address = 127.0.0.1")?;
        writeln!(file, "Event-Timestamp = {EVENT_TIMESTAMP}\nMessage-Authenticator = 0x00\n")?;
    }
    file.flush()
}
