//! `/radius incoming`: takes Disconnect- and CoA-Requests, checks them, answers them, and acts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::accounting::Record;
use super::dm::{Decision, Scene, decide, find};
use super::shared::{ADMIN_RESET, Shared};
use super::state::{ReceivedRequest, State};
use super::{Event, MessageAuthenticators, RepeatedRequest, Service, StopTiming, replies};
use crate::radius::{
    AttributeType, Attributes, Code, ErrorCause, MessageAuthenticator, Opened, SharedSecret, open_request,
};

/// Acct-Terminate-Cause NAS-Request (RFC 2866 §5.10).
const NAS_REQUEST: u32 = 10;

/// How long an ACK waits for the Stop that [`StopTiming::BeforeAck`] puts in front of it.
const STOP_FIRST: Duration = Duration::from_secs(1);

/// What of a request goes on to the answer.
pub(super) struct Request {
    pub(super) from: SocketAddr,
    pub(super) opened: Opened,
    pub(super) secret: SharedSecret,
}

/// Answers requests until the router is dropped.
pub(super) async fn run(shared: Arc<Shared>, socket: UdpSocket) {
    let mut buffer = vec![0; 65_536];
    loop {
        // An error is the ICMP message about an earlier reply.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let datagram = buffer.get(..length).unwrap_or_default();
        let lost = lost_on_the_way(&mut shared.state());
        if lost {
            shared.tell(Event::Discarded { from, reason: "lost on the way".to_owned() });
        } else {
            handle(&shared, &socket, from, datagram).await;
        }
    }
}

/// Whether a fault takes a request before the router sees it.
fn lost_on_the_way(state: &mut State) -> bool {
    let faults = &mut state.behaviours.faults;
    let dropped = faults.drop_requests > 0;
    faults.drop_requests = faults.drop_requests.saturating_sub(1);
    dropped || faults.silent
}

async fn handle(shared: &Shared, socket: &UdpSocket, from: SocketAddr, datagram: &[u8]) {
    shared.state().counters.requests += 1;
    let request = match open(shared, from, datagram) {
        Ok(request) => request,
        Err(reason) => {
            shared.state().counters.bad_requests += 1;
            return shared.tell(Event::Discarded { from, reason });
        }
    };
    let remembered = ReceivedRequest {
        from,
        code: request.opened.code,
        octets: datagram.to_vec(),
        attributes: request.opened.attributes.clone(),
    };
    shared.state().remember_request(remembered);
    if replies::only_false(shared, socket, &request).await {
        return;
    }
    let cached = cached(&shared.state(), from, datagram);
    if let Some(reply) = cached {
        return replies::send_again(socket, from, &reply).await;
    }
    let (code, error_cause, record) = act(shared, &request.opened);
    let after = before_ack(shared, record).await;
    let octets = replies::answer(shared, socket, &request, (code, error_cause)).await;
    shared.state().last_reply = octets.map(|octets| (from, datagram.to_vec(), octets));
    if let Some(record) = after {
        shared.account(record);
    }
}

/// The checks of source, authenticator and code. Whatever fails them is met with silence.
fn open(shared: &Shared, from: SocketAddr, datagram: &[u8]) -> Result<Request, String> {
    let source: IpAddr = from.ip().to_canonical();
    let entry = shared.options.radius_servers.iter().find(|entry| entry.address == source);
    let secret = entry.ok_or("no /radius entry has this address")?.secret.clone();
    let demanded = match shared.state().behaviours.message_authenticator {
        MessageAuthenticators::Required => MessageAuthenticator::Required,
        MessageAuthenticators::Absent | MessageAuthenticators::InReplies => MessageAuthenticator::Optional,
    };
    let opened = open_request(datagram, &secret, demanded).map_err(|error| error.to_string())?;
    if opened.code == Code::AccountingRequest {
        return Err("an Accounting-Request has no business here".to_owned());
    }
    Ok(Request { from, opened, secret })
}

/// The reply to the same octets from the same sender, where that is what the router does.
fn cached(state: &State, from: SocketAddr, datagram: &[u8]) -> Option<Vec<u8>> {
    if state.behaviours.repeated_request == RepeatedRequest::EvaluatedAgain {
        return None;
    }
    let (sender, request, reply) = state.last_reply.as_ref()?;
    (*sender == from && request == datagram).then(|| reply.clone())
}

/// Decides and acts: the answer's code and Error-Cause, and the Stop that is now due.
fn act(shared: &Shared, request: &Opened) -> (Code, Option<ErrorCause>, Option<Record>) {
    let coa = request.code == Code::CoaRequest;
    let (ack, nak) = if coa { (Code::CoaAck, Code::CoaNak) } else { (Code::DisconnectAck, Code::DisconnectNak) };
    let decision =
        if coa { decide_coa(shared, &request.attributes) } else { with_scene(shared, &request.attributes, decide) };
    match decision {
        Decision::Nak(error_cause) => (nak, error_cause, None),
        Decision::AckNoop(text) => {
            shared.tell(Event::Log { text: text.to_owned() });
            (ack, None, None)
        }
        Decision::Session(_) if coa || shared.state().behaviours.ack_does_nothing => (ack, None, None),
        Decision::Session(number) => (ack, None, shared.end(number, terminate_cause(shared, number))),
    }
}

fn with_scene(
    shared: &Shared,
    request: &Attributes,
    decide: impl FnOnce(&Attributes, Scene<'_>) -> Decision,
) -> Decision {
    let state = shared.state();
    let options = &shared.options;
    let scene = Scene {
        name: &options.name,
        address: options.bind,
        hotspot: options.hotspot,
        sessions: &state.sessions,
        behaviours: &state.behaviours,
    };
    decide(request, scene)
}

/// A CoA-Request with identifiers alone is a probe: ACK where the session exists. Changes are not simulated yet, and so
/// refused.
fn decide_coa(shared: &Shared, request: &Attributes) -> Decision {
    with_scene(shared, request, |request, scene| match decide(request, scene) {
        Decision::Nak(cause) => Decision::Nak(cause),
        Decision::Session(_) | Decision::AckNoop(_) => find(request, scene),
    })
}

fn terminate_cause(shared: &Shared, number: u32) -> u32 {
    let state = shared.state();
    let ppp = state.session(number).is_some_and(|session| session.spec.service == Service::Ppp);
    if ppp && state.behaviours.ppp_nas_request { NAS_REQUEST } else { ADMIN_RESET }
}

/// Sends or drops a Stop that does not follow the ACK; returns one that does.
async fn before_ack(shared: &Shared, record: Option<Record>) -> Option<Record> {
    let mut record = record?;
    let timing = shared.state().behaviours.stop;
    match timing {
        StopTiming::AfterAck => Some(record),
        StopTiming::Repeated => Some(Record { repeated: true, ..record }),
        StopTiming::Lost => None,
        StopTiming::BeforeAck => {
            let (sent, out) = oneshot::channel();
            record.sent = Some(sent);
            shared.account(record);
            timeout(STOP_FIRST, out).await.ok();
            None
        }
    }
}

/// The attributes of a reply: Proxy-State as it came (since RouterOS 6.44), and a NAK's Error-Cause.
pub(super) fn reply_attributes(request: &Opened, error_cause: Option<ErrorCause>) -> Attributes {
    let mut attributes = Attributes::new();
    if let Some(ErrorCause(number)) = error_cause {
        attributes.push_u32(AttributeType::ERROR_CAUSE, number);
    }
    for value in request.attributes.all(AttributeType::PROXY_STATE) {
        attributes.push(AttributeType::PROXY_STATE, value).ok();
    }
    attributes
}
