//! Mikrotik-Rate-Limit, by RouterOS' grammar (RouterOS manual, RADIUS):
//! `rx[/tx] [rx-burst[/tx] [rx-threshold[/tx] [rx-time[/tx] [priority] [rx-min[/tx]]]]]`.

use std::fmt;

/// What a rate limit looks like, for people.
const EXAMPLE: &str = "2M/8M, or 2M/8M 4M/16M 1M/4M 10/10 8 512k/2M";

/// Below this a plain fifth word is a priority that is wrong, not the least rate: nobody guarantees 9 bits a second.
const SMALLEST_LIKELY_RATE: u64 = 1000;

/// Two numbers of one word. `rx` is what the router receives: the client's upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// From the client, in bits (or seconds, where they are times).
    pub rx: u64,
    /// To the client.
    pub tx: u64,
}

/// A Mikrotik-Rate-Limit that RouterOS can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// The limit itself, in bits a second; 0 is no limit.
    pub max: Rates,
    /// While it bursts.
    pub burst: Option<Rates>,
    /// The average above which a burst ends.
    pub threshold: Option<Rates>,
    /// Over how many seconds that average is taken.
    pub time: Option<Rates>,
    /// From 1, the best, to 8.
    pub priority: Option<u8>,
    /// What is left in any case.
    pub min: Option<Rates>,
    words: Vec<String>,
}

/// Where a rate limit is wrong, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("word {word} {given:?} {problem}")]
pub struct RateLimitError {
    /// Which word, from 1.
    pub word: usize,
    /// The word.
    pub given: String,
    /// What is wrong with it.
    pub problem: RateLimitProblem,
}

/// What is wrong with a word of a rate limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateLimitProblem {
    /// There is none.
    #[error("is no rate limit; right would be {EXAMPLE}")]
    Empty,
    /// Not a rate.
    #[error(
        "is no {what}; right would be whole bits a second, k or M behind them or nothing, / between upload and download{}",
        suggestion.as_ref().map(|right| format!(", as in {right}")).unwrap_or_default()
    )]
    Rate {
        /// What belongs there.
        what: &'static str,
        /// The same in the right form, where that can be told.
        suggestion: Option<String>,
    },
    /// Not a time.
    #[error("is no burst time; right would be whole seconds, as in 10 or 10/10")]
    Time,
    /// Not a priority.
    #[error("is no priority; right would be 1 (the best) to 8")]
    Priority,
    /// The least rate is above the limit.
    #[error("is a least rate above the limit of the first word; right would be at most {most}")]
    MinAboveMax {
        /// The limit.
        most: Rates,
    },
    /// There are more than six.
    #[error("is one word too many: after the limit come burst, threshold, time, priority, least rate, and no more")]
    TooMany,
}

impl RateLimit {
    /// Reads a rate limit.
    ///
    /// # Errors
    /// [`RateLimitError`] for the first word that is wrong.
    pub fn parse(text: &str) -> Result<Self, RateLimitError> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let wrong = |word: usize, problem| {
            let given = words.get(word - 1).copied().unwrap_or_default().to_owned();
            RateLimitError { word, given, problem }
        };
        let rates = |word: usize, what| {
            let given = words.get(word - 1);
            given.map(|text| pair(text, rate).ok_or_else(|| wrong(word, not_a_rate(text, what)))).transpose()
        };
        let max = rates(1, "rate limit")?.ok_or_else(|| wrong(1, RateLimitProblem::Empty))?;
        let burst = rates(2, "burst rate")?;
        let threshold = rates(3, "burst threshold")?;
        let time = words.get(3).map(|text| pair(text, seconds).ok_or_else(|| wrong(4, RateLimitProblem::Time)));
        let time = time.transpose()?;
        let fifth = words.get(4).filter(|text| words.len() > 5 || is_priority(text));
        let priority = fifth.map(|text| priority(text).ok_or_else(|| wrong(5, RateLimitProblem::Priority)));
        let priority = priority.transpose()?;
        let at = if priority.is_some() { 6 } else { 5 };
        let min = rates(at, "least rate")?;
        let above = |min: &Rates| exceeds(min.rx, max.rx) || exceeds(min.tx, max.tx);
        if min.as_ref().is_some_and(above) {
            return Err(wrong(at, RateLimitProblem::MinAboveMax { most: max }));
        }
        if words.len() > at {
            return Err(wrong(at + 1, RateLimitProblem::TooMany));
        }
        let words = words.into_iter().map(str::to_owned).collect();
        Ok(Self { max, burst, threshold, time, priority, min, words })
    }
}

impl fmt::Display for RateLimit {
    /// As it goes to the router: the words as they were given, one space between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(" "))
    }
}

impl fmt::Display for Rates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", short(self.rx), short(self.tx))
    }
}

/// Whether a least rate passes a limit; a limit of 0 is none.
const fn exceeds(min: u64, max: u64) -> bool {
    max != 0 && min > max
}

/// Both directions: `rx/tx`, or one for both.
fn pair(text: &str, one: impl Fn(&str) -> Option<u64>) -> Option<Rates> {
    let (rx, tx) = text.split_once('/').unwrap_or((text, text));
    Some(Rates { rx: one(rx)?, tx: one(tx)? })
}

fn rate(text: &str) -> Option<u64> {
    let (digits, factor) = match text.as_bytes().last()? {
        b'k' => (&text[..text.len() - 1], 1_000),
        b'M' => (&text[..text.len() - 1], 1_000_000),
        _ => (text, 1),
    };
    number(digits)?.checked_mul(factor)
}

fn seconds(text: &str) -> Option<u64> {
    number(text.strip_suffix('s').unwrap_or(text))
}

fn number(digits: &str) -> Option<u64> {
    let plain = digits.bytes().all(|octet| octet.is_ascii_digit());
    digits.parse().ok().filter(|_| plain)
}

fn is_priority(text: &str) -> bool {
    number(text).is_some_and(|number| number < SMALLEST_LIKELY_RATE)
}

fn priority(text: &str) -> Option<u8> {
    text.parse().ok().filter(|priority| (1..=8).contains(priority) && text.len() == 1)
}

fn not_a_rate(text: &str, what: &'static str) -> RateLimitProblem {
    let halves: Option<Vec<String>> = text.split('/').map(|half| suggestion(half).map(short)).collect();
    let suggestion = halves.filter(|halves| halves.len() <= 2).map(|halves| halves.join("/"));
    RateLimitProblem::Rate { what, suggestion }
}

/// What somebody means who writes `2m`, `1.5M`, `1G`, `512K` or `10Mbps`.
fn suggestion(half: &str) -> Option<u64> {
    let lower = half.to_ascii_lowercase();
    let bare = ["bit/s", "bps", "b/s", "b"].iter().find_map(|unit| lower.strip_suffix(unit)).unwrap_or(&lower);
    let (number, digits) = match bare.as_bytes().last()? {
        b'k' => (&bare[..bare.len() - 1], 3),
        b'm' => (&bare[..bare.len() - 1], 6),
        b'g' => (&bare[..bare.len() - 1], 9),
        _ => (bare, 0),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if part.len() > digits || !part.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    self::number(&format!("{whole}{part:0<digits$}"))
}

/// A rate in its shortest form: `1500k`, `2M`, `999`.
fn short(rate: u64) -> String {
    match rate {
        0 => "0".to_owned(),
        _ if rate.is_multiple_of(1_000_000) => format!("{}M", rate / 1_000_000),
        _ if rate.is_multiple_of(1_000) => format!("{}k", rate / 1_000),
        _ => rate.to_string(),
    }
}
