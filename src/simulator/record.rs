//! What is in an Accounting-Request.
//!
//! Attributes and their order are those of captured hotspot accounting.

use std::net::Ipv4Addr;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::dm::{INTERFACE, called};
use super::session::{Session, acct_session_id, packets};
use super::{Octets, Service, SessionSpec};
use crate::radius::{AttributeType, Attributes};

/// Acct-Status-Type (RFC 2866 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Start,
    InterimUpdate,
    /// With its Acct-Terminate-Cause (RFC 2866 §5.10).
    Stop(u32),
    AccountingOn,
}

impl Status {
    const fn number(self) -> u32 {
        match self {
            Self::Start => 1,
            Self::Stop(_) => 2,
            Self::InterimUpdate => 3,
            Self::AccountingOn => 7,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Stop(_) => "Stop",
            Self::InterimUpdate => "Interim-Update",
            Self::AccountingOn => "Accounting-On",
        }
    }
}

/// One Accounting-Request to send.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) status: Status,
    pub(super) acct_session_id: Option<String>,
    pub(super) attributes: Attributes,
    /// Whether the first transmission is made twice.
    pub(super) repeated: bool,
    /// Told when the first transmission is out.
    pub(super) sent: Option<oneshot::Sender<()>>,
}

/// The router, as its accounting names it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Nas<'a> {
    pub(super) name: &'a str,
    pub(super) address: Ipv4Addr,
    pub(super) now: Instant,
    pub(super) epoch: u32,
    /// Whether input is told as output, and output as input.
    pub(super) swapped: bool,
}

impl Record {
    /// The record of a session.
    pub(super) fn of(status: Status, session: &Session, nas: Nas<'_>) -> Self {
        let mut attributes = Attributes::new();
        attributes.push_u32(AttributeType::ACCT_STATUS_TYPE, status.number());
        if let Status::Stop(cause) = status {
            attributes.push_u32(AttributeType::ACCT_TERMINATE_CAUSE, cause);
        }
        push_session(&mut attributes, session);
        let happened = if status == Status::Start { session.spec.already_on.as_secs() } else { 0 };
        attributes.push_u32(AttributeType::EVENT_TIMESTAMP, nas.epoch.saturating_sub(low(happened)));
        if status != Status::Start {
            push_usage(&mut attributes, session, nas);
        }
        if session.spec.service == Service::Ppp {
            session.settings.push_to(&mut attributes);
        }
        push_nas(&mut attributes, nas);
        Self { status, acct_session_id: Some(session.acct_session_id()), attributes, repeated: false, sent: None }
    }

    /// The record that the router came up.
    pub(super) fn accounting_on(nas: Nas<'_>) -> Self {
        let mut attributes = Attributes::new();
        attributes.push_u32(AttributeType::ACCT_STATUS_TYPE, Status::AccountingOn.number());
        attributes.push_u32(AttributeType::EVENT_TIMESTAMP, nas.epoch);
        push_nas(&mut attributes, nas);
        Self { status: Status::AccountingOn, acct_session_id: None, attributes, repeated: false, sent: None }
    }
}

fn push_session(attributes: &mut Attributes, session: &Session) {
    let spec = &session.spec;
    if spec.service == Service::Ppp {
        attributes.push_u32(AttributeType::SERVICE_TYPE, 2);
        attributes.push_u32(AttributeType::FRAMED_PROTOCOL, 1);
    }
    push_port(attributes, spec, session.number);
    if spec.service != Service::Wifi {
        attributes.push_ipv4(AttributeType::FRAMED_IP_ADDRESS, spec.address);
    }
    match spec.service {
        Service::Hotspot => attributes.push_ipv4(AttributeType::mikrotik(10), spec.address),
        // Acct-Authentic, RADIUS (RFC 2866 §5.6)
        Service::Ppp => attributes.push_u32(AttributeType::Standard(45), 1),
        Service::Wifi | Service::Dhcp => {}
    }
}

/// Who and where, as an Access-Request and accounting say it in one order.
pub(super) fn push_port(attributes: &mut Attributes, spec: &SessionSpec, number: u32) {
    let port_type = match spec.service {
        Service::Hotspot | Service::Wifi => 19,
        Service::Ppp | Service::Dhcp => 15,
    };
    attributes.push_u32(AttributeType::NAS_PORT_TYPE, port_type);
    push_text(attributes, AttributeType::CALLING_STATION_ID, &calling(spec));
    push_text(attributes, AttributeType::CALLED_STATION_ID, called(spec.service));
    push_text(attributes, AttributeType::NAS_PORT_ID, INTERFACE);
    push_text(attributes, AttributeType::USER_NAME, &spec.user);
    attributes.push_u32(AttributeType::NAS_PORT, number);
    push_text(attributes, AttributeType::ACCT_SESSION_ID, &acct_session_id(number));
}

/// The MAC; DHCP's has a `1:` in front and no leading zeros (captured).
fn calling(spec: &SessionSpec) -> String {
    if spec.service != Service::Dhcp {
        return spec.mac.clone();
    }
    let short = |octet: &str| Some(octet.trim_start_matches('0').to_lowercase()).filter(|octet| !octet.is_empty());
    let octets = spec.mac.split(':').map(|octet| short(octet).unwrap_or_else(|| "0".to_owned()));
    std::iter::once("1".to_owned()).chain(octets).collect::<Vec<_>>().join(":")
}

fn push_usage(attributes: &mut Attributes, session: &Session, nas: Nas<'_>) {
    let Octets { input, output } = session.octets(nas.now);
    let octets = if nas.swapped { Octets { input: output, output: input } } else { Octets { input, output } };
    attributes.push_u32(AttributeType::ACCT_INPUT_OCTETS, low(octets.input));
    attributes.push_u32(AttributeType::ACCT_OUTPUT_OCTETS, low(octets.output));
    attributes.push_u32(AttributeType::ACCT_INPUT_GIGAWORDS, low(octets.input >> 32));
    attributes.push_u32(AttributeType::ACCT_OUTPUT_GIGAWORDS, low(octets.output >> 32));
    attributes.push_u32(AttributeType::ACCT_INPUT_PACKETS, low(packets(octets.input)));
    attributes.push_u32(AttributeType::ACCT_OUTPUT_PACKETS, low(packets(octets.output)));
    attributes.push_u32(AttributeType::ACCT_SESSION_TIME, low(session.uptime(nas.now).as_secs()));
}

fn push_nas(attributes: &mut Attributes, nas: Nas<'_>) {
    push_text(attributes, AttributeType::NAS_IDENTIFIER, nas.name);
    attributes.push_u32(AttributeType::ACCT_DELAY_TIME, 0);
    attributes.push_ipv4(AttributeType::NAS_IP_ADDRESS, nas.address);
}

/// The router's names, as an Access-Request ends with them.
pub(super) fn push_nas_names(attributes: &mut Attributes, name: &str, address: Ipv4Addr) {
    push_text(attributes, AttributeType::NAS_IDENTIFIER, name);
    attributes.push_ipv4(AttributeType::NAS_IP_ADDRESS, address);
}

/// Text that RADIUS cannot carry (empty, or over 253 octets) is left out.
pub(super) fn push_text(attributes: &mut Attributes, attribute_type: AttributeType, text: &str) {
    attributes.push(attribute_type, text).ok();
}

/// The lower 32 bits.
fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}
