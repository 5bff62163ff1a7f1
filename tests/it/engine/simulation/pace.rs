//! When transmissions may be made (RFC 5080 §2.2.1), from the policy alone: an interval for each, since RAND is unknown.
use std::time::{Duration, Instant};

use radkick::dynauth::{Limit, RetransmitPolicy};

/// Rounding of our arithmetic.
const SLACK: Duration = Duration::from_micros(10);

#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    policy: RetransmitPolicy,
    lateness: Duration,
}

/// The shortest and the longest that something may take.
type Span = (Duration, Duration);

impl Pace {
    pub(crate) fn of(policy: RetransmitPolicy, lateness: Duration) -> Self {
        Self { policy, lateness }
    }

    /// What the nth transmission waits for its answer, by what the one before waited: IRT ± 10 %, then twice ± 10 %.
    fn next(&self, before: Option<Span>) -> Span {
        let irt = self.policy.irt.max(Duration::from_millis(1));
        let (short, long) = before
            .map_or((irt.mul_f64(0.9), irt.mul_f64(1.1)), |(short, long)| (short.mul_f64(1.9), long.mul_f64(2.1)));
        let mrt = self.policy.mrt;
        if mrt.is_zero() {
            return (short, long);
        }
        let cap = mrt.max(Duration::from_millis(1));
        let least = if short > mrt { cap.mul_f64(0.9) } else { short.min(cap.mul_f64(0.9)) };
        (least, if long > mrt { cap.mul_f64(1.1) } else { long })
    }

    fn end(&self) -> Option<Duration> {
        (!self.policy.mrd.is_zero()).then_some(self.policy.mrd)
    }

    /// From the first transmission to the deadline of the nth, from 1. Deadlines count from deadlines, so that lateness does
    /// not add up.
    fn deadline(&self, n: usize) -> Span {
        let (mut sum, mut wait) = ((Duration::ZERO, Duration::ZERO), None);
        for _ in 0..n {
            let span = self.next(wait);
            sum = (sum.0 + span.0, sum.1 + span.1);
            wait = Some(span);
        }
        sum
    }

    /// The last of these transmissions was made at its time.
    pub(crate) fn check(&self, transmissions: &[Instant]) {
        let [first, .., before, last] = transmissions else {
            if let [first, last] = transmissions {
                self.check_wait(*last - *first, None);
            }
            return;
        };
        let elapsed = *last - *first;
        let (short, long) = self.deadline(transmissions.len() - 1);
        assert!(elapsed + SLACK >= short, "sent after {elapsed:?}, not {short:?}: {:?}", self.policy);
        assert!(elapsed <= long + self.lateness + SLACK, "sent after {elapsed:?}, not {long:?}: {:?}", self.policy);
        assert!(self.end().is_none_or(|end| elapsed < end), "sent after {elapsed:?}: {:?}", self.policy);
        let previous = transmissions.len().checked_sub(3).map(|at| *before - transmissions[at]);
        self.check_wait(*last - *before, previous);
    }

    /// One wait by the one before it, where the driver is punctual.
    fn check_wait(&self, wait: Duration, previous: Option<Duration>) {
        let (short, long) = self.next(previous.map(|previous| (previous, previous)));
        let late = self.lateness * 4;
        assert!(wait + late + SLACK >= short && wait <= long + late + SLACK, "{wait:?}, not {short:?} to {long:?}");
    }

    /// It ended without an answer when that bound says.
    pub(crate) fn check_end(&self, transmissions: &[Instant], now: Instant, limit: Limit) {
        let elapsed = now - transmissions[0];
        let (short, long) = self.deadline(transmissions.len());
        match limit {
            Limit::Mrc => {
                assert_eq!(transmissions.len(), self.policy.mrc as usize);
                assert!(
                    elapsed + SLACK >= short && elapsed <= long + self.lateness + SLACK,
                    "gave up after {elapsed:?}"
                );
                assert!(self.end().is_none_or(|end| elapsed <= end + self.lateness), "gave up after {elapsed:?}");
            }
            Limit::Mrd => {
                let end = self.end().expect("a bound");
                assert!(
                    elapsed >= end && elapsed <= end + self.lateness,
                    "gave up after {elapsed:?}: {:?}",
                    self.policy
                );
            }
        }
    }
}
