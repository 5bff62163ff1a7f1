//! The handle of a running router.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::rest::{self, RestService};
use super::shared::{Shared, USER_REQUEST};
use super::time::RouterClock;
use super::{
    Behaviours, Cookie, Counters, Event, Incoming, LoggedEvent, Octets, ReceivedRequest, RestRequest, RouterOptions,
    SessionSpec, SessionView, accounting, incoming, timers, way_back,
};

/// How many accounting records may wait to be sent.
const RECORDS: usize = 4096;

/// A session id that the router does not have (or does not have any more).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no session {0}")]
pub struct UnknownSession(pub String);

/// A running router. Dropping it ends it: sockets close, tasks end, sessions vanish without a word.
#[derive(Debug)]
pub struct Router {
    shared: Arc<Shared>,
    coa_addr: SocketAddr,
    rest: Option<RestService>,
    _tasks: JoinSet<()>,
    _stop: DropGuard,
}

impl Router {
    /// Starts a router within the current tokio runtime.
    ///
    /// # Errors
    /// When an address or port cannot be bound, or the certificate cannot be made.
    pub async fn start(options: RouterOptions) -> io::Result<Self> {
        let (sender, records) = mpsc::channel(RECORDS);
        let (cut_sender, cut) = mpsc::unbounded_channel();
        let stop = CancellationToken::new();
        let shared = Arc::new(Shared::new(options, sender, cut_sender, stop.clone()));
        let mut tasks = JoinSet::new();
        let coa_addr = start_incoming(&shared, &mut tasks).await?;
        if let Some(accounting) = shared.accounting().cloned() {
            tasks.spawn(accounting::run(Arc::clone(&shared), accounting, records));
        }
        tasks.spawn(timers::run(Arc::clone(&shared)));
        tasks.spawn(way_back::run(Arc::clone(&shared), cut));
        let rest = match shared.options.rest.clone() {
            Some(options) => Some(rest::start(&shared, options, &stop, &mut tasks).await?),
            None => None,
        };
        Ok(Self { shared, coa_addr, rest, _tasks: tasks, _stop: stop.drop_guard() })
    }

    /// Where Disconnect-Requests go. Nothing listens there with [`Incoming::Closed`].
    #[must_use]
    pub const fn coa_addr(&self) -> SocketAddr {
        self.coa_addr
    }

    /// `http://` or `https://`, address and port of REST, without `/rest`; empty where there is none.
    #[must_use]
    pub fn rest_url(&self) -> &str {
        self.rest.as_ref().map_or("", |rest| rest.url.as_str())
    }

    /// The certificate to trust, in PEM: the authority's, or the one that signed itself. Empty without TLS.
    #[must_use]
    pub fn rest_certificate_pem(&self) -> &str {
        self.rest.as_ref().map_or("", |rest| rest.certificate.pem.as_str())
    }

    /// SHA-256 of the server's certificate (DER), 64 lower-case hex digits. Empty without TLS.
    #[must_use]
    pub fn rest_fingerprint(&self) -> &str {
        self.rest.as_ref().map_or("", |rest| rest.certificate.fingerprint.as_str())
    }

    /// Logs someone in: rows appear, and the Accounting-Start is sent. Whoever had the address is logged out.
    #[expect(clippy::must_use_candidate, reason = "the login happens whether one looks at it or not")]
    pub fn login(&self, spec: SessionSpec) -> SessionView {
        self.shared.login(spec)
    }

    /// Logs a session out as its user would: Accounting-Stop with User-Request (1).
    ///
    /// # Errors
    /// [`UnknownSession`].
    pub fn logout(&self, acct_session_id: &str) -> Result<(), UnknownSession> {
        let number = parse(acct_session_id)?;
        self.session(acct_session_id).ok_or_else(|| UnknownSession(acct_session_id.to_owned()))?;
        if let Some(record) = self.shared.end(number, USER_REQUEST) {
            self.shared.account(record);
        }
        Ok(())
    }

    /// A session vanishes without an Accounting-Stop.
    ///
    /// # Errors
    /// [`UnknownSession`].
    pub fn vanish(&self, acct_session_id: &str) -> Result<(), UnknownSession> {
        found(self.shared.vanish(parse(acct_session_id)?), acct_session_id)
    }

