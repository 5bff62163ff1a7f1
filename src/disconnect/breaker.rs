//! When a router that does not answer is asked again.

use std::time::{Duration, Instant};

use crate::routeros::Admission;

/// So many exchanges in a row without any answer, and a router counts as silent.
const MISSES: u32 = 3;
/// How long it is left alone at first; doubled after each try without an answer.
const PAUSE: Duration = Duration::from_secs(30);
/// At most.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Whether one path to one router is worth asking. Pure: times are arguments.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    misses: u32,
    /// When the first of them was, in seconds since 1970.
    since: i64,
    silent: Option<Pause>,
}

/// How long a silent router is left alone.
#[derive(Debug, Clone, Copy)]
struct Pause {
    length: Duration,
    until: Instant,
}

/// A router that is not asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Silent {
    /// Since when, in seconds since 1970.
    pub(super) since: i64,
    /// After how long somebody may try.
    pub(super) left: Duration,
}

impl Breaker {
    /// Whether [`Breaker::admit`] would refuse what no person asks for.
    pub(super) fn look(&self, now: Instant) -> Result<(), Silent> {
        match self.silent {
            Some(pause) if now < pause.until => Err(Silent { since: self.since, left: pause.until - now }),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether an exchange may begin. Of a silent router one exchange a pause tries; a person's is always tried, and leaves
    /// the others' turn alone.
    pub(super) fn admit(&mut self, now: Instant, by_hand: bool) -> Result<Admission, Silent> {
        if by_hand {
            return Ok(Admission::ByHand);
        }
        self.look(now)?;
        let Some(pause) = &mut self.silent else { return Ok(Admission::Usual) };
        // The next may try after another pause, also where this one never tells
        pause.until = now + pause.length;
        Ok(Admission::Probe)
    }

    /// An exchange has ended with an answer, whatever it says.
    pub(super) const fn answered(&mut self) {
        self.misses = 0;
        self.silent = None;
    }

    /// An exchange has ended without any. Of those that were under way when the router fell silent, and of a person's,
    /// nothing new is learnt.
    pub(super) fn missed(&mut self, (now, epoch): (Instant, i64), admission: Admission) {
        if self.misses == 0 {
            self.since = epoch;
        }
        self.misses = self.misses.saturating_add(1);
        match &mut self.silent {
            Some(pause) if admission == Admission::Probe => {
                pause.length = (pause.length * 2).min(LONGEST_PAUSE);
                pause.until = now + pause.length;
            }
            None if self.misses >= MISSES => self.silent = Some(Pause { length: PAUSE, until: now + PAUSE }),
            Some(_) | None => {}
        }
    }

    pub(super) const fn is_silent(&self) -> bool {
        self.silent.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    const SECOND: Duration = Duration::from_secs(1);

    fn silent(now: Instant) -> Breaker {
        let mut breaker = Breaker::default();
        for at in 0..3 {
            assert_eq!(breaker.admit(now, false), Ok(Admission::Usual));
            assert!(!breaker.is_silent());
            breaker.missed((now, 100 + at), Admission::Usual);
        }
        breaker
    }

    #[test]
    fn three_misses_in_a_row_make_a_silent_router() {
        let now = Clock.now();
        let mut breaker = silent(now);
        assert_eq!(breaker.admit(now + SECOND, false), Err(Silent { since: 100, left: 29 * SECOND }));
        breaker.answered();
        assert_eq!(breaker.admit(now, false), Ok(Admission::Usual));
        for _ in 0..2 {
            breaker.missed((now, 200), Admission::Usual);
        }
        breaker.answered();
        breaker.missed((now, 300), Admission::Usual);
        assert!(!breaker.is_silent(), "not in a row");
    }

    #[test]
    fn one_tries_a_pause_and_pauses_grow_to_five_minutes() {
        let mut now = Clock.now();
        let mut breaker = silent(now);
        for pause in [30, 60, 120, 240, 300, 300] {
            assert!(breaker.admit(now + (pause - 1) * SECOND, false).is_err());
            now += pause * SECOND;
            assert_eq!(breaker.admit(now, false), Ok(Admission::Probe));
            assert!(breaker.admit(now, false).is_err(), "one at a time");
            breaker.missed((now, 0), Admission::Probe);
        }
        now += 300 * SECOND;
        assert_eq!(breaker.admit(now, false), Ok(Admission::Probe));
        assert!(breaker.admit(now + 299 * SECOND, false).is_err());
        assert_eq!(breaker.admit(now + 300 * SECOND, false), Ok(Admission::Probe), "the one before has never told");
    }

    #[test]
    fn those_under_way_and_a_persons_change_nothing_but_by_an_answer() {
        let now = Clock.now();
        let mut breaker = silent(now);
        assert_eq!(breaker.admit(now, true), Ok(Admission::ByHand));
        for admission in [Admission::Usual, Admission::ByHand] {
            breaker.missed((now + SECOND, 200), admission);
        }
        assert_eq!(breaker.admit(now + SECOND, false), Err(Silent { since: 100, left: 29 * SECOND }));
        breaker.answered();
        assert_eq!(breaker.admit(now, false), Ok(Admission::Usual));
    }
}
