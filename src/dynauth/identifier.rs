//! Which Identifier octet a request gets.

use std::collections::VecDeque;

/// The 256 Identifiers towards one DAS from one local socket.
///
/// The one that has rested longest goes first, because a DAS recognises duplicates by it (RFC 5176 §2.3) and some answer a
/// reused one from a cache. They start shuffled, so that two runs from one port do not meet at the same Identifiers.
#[derive(Debug)]
pub(super) struct Identifiers {
    free: VecDeque<u8>,
}

impl Identifiers {
    /// All 256 in an order that `seed` gives.
    pub(super) fn shuffled(seed: u64) -> Self {
        let mut state = seed;
        let mut order: Vec<(u64, u8)> = (u8::MIN..=u8::MAX).map(|identifier| (mix(&mut state), identifier)).collect();
        order.sort_unstable();
        Self { free: order.into_iter().map(|(_, identifier)| identifier).collect() }
    }

    /// The one that has rested longest; `None` when all are in flight.
    pub(super) fn take(&mut self) -> Option<u8> {
        self.free.pop_front()
    }

    /// Gives one back; it rests until all others have been used.
    pub(super) fn release(&mut self, identifier: u8) {
        debug_assert!(!self.free.contains(&identifier));
        self.free.push_back(identifier);
    }
}

/// The next number of a sequence that `state` determines: an odd step and a mixing of the bits, not for secrets.
pub(super) const fn mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let folded = (*state ^ (*state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    let folded = (folded ^ (folded >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    folded ^ (folded >> 32)
}
