//! Replies on the wire, the false ones that a fault adds included.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UdpSocket;

use super::incoming::reply_attributes;
use super::senders::Request;
use super::shared::Shared;
use super::{Event, Faults, MessageAuthenticators, Placement};
use crate::radius::{Code, ErrorCause, MessageAuthenticator, Opened, SharedSecret, seal_reply};

/// Where a fault replaces the answer, sends the false one and says so: the router itself never saw the request.
pub(super) async fn only_false(shared: &Shared, socket: &UdpSocket, request: &Request) -> bool {
    let faults = shared.state().behaviours.faults.clone();
    let replaced = [faults.forged_ack, faults.wrong_identifier].contains(&Some(Placement::Instead));
    if replaced {
        send_false(socket, request, &faults, Placement::Instead).await;
    }
    replaced
}

/// Answers a request, unless a fault loses the answer. The true reply's octets.
pub(super) async fn answer(
    shared: &Shared,
    socket: &Arc<UdpSocket>,
    request: &Request,
    (code, error_cause): (Code, Option<ErrorCause>),
) -> Option<Vec<u8>> {
    let (octets, faults, lost, late) = {
        let mut state = shared.state();
        if matches!(code, Code::DisconnectAck | Code::CoaAck) {
            state.counters.acks += 1;
        } else {
            state.counters.naks += 1;
        }
        let octets =
            seal(&request.opened, &request.secret, (code, error_cause), state.behaviours.message_authenticator)?;
        let mut faults = state.behaviours.faults.clone();
        let lost = state.strikes(faults.reply_loss, |faults| &mut faults.drop_replies);
        let late = state.strikes(faults.reply_delay, |faults| &mut faults.delay_replies);
        faults.duplicate_reply |= state.happens(faults.reply_duplication);
        (octets, faults, lost, late)
    };
    if !lost {
        send_false(socket, request, &faults, Placement::Before).await;
        if late {
            let (socket, octets, to) = (Arc::clone(socket), octets.clone(), request.from);
            shared.later(Duration::from_millis(faults.delay_ms), async move {
                send_true(&socket, to, &octets, &faults).await;
            });
        } else {
            send_true(socket, request.from, &octets, &faults).await;
        }
    }
    let error_cause = error_cause.map(|ErrorCause(number)| number);
    shared.tell(Event::Answered { from: request.from, answer: code.to_string(), error_cause });
    Some(octets)
}

/// Sends a reply that was sent before.
pub(super) async fn send_again(socket: &UdpSocket, to: SocketAddr, octets: &[u8]) {
    // An error is a reply lost on the way.
    socket.send_to(octets, to).await.ok();
}

fn seal(
    request: &Opened,
    secret: &SharedSecret,
    (code, error_cause): (Code, Option<ErrorCause>),
    message_authenticator: MessageAuthenticators,
) -> Option<Vec<u8>> {
    let message_authenticator = match message_authenticator {
        MessageAuthenticators::Absent => MessageAuthenticator::Optional,
        MessageAuthenticators::InReplies | MessageAuthenticators::Required => MessageAuthenticator::Required,
    };
    seal_reply(code, request, &reply_attributes(request, error_cause), secret, message_authenticator).ok()
}

async fn send_true(socket: &UdpSocket, to: SocketAddr, octets: &[u8], faults: &Faults) {
    for _ in 0..=u32::from(faults.duplicate_reply) {
        match faults.reply_from {
            None => send_again(socket, to, octets).await,
            Some(address) => {
                // The kernel of a router of several addresses chooses the address, not the port
                let port = socket.local_addr().map_or(0, |local| local.port());
                let Ok(other) = UdpSocket::bind((address, port)).await else { return };
                send_again(&other, to, octets).await;
            }
        }
    }
}

/// An ACK from someone without the secret, and a right one with another Identifier.
async fn send_false(socket: &UdpSocket, request: &Request, faults: &Faults, placement: Placement) {
    let coa = request.opened.code == Code::CoaRequest;
    let ack = if coa { Code::CoaAck } else { Code::DisconnectAck };
    if faults.forged_ack == Some(placement)
        && let Ok(guess) = SharedSecret::new(b"not the secret".to_vec())
        && let Some(octets) = seal(&request.opened, &guess, (ack, None), MessageAuthenticators::Absent)
    {
        send_again(socket, request.from, &octets).await;
    }
    if faults.wrong_identifier == Some(placement) {
        let other = Opened { identifier: request.opened.identifier.wrapping_add(1), ..request.opened.clone() };
        if let Some(octets) = seal(&other, &request.secret, (ack, None), MessageAuthenticators::Absent) {
            send_again(socket, request.from, &octets).await;
        }
    }
}
