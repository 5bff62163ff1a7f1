//! By how much a session's counters grew between two looks.

use super::{Counters, Sighting};

/// What happened to the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// They grew by this, 0 included. What ran backwards did not grow.
    Grew {
        /// By how much.
        by: Counters,
        /// The counters from which they are to be followed further.
        seen: Counters,
        /// Whether a counter ran past the end of 32 bits, at a NAS that sends no gigawords.
        wrapped: bool,
        /// Whether a counter is lower than it was.
        backwards: bool,
    },
    /// They began at 0 again: another session under the same id, after the router was restarted.
    BeganAgain {
        /// What has been used since.
        now: Counters,
    },
}

/// The end of 32 bits.
const WRAP: u64 = 1 << 32;

/// What happened between the counters `before` and the sighting. `start_moved` says whether the row's start has become
/// later since they last grew, `carried` whether a line could have carried so many octets.
pub(super) fn step(before: Counters, sighting: &Sighting, start_moved: bool, carried: impl Fn(u64) -> bool) -> Step {
    let now = sighting.counters(before);
    let lower = now.input < before.input || now.output < before.output || now.seconds < before.seconds;
    if start_moved && lower {
        return Step::BeganAgain { now: sighting.counters(Counters::ZERO) };
    }
    // An older packet that came late has fewer seconds as well; a counter that ran over does not
    let later = sighting.seconds.is_some_and(|seconds| seconds > before.seconds);
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
    Step::Grew {
        by: Counters { input, output, seconds: seconds - before.seconds },
        seen: Counters { input: input_seen, output: output_seen, seconds },
        wrapped: input_wrapped || output_wrapped,
        backwards: now.seconds < before.seconds || now.input < input_seen || now.output < output_seen,
    }
}
