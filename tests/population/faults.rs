//! Rows as they are in the wild.

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Both counters are NULL.
    NoOctets,
    /// The counter from the user is NULL.
    NoInput,
    /// No interim ever came.
    NoUpdate,
    /// The Start was lost: an interim made the row, with a start before it.
    BackDated,
    /// Its Acct-Session-Id is that of a row before it.
    IdAgain,
    /// Both counters are 0.
    NothingUsed,
    /// It goes on for weeks.
    VeryLong,
}

/// One of seven in 91 rows.
const CYCLE: u64 = 13;

const FAULTS: [Fault; 7] = [
    Fault::NoOctets,
    Fault::NoInput,
    Fault::NoUpdate,
    Fault::BackDated,
    Fault::IdAgain,
    Fault::NothingUsed,
    Fault::VeryLong,
];

/// What is wrong with the row of this number: mostly nothing.
pub(super) fn fault(number: u64) -> Option<Fault> {
    let which = usize::try_from(number / CYCLE % 7).unwrap_or(0);
    number.is_multiple_of(CYCLE).then_some(FAULTS[which])
}
