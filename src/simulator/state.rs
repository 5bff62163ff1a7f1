//! A router's tables.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use fastrand::Rng;
use serde::Serialize;
use tokio::time::Instant;

use super::session::{Session, session_number};
use super::{Behaviours, CookieRemoval, Faults, LocalUser, Octets, Service, SessionSpec, Settings};
use crate::radius::{Attributes, Code};

/// How many requests are remembered.
const REMEMBERED: usize = 10_000;

/// `/radius incoming monitor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counters {
    /// Datagrams that arrived, the bad ones included (whether RouterOS counts those here too is not known).
    pub requests: u64,
    /// Of these, from an unknown source, with a wrong authenticator, or malformed.
    pub bad_requests: u64,
    /// ACKs sent.
    pub acks: u64,
    /// NAKs sent.
    pub naks: u64,
}

/// A Disconnect- or CoA-Request that passed the router's checks; a retransmission is one more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// Who sent it.
    pub from: SocketAddr,
    /// What it is.
    pub code: Code,
    /// Its octets.
    pub octets: Vec<u8>,
    /// Its attributes, ordered by type.
    pub attributes: Attributes,
}

/// A REST request that was answered, or left unanswered by a fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestRequest {
    /// The method.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// The status; `None` where a fault left it unanswered.
    pub status: Option<u16>,
}

/// A row of `/ip hotspot cookie`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cookie {
    #[serde(skip)]
    pub(super) row: u32,
    /// Whose it is.
    pub user: String,
    /// The MAC it is for.
    pub mac: String,
    /// A MAC cookie; otherwise one in the browser.
    pub mac_cookie: bool,
}

/// A login that is let in.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) spec: SessionSpec,
    pub(super) settings: Settings,
}

impl From<SessionSpec> for Login {
    fn from(spec: SessionSpec) -> Self {
        Self { spec, settings: Settings::default() }
    }
}

/// A row of `/ip hotspot user` or `/ppp secret`.
#[derive(Debug, Clone)]
pub(super) struct LocalRow {
    pub(super) row: u32,
    pub(super) user: LocalUser,
}

/// A row of `/ip hotspot host`; it outlives the session.
#[derive(Debug, Clone)]
pub(super) struct Host {
    pub(super) row: u32,
    pub(super) mac: String,
    pub(super) address: Ipv4Addr,
    pub(super) since: Instant,
}

#[derive(Debug, Default)]
pub(super) struct State {
    boot: u8,
    serial: u32,
    row: u32,
    chance: Rng,
    /// Answers left that [`super::RestBehaviours`] spoils after a reboot: wrong ones, empty ones.
    pub(super) spoiled: (u32, u32),
    pub(super) behaviours: Behaviours,
    pub(super) sessions: Vec<Session>,
    pub(super) cookies: Vec<Cookie>,
    pub(super) hosts: Vec<Host>,
    pub(super) local_users: Vec<LocalRow>,
    pub(super) counters: Counters,
    pub(super) requests: VecDeque<ReceivedRequest>,
    pub(super) rest_log: VecDeque<RestRequest>,
    /// The last request from each sender and what answered it, for [`super::RepeatedRequest::CachedReply`].
    pub(super) last_reply: Option<(SocketAddr, Vec<u8>, Vec<u8>)>,
}

impl State {
    pub(super) fn new(behaviours: Behaviours, local_users: &[LocalUser]) -> Self {
        let chance = Rng::with_seed(behaviours.faults.seed);
        let mut state = Self { chance, behaviours, ..Self::default() };
        let rows = local_users.iter().map(|user| LocalRow { row: state.next_row(), user: user.clone() }).collect();
        state.local_users = rows;
        state
    }

    /// Whether a local user of this name may log in.
    pub(super) fn has_local(&self, service: Service, name: &str) -> bool {
        let mut users = self.local_users.iter().map(|row| &row.user);
        users.any(|user| user.service == service && user.name == name && !user.disabled)
    }

    /// Whether someone is on where this login would be.
    pub(super) fn is_taken(&self, spec: &SessionSpec) -> bool {
        self.sessions.iter().any(|session| session.spec.is_at(spec))
    }

