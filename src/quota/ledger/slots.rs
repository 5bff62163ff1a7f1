//! Stretches of time that octets are counted to.

use jiff::tz::TimeZone;

use super::Context;
use crate::quota::Period;

/// Where slots begin at this site: wherever one of these periods does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slots {
    periods: Vec<Period>,
    /// The finest of their steps, which begin wherever the others do.
    steps: Vec<Period>,
}

impl Slots {
    /// Slots for these periods. With none but [`Period::Total`] there is one slot, that of all time.
    #[must_use]
    pub fn new(periods: impl IntoIterator<Item = Period>) -> Self {
        let mut slots = Self { periods: Vec::new(), steps: Vec::new() };
        slots.widen(periods);
        slots
    }

    /// From now on slots begin where these periods do as well.
    pub fn widen(&mut self, periods: impl IntoIterator<Item = Period>) {
        for period in periods.into_iter().filter(|period| *period != Period::Total) {
            if !self.periods.contains(&period) {
                self.periods.push(period);
            }
        }
        // A day never begins within an hour, a week or a month never within a day
        let all = &self.periods;
        let finest = [Period::Hourly, Period::Daily].into_iter().find(|step| all.iter().any(|one| one.step() == *step));
        self.steps = finest.map_or_else(|| self.periods.clone(), |step| vec![step]);
    }

    /// The start of the slot that holds `at`, in seconds since 1970; 0 is the one before all others. `since` is the start
    /// that the user's own allowance has, if it has one.
    #[must_use]
    pub fn of(&self, at: i64, zone: &TimeZone, since: Option<i64>) -> i64 {
        let starts = self.steps.iter().map(|step| step.slot(at, zone));
        starts.chain(since.filter(|since| *since <= at)).fold(0, i64::max)
    }

    /// Whether a limit asks now for what was used since a time after `older` and up to `newer`.
    pub(super) fn is_asked_between(&self, older: i64, newer: i64, context: &Context<'_>) -> bool {
        let starts = self.periods.iter().map(|period| period.start(context.now, context.zone.1));
        starts.chain(context.since).any(|start| older < start && start <= newer)
    }

    /// Before this time no limit but one with a start of its own asks when octets were used: slots that began earlier,
    /// and not between two such starts, may be put together.
    #[must_use]
    pub fn horizon(&self, now: i64) -> i64 {
        let longest = self.periods.iter().map(|period| period.longest()).max().unwrap_or(0);
        now.saturating_sub(2 * longest)
    }
}
