//! What is to become of a datagram, from the RFCs and from what is in flight.
use std::net::SocketAddr;

use radkick::dynauth::{DiscardReason, ExchangeId};
use radkick::radius::{AttributeType, OpenError};

use super::by_hand::{attributes, sign, tag};
use super::secret_of;
use super::watch::{Record, Socket, Watch};

/// The kinds of reasons; details aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reason {
    Source,
    Malformed,
    Code,
    Identifier,
    Authenticator,
    MessageAuthenticator,
    MissingMessageAuthenticator,
    Stale,
}

impl From<DiscardReason> for Reason {
    fn from(reason: DiscardReason) -> Self {
        match reason {
            DiscardReason::UnexpectedSource => Self::Source,
            DiscardReason::StaleEventTimestamp => Self::Stale,
            DiscardReason::Refused(error) => match error {
                OpenError::UnexpectedCode(_) => Self::Code,
                OpenError::Malformed(_) => Self::Malformed,
                OpenError::UnknownIdentifier(_) => Self::Identifier,
                OpenError::BadAuthenticator => Self::Authenticator,
                OpenError::BadMessageAuthenticator => Self::MessageAuthenticator,
                OpenError::MissingMessageAuthenticator => Self::MissingMessageAuthenticator,
            },
        }
    }
}

/// What may become of a datagram.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It ends this exchange.
    Ends(ExchangeId),
    /// It is discarded for one of these reasons.
    Discarded(Vec<Reason>),
}

pub(crate) fn fate(watch: &Watch, socket: Socket, from: SocketAddr, octets: &[u8], epoch: i64) -> Fate {
    let mut reasons = Vec::new();
    if watch.awaiting(from, None).next().is_none() {
        reasons.push(Reason::Source);
        if !watch.knows(from) {
            return Fate::Discarded(reasons);
        }
    }
    let [_, identifier, ..] = octets else {
        reasons.push(Reason::Malformed);
        return Fate::Discarded(reasons);
    };
    let mut verdicts = Vec::new();
    for id in watch.awaiting(from, Some((socket, *identifier))) {
        match verdict(&watch.exchanges[&id], octets, epoch) {
            None => return Fate::Ends(id),
            Some(reason) => verdicts.push(reason),
        }
    }
    if verdicts.is_empty() {
        verdicts.push(Reason::Identifier);
    }
    reasons.extend(verdicts);
    Fate::Discarded(reasons)
}

/// Why it is no answer to that exchange; `None` if it is.
fn verdict(record: &Record, octets: &[u8], epoch: i64) -> Option<Reason> {
    let [code, identifier, high, low, ..] = octets else { return Some(Reason::Malformed) };
    let length = usize::from(u16::from_be_bytes([*high, *low]));
    if !(20..=4096).contains(&length) || length > octets.len() {
        return Some(Reason::Malformed);
    }
    let octets = &octets[..length];
    let secret = secret_of(record.request.das_addr);
    let signed_with: [u8; 16] = record.octets[4..20].try_into().expect("16 octets");
    if sign(*code, *identifier, &octets[20..], signed_with, &secret) != octets {
        return Some(Reason::Authenticator);
    }
    let Some(attributes) = attributes(&octets[20..]) else { return Some(Reason::Malformed) };
    let tags: Vec<_> = attributes.iter().filter(|(_, octet, _)| *octet == 80).collect();
    match tags.as_slice() {
        [] if record.request.require_message_authenticator => return Some(Reason::MissingMessageAuthenticator),
        [] => {}
        [(at, _, value)] if *value == tag(octets, at + 20, signed_with, &secret) => {}
        _ => return Some(Reason::MessageAuthenticator),
    }
    if ![record.octets[0] + 1, record.octets[0] + 2].contains(code) {
        return Some(Reason::Code);
    }
    let AttributeType::Standard(timestamp) = AttributeType::EVENT_TIMESTAMP else { return None };
    let (_, _, value) = attributes.iter().find(|(_, octet, _)| *octet == timestamp)?;
    let seconds = u32::from_be_bytes((*value).try_into().ok()?);
    let window = record.request.event_timestamp_window.as_secs();
    (window > 0 && epoch.abs_diff(seconds.into()) > window).then_some(Reason::Stale)
}
