//! A Dynamic Authorization Server of a few lines, and requests for it.
use std::net::SocketAddr;

use radkick::dynauth::Request;
use radkick::radius::{
    AttributeType, Attributes, Code, ErrorCause, MessageAuthenticator, Opened, SharedSecret, open_request, seal_reply,
};

pub(crate) const SECRET: &str = "testing123";

pub(crate) fn secret(text: &str) -> SharedSecret {
    SharedSecret::new(text.as_bytes().to_vec()).expect("a secret of some octets")
}

/// The address of the nth NAS.
pub(crate) fn das_addr(n: u8) -> SocketAddr {
    ([192, 0, 2, n], 3799).into()
}

pub(crate) fn user(name: &str) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.push(AttributeType::USER_NAME, name).expect("a short name");
    attributes
}

pub(crate) fn disconnect(name: &str) -> Request {
    Request::new(das_addr(1), Code::DisconnectRequest, user(name), secret(SECRET))
}

pub(crate) fn open(octets: &[u8]) -> Option<Opened> {
    open_request(octets, &secret(SECRET), MessageAuthenticator::Optional).ok()
}

pub(crate) fn error_cause(cause: ErrorCause) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.push_u32(AttributeType::ERROR_CAUSE, cause.0);
    attributes
}

/// A reply that is right in every respect.
pub(crate) fn reply(code: Code, request: &Opened, attributes: &Attributes) -> Vec<u8> {
    seal_reply(code, request, attributes, &secret(SECRET), MessageAuthenticator::Optional).expect("a short reply")
}

/// What the server answers, by the user's name: `nak` and a number, or ACK.
pub(crate) fn answer(octets: &[u8]) -> Option<Vec<u8>> {
    let request = open(octets)?;
    let name = request.attributes.first_text(AttributeType::USER_NAME).unwrap_or_default();
    let (ack, nak) = if request.code == Code::CoaRequest {
        (Code::CoaAck, Code::CoaNak)
    } else {
        (Code::DisconnectAck, Code::DisconnectNak)
    };
    Some(match name.strip_prefix("nak").map(str::parse) {
        Some(Ok(cause)) => reply(nak, &request, &error_cause(ErrorCause(cause))),
        Some(Err(_)) => reply(nak, &request, &Attributes::new()),
        None => reply(ack, &request, &Attributes::new()),
    })
}
