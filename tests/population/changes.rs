//! How a population goes on: interims, sessions that end and sessions that begin.

use super::Population;
use super::calendar::Calendar;
use super::dice::{Dice, Purpose};
use super::open::Open;
use super::session::{Session, UniqueId, octets, split};

/// How much happens in one step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Seconds that pass.
    pub(crate) seconds: i64,
    /// Open sessions that get an interim at most, each in its turn.
    pub(crate) interims: usize,
    /// Sessions that end, of ordinary users.
    pub(crate) stops: usize,
    /// Sessions that begin, of ordinary users.
    pub(crate) starts: usize,
}

impl Default for Pace {
    /// With 50,000 open sessions each gets an interim every five minutes.
    fn default() -> Self {
        Self { seconds: 30, interims: 5000, stops: 50, starts: 50 }
    }
}

/// What happened in one step.
#[derive(Debug, Clone)]
pub(crate) struct Changes {
    /// Interims and stops: open rows as they are now.
    pub(super) updates: Vec<Session>,
    /// New rows.
    pub(super) starts: Vec<Session>,
}

impl Population {
    /// Goes on by one step: what is to be written ([`Population::apply`]); the truth is that after it. Nobody becomes over
    /// who was not.
    pub(crate) fn changes(&mut self, pace: &Pace) -> Changes {
        self.steps += 1;
        let before = self.calendar;
        self.calendar = Calendar::at(before.now + pace.seconds);
        for tally in &mut self.tallies {
            tally.turn(&before, &self.calendar);
        }
        let mut dice = Dice::new(self.plan.seed, Purpose::Step, self.steps);
        // First, so that a session that ends has no interim in the same step
        let mut updates = self.stops(pace, &mut dice);
        updates.extend(self.interims(pace, before.now, &mut dice));
        let starts = (0..pace.starts).filter_map(|_| self.start(before.now, &mut dice)).collect();
        Changes { updates, starts }
    }

    fn interims(&mut self, pace: &Pace, since: i64, dice: &mut Dice) -> Vec<Session> {
        let count = pace.interims.min(self.open.len());
        let first = self.next_interim;
        self.next_interim = (first + count).checked_rem(self.open.len()).unwrap_or(0);
        let mut updates = Vec::with_capacity(count);
        let all = self.open.len();
        for at in (first..first + count).map(|at| at % all) {
            if !self.open[at].is_still {
                let time = since + 1 + dice.seconds(self.calendar.now - since);
                updates.push(self.grow(at, time, dice));
            }
        }
        updates
    }

    /// The open session of this index as it is at `time`.
    fn grow(&mut self, at: usize, time: i64, dice: &mut Dice) -> Session {
        let session = &mut self.open[at].session;
        let since = session.update.unwrap_or(session.start);
        let (input, output) = octets(dice, time - since);
        let tally = &mut self.tallies[session.user];
        let left = self.limits[session.user].octets().and_then(|limit| limit.checked_sub(tally.total() + 1));
        let (input, output) = match left {
            Some(left) if left < input + output => split(dice, left),
            _ => (input, output),
        };
        tally.grow(input + output, since, &self.calendar);
        session.input = Some(session.input.unwrap_or(0) + input);
        session.output = Some(session.output.unwrap_or(0) + output);
        session.update = Some(time);
        session.clone()
    }

    fn stops(&mut self, pace: &Pace, dice: &mut Dice) -> Vec<Session> {
        let mut stops = Vec::new();
        for _ in 0..pace.stops.min(self.open.len()) {
            let at = dice.index(self.open.len());
            if self.open[at].stays {
                continue;
            }
            let update = self.open[at].session.update;
            self.grow(at, self.calendar.now, dice);
            let Open { session, .. } = self.open.swap_remove(at);
            self.tallies[session.user].close(session.octets());
            stops.push(Session { stop: Some(self.calendar.now), update, ..session });
        }
        stops
    }

    fn start(&mut self, since: i64, dice: &mut Dice) -> Option<Session> {
        let user = self.seats.ordinary(dice.index(self.plan.users))?;
        let start = since + 1 + dice.seconds(self.calendar.now - since);
        self.rows += 1;
        let session = Session {
            row: self.rows,
            unique: UniqueId::new(self.plan.seed, Purpose::Later, self.rows),
            user,
            odd_name: None,
            nas: dice.index(self.plan.nas()),
            appears: start,
            start,
            update: Some(start),
            stop: None,
            input: Some(0),
            output: Some(0),
            id_of_before: 0,
        };
        self.tallies[user].add(&session, &self.calendar);
        self.open.push(Open { session: session.clone(), is_still: false, stays: false });
        Some(session)
    }
}
