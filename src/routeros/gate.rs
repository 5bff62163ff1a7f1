//! Whether a router is worth asking, decided by whoever knows of all who ask.

use std::fmt;

/// Why a question may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// The router answers.
    Usual,
    /// It has been silent, and this one tries whether it still is.
    Probe,
    /// A person wants it: tried whatever is known.
    ByHand,
}

/// Lets questions through, or not, and hears what came of them.
pub trait Gate: fmt::Debug + Send + Sync {
    /// Whether a question may be asked now.
    ///
    /// # Errors
    /// Why not, for people, as "silent since 2026-01-01T00:00:00Z".
    fn admit(&self, by_hand: bool) -> Result<Admission, String>;

    /// A question that was let through has been answered, or not.
    fn told(&self, admission: Admission, answered: bool);
}
