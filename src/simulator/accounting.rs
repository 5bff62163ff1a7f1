//! Accounting-Requests: what is in them, and sending them until they are answered.
//!
//! Attributes and their order are those of captured hotspot accounting. Each request has a socket of its own and no
//! Message-Authenticator; a retransmission is the same octets, Acct-Delay-Time 0 included.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::dm::{HOTSPOT_SERVER, INTERFACE, PPP_SERVICE};
use super::session::{Session, packets};
use super::shared::Shared;
use super::{AccountingOptions, Event, Service};
use crate::radius::{AttributeType, Attributes, Code, MessageAuthenticator, Sealed, open_reply, seal_request};

/// How many requests may wait for an answer at once.
const IN_FLIGHT: usize = 256;

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

    const fn name(self) -> &'static str {
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
            push_usage(&mut attributes, session, nas.now);
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
    let (port_type, called) = match spec.service {
        Service::Hotspot => (19, HOTSPOT_SERVER),
        Service::Ppp => (15, PPP_SERVICE),
    };
    if spec.service == Service::Ppp {
        attributes.push_u32(AttributeType::SERVICE_TYPE, 2);
        attributes.push_u32(AttributeType::FRAMED_PROTOCOL, 1);
    }
    attributes.push_u32(AttributeType::NAS_PORT_TYPE, port_type);
    push_text(attributes, AttributeType::CALLING_STATION_ID, &spec.mac);
    push_text(attributes, AttributeType::CALLED_STATION_ID, called);
    push_text(attributes, AttributeType::NAS_PORT_ID, INTERFACE);
    push_text(attributes, AttributeType::USER_NAME, &spec.user);
    attributes.push_u32(AttributeType::NAS_PORT, session.number);
    push_text(attributes, AttributeType::ACCT_SESSION_ID, &session.acct_session_id());
    attributes.push_ipv4(AttributeType::FRAMED_IP_ADDRESS, spec.address);
    match spec.service {
        Service::Hotspot => attributes.push_ipv4(AttributeType::mikrotik(10), spec.address),
        // Acct-Authentic, RADIUS (RFC 2866 §5.6)
        Service::Ppp => attributes.push_u32(AttributeType::Standard(45), 1),
    }
}

fn push_usage(attributes: &mut Attributes, session: &Session, now: Instant) {
    let octets = session.octets(now);
    attributes.push_u32(AttributeType::ACCT_INPUT_OCTETS, low(octets.input));
    attributes.push_u32(AttributeType::ACCT_OUTPUT_OCTETS, low(octets.output));
    attributes.push_u32(AttributeType::ACCT_INPUT_GIGAWORDS, low(octets.input >> 32));
    attributes.push_u32(AttributeType::ACCT_OUTPUT_GIGAWORDS, low(octets.output >> 32));
    attributes.push_u32(AttributeType::ACCT_INPUT_PACKETS, low(packets(octets.input)));
    attributes.push_u32(AttributeType::ACCT_OUTPUT_PACKETS, low(packets(octets.output)));
    attributes.push_u32(AttributeType::ACCT_SESSION_TIME, low(session.uptime(now).as_secs()));
}

fn push_nas(attributes: &mut Attributes, nas: Nas<'_>) {
    push_text(attributes, AttributeType::NAS_IDENTIFIER, nas.name);
    attributes.push_u32(AttributeType::ACCT_DELAY_TIME, 0);
    attributes.push_ipv4(AttributeType::NAS_IP_ADDRESS, nas.address);
}

/// Text that RADIUS cannot carry (empty, or over 253 octets) is left out.
fn push_text(attributes: &mut Attributes, attribute_type: AttributeType, text: &str) {
    attributes.push(attribute_type, text).ok();
}

/// The lower 32 bits.
fn low(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

/// Sends records in their order; each then waits for its answer by itself, so that one lost does not hold up the rest.
pub(super) async fn run(shared: Arc<Shared>, options: AccountingOptions, mut records: mpsc::Receiver<Record>) {
    let room = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut waiting = JoinSet::new();
    let mut identifier = 0_u8;
    while let Some(record) = records.recv().await {
        while waiting.try_join_next().is_some() {}
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { return };
        identifier = identifier.wrapping_add(1);
        match send(&shared, &options, record, identifier).await {
            Some(sent) => {
                waiting.spawn(await_answer(Arc::clone(&shared), options.clone(), sent, permit));
            }
            None => shared.settled(),
        }
    }
}

struct Sent {
    socket: UdpSocket,
    request: Sealed,
    status: Status,
    acct_session_id: Option<String>,
}

/// The first transmission. `None`: the record cannot be sent at all.
async fn send(shared: &Shared, options: &AccountingOptions, record: Record, identifier: u8) -> Option<Sent> {
    let request = seal_request(
        Code::AccountingRequest,
        identifier,
        &record.attributes,
        &options.secret,
        MessageAuthenticator::Optional,
    )
    .ok()?;
    let socket = UdpSocket::bind((shared.options.bind, 0)).await.ok()?;
    socket.connect(options.server).await.ok()?;
    for _ in 0..=u32::from(record.repeated) {
        // An error is the ICMP message of an earlier transmission, or a full buffer: as good as lost.
        socket.send(request.octets()).await.ok();
    }
    if let Some(sent) = record.sent {
        sent.send(()).ok();
    }
    Some(Sent { socket, request, status: record.status, acct_session_id: record.acct_session_id })
}

/// Waits for the answer and retransmits, a bounded number of times.
async fn await_answer(shared: Arc<Shared>, options: AccountingOptions, sent: Sent, permit: OwnedSemaphorePermit) {
    let mut transmissions = 1;
    let answered = loop {
        if timeout(options.timeout, answer(&sent, &options)).await.is_ok() {
            break true;
        }
        if transmissions >= options.transmissions {
            break false;
        }
        sent.socket.send(sent.request.octets()).await.ok();
        transmissions += 1;
    };
    drop(permit);
    let (status, acct_session_id) = (sent.status.name(), sent.acct_session_id);
    shared.tell(Event::Accounted { status, acct_session_id, answered, transmissions });
    shared.settled();
}

/// Ends when a right answer has come.
async fn answer(sent: &Sent, options: &AccountingOptions) {
    let mut buffer = [0; 4096];
    loop {
        let Ok(length) = sent.socket.recv(&mut buffer).await else { continue };
        let datagram = buffer.get(..length).unwrap_or_default();
        if open_reply(datagram, &sent.request, &options.secret, MessageAuthenticator::Optional).is_ok() {
            return;
        }
    }
}
