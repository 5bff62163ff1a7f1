//! Mikrotik-Rate-Limit's grammar (RouterOS manual, RADIUS).
//!
//! `rx[/tx] [rx-burst[/tx] [rx-threshold[/tx] [rx-time[/tx] [priority [rx-min[/tx]]]]]]`; rx is what the client sends.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// A pair of values: from the client, to the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// From the client.
    pub rx: u64,
    /// To the client.
    pub tx: u64,
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.rx, self.tx)
    }
}

/// What a session's dynamic queue lets through; bits a second, 0 for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RateLimit {
    /// The rate.
    pub max: Pair,
    /// The rate of a burst.
    pub burst: Pair,
    /// The average below which a burst is allowed.
    pub threshold: Pair,
    /// Over how many seconds the average is taken.
    pub burst_secs: Pair,
    /// 1 (first) to 8.
    pub priority: u8,
    /// The rate that is kept free.
    pub min: Pair,
}

impl RateLimit {
    /// These rates without a burst.
    #[must_use]
    pub const fn plain(rx: u64, tx: u64) -> Self {
        const NONE: Pair = Pair { rx: 0, tx: 0 };
        Self { max: Pair { rx, tx }, burst: NONE, threshold: NONE, burst_secs: NONE, priority: 8, min: NONE }
    }
}

/// A text that is no rate limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a rate limit")]
pub struct BadRateLimit;

impl FromStr for RateLimit {
    type Err = BadRateLimit;

    fn from_str(text: &str) -> Result<Self, BadRateLimit> {
        let mut words = text.split(' ').filter(|word| !word.is_empty());
        let max = pair(words.next().ok_or(BadRateLimit)?, rate)?;
        let mut limit = Self::plain(max.rx, max.tx);
        if let Some(word) = words.next() {
            limit.burst = pair(word, rate)?;
            limit.threshold = limit.max;
            limit.burst_secs = Pair { rx: 1, tx: 1 };
        }
        if let Some(word) = words.next() {
            limit.threshold = pair(word, rate)?;
        }
        if let Some(word) = words.next() {
            limit.burst_secs = pair(word, seconds)?;
        }
        if let Some(word) = words.next() {
            let priority = word.parse().ok().filter(|priority| (1..=8).contains(priority));
            limit.priority = priority.ok_or(BadRateLimit)?;
        }
        if let Some(word) = words.next() {
            limit.min = pair(word, rate)?;
        }
        if words.next().is_none() { Ok(limit) } else { Err(BadRateLimit) }
    }
}

/// A missing tx is rx.
fn pair(word: &str, read: impl Fn(&str) -> Result<u64, BadRateLimit>) -> Result<Pair, BadRateLimit> {
    let (rx, tx) = word.split_once('/').unwrap_or((word, word));
    Ok(Pair { rx: read(rx)?, tx: read(tx)? })
}

/// A number with an optional `k` (1,000) or `M` (1,000,000).
fn rate(text: &str) -> Result<u64, BadRateLimit> {
    let (digits, unit) = match (text.strip_suffix('k'), text.strip_suffix('M')) {
        (Some(digits), _) => (digits, 1_000),
        (_, Some(digits)) => (digits, 1_000_000),
        (None, None) => (text, 1),
    };
    number(digits)?.checked_mul(unit).ok_or(BadRateLimit)
}

fn seconds(text: &str) -> Result<u64, BadRateLimit> {
    number(text.strip_suffix('s').unwrap_or(text))
}

fn number(digits: &str) -> Result<u64, BadRateLimit> {
    if !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return Err(BadRateLimit);
    }
    digits.parse().map_err(|_| BadRateLimit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_may_be_the_last() {
        let pair = |rx, tx| Pair { rx, tx };
        let read = |text: &str| text.parse::<RateLimit>().unwrap();
        assert_eq!(read("512k"), RateLimit::plain(512_000, 512_000));
        assert_eq!(read("1M/2M"), RateLimit::plain(1_000_000, 2_000_000));
        let burst = RateLimit { burst: pair(4_000_000, 4_000_000), ..read("1M/2M") };
        let burst = RateLimit { threshold: pair(1_000_000, 2_000_000), burst_secs: pair(1, 1), ..burst };
        assert_eq!(read("1M/2M 4M"), burst);
        let whole = RateLimit {
            threshold: pair(500, 600),
            burst_secs: pair(10, 20),
            priority: 3,
            min: pair(64_000, 64_000),
            ..burst
        };
        assert_eq!(read("1M/2M 4M 500/600 10/20s 3 64k"), whole);
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", " ", "fast", "1m", "1K", "1M/", "/1M", "1M/2M/3M", "-1", "1M 2M 3M 4 9", "1M 2M 3M 4 0"] {
            assert_eq!(text.parse::<RateLimit>(), Err(BadRateLimit), "{text:?}");
        }
        assert_eq!("1 2 3 4 5 6 7".parse::<RateLimit>(), Err(BadRateLimit));
        assert_eq!("99999999999999999999M".parse::<RateLimit>(), Err(BadRateLimit));
    }
}
