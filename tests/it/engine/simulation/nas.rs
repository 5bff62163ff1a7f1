//! Dynamic Authorization Servers: a strict one, and the ways in which others differ.
use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::by_hand::{attributes, seal, sign};
use super::secret_of;
use super::watch::Socket;

/// What is peculiar about a NAS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Duplicates are those of equal port, Identifier and Authenticator (RFC 5176 §2.3).
    Strict,
    /// Duplicates are those of equal port and Identifier, for ever; the old answer is sent before anything is checked.
    ByIdentifier,
    /// It takes everything and says nothing.
    Silent,
    /// It has another secret than we, and does not check what it is asked.
    OtherSecret,
    /// It answers from another of its addresses.
    Elsewhere(SocketAddr),
    /// It signs answers of codes that answer something else.
    WrongCode,
    /// Its Message-Authenticators are wrong.
    WrongTag,
}

/// How a NAS answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habits {
    pub(crate) manner: Manner,
    /// How many of its answers, in a hundred, are NAKs.
    pub(crate) naks: u8,
    /// Whether its answers carry a Message-Authenticator.
    pub(crate) tags: bool,
    /// How far its clock is off, if its answers carry an Event-Timestamp.
    pub(crate) clock: Option<i64>,
}

/// What an answer says: its code, and its Error-Cause.
pub(crate) type Verdict = (u8, Option<u32>);

#[derive(Debug)]
pub(crate) struct Nas {
    pub(crate) das_addr: SocketAddr,
    pub(crate) habits: Habits,
    cache: BTreeMap<(Socket, u8, [u8; 16]), Vec<u8>>,
    /// What it has answered to whom: to these very octets.
    pub(crate) answered: BTreeMap<Vec<u8>, Vec<Verdict>>,
    chance: fastrand::Rng,
}

impl Nas {
    pub(crate) fn new(das_addr: SocketAddr, habits: Habits, seed: u64) -> Self {
        let chance = fastrand::Rng::with_seed(seed);
        Self { das_addr, habits, cache: BTreeMap::new(), answered: BTreeMap::new(), chance }
    }

    /// It forgets all that it had in memory.
    pub(crate) fn restart(&mut self) {
        self.cache.clear();
    }

    /// Where its answers come from.
    pub(crate) fn source(&self) -> SocketAddr {
        if let Manner::Elsewhere(address) = self.habits.manner { address } else { self.das_addr }
    }

    /// The answer to a datagram, if it gets one.
    pub(crate) fn answer(&mut self, from: Socket, octets: &[u8], epoch: i64) -> Option<Vec<u8>> {
        let manner = self.habits.manner;
        if manner == Manner::Silent {
            return None;
        }
        let [code, identifier, ..] = *octets else { return None };
        let authenticator: [u8; 16] = octets.get(4..20)?.try_into().ok()?;
        let key = (from, identifier, if manner == Manner::ByIdentifier { [0; 16] } else { authenticator });
        if let Some(cached) = self.cache.get(&key) {
            return Some(cached.clone());
        }
        let secret = secret_of(self.das_addr);
        if manner != Manner::OtherSecret && !is_signed(octets, &secret) {
            return None;
        }
        let (code, error_cause) = self.verdict(code);
        let secret = if manner == Manner::OtherSecret { b"another".to_vec() } else { secret };
        let answer = self.sealed((code, error_cause), identifier, authenticator, (&secret, epoch));
        self.cache.insert(key, answer.clone());
        if manner != Manner::OtherSecret {
            self.answered.entry(octets.to_vec()).or_default().push((code, error_cause));
        }
        Some(answer)
    }

    fn verdict(&mut self, request: u8) -> Verdict {
        let right = if self.chance.u8(..100) < self.habits.naks {
            (request + 2, [None, Some(503), Some(404), Some(999_999)][self.chance.usize(..4)])
        } else {
            (request + 1, [None, None, Some(201)][self.chance.usize(..3)])
        };
        let wrong = [2, 5, 40, 41, 44, 45, 99][self.chance.usize(..7)];
        if self.habits.manner == Manner::WrongCode && ![request + 1, request + 2].contains(&wrong) {
            (wrong, None)
        } else {
            right
        }
    }

    fn sealed(
        &self,
        (code, error_cause): Verdict,
        identifier: u8,
        signed_with: [u8; 16],
        (secret, epoch): (&[u8], i64),
    ) -> Vec<u8> {
        let mut attributes = Vec::new();
        for (octet, value) in
            [(101, error_cause), (55, self.habits.clock.and_then(|off| u32::try_from(epoch + off).ok()))]
        {
            if let Some(value) = value {
                attributes.extend([octet, 6]);
                attributes.extend(value.to_be_bytes());
            }
        }
        if self.habits.manner == Manner::WrongTag {
            attributes.extend([80, 18]);
            attributes.extend([7; 16]);
        } else if self.habits.tags {
            return seal(code, identifier, &attributes, signed_with, secret);
        }
        sign(code, identifier, &attributes, signed_with, secret)
    }
}

fn is_signed(octets: &[u8], secret: &[u8]) -> bool {
    let right = sign(octets[0], octets[1], &octets[20..], [0; 16], secret);
    right == octets && attributes(&octets[20..]).is_some()
}
