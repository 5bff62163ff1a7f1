//! `/radius incoming`: takes Disconnect- and CoA-Requests, checks them, answers them, and acts.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::accounting::Record;
use super::coa::{self, CoaDecision};
use super::dm::{Decision, Scene, decide};
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
    let (code, error_cause, records) = act(shared, &request.opened);
    let after = before_ack(shared, records).await;
    let octets = replies::answer(shared, socket, &request, (code, error_cause)).await;
    shared.state().last_reply = octets.map(|octets| (from, datagram.to_vec(), octets));
    after.into_iter().for_each(|record| shared.account(record));
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

/// Decides and acts: the answer's code and Error-Cause, and the Stops that are now due.
fn act(shared: &Shared, request: &Opened) -> (Code, Option<ErrorCause>, Vec<Record>) {
    if request.code == Code::CoaRequest {
        let (code, error_cause) = change(shared, &request.attributes);
        return (code, error_cause, Vec::new());
    }
    match with_scene(shared, |scene| decide(&request.attributes, scene)) {
        Decision::Nak(error_cause) => (Code::DisconnectNak, error_cause, Vec::new()),
        Decision::AckNoop(text) => {
            shared.tell(Event::Log { text: text.to_owned() });
            (Code::DisconnectAck, None, Vec::new())
        }
        Decision::Sessions(_) if shared.state().behaviours.ack_does_nothing => (Code::DisconnectAck, None, Vec::new()),
        Decision::Sessions(numbers) => {
            let end = |number| shared.end(number, terminate_cause(shared, number));
            (Code::DisconnectAck, None, numbers.into_iter().filter_map(end).collect())
        }
    }
}

fn change(shared: &Shared, request: &Attributes) -> (Code, Option<ErrorCause>) {
    match with_scene(shared, |scene| coa::decide(request, scene)) {
        CoaDecision::Nak(error_cause) => return (Code::CoaNak, error_cause),
        CoaDecision::Ack(text) => {
            if let Some(text) = text {
                shared.tell(Event::Log { text: text.to_owned() });
            }
        }
        CoaDecision::Change(number, settings) => {
            if !shared.state().behaviours.ack_does_nothing {
                shared.change(number, *settings);
            }
        }
    }
    (Code::CoaAck, None)
}

fn with_scene<T>(shared: &Shared, decide: impl FnOnce(Scene<'_>) -> T) -> T {
    let state = shared.state();
    let options = &shared.options;
    decide(Scene {
        name: &options.name,
        address: options.bind,
        hotspot: options.hotspot,
        sessions: &state.sessions,
        behaviours: &state.behaviours,
    })
}

fn terminate_cause(shared: &Shared, number: u32) -> u32 {
    let state = shared.state();
    let ppp = state.session(number).is_some_and(|session| session.spec.service == Service::Ppp);
    if ppp && state.behaviours.ppp_nas_request { NAS_REQUEST } else { ADMIN_RESET }
}

/// Sends or drops Stops that do not follow the ACK; returns those that do.
async fn before_ack(shared: &Shared, records: Vec<Record>) -> Vec<Record> {
    let timing = shared.state().behaviours.stop;
    match timing {
        StopTiming::AfterAck => records,
        StopTiming::Repeated => records.into_iter().map(|record| Record { repeated: true, ..record }).collect(),
        StopTiming::Lost => Vec::new(),
        StopTiming::BeforeAck => {
            for mut record in records {
                let (sent, out) = oneshot::channel();
                record.sent = Some(sent);
                shared.account(record);
                timeout(STOP_FIRST, out).await.ok();
            }
            Vec::new()
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