    pub(super) fn has_cookie(&self, mac: &str, mac_cookie: bool) -> bool {
        self.cookies.iter().any(|cookie| cookie.mac == mac && cookie.mac_cookie == mac_cookie)
    }

    pub(super) fn session(&self, number: u32) -> Option<&Session> {
        self.sessions.iter().find(|session| session.number == number)
    }

    pub(super) fn session_mut(&mut self, number: u32) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.number == number)
    }

    /// Whether something of this likelihood happens, or `left` says that it does, which counts down.
    pub(super) fn strikes(&mut self, likelihood: f64, left: fn(&mut Faults) -> &mut u32) -> bool {
        let left = left(&mut self.behaviours.faults);
        let counted = *left > 0;
        *left = left.saturating_sub(1);
        // Chance is asked always, so that a count does not change its course.
        self.happens(likelihood) || counted
    }

    /// Whether something of this likelihood happens.
    pub(super) fn happens(&mut self, likelihood: f64) -> bool {
        self.chance.f64() < likelihood
    }

    fn next_row(&mut self) -> u32 {
        self.row += 1;
        self.row
    }

    /// A number that no session has had since the last reboot (or for twenty bits of sessions).
    pub(super) fn next_number(&mut self, service: Service) -> u32 {
        self.serial = self.serial.wrapping_add(1);
        session_number(service, self.boot, self.serial)
    }

    pub(super) fn add(&mut self, number: u32, login: Login, now: Instant, interim_due: Option<Instant>) -> Session {
        let Login { spec, settings } = login;
        if spec.service == Service::Hotspot {
            self.add_hotspot_rows(&spec, now);
        }
        let interim_due = interim_due.filter(|_| spec.radius);
        let row = self.next_row();
        let session = Session { number, row, spec, started: now, interim_due, used: Octets::default(), settings };
        self.sessions.push(session.clone());
        session
    }

    fn add_hotspot_rows(&mut self, spec: &SessionSpec, now: Instant) {
        self.hosts.retain(|host| host.mac != spec.mac && host.address != spec.address);
        let row = self.next_row();
        self.hosts.push(Host { row, mac: spec.mac.clone(), address: spec.address, since: now });
        if spec.cookies {
            self.cookies.retain(|cookie| cookie.mac != spec.mac);
            for mac_cookie in [true, false] {
                let row = self.next_row();
                self.cookies.push(Cookie { row, user: spec.user.clone(), mac: spec.mac.clone(), mac_cookie });
            }
        }
    }

    pub(super) fn remove(&mut self, number: u32) -> Option<Session> {
        let index = self.sessions.iter().position(|session| session.number == number)?;
        let session = self.sessions.remove(index);
        let removal = self.behaviours.cookies;
        let goes = |cookie: &Cookie| match removal {
            CookieRemoval::MacOnly => cookie.mac_cookie,
            CookieRemoval::Both => true,
            CookieRemoval::Neither => false,
        };
        let hotspot = session.spec.service == Service::Hotspot;
        self.cookies.retain(|cookie| !(hotspot && cookie.mac == session.spec.mac && goes(cookie)));
        if hotspot && self.behaviours.host_row_goes {
            self.hosts.retain(|host| host.mac != session.spec.mac);
        }
        Some(session)
    }

    pub(super) fn reboot(&mut self) -> (Vec<Session>, u8) {
        self.boot = (self.boot + 1) % 16;
        self.serial = 0;
        self.hosts.clear();
        self.spoiled = (self.behaviours.rest.wrong_after_boot, self.behaviours.rest.empty_after_boot);
        (std::mem::take(&mut self.sessions), self.boot)
    }

    pub(super) fn remember_request(&mut self, request: ReceivedRequest) {
        push_bounded(&mut self.requests, request);
    }

    pub(super) fn remember_rest(&mut self, request: RestRequest) {
        push_bounded(&mut self.rest_log, request);
    }
}

fn push_bounded<T>(queue: &mut VecDeque<T>, item: T) {
    if queue.len() == REMEMBERED {
        queue.pop_front();
    }
    queue.push_back(item);
}
