//! Sends Accounting-Requests until they are answered.
//!
//! Each request has a socket of its own and no Message-Authenticator; a retransmission is the same octets,
//! Acct-Delay-Time 0 included.

use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::record::{Record, Status};
use super::shared::Shared;
use super::{AccountingOptions, Event};
use crate::radius::{Code, MessageAuthenticator, Sealed, open_reply, seal_request};

/// How many requests may wait for an answer at once.
const IN_FLIGHT: usize = 256;

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
