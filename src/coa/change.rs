//! What is to be changed, as attributes and as what a router's list would show of it.

use crate::radius::{AttributeType, Attributes, Dictionary, PairProblem, parse_pair};

use super::never::{identifies, is_of_the_packet, never_changes};
use super::{RateLimit, RateLimitError};

/// Octets in one of Mikrotik-…-Limit-Gigawords: its bits 32 to 63 (RouterOS manual, RADIUS).
pub const GIGAWORD: u64 = 1 << 32;

const RATE_LIMIT: AttributeType = AttributeType::mikrotik(8);
const IDLE_TIMEOUT: AttributeType = AttributeType::Standard(28);
/// Of octets from the client: its lower and its upper half.
const RECV_LIMIT: [AttributeType; 2] = [AttributeType::mikrotik(1), AttributeType::mikrotik(14)];
/// Of octets to the client.
const XMIT_LIMIT: [AttributeType; 2] = [AttributeType::mikrotik(2), AttributeType::mikrotik(15)];

const ADDRESS_LIST: AttributeType = AttributeType::mikrotik(19);

/// Attributes that a session has once: which of two a router would take is anybody's guess.
const ONCE: [AttributeType; 7] = [
    RATE_LIMIT,
    AttributeType::SESSION_TIMEOUT,
    IDLE_TIMEOUT,
    RECV_LIMIT[0],
    RECV_LIMIT[1],
    XMIT_LIMIT[0],
    XMIT_LIMIT[1],
];

/// What a CoA-Request is to change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    attributes: Attributes,
    texts: Vec<(String, String)>,
    rate_limit: Option<RateLimit>,
}

/// Why something cannot be changed, or not so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeProblem {
    /// Nothing is to be changed.
    #[error("nothing to change: give --rate-limit, --session-timeout or another option that says what is to be new")]
    Nothing,
    /// No attribute, or no value of one.
    #[error(transparent)]
    Pair(#[from] PairProblem),
    /// RouterOS gives it at login, and never again.
    #[error(
        "{name}: RouterOS never changes addresses, pools and routes of a session by CoA; radkick disconnect --user NAME \
         ends it, and the next login gets the new one"
    )]
    Never {
        /// The attribute.
        name: String,
    },
    /// It says which session is meant.
    #[error(
        "{name} says which session is meant; radkick takes it from radacct: --session, --mac, --ip and --nas choose"
    )]
    Identifies {
        /// The attribute.
        name: String,
    },
    /// Not a thing to be changed.
    #[error("{name} is no property of a session; leave it out")]
    OfThePacket {
        /// The attribute.
        name: String,
    },
    /// Which of them counts cannot be told.
    #[error("{name} is given twice; say it once")]
    Twice {
        /// The attribute.
        name: String,
    },
    /// RouterOS cannot read it.
    #[error("Mikrotik-Rate-Limit: {0}")]
    RateLimit(#[from] RateLimitError),
}

/// What a router's lists would show of a change: `None` for what is not changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The session's queue: its `max-limit`.
    pub rate_limit: Option<RateLimit>,
    /// The active row's `session-time-left`, by Session-Timeout in seconds.
    pub session_timeout: Option<u32>,
    /// The active row's `idle-timeout` in seconds.
    pub idle_timeout: Option<u32>,
    /// The active row's `limit-bytes-in`.
    pub recv_limit: Option<u64>,
    /// The active row's `limit-bytes-out`.
    pub xmit_limit: Option<u64>,
    /// The firewall's address lists that are to hold the session's address.
    pub address_lists: Vec<String>,
}

/// `Name=value` for a limit of octets: its lower 32 bits and the Gigawords above them. Both always, so that an upper half
/// from before does not stay.
#[must_use]
pub fn limit_pairs(name: &str, octets: u64) -> [String; 2] {
    [format!("{name}={}", octets % GIGAWORD), format!("{name}-Gigawords={}", octets / GIGAWORD)]
}

impl Change {
    /// Reads changes of the form `Name=value`, as [`parse_pair`] does.
    ///
    /// # Errors
    /// Everything that is wrong, each with the pair it stands in; `None` for all of them together.
    pub fn parse(pairs: &[String]) -> Result<Self, Vec<(Option<String>, ChangeProblem)>> {
        let dictionary = Dictionary::bundled().unwrap_or_default();
        let mut change = Self { attributes: Attributes::new(), texts: Vec::new(), rate_limit: None };
        let mut problems = Vec::new();
        for pair in pairs {
            if let Err(problem) = change.add(&dictionary, pair) {
                problems.push((Some(pair.clone()), problem));
            }
        }
        if pairs.is_empty() {
            problems.push((None, ChangeProblem::Nothing));
        }
        if problems.is_empty() { Ok(change) } else { Err(problems) }
    }

    fn add(&mut self, dictionary: &Dictionary, pair: &str) -> Result<(), ChangeProblem> {
        let mut read = Attributes::new();
        parse_pair(dictionary, pair, &mut read)?;
        let Some((attribute, value)) = read.iter().next() else { return Ok(()) };
        let name = dictionary.name(attribute);
        if never_changes(attribute) {
            return Err(ChangeProblem::Never { name });
        }
        if identifies(attribute) {
            return Err(ChangeProblem::Identifies { name });
        }
        if is_of_the_packet(attribute) {
            return Err(ChangeProblem::OfThePacket { name });
        }
        if ONCE.contains(&attribute) && self.attributes.contains(attribute) {
            return Err(ChangeProblem::Twice { name });
        }
        let mut value = value.to_vec();
        if attribute == RATE_LIMIT {
            let limit = RateLimit::parse(&String::from_utf8_lossy(&value))?;
            value = limit.to_string().into_bytes();
            self.rate_limit = Some(limit);
        }
        self.texts.push((name.clone(), dictionary.value(attribute, &value)));
        let pushed = self.attributes.push(attribute, value);
        pushed.map_err(|source| PairProblem::Length { name, source }.into())
    }

    /// The attributes, in the order given.
    #[must_use]
    pub const fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Names and values as text, in the order given.
    #[must_use]
    pub fn texts(&self) -> &[(String, String)] {
        &self.texts
    }

    /// What a router's lists would show of it.
    #[must_use]
    pub fn shown(&self) -> Shown {
        let number = |attribute| self.attributes.first_u32(attribute);
        let octets = |[low, high]: [AttributeType; 2]| {
            let low = number(low)?;
            Some(u64::from(low) + u64::from(number(high).unwrap_or(0)) * GIGAWORD)
        };
        Shown {
            rate_limit: self.rate_limit.clone(),
            session_timeout: number(AttributeType::SESSION_TIMEOUT),
            idle_timeout: number(IDLE_TIMEOUT),
            recv_limit: octets(RECV_LIMIT),
            xmit_limit: octets(XMIT_LIMIT),
            address_lists: self
                .attributes
                .all(ADDRESS_LIST)
                .map(|name| String::from_utf8_lossy(name).into_owned())
                .collect(),
        }
    }
}
