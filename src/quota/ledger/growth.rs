//! By how much a session's counters grew between two looks.

use super::{Counters, Oddity, Sighting};

/// By how much counters grew, 0 included. What ran backwards did not grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Growth {
    /// By how much.
    pub(super) by: Counters,
    /// The counters from which they are to be followed further.
    pub(super) seen: Counters,
    /// Whether a counter ran past the end of 32 bits, at a NAS that sends no gigawords.
    wrapped: bool,
    /// Whether a counter is lower than it was.
    pub(super) backwards: bool,
}

/// The end of 32 bits.
const WRAP: u64 = 1 << 32;

impl Growth {
    /// From the counters `before` to the sighting. `carried` says whether a line could have carried so many octets.
    pub(super) fn new(before: Counters, sighting: &Sighting, carried: impl Fn(u64) -> bool) -> Self {
        let now = sighting.counters(before);
        // An older packet that came late has fewer seconds as well; a counter that ran over does not
        let later = now.seconds > before.seconds;
        let ran_over = |before: u64, now: u64| {
            let by = (now.saturating_add(WRAP)).checked_sub(before)?;
            (later && before < WRAP && now < before && before - now > WRAP / 2 && carried(by)).then_some(by)
        };
        let octets = |before: u64, now: u64| match ran_over(before, now) {
            Some(by) => (by, now, true),
            None => (now.saturating_sub(before), now.max(before), false),
        };
        let (input, input_seen, input_wrapped) = octets(before.input, now.input);
        let (output, output_seen, output_wrapped) = octets(before.output, now.output);
        let seconds = now.seconds.max(before.seconds);
        Self {
            by: Counters { input, output, seconds: seconds - before.seconds },
            seen: Counters { input: input_seen, output: output_seen, seconds },
            wrapped: input_wrapped || output_wrapped,
            backwards: now.seconds < before.seconds || now.input < input_seen || now.output < output_seen,
        }
    }

    /// What is odd about it.
    pub(super) fn oddity(&self) -> Option<Oddity> {
        let backwards = self.backwards.then_some(Oddity::RanBackwards);
        if self.wrapped { Some(Oddity::Wrapped) } else { backwards }
    }
}
