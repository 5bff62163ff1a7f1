//! A router's tables.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use serde::Serialize;
use tokio::time::Instant;

use super::session::{Session, session_number};
use super::{Behaviours, CookieRemoval, Octets, Service, SessionSpec, Settings};
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

impl State {
    pub(super) fn new(behaviours: Behaviours) -> Self {
        Self { behaviours, ..Self::default() }
    }

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

    pub(super) fn add(&mut self, spec: SessionSpec, now: Instant, interim_due: Option<Instant>) -> Session {
        self.serial = self.serial.wrapping_add(1);
        let number = session_number(spec.service, self.boot, self.serial);
        if spec.service == Service::Hotspot {
            self.add_hotspot_rows(&spec, now);
        }
        let interim_due = interim_due.filter(|_| spec.radius);
        let row = self.next_row();
        let (used, settings) = (Octets::default(), Settings::default());
        let session = Session { number, row, spec, started: now, interim_due, used, settings };
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
        let both = self.behaviours.cookies == CookieRemoval::Both;
        self.cookies.retain(|cookie| cookie.mac != session.spec.mac || !(cookie.mac_cookie || both));
        Some(session)
    }

    pub(super) fn reboot(&mut self) -> (Vec<Session>, u8) {
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
