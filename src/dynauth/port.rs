//! The local ports of a client.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// One of a client's local UDP ports. Port 0 is open as long as the client exists; the number says nothing of the port's
/// number in a datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port(u16);

/// What the driver is to do with a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortChange {
    /// Open it, and tell [`super::DynAuthClient::handle_port_opened`] or [`super::DynAuthClient::handle_port_failed`].
    Open(Port),
    /// Close it: nothing that was sent from it is waited for.
    Close(Port),
}

/// How long a port that nobody uses stays open.
const IDLE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy)]
enum State {
    Closed,
    Opening,
    Open { busy: usize, idle_since: Option<Instant>, full: bool },
}

/// Which ports are open, and how many Identifiers of each are in flight or held.
#[derive(Debug)]
pub(super) struct Ports {
    states: Vec<State>,
    changes: VecDeque<PortChange>,
}

impl Port {
    /// The port that is always open.
    pub const FIRST: Self = Self(0);

    /// All that there may be, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u16::MAX).map(Self)
    }

    /// Its place among the client's ports, from 0 without gaps.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Ports {
    pub(super) fn new() -> Self {
        Self { states: vec![State::Open { busy: 0, idle_since: None, full: false }], changes: VecDeque::new() }
    }

    /// Says whether it has room for datagrams.
    pub(super) fn set_full(&mut self, port: Port, now_full: bool) {
        if let Some(State::Open { full, .. }) = self.states.get_mut(port.index()) {
            *full = now_full;
        }
    }

    /// Whether it is open and has room for datagrams.
    pub(super) fn has_room(&self, port: Port) -> bool {
        matches!(self.states.get(port.index()), Some(State::Open { full: false, .. }))
    }

    /// An open port with room for datagrams for which `wanted` holds.
    pub(super) fn open(&self, wanted: impl Fn(Port) -> bool) -> Option<Port> {
        Port::all().zip(&self.states).find_map(|(port, state)| match state {
            State::Open { full: false, .. } if wanted(port) => Some(port),
            State::Open { .. } | State::Closed | State::Opening => None,
        })
    }

    /// Asks for one more, unless one is on its way.
    pub(super) fn ask(&mut self) {
        if self.states.iter().any(|state| matches!(state, State::Opening)) {
            return;
        }
        let closed = self.states.iter().position(|state| matches!(state, State::Closed));
        let Ok(number) = u16::try_from(closed.unwrap_or(self.states.len())) else { return };
        if closed.is_none() {
            self.states.push(State::Closed);
        }
        self.set(Port(number), State::Opening);
        self.changes.push_back(PortChange::Open(Port(number)));
    }

    /// Whether it was on its way.
    pub(super) fn opened(&mut self, port: Port, now: Instant) -> bool {
        let awaited = matches!(self.states.get(port.index()), Some(State::Opening));
        if awaited {
            self.set(port, State::Open { busy: 0, idle_since: Some(now), full: false });
        }
        awaited
    }

    pub(super) fn failed(&mut self, port: Port) {
        if matches!(self.states.get(port.index()), Some(State::Opening)) {
            self.set(port, State::Closed);
        }
    }

    fn set(&mut self, port: Port, state: State) {
        if let Some(place) = self.states.get_mut(port.index()) {
            *place = state;
        }
    }

    /// One more of its Identifiers is in flight.
    pub(super) fn taken(&mut self, port: Port) {
        if let Some(State::Open { busy, .. }) = self.states.get_mut(port.index()) {
            *busy += 1;
        }
    }

    /// So many of its Identifiers are free again. When to look whether it is still idle, if it has just become so.
    pub(super) fn freed(&mut self, port: Port, identifiers: usize, now: Instant) -> Option<Instant> {
        let Some(State::Open { busy, idle_since, .. }) = self.states.get_mut(port.index()) else { return None };
        *busy = busy.saturating_sub(identifiers);
        if identifiers == 0 || *busy > 0 || port == Port::FIRST {
            return None;
        }
        // One look is due as long as a time stands here
        let looked_for = idle_since.replace(now).is_some();
        (!looked_for).then_some(now + IDLE)
    }

    /// Closes the port if it has been idle for long enough; else when to look again, if at all.
    pub(super) fn look(&mut self, port: Port, now: Instant) -> Result<(), Option<Instant>> {
        let Some(State::Open { busy, idle_since, .. }) = self.states.get_mut(port.index()) else { return Err(None) };
        match *idle_since {
            Some(since) if *busy == 0 && since + IDLE <= now => {
                self.set(port, State::Closed);
                self.changes.push_back(PortChange::Close(port));
                Ok(())
            }
            Some(since) if *busy == 0 => Err(Some(since + IDLE)),
            Some(_) | None => {
                *idle_since = None;
                Err(None)
            }
        }
    }

    pub(super) fn poll(&mut self) -> Option<PortChange> {
        self.changes.pop_front()
    }

    /// Whether only the first is open.
    pub(super) fn is_idle(&self) -> bool {
        self.states.iter().skip(1).all(|state| matches!(state, State::Closed))
    }
}
