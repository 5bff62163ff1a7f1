//! One NAS: its Identifiers, who waits for one, and what is to be sent to it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::identifier::Identifiers;
use super::{ExchangeId, Port, Request};

/// How long a NAS is remembered at least when nothing is in flight, so that its Identifiers go on in turn.
const REST: Duration = Duration::from_secs(30);

/// What is known of one NAS.
#[derive(Debug)]
pub(super) struct Nas {
    pub(super) das_addr: SocketAddr,
    /// Exchanges that have no Identifier yet, in the order of asking; some may have ended meanwhile.
    pub(super) waiting: VecDeque<ExchangeId>,
    /// Exchanges whose octets are to be sent; some may have ended meanwhile.
    pub(super) outbox: VecDeque<ExchangeId>,
    /// How many exchanges have not ended.
    pub(super) exchanges: usize,
    /// When it is to be looked after, if a time is set.
    pub(super) timer: Option<Instant>,
    pub(super) last_used: Instant,
    flows: Vec<(Port, Identifiers)>,
    hold: Duration,
    max_ports: usize,
}

impl Nas {
    pub(super) fn new(das_addr: SocketAddr, now: Instant) -> Self {
        Self {
            das_addr,
            waiting: VecDeque::new(),
            outbox: VecDeque::new(),
            exchanges: 0,
            timer: None,
            last_used: now,
            flows: Vec::new(),
            hold: Duration::ZERO,
            max_ports: 1,
        }
    }

    /// Goes by what the latest request says of it.
    pub(super) fn adopt(&mut self, request: &Request) {
        self.hold = request.identifier_hold;
        self.max_ports = usize::from(request.max_ports.max(1));
    }

    /// An Identifier for the exchange in this place, from a port that is `right`; `None` when none is free.
    pub(super) fn take(&mut self, exchange: usize, right: impl Fn(Port) -> bool) -> Option<(Port, u8)> {
        let mut flows = self.flows.iter_mut().filter(|(port, _)| right(*port));
        flows.find_map(|(port, identifiers)| Some((*port, identifiers.take(exchange)?)))
    }

    /// The exchange in flight under this Identifier from this port.
    pub(super) fn exchange(&self, port: Port, identifier: u8) -> Option<usize> {
        let (_, identifiers) = self.flows.iter().find(|(known, _)| *known == port)?;
        identifiers.exchange(identifier)
    }

    pub(super) fn release(&mut self, port: Port, identifier: u8, held_until: Option<Instant>) {
        if let Some((_, identifiers)) = self.flows.iter_mut().find(|(known, _)| *known == port) {
            identifiers.release(identifier, held_until);
        }
    }

    /// How many Identifiers of each port have been held for long enough and are free now.
    pub(super) fn expire(&mut self, now: Instant) -> Vec<(Port, usize)> {
        self.flows.iter_mut().map(|(port, identifiers)| (*port, identifiers.expire(now))).collect()
    }

    pub(super) fn uses(&self, port: Port) -> bool {
        self.flows.iter().any(|(known, _)| *known == port)
    }

    pub(super) fn may_use_more(&self) -> bool {
        self.flows.len() < self.max_ports
    }

    /// Sends from one more port from now on.
    pub(super) fn use_port(&mut self, port: Port, seed: u64) {
        self.flows.push((port, Identifiers::shuffled(seed)));
    }

    pub(super) fn leave_port(&mut self, port: Port) {
        self.flows.retain(|(known, _)| *known != port);
    }

    /// When it is next to be looked after: Identifiers have rested, or all of it can be forgotten.
    pub(super) fn next_look(&self) -> Option<Instant> {
        let expiry = self.flows.iter().filter_map(|(_, identifiers)| identifiers.next_expiry()).min();
        expiry.or_else(|| (self.exchanges == 0).then(|| self.last_used + self.hold.max(REST)))
    }

    /// Whether nothing of it needs to be remembered.
    pub(super) fn is_at_rest(&self, now: Instant) -> bool {
        self.exchanges == 0 && self.next_look().is_none_or(|look| look <= now)
    }
}
