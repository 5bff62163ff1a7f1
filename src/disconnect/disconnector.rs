//! The two ways to end a session.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::dynauth::{Request, RequestError, RetransmitPolicy};
use crate::metrics::Metrics;
use crate::radius::{Code, EncodeError};
use crate::routeros::{ActiveRow, Menu, Removal, RestClient, RestError, RestFailure};
use crate::store::{Accounting, SessionRow, StoreError};
use crate::udp::{UdpHandle, any_source};

use super::identity::identity;
use super::lists::{self, ListQuestion};
use super::rounds::Rounds;
use super::router_view::{RouterView, Sought, menus};
use super::{Attempt, AttemptOutcome, ResolvedNas, identity_names, service_of};

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

/// Why a router's REST service could not be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum RouterError {
    /// It could not be asked, or answered with an error.
    #[error(transparent)]
    Rest(#[from] RestError),
    /// It is another router than the configured one: nothing that it says counts.
    #[error("this is not the router it should be: its identity is {found:?}, not {expected:?}")]
    WrongRouter {
        /// `identity` of `[nas.rest]`.
        expected: String,
        /// What the router says.
        found: String,
    },
}

/// Ends sessions, over one socket for each of our own addresses and one REST connection for each router.
#[derive(Debug)]
pub struct Disconnector {
    clock: Clock,
    accounting: Accounting,
    metrics: Arc<Metrics>,
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
    /// With no socket open yet; proof is looked for in `accounting`, exchanges are counted in `metrics`.
    #[must_use]
    pub fn new(clock: Clock, accounting: Accounting, metrics: Arc<Metrics>) -> Self {
        Self { clock, accounting, metrics, sockets: Mutex::default(), routers: Mutex::default(), rows: OnceLock::new() }
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

    /// Sends a Disconnect-Request for exactly this session and waits for its outcome.
    ///
    /// # Errors
    /// [`CutError`] when nothing could be sent. A NAK and silence are outcomes.
    pub async fn send_disconnect(&self, nas: &ResolvedNas, session: &SessionRow) -> Result<Option<Attempt>, CutError> {
        let profile = &nas.profile;
        let Some(secret) = profile.secret.clone() else { return Ok(None) };
        let service = service_of(session, profile.service);
        let attributes = identity(session, service, nas.identity())?;
        let mut request = Request::new(nas.das_addr(), Code::DisconnectRequest, attributes, secret);
        let timers = profile.timers;
        request.policy = RetransmitPolicy { irt: timers.irt, mrt: timers.mrt, mrc: timers.mrc, mrd: timers.mrd };
        request.message_authenticator = profile.message_authenticator;
        request.event_timestamp = profile.event_timestamp;
        request.require_message_authenticator = profile.require_message_authenticator;
        request.reply_from = profile.reply_from.first().copied();
        crate::dynauth::check_identification(request.code, &request.attributes)?;
        let socket = self.socket(nas).await?;
        let counted = self.metrics.exchanges.begin(&nas.name);
        let ended = socket.exchange(request).await?;
        counted.ended(&ended);
        Ok(Some(Attempt::of_exchange(identity_names(session, service, nas.identity()), &ended)))
    }

    async fn socket(&self, nas: &ResolvedNas) -> Result<UdpHandle, CutError> {
        let source = nas.profile.source.unwrap_or_else(|| any_source(nas.das_addr()));
        let known = self.sockets.lock().unwrap_or_else(PoisonError::into_inner).get(&source).cloned();
        if let Some(handle) = known {
            return Ok(handle);
        }
        let bound = UdpHandle::bind_counting(Some(source), self.clock, Arc::clone(&self.metrics)).await;
        let handle = bound.map_err(|error| CutError::Socket { source_addr: source, error })?;
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(sockets.entry(source).or_insert(handle).clone())
    }

    /// Finds the session on the router's list and removes that row, read again right before; `None` without REST. What
    /// it saw of the list stands in the outcome.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked which of the user's sessions a row is: nothing is removed then.
    pub async fn remove(&self, nas: &ResolvedNas, session: &SessionRow) -> Result<Option<Attempt>, StoreError> {
        let router = match self.router(nas) {
            Ok(Some(router)) => router,
            Ok(None) => return Ok(None),
            Err(error) => return Ok(Some(failed(&error))),
        };
        let open = self.accounting.open_sessions(&session.user).await?;
        let sought = Sought::new(session, &open);
        Ok(Some(remove_over(&router.rest, nas, &sought).await.unwrap_or_else(|error| failed(&error))))
    }

    /// The router's REST service; `None` where none is set up.
    pub(super) fn router(&self, nas: &ResolvedNas) -> Result<Option<Router>, RouterError> {
        let Some(settings) = &nas.profile.rest else { return Ok(None) };
        let mut routers = self.routers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(router) = routers.get(settings.url.as_str()) {
            return Ok(Some(router.clone()));
        }
        let rest = Arc::new(RestClient::new(settings)?);
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

/// Removes the session's row from whichever list has it.
async fn remove_over(rest: &RestClient, nas: &ResolvedNas, sought: &Sought<'_>) -> Result<Attempt, RouterError> {
    check_identity(nas, rest).await?;
    for menu in menus(service_of(sought.session(), nas.profile.service)) {
        let rows = rest.active_of(*menu, &[sought.session().user.as_str()]).await?;
        if let Some(row) = rows.iter().find(|row| sought.is(row)) {
            return remove_row(rest, *menu, row, sought).await;
        }
    }
    Ok(Attempt::over_rest(AttemptOutcome::NotListed, None, None))
}

/// Refuses a router that is not the one it should be; whether that is known at all.
pub(super) async fn check_identity(nas: &ResolvedNas, rest: &RestClient) -> Result<bool, RouterError> {
    let Some(expected) = nas.profile.rest.as_ref().and_then(|rest| rest.identity.clone()) else { return Ok(false) };
    let found = rest.identity().await?;
    if found == expected { Ok(true) } else { Err(RouterError::WrongRouter { expected, found }) }
}

/// Removes a row after reading it again: a hotspot's ids are reused by the next session on the address. One whose uptime
/// has gone back is that next session.
async fn remove_row(
    rest: &RestClient,
    menu: Menu,
    listed: &ActiveRow,
    sought: &Sought<'_>,
) -> Result<Attempt, RouterError> {
    let id = listed.id.as_str();
    match rest.row(menu, id).await? {
        Some(row) if sought.is(&row) && row.uptime >= listed.uptime => {}
        Some(_) | None => return Ok(Attempt::over_rest(AttemptOutcome::AlreadyGone, Some(404), None)),
    }
    Ok(match rest.remove(menu, id).await? {
        Removal::Removed => Attempt::over_rest(AttemptOutcome::Removed, None, None),
        Removal::AlreadyGone => Attempt::over_rest(AttemptOutcome::AlreadyGone, Some(404), None),
    })
}

fn failed(error: &RouterError) -> Attempt {
    let RouterError::Rest(RestError { failure, .. }) = error else {
        return Attempt::over_rest(AttemptOutcome::Refused, None, Some(error.to_string()));
    };
    let unreachable = matches!(
        failure,
        RestFailure::Refused | RestFailure::Unreachable(_) | RestFailure::TimedOut(_) | RestFailure::NoAnswer(_)
    );
    let outcome = if unreachable { AttemptOutcome::Unreachable } else { AttemptOutcome::Refused };
    Attempt::over_rest(outcome, failure.status(), Some(error.to_string()))
}
