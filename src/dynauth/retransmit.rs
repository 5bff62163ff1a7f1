//! When a request is sent again, and when it is given up (RFC 5080 §2.2.1).

use std::time::{Duration, Instant};

use super::Limit;

/// Shorter times would send without a pause.
const SHORTEST: Duration = Duration::from_millis(1);

/// RFC 5080's four numbers. The default is its own: 2 s, 16 s, 5, 30 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetransmitPolicy {
    /// Initial retransmission time: how long the first transmission waits for its reply. Under 1 ms is taken as 1 ms.
    pub irt: Duration,
    /// Maximum retransmission time: how long any transmission waits, but for RAND; 0 = no such bound.
    pub mrt: Duration,
    /// Maximum retransmission count: how many transmissions there are in all, the first one included; 0 = no such bound.
    pub mrc: u32,
    /// Maximum retransmission duration, from the first transmission to the end; 0 = no such bound. Where `mrc` is 0 too,
    /// only a reply or a cancellation ends the exchange.
    pub mrd: Duration,
}

impl Default for RetransmitPolicy {
    fn default() -> Self {
        Self { irt: Duration::from_secs(2), mrt: Duration::from_secs(16), mrc: 5, mrd: Duration::from_secs(30) }
    }
}

impl RetransmitPolicy {
    /// How long the first transmission waits: IRT + RAND × IRT.
    fn first(&self, random: u64) -> Duration {
        let irt = self.irt.max(SHORTEST);
        self.cap(irt.saturating_sub(tenth(irt)).saturating_add(spread(irt, random)), random)
    }

    /// How long the transmission after one that waited `previous` waits: 2 × RT + RAND × RT.
    fn next(&self, previous: Duration, random: u64) -> Duration {
        let least = previous.saturating_mul(2).saturating_sub(tenth(previous));
        self.cap(least.saturating_add(spread(previous, random)), random)
    }

    /// MRT + RAND × MRT for anything over MRT. This RAND is drawn from the half of `random` that the first left alone.
    fn cap(&self, time: Duration, random: u64) -> Duration {
        if self.mrt.is_zero() || time <= self.mrt {
            return time;
        }
        let mrt = self.mrt.max(SHORTEST);
        mrt.saturating_sub(tenth(mrt)).saturating_add(spread(mrt, random.rotate_left(32)))
    }
}

fn tenth(time: Duration) -> Duration {
    time / 10
}

/// A share of 2 × `time` / 10 by the upper half of `random`, so that with [`tenth`] taken off RAND is in ±0.1: exactly
/// −0.1 for 0 and +0.1 for the largest number.
fn spread(time: Duration, random: u64) -> Duration {
    let nanos = u128::from(u64::try_from(tenth(time).as_nanos()).unwrap_or(u64::MAX)) * 2;
    let share = nanos * u128::from(random >> 32) / u128::from(u32::MAX);
    Duration::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
}

/// The timer of one exchange.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    policy: RetransmitPolicy,
    started: Instant,
    waits: Duration,
    deadline: Instant,
    transmissions: u32,
}

/// What to do at a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Send the same octets again.
    Retransmit,
    /// Give up.
    End(Limit),
}

impl Schedule {
    /// The first transmission is made `now`.
    pub(super) fn start(policy: RetransmitPolicy, now: Instant, random: u64) -> Self {
        let waits = policy.first(random);
        let mut schedule = Self { policy, started: now, waits, deadline: now, transmissions: 1 };
        schedule.deadline = schedule.bounded(now, now);
        schedule
    }

    /// Takes one step at a deadline that has passed.
    pub(super) fn advance(&mut self, now: Instant, random: u64) -> Due {
        let last = self.policy.mrc != 0 && self.transmissions >= self.policy.mrc;
        if last && self.end().is_none_or(|end| self.deadline < end) {
            return Due::End(Limit::Mrc);
        }
        if self.end().is_some_and(|end| end <= now) {
            return Due::End(Limit::Mrd);
        }
        self.waits = self.policy.next(self.waits, random);
        self.deadline = self.bounded(self.deadline, now);
        self.transmissions += 1;
        Due::Retransmit
    }

    /// The next time to act: counted from the previous deadline so that delays do not add up, or from `now` when whoever
    /// keeps the clock comes so late that the next one has passed as well.
    fn bounded(&self, previous: Instant, now: Instant) -> Instant {
        let far = now + Duration::from_hours(365 * 24);
        let counted = previous.checked_add(self.waits).unwrap_or(far);
        let next = if counted > now { counted } else { now.checked_add(self.waits).unwrap_or(far) };
        match self.end() {
            // FreeRADIUS' reading of a single transmission: nothing to repeat, so it waits out the whole duration.
            Some(end) if self.policy.mrc == 1 => end,
            Some(end) => next.min(end),
            None => next,
        }
    }

    fn end(&self) -> Option<Instant> {
        (!self.policy.mrd.is_zero()).then(|| self.started.checked_add(self.policy.mrd)).flatten()
    }

    pub(super) const fn deadline(&self) -> Instant {
        self.deadline
    }

    pub(super) const fn transmissions(&self) -> u32 {
        self.transmissions
    }

    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.started)
    }
}
