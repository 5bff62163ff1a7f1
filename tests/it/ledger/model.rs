//! The ledger told plainly: every look is kept, and what each came to is found by going through all of them again.

use jiff::tz::TimeZone;
use radkick::quota::{Counters, Period, Sighting};

use super::calendar::slot;

/// One look at a row, with everything it depends on.
#[derive(Clone)]
pub(super) struct Look {
    pub(super) sighting: Sighting,
    pub(super) now: i64,
    pub(super) looked_at: Option<i64>,
    pub(super) since: Option<i64>,
    pub(super) counted_before: bool,
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Sighting { start, update, stop, input, output, seconds, .. } = &self.sighting;
        let beside = |time: Option<i64>| time.map(|time| i128::from(time) - i128::from(self.now));
        let times = (beside(*start), beside(*update), beside(*stop), beside(self.looked_at), beside(self.since));
        write!(f, "at {}: start, update, stop, looked at, since = {times:?}; ", self.now)?;
        write!(f, "counters = {:?}; counted before: {}", (input, output, seconds), self.counted_before)
    }
}

/// What is the same for all looks.
#[derive(Debug, Clone)]
pub(super) struct Site {
    pub(super) periods: Vec<Period>,
    pub(super) max_rate: Option<u64>,
    pub(super) zone: TimeZone,
}

/// What a look counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) slot: i64,
    pub(super) used: Counters,
    pub(super) estimated: bool,
}

/// Counters, and when they stood so.
#[derive(Debug, Clone, Copy)]
struct Snapshot {
    counters: Counters,
    at: i64,
}

/// From one snapshot to the next.
struct Growth {
    used: Counters,
    seen: Counters,
    plausible: bool,
}

/// What every look of a session counted.
pub(super) fn replay(site: &Site, looks: &[Look]) -> Vec<Option<Piece>> {
    let mut session = Session { site, believed: None, suspect: None, grew: 0 };
    (0..looks.len()).map(|index| session.look(&looks[..index], &looks[index])).collect()
}

struct Session<'a> {
    site: &'a Site,
    believed: Option<Snapshot>,
    suspect: Option<Snapshot>,
    /// At which look the session began, or its counters grew last.
    grew: usize,
}

impl Session<'_> {
    fn look(&mut self, earlier: &[Look], look: &Look) -> Option<Piece> {
        let begins = self.believed.is_none_or(|believed| {
            started_later(earlier, self.grew, look) && is_lower(&look.sighting, believed.counters)
        });
        if begins {
            self.begin(earlier, look);
        }
        let believed = self.believed?;
        let at = snapshot_time(look, believed.at);
        let mut growth = self.growth(gap_of_row(begins, earlier, look), look, (believed, at));
        if let Some(suspect) = self.suspect {
            let at = at.max(suspect.at);
            let onward = self.growth(gap_of_row(false, earlier, look), look, (suspect, at));
            if !is_lower(&look.sighting, suspect.counters) && onward.plausible {
                return self.go_on(earlier, look, (suspect, onward, at));
            }
        }
        growth.plausible |= begins && start(earlier, look).is_none();
        self.suspect = (!growth.plausible).then_some(Snapshot { counters: filled(look, believed.counters), at });
        if growth.plausible && !growth.used.is_zero() {
            return Some(self.count(earlier, look, (believed.at, growth, at)));
        }
        let idle = was_updated(earlier, look) && !is_lower(&look.sighting, believed.counters);
        if growth.plausible && (begins || idle) {
            self.believed = Some(Snapshot { at, ..believed });
        }
        None
    }

    /// The counters count from 0, since the start, or from where they are.
    fn begin(&mut self, earlier: &[Look], look: &Look) {
        let at = snapshot_time(look, i64::MIN);
        let began = start(earlier, look).map_or(at, |start| start.min(look.now));
        let at = self.believed.map_or(began, |believed| began.max(believed.at));
        let known = look.counted_before && earlier.is_empty();
        let counters = if known { filled(look, Counters::ZERO) } else { Counters::ZERO };
        (self.believed, self.suspect, self.grew) = (Some(Snapshot { counters, at }), None, earlier.len());
    }

    fn growth(&self, gap_of_row: i64, look: &Look, (from, at): (Snapshot, i64)) -> Growth {
        let row = &look.sighting;
        let seconds = u64::try_from((at - from.at).max(gap_of_row)).unwrap_or(0);
        let could_carry =
            |octets| self.site.max_rate.is_none_or(|rate| u128::from(octets) <= u128::from(rate * (seconds + 60)));
        let longer = row.seconds.is_some_and(|seconds| seconds > from.counters.seconds);
        let octets = |now: Option<u64>, before: u64| {
            let now = now.unwrap_or(before);
            if longer && before < 1 << 32 && before.saturating_sub(now) > 1 << 31 {
                let around = now + (1 << 32) - before;
                if could_carry(around) {
                    return (around, now);
                }
            }
            (now.saturating_sub(before), now.max(before))
        };
        let (input, seen_input) = octets(row.input, from.counters.input);
        let (output, seen_output) = octets(row.output, from.counters.output);
        let seconds = row.seconds.unwrap_or(0).max(from.counters.seconds);
        let used = Counters { input, output, seconds: seconds - from.counters.seconds };
        let seen = Counters { input: seen_input, output: seen_output, seconds };
        Growth { used, seen, plausible: could_carry(used.octets()) }
    }

    /// Suspect counters were not lower this time.
    fn go_on(&mut self, earlier: &[Look], look: &Look, found: (Snapshot, Growth, i64)) -> Option<Piece> {
        let (suspect, onward, at) = found;
        if !onward.used.is_zero() {
            return Some(self.count(earlier, look, (suspect.at, onward, at)));
        }
        if was_updated(earlier, look) {
            self.suspect = Some(Snapshot { at, ..suspect });
        }
        None
    }

    fn count(&mut self, earlier: &[Look], look: &Look, (since, growth, at): (i64, Growth, i64)) -> Piece {
        self.believed = Some(Snapshot { counters: growth.seen, at });
        self.suspect = None;
        self.grew = earlier.len();
        let slot = |at| slot(&self.site.periods, at, &self.site.zone, look.since);
        Piece { slot: slot(since), used: growth.used, estimated: slot(at) > slot(since) }
    }
}

