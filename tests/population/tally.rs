//! What a user has used.

use super::calendar::Calendar;
use super::session::Session;

/// Octets of a user, and how many sessions are open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Of closed sessions.
    pub(super) closed: u64,
    /// Of open ones.
    pub(super) open: u64,
    /// Of both, counted to the present day.
    pub(super) day: u64,
    pub(super) week: u64,
    pub(super) month: u64,
    pub(super) open_sessions: u32,
}

impl Tally {
    pub(super) const fn total(&self) -> u64 {
        self.closed + self.open
    }

    /// A session that nobody has seen before.
    pub(super) fn add(&mut self, session: &Session, calendar: &Calendar) {
        let octets = session.octets();
        if session.stop.is_some() {
            self.closed += octets;
        } else {
            self.open += octets;
            self.open_sessions += 1;
        }
        self.count(octets, session.start, calendar);
    }

    /// An open session grows by so many octets, which count to the time of its update before.
    pub(super) fn grow(&mut self, octets: u64, since: i64, calendar: &Calendar) {
        self.open += octets;
        self.count(octets, since, calendar);
    }

    /// An open session of so many octets ends.
    pub(super) fn close(&mut self, octets: u64) {
        self.open -= octets;
        self.closed += octets;
        self.open_sessions -= 1;
    }

    /// Time has passed: what counted to a period that is over counts to no present one.
    pub(super) fn turn(&mut self, before: &Calendar, after: &Calendar) {
        for (used, from, to) in [
            (&mut self.day, before.day, after.day),
            (&mut self.week, before.week, after.week),
            (&mut self.month, before.month, after.month),
        ] {
            if from != to {
                *used = 0;
            }
        }
    }

    fn count(&mut self, octets: u64, at: i64, calendar: &Calendar) {
        for (used, start) in
            [(&mut self.day, calendar.day), (&mut self.week, calendar.week), (&mut self.month, calendar.month)]
        {
            if at >= start {
                *used += octets;
            }
        }
    }
}