    /// A session uses so many octets more.
    ///
    /// # Errors
    /// [`UnknownSession`].
    pub fn use_data(&self, acct_session_id: &str, octets: Octets) -> Result<(), UnknownSession> {
        let number = parse(acct_session_id)?;
        let mut state = self.shared.state();
        let session = state.session_mut(number).ok_or_else(|| UnknownSession(acct_session_id.to_owned()))?;
        session.used.input = session.used.input.saturating_add(octets.input);
        session.used.output = session.used.output.saturating_add(octets.output);
        Ok(())
    }

    /// Sends an Interim-Update now.
    ///
    /// # Errors
    /// [`UnknownSession`].
    pub fn interim(&self, acct_session_id: &str) -> Result<(), UnknownSession> {
        found(self.shared.interim(parse(acct_session_id)?), acct_session_id)
    }

    /// Waits until every accounting record so far is answered or given up. Retransmission bounds the wait.
    pub async fn accounting_settled(&self) {
        // The sender lives in `shared`, so there is always an answer.
        self.shared.unsettled().wait_for(|count| *count == 0).await.ok();
    }

    /// The sessions, oldest first.
    #[must_use]
    pub fn sessions(&self) -> Vec<SessionView> {
        let now = RouterClock::now();
        self.shared.state().sessions.iter().map(|session| session.view(now)).collect()
    }

    /// One session.
    #[must_use]
    pub fn session(&self, acct_session_id: &str) -> Option<SessionView> {
        let number = parse(acct_session_id).ok()?;
        self.shared.state().session(number).map(|session| session.view(RouterClock::now()))
    }

    /// `/radius incoming monitor`.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.shared.state().counters
    }

    /// The last 10 000 requests that passed the checks of source and authenticator, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.state().requests.iter().cloned().collect()
    }

    /// The last 10 000 REST requests, oldest first.
    #[must_use]
    pub fn rest_log(&self) -> Vec<RestRequest> {
        self.shared.state().rest_log.iter().cloned().collect()
    }

    /// `/ip hotspot cookie`.
    #[must_use]
    pub fn cookies(&self) -> Vec<Cookie> {
        self.shared.state().cookies.clone()
    }

    /// Cuts the power: sessions vanish without a Stop, the reboot digit grows, Accounting-On is sent.
    pub fn reboot(&self) {
        self.shared.reboot();
    }

    /// Goes down in order and comes up again: as [`Self::reboot`], after Stops with NAS-Reboot (11) where the switch
    /// `reboot.clean_stops` says so.
    pub fn reboot_cleanly(&self) {
        self.shared.reboot_cleanly();
    }

    /// Changes switches while the router runs.
    pub fn change(&self, change: impl FnOnce(&mut Behaviours)) {
        change(&mut self.shared.state().behaviours);
    }

    /// The number of the next event, to ask later what happened from now on.
    #[must_use]
    pub fn mark(&self) -> u64 {
        self.shared.log.next()
    }

    /// What happened from `mark` on, in order: each request with its answer, REST call, login, end and refusal. The last
    /// 10 000 events are kept; 0 asks for all of them.
    #[must_use]
    pub fn events_since(&self, mark: u64) -> Vec<LoggedEvent> {
        self.shared.log.since(mark)
    }

    /// The first event from `mark` on that is wanted, whether it has happened or is to come; without a bound.
    pub async fn event_since(&self, mark: u64, wanted: impl Fn(&Event) -> bool) -> LoggedEvent {
        self.shared.log.find(mark, wanted).await
    }

    /// What happens from now on. A receiver that lags behind 1024 events misses the oldest.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.log.listen()
    }
}

fn parse(acct_session_id: &str) -> Result<u32, UnknownSession> {
    u32::from_str_radix(acct_session_id, 16).map_err(|_| UnknownSession(acct_session_id.to_owned()))
}

fn found(found: bool, acct_session_id: &str) -> Result<(), UnknownSession> {
    found.then_some(()).ok_or_else(|| UnknownSession(acct_session_id.to_owned()))
}

async fn start_incoming(shared: &Arc<Shared>, tasks: &mut JoinSet<()>) -> io::Result<SocketAddr> {
    let port = match shared.options.coa {
        Incoming::Accept(port) => port,
        Incoming::Closed => 0,
    };
    let socket = UdpSocket::bind((shared.options.bind, port)).await?;
    let address = socket.local_addr()?;
    if shared.options.coa != Incoming::Closed {
        tasks.spawn(incoming::run(Arc::clone(shared), socket));
    }
    Ok(address)
}
