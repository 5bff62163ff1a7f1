//! The two ways to end a session.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::config::IdentityAttribute;
use crate::dynauth::{Ended, Outcome, Request, RequestError, RetransmitPolicy};
use crate::metrics::Metrics;
use crate::radius::{Attributes, Code, EncodeError};
use crate::routeros::RestClient;
use crate::store::{Accounting, SessionRow, StoreError};
use crate::udp::{UdpHandle, any_source};

use super::identity::{ladder, set_attributes, set_names};
use super::lists::{self, ListQuestion};
use super::pace::{Limits, NotNow, Where};
use super::removal::RouterError;
use super::rounds::Rounds;
use super::router_view::RouterView;
use super::{Attempt, Pace, ResolvedNas, Turn, service_of};

/// Between two rounds of questions to one place, at least.
const ROUND: Duration = Duration::from_millis(100);

/// Why a NAS could not even be asked.
#[derive(Debug, thiserror::Error)]
pub enum CutError {
    /// No socket.
    #[error("no socket to send from {source_addr}: {error}")]
    Socket {
        /// Our own address.
        source_addr: IpAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The engine takes no such request.
    #[error("the request cannot be sent: {0}")]
    Request(#[from] RequestError),
    /// A value of the session does not fit its attribute.
    #[error("the session cannot be named: {0}")]
    Identity(#[from] EncodeError),
}

/// Ends sessions, over one socket for each of our own addresses and one REST connection for each router.
#[derive(Debug)]
pub struct Disconnector {
    clock: Clock,
    accounting: Accounting,
    metrics: Arc<Metrics>,
    pace: Arc<Pace>,
    sockets: Mutex<BTreeMap<IpAddr, UdpHandle>>,
    routers: Mutex<BTreeMap<String, Router>>,
    rows: OnceLock<Rounds<String, Option<SessionRow>>>,
}

/// A router's REST service, and its list as it is asked for everybody together.
#[derive(Debug, Clone)]
pub(super) struct Router {
    pub(super) rest: Arc<RestClient>,
    pub(super) list: Arc<Rounds<ListQuestion, RouterView>>,
}

impl Disconnector {
    /// With no socket open yet; proof is looked for in `accounting`, exchanges are counted in `metrics`, at the `pace` of
    /// all who share it.
    #[must_use]
    pub fn new(clock: Clock, accounting: Accounting, metrics: Arc<Metrics>, pace: Arc<Pace>) -> Self {
        let (sockets, routers) = (Mutex::default(), Mutex::default());
        Self { clock, accounting, metrics, pace, sockets, routers, rows: OnceLock::new() }
    }

    pub(super) const fn accounting(&self) -> &Accounting {
        &self.accounting
    }

    /// The clock it goes by.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// How many replies were discarded so far: forged, malformed, or none that was waited for.
    #[must_use]
    pub fn discarded(&self) -> u64 {
        let sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        sockets.values().map(UdpHandle::discarded).sum()
    }

    /// The sets of attributes by which the session may be named to its NAS, in the order of trying.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked whether the user has other sessions there.
    pub async fn ladder(
        &self,
        nas: &ResolvedNas,
        session: &SessionRow,
    ) -> Result<Vec<Vec<IdentityAttribute>>, StoreError> {
        let open = self.accounting.open_sessions(&session.user).await?;
        let others: Vec<&SessionRow> = open
            .iter()
            .filter(|other| other.nas_ip_address == session.nas_ip_address)
            .filter(|other| other.acct_unique_id != session.acct_unique_id)
            .collect();
        let service = service_of(session, nas.profile.service);
        let mut ladder = ladder(session, service, &nas.profile.identity, others.is_empty());
        // After a lost Stop the next login of the same device has all but the session id in common
        if others.iter().any(|other| other.framed_ip_address == session.framed_ip_address) {
            ladder.retain(|set| set.contains(&IdentityAttribute::AcctSessionId));
        }
        Ok(ladder)
    }

    /// Waits until a request may be sent to this NAS; `Err` is the attempt that is not made. What a person asks for,
    /// `by_hand`, is sent to a silent NAS too. May wait a minute, so whatever must hold when the request leaves is looked up
    /// afterwards.
    ///
    /// # Errors
    /// The NAS has been silent, or too many requests wait for it.
    pub async fn turn(
        &self,
        nas: &ResolvedNas,
        set: &[IdentityAttribute],
        by_hand: bool,
    ) -> Result<Turn, Box<Attempt>> {
        let at = Where { path: "radius", place: nas.das_addr().to_string(), nas: &nas.name };
        let limits = Limits { in_flight: nas.profile.max_in_flight, rate: nas.profile.max_rate };
        let turn = self.pace.place(at, self.clock, &self.metrics).turn(limits, by_hand).await;
        turn.map_err(|NotNow(why)| Box::new(Attempt::not_sent("radius", set_names(set), why)))
    }

    /// Sends a Disconnect-Request for exactly this session, named by this set, and waits for its outcome.
    ///
    /// # Errors
    /// [`CutError`] when nothing could be sent. A NAK and silence are outcomes.
    pub async fn send_disconnect(
        &self,
        nas: &ResolvedNas,
        session: &SessionRow,
        (set, turn): (&[IdentityAttribute], Turn),
    ) -> Result<Option<Attempt>, CutError> {
        let request = (Code::DisconnectRequest, set_attributes(session, set)?);
        let ended = self.exchange(nas, request, turn).await?;
        Ok(ended.map(|ended| Attempt::of_exchange(set_names(set), &ended)))
    }

    /// Sends a request to a NAS and waits for its outcome; `None` for a NAS without a secret.
    pub(super) async fn exchange(
        &self,
        nas: &ResolvedNas,
        (code, attributes): (Code, Attributes),
        turn: Turn,
    ) -> Result<Option<Ended>, CutError> {
        let profile = &nas.profile;
        let Some(secret) = profile.secret.clone() else { return Ok(None) };
        let mut request = Request::new(nas.das_addr(), code, attributes, secret);
        let timers = profile.timers;
        request.policy = RetransmitPolicy { irt: timers.irt, mrt: timers.mrt, mrc: timers.mrc, mrd: timers.mrd };
        request.message_authenticator = profile.message_authenticator;
        request.event_timestamp = profile.event_timestamp;
        request.require_message_authenticator = profile.require_message_authenticator;
        request.reply_from = Arc::clone(&profile.reply_from);
        request.event_timestamp_window = profile.event_timestamp_window;
        request.identifier_hold = profile.identifier_hold;
        request.identifier_hold_always = profile.identifier_hold_always;
        request.max_ports = profile.max_ports;
        crate::dynauth::check_identification(request.code, &request.attributes)?;
        let socket = self.socket(nas)?;
        let kind = if code == Code::CoaRequest { &self.metrics.changes } else { &self.metrics.exchanges };
        let counted = kind.begin(&nas.name);
        let ended = socket.exchange(request).await?;
        counted.ended(&ended);
        match &ended.outcome {
            Outcome::Ack { .. } | Outcome::Nak { .. } => turn.ended(true),
            Outcome::NoReply { .. } | Outcome::Unreachable(_) => turn.ended(false),
            Outcome::Cancelled => {}
        }
        Ok(Some(ended))
    }

    fn socket(&self, nas: &ResolvedNas) -> Result<UdpHandle, CutError> {
        let source = nas.profile.source.unwrap_or_else(|| any_source(nas.das_addr()));
        let known = self.sockets.lock().unwrap_or_else(PoisonError::into_inner).get(&source).cloned();
        if let Some(handle) = known {
            return Ok(handle);
        }
        let bound = UdpHandle::bind_counting(Some(source), self.clock, Arc::clone(&self.metrics));
        let handle = bound.map_err(|error| CutError::Socket { source_addr: source, error })?;
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(sockets.entry(source).or_insert(handle).clone())
    }

    /// The router's REST service; `None` where none is set up.
    pub(super) fn router(&self, nas: &ResolvedNas) -> Result<Option<Router>, RouterError> {
        let Some(settings) = &nas.profile.rest else { return Ok(None) };
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(router) = routers.get(settings.url.as_str()) {
            return Ok(Some(router.clone()));
        }
        let at = Where { path: "rest", place: settings.url.to_string(), nas: &nas.name };
        let place = self.pace.place(at, self.clock, &self.metrics);
        let rest = Arc::new(RestClient::new(settings)?.behind(place));
        let (asked, accounting) = (Arc::clone(&rest), self.accounting.clone());
        let list = Rounds::start(self.clock, ROUND, move |round| {
            let (rest, accounting) = (Arc::clone(&asked), accounting.clone());
            async move { lists::look(&rest, &accounting, round).await }
        });
        let router = Router { rest, list: Arc::new(list) };
        routers.insert(settings.url.as_str().to_owned(), router.clone());
        Ok(Some(router))
    }

    /// radacct, asked once a round for all rows that are watched.
    pub(super) fn rows(&self) -> &Rounds<String, Option<SessionRow>> {
        self.rows.get_or_init(|| {
            let accounting = self.accounting.clone();
            Rounds::start(self.clock, ROUND, move |round| {
                let accounting = accounting.clone();
                async move { rows_of(&accounting, round).await }
            })
        })
    }
}

/// The rows of a round; nothing when radacct cannot be asked.
async fn rows_of(accounting: &Accounting, round: Vec<String>) -> Vec<Option<SessionRow>> {
    let ids: Vec<String> = round.iter().collect::<BTreeSet<_>>().into_iter().cloned().collect();
    let Ok(rows) = accounting.sessions(&ids).await else { return Vec::new() };
    let rows: BTreeMap<String, SessionRow> = rows.into_iter().map(|row| (row.acct_unique_id.clone(), row)).collect();
    round.iter().map(|id| rows.get(id).cloned()).collect()
}
