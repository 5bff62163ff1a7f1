//! `/radius incoming`: takes Disconnect- and CoA-Requests, checks them, answers them, and acts.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::coa::{self, CoaDecision};
use super::dm::{Decision, Scene, decide};
use super::record::Record;
use super::senders::{Request, open};
use super::shared::{ADMIN_RESET, Shared};
use super::state::{ReceivedRequest, State};
use super::{Event, NakEverything, RepeatedRequest, Service, StopTiming, replies};
use crate::radius::{AttributeType, Attributes, Code, ErrorCause, Opened};

/// Acct-Terminate-Cause NAS-Request (RFC 2866 §5.10).
const NAS_REQUEST: u32 = 10;

/// How long an ACK waits for the Stop that [`StopTiming::BeforeAck`] puts in front of it.
const STOP_FIRST: Duration = Duration::from_secs(1);

/// Answers requests until the router is dropped.
pub(super) async fn run(shared: Arc<Shared>, socket: UdpSocket) {
    let socket = Arc::new(socket);
    let mut buffer = vec![0; 65_536];
    loop {
        // An error is the ICMP message about an earlier reply.
        let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
        let datagram = buffer.get(..length).unwrap_or_default();
        let lost = lost_on_the_way(&mut shared.state());
        if lost {
            shared.tell(Event::Discarded { from, reason: "lost on the way".to_owned() });
            continue;
        }
        let twice = comes_twice(&mut shared.state());
        for _ in 0..=u32::from(twice) {
            handle(&shared, &socket, from, datagram).await;
        }
    }
}

/// Whether a fault takes a request before the router sees it.
fn lost_on_the_way(state: &mut State) -> bool {
    let (likelihood, silent) = (state.behaviours.faults.request_loss, state.behaviours.faults.silent);
    state.strikes(likelihood, |faults| &mut faults.drop_requests) || silent
}

fn comes_twice(state: &mut State) -> bool {
    let likelihood = state.behaviours.faults.request_duplication;
    state.strikes(likelihood, |faults| &mut faults.duplicate_requests)
}

async fn handle(shared: &Shared, socket: &Arc<UdpSocket>, from: SocketAddr, datagram: &[u8]) {
    shared.state().counters.requests += 1;
    let request = match open(shared, from, datagram) {
        Ok(request) => request,
        Err(refusal) => {
            let mut state = shared.state();
            state.counters.bad_requests += u64::from(refusal.counts(state.behaviours.incoming.bad_requests));
            drop(state);
            return shared.tell(Event::Discarded { from, reason: refusal.reason });
        }
    };
    let remembered = ReceivedRequest {
        from,
        code: request.opened.code,
        octets: datagram.to_vec(),
        attributes: request.opened.attributes.clone(),
    };
    shared.tell(Event::Received {
        from,
        request: remembered.code.to_string(),
        user: remembered.attributes.first_text(AttributeType::USER_NAME),
        acct_session_id: remembered.attributes.first_text(AttributeType::ACCT_SESSION_ID),
    });
    shared.state().remember_request(remembered);
    if replies::only_false(shared, socket, &request).await {
        return;
    }
    let cached = cached(&shared.state(), from, datagram);
    if let Some(reply) = cached {
        return replies::send_again(socket, from, &reply).await;
    }
    let (code, error_cause, records) = act(shared, &request);
    let after = before_ack(shared, records).await;
    let octets = replies::answer(shared, socket, &request, (code, error_cause)).await;
    shared.state().last_reply = octets.map(|octets| (from, datagram.to_vec(), octets));
    for record in after {
        shared.account(record);
    }
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
fn act(shared: &Shared, request: &Request) -> (Code, Option<ErrorCause>, Vec<Record>) {
    let coa = request.opened.code == Code::CoaRequest;
    let nak_everything = shared.state().behaviours.nak_everything;
    if let Some(nak) = nak_everything {
        let error_cause = match nak {
            NakEverything::Cause(number) => Some(ErrorCause(number)),
            NakEverything::NoCause => None,
        };
        return (if coa { Code::CoaNak } else { Code::DisconnectNak }, error_cause, Vec::new());
    }
    if coa {
        let (code, error_cause) = change(shared, request);
        return (code, error_cause, Vec::new());
    }
    match with_scene(shared, request, |scene| decide(&request.opened.attributes, scene)) {
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

fn change(shared: &Shared, request: &Request) -> (Code, Option<ErrorCause>) {
    match with_scene(shared, request, |scene| coa::decide(&request.opened.attributes, scene)) {
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

fn with_scene<T>(shared: &Shared, request: &Request, decide: impl FnOnce(Scene<'_>) -> T) -> T {
    let state = shared.state();
    let options = &shared.options;
    decide(Scene {
        name: &options.name,
        address: options.bind,
        hotspot: options.hotspot,
        services: request.services.as_deref(),
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
