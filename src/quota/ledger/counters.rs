//! What a session uses: octets each way, and time.

/// Octets from the user, octets to the user, and seconds online (RFC 2866 §5.3, §5.4, §5.7 with RFC 2869's gigawords).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Counters {
    /// Octets from the user: acctinputoctets.
    pub input: u64,
    /// Octets to the user: acctoutputoctets.
    pub output: u64,
    /// Seconds online: acctsessiontime.
    pub seconds: u64,
}

impl Counters {
    /// Nothing.
    pub const ZERO: Self = Self { input: 0, output: 0, seconds: 0 };

    /// Octets both ways; stays at 2^64 - 1 rather than wrap.
    #[must_use]
    pub const fn octets(self) -> u64 {
        self.input.saturating_add(self.output)
    }

    /// Both together; each stays at 2^64 - 1 rather than wrap.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            seconds: self.seconds.saturating_add(other.seconds),
        }
    }

    /// What this has more than `other`, counter by counter; 0 where it has less.
    #[must_use]
    pub const fn beyond(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_sub(other.input),
            output: self.output.saturating_sub(other.output),
            seconds: self.seconds.saturating_sub(other.seconds),
        }
    }

    /// Whether each is at least the other's.
    #[must_use]
    pub const fn reaches(self, other: Self) -> bool {
        self.input >= other.input && self.output >= other.output && self.seconds >= other.seconds
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self == Self::ZERO
    }
}
