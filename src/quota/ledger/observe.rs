//! What a look at a row adds to the account of its session.

use super::growth::Growth;
use super::{Context, Counters, Increment, Observed, Oddity, SessionAccount, Sighting, Suspect};

/// What is to be counted, since when it was used and until when.
#[derive(Debug, Clone, Copy)]
struct Grown {
    used: Counters,
    since: i64,
    until: i64,
}

/// The time up to a snapshot.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// When the counters stood as the row has them.
    until: i64,
    /// How long it lasted by the row's own clock, which may be wrong, but goes.
    by_row: i64,
}

impl Gap {
    /// How long it can have been since a snapshot.
    fn since(self, since: i64) -> i64 {
        self.until.saturating_sub(since).max(self.by_row)
    }
}

impl SessionAccount {
    /// Looks at a row: what it adds to the account of its session, which is `before`.
    #[must_use]
    pub fn observe(before: Option<&Self>, sighting: &Sighting, context: &Context<'_>) -> Observed {
        let mut account = before.cloned().unwrap_or_else(|| Self::unseen(sighting, context));
        account.start_moved |= account.start.zip(sighting.start).is_some_and(|(was, is)| is > was);
        account.start = sighting.start.or(account.start);
        let again = account.start_moved && sighting.is_below(account.seen);
        let begins = again || before.is_none();
        if begins {
            account.begin(context.now);
        }
        if before.is_none() && context.counted_before {
            account.seen = sighting.counters(Counters::ZERO);
        }
        let gap = account.gap(begins, sighting, context);
        let (grown, oddity) = account.grow(begins, gap, sighting, context);
        let increment = grown.map(|grown| account.count(grown, sighting, context));
        account.note(sighting, context);
        Observed { account, increment, oddity: oddity.or(again.then_some(Oddity::BeganAgain)) }
    }

    /// Follows the counters from 0, since the start: of a session not seen before, or of another under the same id.
    fn begin(&mut self, now: i64) {
        self.held = self.all_held();
        self.suspect = None;
        self.start_moved = false;
        self.seen = Counters::ZERO;
        self.at = self.at.max(self.start.unwrap_or(i64::MIN).min(now));
    }

    /// The counters stood so by the row's own times, as far as they are not before the last look that still saw the old
    /// ones, and not after this one. A row without a time of its own is as its start left it, or as it is now.
    fn gap(&self, begins: bool, sighting: &Sighting, context: &Context<'_>) -> Gap {
        let untouched = sighting.counters(Counters::ZERO).is_zero();
        let claimed = sighting.clock().or(sighting.start.filter(|_| untouched)).unwrap_or(context.now);
        let until = claimed.max(context.looked_at.unwrap_or(i64::MIN)).min(context.now).max(self.at);
        let before = if begins { self.start } else { self.update };
        let by_row = before.zip(sighting.clock()).map_or(0, |(before, now)| now.saturating_sub(before));
        Gap { until, by_row }
    }

    /// Moves the counters on to those of the sighting; what is to be counted for it.
    fn grow(
        &mut self,
        begins: bool,
        gap: Gap,
        sighting: &Sighting,
        context: &Context<'_>,
    ) -> (Option<Grown>, Option<Oddity>) {
        let known = self.at != i64::MIN;
        let since = if known { self.at } else { gap.until };
        let carried = |octets| !known || context.carried(octets, gap.since(since));
        let growth = Growth::new(self.seen, sighting, carried);
        let updated = sighting.update != self.update;
        if let Some(suspect) = self.suspect {
            let onward = sighting.counters(suspect.seen).beyond(suspect.seen);
            if !sighting.is_below(suspect.seen) && context.carried(onward.octets(), gap.since(suspect.at)) {
                return (self.settle((suspect, onward), gap.until.max(suspect.at), updated), None);
            }
        }
        if !carried(growth.by.octets()) {
            self.suspect = Some(Suspect { seen: sighting.counters(self.seen), at: gap.until });
            return (None, Some(Oddity::Held(growth.by.octets())));
        }
        self.suspect = None;
        if begins || !growth.by.is_zero() || (updated && !growth.backwards) {
            self.advance(growth.by, growth.seen, gap.until);
        }
        let grown = Grown { used: growth.by, since, until: gap.until };
        ((!growth.by.is_zero()).then_some(grown), growth.oddity())
    }

    /// Suspect counters went on from where they were, so that they are real; their jump stays held. Without growth that
    /// is still open.
    fn settle(&mut self, (suspect, onward): (Suspect, Counters), at: i64, updated: bool) -> Option<Grown> {
        if onward.is_zero() {
            self.suspect = Some(Suspect { at: if updated { at } else { suspect.at }, ..suspect });
            return None;
        }
        self.held = self.all_held();
        self.suspect = None;
        self.advance(onward, suspect.seen.plus(onward), at);
        Some(Grown { used: onward, since: suspect.at, until: at })
    }

    /// From here on the session is counted up to `seen`.
    fn advance(&mut self, used: Counters, seen: Counters, at: i64) {
        self.start_moved &= used.is_zero();
        (self.seen, self.at) = (seen, at);
    }

    /// Counts what was used to the slot that it began in.
    fn count(&mut self, grown: Grown, sighting: &Sighting, context: &Context<'_>) -> Increment {
        let (name, zone) = context.zone;
        let slot = context.slots.of(grown.since, zone, context.since);
        let estimated = context.slots.of(grown.until, zone, context.since) != slot;
        self.zone.clone_from(name);
        self.add(slot, grown.used, context);
        Increment { user: sighting.user.clone(), zone: self.zone.clone(), slot, used: grown.used, estimated }
    }
}
