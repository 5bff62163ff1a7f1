//! The daemon's end.

use std::sync::Arc;
use std::time::Duration;

use rustix::net::{SendFlags, send};
use tokio::io::BufReader;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::command::{Answer, Record, Request, asker};
use crate::metrics::Metrics;

use super::line;
use super::peer::Trust;
use super::socket::OpenDoor;
use super::wire::{Ask, PROTOCOL, Told};

/// Clients at a time, those included that have gone while their work goes on. One more is turned away.
const CLIENTS: usize = 32;
/// Octets of a request.
const REQUEST_OCTETS: usize = 64 * 1024;
/// From the hello to the end of the request's line.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);
/// Until a client has taken a line.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
/// Until a client has taken the whole answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Between two signs that the work goes on.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);
/// After a failure to accept, as when the process has no file left to open.
const RESPITE: Duration = Duration::from_millis(100);

/// Who does what is asked.
pub trait Desk: Send + Sync + 'static {
    /// The databases that it works on, as [`super::databases()`] names them.
    fn databases(&self) -> String;

    /// Does it, in the name of `by`.
    fn carry_out(&self, request: Request, by: String) -> impl Future<Output = Answer> + Send;
}

/// Answers until `stop`; then whoever has not been accepted is refused, and what was accepted is waited for.
pub async fn serve<D: Desk>(
    door: OpenDoor,
    desk: Arc<D>,
    trust: Trust,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
) {
    let reception = Arc::new(Reception { desk, trust, metrics, stop: stop.clone() });
    let mut clients = JoinSet::new();
    reception.accept(&door.listener, &mut clients).await;
    // Nobody new finds it: they do their work themselves
    drop(door);
    while clients.join_next().await.is_some() {}
}

struct Reception<D> {
    desk: Arc<D>,
    trust: Trust,
    metrics: Arc<Metrics>,
    stop: CancellationToken,
}

/// A client that may ask.
struct Client {
    uid: u32,
    from: BufReader<OwnedReadHalf>,
    to: OwnedWriteHalf,
}

impl<D: Desk> Reception<D> {
    async fn accept(self: &Arc<Self>, listener: &UnixListener, clients: &mut JoinSet<()>) {
        let places = Arc::new(Semaphore::new(CLIENTS));
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                Some(_) = clients.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => self.admit(stream, &places, clients),
                Err(error) => {
                    tracing::warn!("a command's connection could not be accepted: {error}");
                    tokio::time::sleep(RESPITE).await;
                }
            }
        }
    }

    fn admit(self: &Arc<Self>, stream: UnixStream, places: &Arc<Semaphore>, clients: &mut JoinSet<()>) {
        let uid = stream.peer_cred().map(|peer| peer.uid());
        let why = match (uid, Arc::clone(places).try_acquire_owned()) {
            (Ok(uid), Ok(place)) if self.trust.has(uid) => {
                let (from, to) = stream.into_split();
                let client = Client { uid, from: BufReader::new(from), to };
                clients.spawn(Arc::clone(self).attend(client, place));
                return;
            }
            (Ok(uid), Ok(_)) => {
                format!("user id {uid} may not ask: FreeRADIUS' hooks run under it ([serve] hook_users)")
            }
            (Ok(_), Err(_)) => format!("{CLIENTS} commands are being answered already; try again"),
            (Err(error), _) => format!("the system does not tell who asks: {error}"),
        };
        self.metrics.control("none", "refused");
        let line = serde_json::to_vec(&Told::refused(why)).unwrap_or_default();
        // Never waits: a new socket has room for a line
        send(&stream, &[&line[..], b"\n"].concat(), SendFlags::NOSIGNAL | SendFlags::DONTWAIT).ok();
    }

    async fn attend(self: Arc<Self>, mut client: Client, _place: OwnedSemaphorePermit) {
        let request = tokio::select! {
            biased;
            asked = self.hear(&mut client) => asked,
            () = self.stop.cancelled() => {
                let why = "the daemon is stopping: nothing more is begun".to_owned();
                Err(Some(Told::Refused { why, directly: true }))
            }
        };
        match request {
            Ok(ask) => self.work(client, ask).await,
            Err(None) => self.metrics.control("none", "refused"),
            Err(Some(refused)) => {
                self.metrics.control("none", "refused");
                line::write(&mut client.to, &refused, WRITE_WITHIN).await.ok();
            }
        }
    }

    /// The request; or what is said instead, where anybody is left to hear it.
    async fn hear(&self, client: &mut Client) -> Result<Ask, Option<Told>> {
        let (version, databases) = (env!("CARGO_PKG_VERSION").to_owned(), self.desk.databases());
        let hello = Told::Hello { protocol: PROTOCOL, version, databases };
        line::write(&mut client.to, &hello, WRITE_WITHIN).await.map_err(|_| None)?;
        let line = line::read(&mut client.from, REQUEST_OCTETS, REQUEST_WITHIN).await;
        let line = line.map_err(|error| Some(Told::refused(format!("the request: {error}"))))?.ok_or(None)?;
        let ask: Ask = serde_json::from_slice(&line)
            .map_err(|error| Some(Told::refused(format!("the request cannot be understood: {error}"))))?;
        if ask.protocol != PROTOCOL {
            return Err(Some(Told::refused(format!("protocol {}; this daemon speaks {PROTOCOL}", ask.protocol))));
        }
        if ask.databases != self.desk.databases() {
            let why = "the daemon works on other databases by now".to_owned();
            return Err(Some(Told::Refused { why, directly: true }));
        }
        Ok(ask)
    }

    /// Accepts, does, and tells. Once accepted the work goes on whether or not the client is still there.
    async fn work(&self, mut client: Client, ask: Ask) {
        let (name, by) = (ask.request.name(), asker(client.uid, ask.called_by.as_deref()));
        if line::write(&mut client.to, &Told::Accepted {}, WRITE_WITHIN).await.is_err() {
            // It has shut its socket: it will not look for what was not written
            self.metrics.control(name, "refused");
            return;
        }
        tracing::info!(by, command = name, "a command asks");
        let desk = Arc::clone(&self.desk);
        let mut work = AbortOnDropHandle::new(tokio::spawn(async move { desk.carry_out(ask.request, by).await }));
        let mut is_there = true;
        let answer = loop {
            tokio::select! {
                biased;
                answer = &mut work => break answer,
                () = tokio::time::sleep(SIGN_OF_LIFE), if is_there => {
                    is_there = line::write(&mut client.to, &Told::AtWork {}, WRITE_WITHIN).await.is_ok();
                }
            }
        };
        let Ok(answer) = answer else {
            tracing::error!(command = name, "a command broke off");
            self.metrics.control(name, "failed");
            return;
        };
        self.metrics.control(name, answer.exit().word());
        if is_there
            && tokio::time::timeout(ANSWER_WITHIN, tell(&mut client.to, answer))
                .await
                .map_or(true, |told| told.is_err())
        {
            tracing::warn!(command = name, "a command did not wait for its answer; what it asked for is done");
        }
    }
}

async fn tell(to: &mut OwnedWriteHalf, mut answer: Answer) -> std::io::Result<()> {
    let exit = answer.exit().code();
    let reports = answer.reports_mut().map(std::mem::take).unwrap_or_default();
    for report in reports {
        line::write(to, &Told::Report(Box::new(Record::from(report))), WRITE_WITHIN).await?;
    }
    line::write(to, &Told::End { exit, answer }, WRITE_WITHIN).await
}
