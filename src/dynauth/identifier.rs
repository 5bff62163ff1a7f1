//! Which Identifier octet a request gets.

use std::collections::VecDeque;
use std::time::Instant;

/// The 256 Identifiers towards one NAS from one local port: each is free, in flight, or held.
///
/// Of the free ones that goes first which has rested longest, because a DAS recognises duplicates by the Identifier
/// (RFC 5176 §2.3) and some answer a reused one from a cache. They start shuffled, so that two runs from one port do not
/// meet at the same Identifiers.
#[derive(Debug)]
pub(super) struct Identifiers {
    free: VecDeque<u8>,
    held: VecDeque<(Instant, u8)>,
    /// The place of the exchange that is in flight under each.
    in_flight: Vec<Option<usize>>,
}

impl Identifiers {
    /// All 256 free, in an order that `seed` gives.
    pub(super) fn shuffled(seed: u64) -> Self {
        let mut state = seed;
        let mut order: Vec<(u64, u8)> = (u8::MIN..=u8::MAX).map(|identifier| (mix(&mut state), identifier)).collect();
        order.sort_unstable();
        let free: VecDeque<u8> = order.into_iter().map(|(_, identifier)| identifier).collect();
        Self { in_flight: vec![None; free.len()], free, held: VecDeque::new() }
    }

    /// The one that has rested longest, now in flight for `exchange`; `None` when none is free.
    pub(super) fn take(&mut self, exchange: usize) -> Option<u8> {
        let identifier = self.free.pop_front()?;
        self.set(identifier, Some(exchange));
        Some(identifier)
    }

    /// The exchange in flight under it.
    pub(super) fn exchange(&self, identifier: u8) -> Option<usize> {
        self.in_flight.get(usize::from(identifier)).copied().flatten()
    }

    /// Takes one out of flight: free at once, or held until a time. One behind another that is held longer waits for it.
    pub(super) fn release(&mut self, identifier: u8, held_until: Option<Instant>) {
        debug_assert!(self.exchange(identifier).is_some());
        self.set(identifier, None);
        match held_until {
            Some(until) => self.held.push_back((until, identifier)),
            None => self.free.push_back(identifier),
        }
    }

    fn set(&mut self, identifier: u8, exchange: Option<usize>) {
        if let Some(place) = self.in_flight.get_mut(usize::from(identifier)) {
            *place = exchange;
        }
    }

    /// Frees those that have been held for long enough, and counts them.
    pub(super) fn expire(&mut self, now: Instant) -> usize {
        let before = self.free.len();
        while let Some((_, identifier)) = self.held.front().copied().filter(|(until, _)| *until <= now) {
            self.held.pop_front();
            self.free.push_back(identifier);
        }
        self.free.len() - before
    }

    /// When the next one is free that is held.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.held.front().map(|(until, _)| *until)
    }
}

/// The next number of a sequence that `state` determines: an odd step and a mixing of the bits, not for secrets.
pub(super) const fn mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let folded = (*state ^ (*state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let folded = (folded ^ (folded >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    folded ^ (folded >> 32)
}
