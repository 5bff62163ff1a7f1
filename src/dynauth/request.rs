//! What is to be asked of a DAS, and whether it may be.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::RetransmitPolicy;
use crate::radius::{
    AttributeType, Attributes, Code, EncodeError, MAX_PACKET_OCTETS, MessageAuthenticator, Sealed, SharedSecret,
    packet_octets, seal_request,
};

const EVENT_TIMESTAMP_OCTETS: usize = 6;

/// One Disconnect- or CoA-Request, and how to send it.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for itself: keys of [[nas]]")]
pub struct Request {
    /// Where the DAS listens; port 3799 as a rule (RFC 5176 §2.1).
    pub das_addr: SocketAddr,
    /// [`Code::DisconnectRequest`] or [`Code::CoaRequest`].
    pub code: Code,
    /// Which session; in a CoA-Request also what to change.
    pub attributes: Attributes,
    /// The secret shared with the DAS.
    pub secret: SharedSecret,
    /// When to send it again and when to give up.
    pub policy: RetransmitPolicy,
    /// Whether it carries a Message-Authenticator (RFC 5176 §3.4).
    pub message_authenticator: bool,
    /// Whether it carries an Event-Timestamp (RFC 5176 §6.3); one among `attributes` is left as it is.
    pub event_timestamp: bool,
    /// Whether a reply without a Message-Authenticator is discarded. Most DAS send none.
    pub require_message_authenticator: bool,
    /// Further addresses from which the answer may come (a NAS of several addresses), with the port of `das_addr`.
    pub reply_from: Arc<[IpAddr]>,
    /// How far the Event-Timestamp of a reply, if it has one, may be from our clock (RFC 5176 §6.3); 0 = any.
    pub event_timestamp_window: Duration,
    /// How long an Identifier is not used again after an exchange that was sent more than once or not answered.
    pub identifier_hold: Duration,
    /// Whether it is held after every exchange: for a DAS that answers from a cache by the Identifier alone.
    pub identifier_hold_always: bool,
    /// How many of our ports may send to this NAS, at least 1; each has 256 Identifiers.
    pub max_ports: u16,
}

/// Why a request could not even be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// Nothing says which session is meant (RFC 5176 §3).
    #[error("no attribute says which session is meant")]
    NoSessionIdentification,
    /// An attribute that does not belong into this request (RFC 5176 §3, §3.6).
    #[error("{0:?} does not belong into this request")]
    ForbiddenAttribute(AttributeType),
    /// A value that does not fit its attribute.
    #[error("a value of {octets} octets is too long for {attribute_type:?}")]
    ValueTooLong {
        /// The attribute.
        attribute_type: AttributeType,
        /// How long the value is.
        octets: usize,
    },
    /// All attributes together pass 4096 octets (RFC 2865 §3).
    #[error("the packet would have more than 4096 octets")]
    PacketTooLong,
    /// Neither a Disconnect- nor a CoA-Request.
    #[error("{0} is not a request of Dynamic Authorization")]
    NotDynamicAuthorization(Code),
}

impl Request {
    /// A request with the defaults: RFC 5080's times, Message-Authenticator and Event-Timestamp sent, none demanded, a reply's
    /// Event-Timestamp at most 300 s off, Identifiers held for 30 s, at most 4 ports.
    #[must_use]
    pub fn new(das_addr: SocketAddr, code: Code, attributes: Attributes, secret: SharedSecret) -> Self {
        Self {
            das_addr,
            code,
            attributes,
            secret,
            policy: RetransmitPolicy::default(),
            message_authenticator: true,
            event_timestamp: true,
            require_message_authenticator: false,
            reply_from: Arc::default(),
            event_timestamp_window: Duration::from_mins(5),
            identifier_hold: Duration::from_secs(30),
            identifier_hold_always: false,
            max_ports: 4,
        }
    }

    /// Whether it fits a packet, before anything is sent.
    ///
    /// # Errors
    /// [`RequestError`] for a code or a sum of values that does not fit.
    pub fn check_size(&self) -> Result<(), RequestError> {
        self.check_size_with(&self.attributes)
    }

    /// As [`Request::check_size`], with these attributes in place of its own.
    ///
    /// # Errors
    /// As [`Request::check_size`].
    pub fn check_size_with(&self, attributes: &Attributes) -> Result<(), RequestError> {
        if !matches!(self.code, Code::DisconnectRequest | Code::CoaRequest) {
            return Err(RequestError::NotDynamicAuthorization(self.code));
        }
        let octets = usize::from(packet_octets(attributes, self.message_authenticator)?);
        let timestamp = if self.adds_event_timestamp_to(attributes) { EVENT_TIMESTAMP_OCTETS } else { 0 };
        if octets + timestamp > MAX_PACKET_OCTETS { Err(RequestError::PacketTooLong) } else { Ok(()) }
    }

    fn adds_event_timestamp_to(&self, attributes: &Attributes) -> bool {
        self.event_timestamp && !attributes.contains(AttributeType::EVENT_TIMESTAMP)
    }

    /// The octets of every transmission, into which the attributes go. `epoch` is in seconds since 1970.
    pub(super) fn seal(&mut self, identifier: u8, epoch: i64) -> Result<Sealed, RequestError> {
        if let (true, Ok(seconds)) = (self.adds_event_timestamp_to(&self.attributes), u32::try_from(epoch)) {
            self.attributes.push_u32(AttributeType::EVENT_TIMESTAMP, seconds);
        }
        let message_authenticator =
            if self.message_authenticator { MessageAuthenticator::Required } else { MessageAuthenticator::Optional };
        let attributes = std::mem::take(&mut self.attributes);
        Ok(seal_request(self.code, identifier, &attributes, &self.secret, message_authenticator)?)
    }

    /// What a reply must carry.
    pub(super) const fn wanted_in_reply(&self) -> MessageAuthenticator {
        if self.require_message_authenticator { MessageAuthenticator::Required } else { MessageAuthenticator::Optional }
    }

    /// From where else than from its own address a reply may come.
    pub(super) fn further_sources(&self) -> impl Iterator<Item = SocketAddr> {
        let port = self.das_addr.port();
        self.reply_from.iter().map(move |address| SocketAddr::new(*address, port))
    }
}

impl From<EncodeError> for RequestError {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::ValueLength { attribute_type, octets, .. } => Self::ValueTooLong { attribute_type, octets },
            EncodeError::PacketTooLong => Self::PacketTooLong,
        }
    }
}

/// An address as it is looked up: without IPv6's flow label, which a reply does not repeat.
pub(super) fn comparable(mut address: SocketAddr) -> SocketAddr {
    if let SocketAddr::V6(address) = &mut address {
        address.set_flowinfo(0);
    }
    address
}
