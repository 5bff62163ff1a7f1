//! Randomness that is the same on every machine, in every version, and at any place without those before it.

/// What is drawn for; each has numbers of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Closed = 1,
    Open,
    Later,
    Limit,
    Kind,
    Expiry,
    Unique,
    Step,
}

/// Draws numbers (Steele, Lea and Flood's `SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Dice {
    state: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// For the thing of this number: a row, a user.
    pub(super) fn new(seed: u64, purpose: Purpose, number: u64) -> Self {
        Self { state: mix(mix(seed ^ (purpose as u64).wrapping_mul(STEP)).wrapping_add(number.wrapping_mul(STEP))) }
    }

    /// Any number. The first one is different for each number of a purpose.
    pub(super) fn roll(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number below `end`; 0 if that is 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let scaled = u128::from(self.roll()) * u128::from(end);
        u64::try_from(scaled >> 64).unwrap_or(0)
    }

    /// An index below `end`.
    pub(super) fn index(&mut self, end: usize) -> usize {
        usize::try_from(self.below(u64::try_from(end).unwrap_or(0))).unwrap_or(0)
    }

    /// From 0 to below `end` seconds; 0 if that is not above 0.
    pub(super) fn seconds(&mut self, end: i64) -> i64 {
        self.below(u64::try_from(end).unwrap_or(0)).cast_signed()
    }
}

/// One to one.
const fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