/// When the counters stood so: by the row, as far as our own looks allow. A row without a time that nothing was used in
/// is as its start left it, any other as we saw it.
fn snapshot_time(look: &Look, before: i64) -> i64 {
    let untouched = filled(look, Counters::ZERO).is_zero();
    let row = clock(&look.sighting).or(look.sighting.start.filter(|_| untouched)).unwrap_or(look.now);
    row.max(look.looked_at.unwrap_or(row)).min(look.now).max(before)
}

/// The row's own time.
fn clock(row: &Sighting) -> Option<i64> {
    row.update.max(row.stop)
}

/// How long it was by the row's own clock, which may be wrong, but goes: since the last update, or since the start.
fn gap_of_row(begins: bool, earlier: &[Look], look: &Look) -> i64 {
    let before = match earlier.last() {
        Some(last) if !begins => last.sighting.update,
        _ => start(earlier, look),
    };
    before.zip(clock(&look.sighting)).map_or(0, |(before, now)| now - before)
}

/// The row's start; where it is NULL now, as it was.
fn start(earlier: &[Look], look: &Look) -> Option<i64> {
    earlier.iter().chain([look]).filter_map(|look| look.sighting.start).next_back()
}

/// Whether the start became later at this look or one before it, since the counters last grew.
fn started_later(earlier: &[Look], grew: usize, look: &Look) -> bool {
    let starts: Vec<Option<i64>> =
        (grew..earlier.len()).map(|index| start(&earlier[..index], &earlier[index])).collect();
    let starts: Vec<i64> = starts.into_iter().chain([look.sighting.start]).flatten().collect();
    starts.windows(2).any(|pair| pair[1] > pair[0])
}

fn was_updated(earlier: &[Look], look: &Look) -> bool {
    earlier.last().is_none_or(|last| last.sighting.update != look.sighting.update)
}

fn is_lower(row: &Sighting, than: Counters) -> bool {
    let lower = |counter: Option<u64>, than| counter.is_some_and(|counter| counter < than);
    lower(row.input, than.input) || lower(row.output, than.output) || lower(row.seconds, than.seconds)
}

/// NULL is as before.
fn filled(look: &Look, before: Counters) -> Counters {
    let Sighting { input, output, seconds, .. } = look.sighting;
    Counters {
        input: input.unwrap_or(before.input),
        output: output.unwrap_or(before.output),
        seconds: seconds.unwrap_or(before.seconds),
    }
}
