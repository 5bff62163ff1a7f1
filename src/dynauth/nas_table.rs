//! All NAS, by where they listen and from where they answer.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use foldhash::fast::FixedState;
use slab::Slab;

use super::nas::Nas;
use super::request::comparable;
use super::{ExchangeId, Port, Request};

/// The NAS that are remembered, each in its place.
#[derive(Debug, Default)]
pub(super) struct NasTable {
    places: Slab<Nas>,
    by_address: HashMap<SocketAddr, usize, FixedState>,
    /// Further addresses from which a NAS may answer, with how many exchanges in flight say so.
    alternates: BTreeMap<(SocketAddr, usize), usize>,
    /// NAS with something in their outbox, each once.
    ready: VecDeque<usize>,
}

impl NasTable {
    /// The place of the NAS that a request is for.
    pub(super) fn place_of(&mut self, request: &Request, now: Instant) -> usize {
        let address = comparable(request.das_addr);
        let place = match self.by_address.get(&address) {
            Some(place) => *place,
            None => self.places.insert(Nas::new(address, now)),
        };
        self.by_address.insert(address, place);
        if let Some(nas) = self.places.get_mut(place) {
            nas.adopt(request);
        }
        place
    }

    pub(super) fn get(&self, place: usize) -> Option<&Nas> {
        self.places.get(place)
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut Nas> {
        self.places.get_mut(place)
    }

    /// The NAS that may answer from `source`: the one that listens there, and those that exchanges in flight say of.
    pub(super) fn answering_from(&self, source: SocketAddr) -> impl Iterator<Item = usize> {
        let named = self.alternates.range((source, 0)..=(source, usize::MAX)).map(|((_, place), _)| *place);
        self.by_address.get(&source).copied().into_iter().chain(named)
    }

    pub(super) fn expect_from(&mut self, source: SocketAddr, place: usize) {
        *self.alternates.entry((source, place)).or_default() += 1;
    }

    pub(super) fn no_longer_from(&mut self, source: SocketAddr, place: usize) {
        if let Some(exchanges) = self.alternates.get_mut(&(source, place)) {
            *exchanges -= 1;
            if *exchanges == 0 {
                self.alternates.remove(&(source, place));
            }
        }
    }

    /// Puts an exchange's octets behind those that wait for this NAS.
    pub(super) fn send(&mut self, place: usize, exchange: ExchangeId) {
        let Some(nas) = self.places.get_mut(place) else { return };
        if nas.outbox.is_empty() {
            self.ready.push_back(place);
        }
        nas.outbox.push_back(exchange);
    }

    /// The next exchange to send for; every NAS in turn.
    pub(super) fn next_to_send(&mut self) -> Option<ExchangeId> {
        while let Some(place) = self.ready.pop_front() {
            let Some(nas) = self.places.get_mut(place) else { continue };
            let exchange = nas.outbox.pop_front();
            if !nas.outbox.is_empty() {
                self.ready.push_back(place);
            }
            if exchange.is_some() {
                return exchange;
            }
        }
        None
    }

    pub(super) fn forget(&mut self, place: usize) {
        if let Some(nas) = self.places.try_remove(place) {
            self.by_address.remove(&nas.das_addr);
        }
    }

    pub(super) fn leave_port(&mut self, port: Port) {
        self.places.iter_mut().for_each(|(_, nas)| nas.leave_port(port));
    }

    /// The places of those that wait for an Identifier.
    pub(super) fn waiting(&self) -> Vec<usize> {
        self.places.iter().filter(|(_, nas)| !nas.waiting.is_empty()).map(|(place, _)| place).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.alternates.is_empty() && self.ready.is_empty()
    }
}
