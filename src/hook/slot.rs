//! The names of the files in the spool.
//!
//! Hooks may write into that directory and not list it, and still must not fill it without end: there are so many names and no
//! more, and a hook claims one that nobody has.

use std::fmt;

/// How many files there are at most in the spool, and as many again that are being written.
pub(super) const SLOTS: u32 = 65_536;

/// A name in the spool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    number: u32,
    state: State,
}

/// What the file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Being written.
    Temporary,
    /// An event.
    Whole,
}

impl Slot {
    /// One at random.
    pub(super) fn any(random: u64, state: State) -> Self {
        let number = u32::try_from(random % u64::from(SLOTS)).unwrap_or_default();
        Self { number, state }
    }

    pub(super) const fn state(self) -> State {
        self.state
    }

    /// The slot whose name this is.
    pub(super) fn of(name: &str) -> Option<Self> {
        let (number, ending) = name.split_once('.')?;
        let state = match ending {
            "tmp" => State::Temporary,
            "event" => State::Whole,
            _ => return None,
        };
        let slot = Self { number: number.parse().ok().filter(|number| *number < SLOTS)?, state };
        (slot.to_string() == name).then_some(slot)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ending = match self.state {
            State::Temporary => "tmp",
            State::Whole => "event",
        };
        write!(f, "{:05}.{ending}", self.number)
    }
}
