//! So many requests a second.

use std::time::{Duration, Instant};

/// A token bucket, as the time at which it will be full again (generic cell rate algorithm, ITU-T I.371). Pure: times
/// are arguments.
#[derive(Debug, Default)]
pub struct Bucket {
    full_at: Option<Instant>,
}

impl Bucket {
    /// Takes a token at `rate` a second, of which a tenth of a second's may go at once; how long to wait for it.
    pub fn take(&mut self, now: Instant, rate: u32) -> Duration {
        let each = Duration::from_secs(1) / rate.max(1);
        let at_once = each * (rate / 10).saturating_sub(1);
        let full_at = self.full_at.map_or(now, |full_at| full_at.max(now));
        self.full_at = Some(full_at + each);
        full_at.saturating_duration_since(now).saturating_sub(at_once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const MILLI: Duration = Duration::from_millis(1);

    #[test]
    fn a_few_at_once_then_evenly() {
        let (mut bucket, now) = (Bucket::default(), Clock.now());
        let waits: Vec<Duration> = (0..8).map(|_| bucket.take(now, 50)).collect();
        assert_eq!(waits, [0, 0, 0, 0, 0, 20, 40, 60].map(|wait| wait * MILLI));
        assert_eq!(bucket.take(now + 1000 * MILLI, 50), Duration::ZERO, "after a rest it is full again");
        let mut slow = Bucket::default();
        let waits: Vec<Duration> = (0..3).map(|_| slow.take(now, 1)).collect();
        assert_eq!(waits, [0, 1000, 2000].map(|wait| wait * MILLI));
    }

    #[test]
    fn no_second_has_more_than_the_rate_and_its_burst() {
        for rate in [1_u32, 7, 50, 333, 10_000] {
            let (mut bucket, now) = (Bucket::default(), Clock.now());
            let within = (0..30_000).filter(|_| bucket.take(now, rate) < Duration::from_secs(1)).count();
            let rate_as_usize = usize::try_from(rate).expect("a small rate");
            let most = rate_as_usize + rate_as_usize / 10 + 1;
            assert!((rate_as_usize..=most).contains(&within), "{rate}: {within}");
        }
    }
}
