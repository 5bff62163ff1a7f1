//! What a router's tasks share: its tables behind one lock that is never held while waiting.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::{Notify, broadcast, mpsc, watch};
use tokio::time::Instant;

use super::accounting::{Nas, Record, Status};
use super::session::{Session, session_number};
use super::time::RouterClock;
use super::{
    AccountingOptions, Behaviours, CookieRemoval, Event, RouterOptions, Service, SessionSpec, SessionView, StopTiming,
};
use crate::radius::{Attributes, Code};

/// How many requests are remembered.
const REMEMBERED: usize = 10_000;

/// Acct-Terminate-Cause User-Request and Admin-Reset (RFC 2866 §5.10).
pub(super) const USER_REQUEST: u32 = 1;
pub(super) const ADMIN_RESET: u32 = 6;

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
    pub(super) behaviours: Behaviours,
    pub(super) sessions: Vec<Session>,
    pub(super) cookies: Vec<Cookie>,
    pub(super) hosts: Vec<Host>,
    pub(super) counters: Counters,
    pub(super) requests: VecDeque<ReceivedRequest>,
    pub(super) rest_log: VecDeque<RestRequest>,
    /// The last request from each sender and what answered it, for [`super::RepeatedRequest::CachedReply`].
    pub(super) last_reply: Option<(SocketAddr, Vec<u8>, Vec<u8>)>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: RouterOptions,
    pub(super) clock: RouterClock,
    pub(super) interim_changed: Notify,
    state: Mutex<State>,
    records: mpsc::Sender<Record>,
    unsettled: watch::Sender<usize>,
    events: broadcast::Sender<Event>,
}

impl Shared {
    pub(super) fn new(options: RouterOptions, records: mpsc::Sender<Record>) -> Self {
        let state = State { behaviours: options.behaviours.clone(), ..State::default() };
        Self {
            options,
            clock: RouterClock::start(),
            interim_changed: Notify::new(),
            state: Mutex::new(state),
            records,
            unsettled: watch::Sender::new(0),
            events: broadcast::Sender::new(1024),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody need listen.
    pub(super) fn tell(&self, event: Event) {
        self.events.send(event).ok();
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    pub(super) fn nas(&self) -> Nas<'_> {
        Nas { name: &self.options.name, address: self.options.bind, now: RouterClock::now(), epoch: self.clock.epoch() }
    }

    /// Hands a record to the accounting task. One that finds its queue full is lost, as it would be on a real router.
    pub(super) fn account(&self, record: Record) {
        if self.options.accounting.is_none() {
            return;
        }
        self.unsettled.send_modify(|count| *count += 1);
        if self.records.try_send(record).is_err() {
            self.settled();
        }
    }

    /// The Stop of a session that REST removed; there is no ACK to come before or after.
    pub(super) fn account_by_rest(&self, record: Record) {
        let timing = self.state().behaviours.stop;
        match timing {
            StopTiming::AfterAck | StopTiming::BeforeAck => self.account(record),
            StopTiming::Repeated => self.account(Record { repeated: true, ..record }),
            StopTiming::Lost => {}
        }
    }

    /// A record is answered or given up.
    pub(super) fn settled(&self) {
        self.unsettled.send_modify(|count| *count = count.saturating_sub(1));
    }

    pub(super) fn unsettled(&self) -> watch::Receiver<usize> {
        self.unsettled.subscribe()
    }

    pub(super) fn login(&self, spec: SessionSpec) -> SessionView {
        let same_place =
            |session: &Session| session.spec.address == spec.address && session.spec.service == spec.service;
        let before = self.state().sessions.iter().find(|session| same_place(session)).map(|session| session.number);
        if let Some(record) = before.and_then(|number| self.end(number, USER_REQUEST)) {
            self.account(record);
        }
        let now = RouterClock::now();
        let interim = self.options.accounting.as_ref().and_then(|accounting| accounting.interim_interval);
        let session = self.state().add(spec, now, interim.map(|interval| now + interval));
        let view = session.view(now);
        self.tell(Event::LoggedIn { session: view.clone() });
        if view.radius {
            self.account(Record::of(Status::Start, &session, self.nas()));
        }
        self.interim_changed.notify_one();
        view
    }

    /// Takes a session out of the table, its MAC cookie with it. Its Stop is returned, for the caller to time.
    pub(super) fn end(&self, number: u32, terminate_cause: u32) -> Option<Record> {
        let session = self.state().remove(number)?;
        self.tell(ended(&session, Some(terminate_cause)));
        session.spec.radius.then(|| Record::of(Status::Stop(terminate_cause), &session, self.nas()))
    }

    /// All sessions vanish without a Stop, and the router comes up again.
    pub(super) fn reboot(&self) {
        let (gone, boot) = self.state().reboot();
        for session in gone {
            self.tell(ended(&session, None));
        }
        self.tell(Event::Rebooted { boot });
        self.account(Record::accounting_on(self.nas()));
    }

    /// A session vanishes without a Stop.
    pub(super) fn vanish(&self, number: u32) -> bool {
        let session = self.state().remove(number);
        session.inspect(|session| self.tell(ended(session, None))).is_some()
    }

    pub(super) fn interim(&self, number: u32) -> bool {
        let record = self.state().session(number).map(|session| Record::of(Status::InterimUpdate, session, self.nas()));
        record.map(|record| self.account(record)).is_some()
    }

    pub(super) fn accounting(&self) -> Option<&AccountingOptions> {
        self.options.accounting.as_ref()
    }
}

fn ended(session: &Session, terminate_cause: Option<u32>) -> Event {
    Event::Ended {
        acct_session_id: session.acct_session_id(),
        user: session.spec.user.clone(),
        address: session.spec.address,
        terminate_cause,
    }
}

impl State {
    pub(super) fn session(&self, number: u32) -> Option<&Session> {
        self.sessions.iter().find(|session| session.number == number)
    }

    pub(super) fn session_mut(&mut self, number: u32) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.number == number)
    }

    fn next_row(&mut self) -> u32 {
        self.row += 1;
        self.row
    }

    fn add(&mut self, spec: SessionSpec, now: Instant, interim_due: Option<Instant>) -> Session {
        self.serial = self.serial.wrapping_add(1);
        let number = session_number(spec.service, self.boot, self.serial);
        if spec.service == Service::Hotspot {
            self.add_hotspot_rows(&spec, now);
        }
        let interim_due = interim_due.filter(|_| spec.radius);
        let row = self.next_row();
        let session = Session { number, row, spec, started: now, interim_due, used: super::Octets::default() };
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

    fn remove(&mut self, number: u32) -> Option<Session> {
        let index = self.sessions.iter().position(|session| session.number == number)?;
        let session = self.sessions.remove(index);
        let both = self.behaviours.cookies == CookieRemoval::Both;
        self.cookies.retain(|cookie| cookie.mac != session.spec.mac || !(cookie.mac_cookie || both));
        Some(session)
    }

    fn reboot(&mut self) -> (Vec<Session>, u8) {
        self.boot = (self.boot + 1) % 16;
        self.serial = 0;
        self.hosts.clear();
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
