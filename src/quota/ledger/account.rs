//! One session's page of the ledger.

use jiff::tz::TimeZone;

use super::growth::{Step, step};
use super::{Counters, Sighting, Slots};
use crate::quota::UserName;

/// What the ledger knows of one session. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionAccount {
    /// FreeRADIUS' own id of the session.
    pub acct_unique_id: String,
    /// radacctid of its row.
    pub row_id: i64,
    /// Whose session.
    pub user: UserName,
    /// NAS-IP-Address, as stored.
    pub nas_ip_address: String,
    /// The name of the zone that its days begin in; empty for a zone without one.
    pub zone: String,
    /// When it started, as the row says.
    pub start: Option<i64>,
    /// Whether the row's start has become later since the counters last grew.
    pub start_moved: bool,
    /// When accounting last updated the row, as the row says.
    pub update: Option<i64>,
    /// When it stopped; `None` while it is open.
    pub stop: Option<i64>,
    /// When the ledger saw that it was closed, or gone; `None` while it is open.
    pub closed_at: Option<i64>,
    /// The counters up to which it is counted.
    pub seen: Counters,
    /// When the counters stood so, as far as can be told.
    pub at: i64,
    /// What it used, as far as it is counted.
    pub counted: Counters,
    /// What its counters grew by at once and no line could have carried: not counted.
    pub held: Counters,
    /// Counters that no line could have carried, until the next look tells whether they were real.
    pub suspect: Option<Suspect>,
    /// What was counted to each slot, oldest first.
    pub shares: Vec<Share>,
}

/// Counters that no line could have carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suspect {
    /// The counters.
    pub seen: Counters,
    /// When they stood so.
    pub at: i64,
}

/// What a session used in one slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The slot's start.
    pub slot: i64,
    /// What was counted to it.
    pub used: Counters,
}

/// What is counted to a user now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Increment {
    /// Whose use.
    pub user: UserName,
    /// The zone of the slot.
    pub zone: String,
    /// The slot's start.
    pub slot: i64,
    /// How much.
    pub used: Counters,
    /// Whether the gap that it was used in reaches over the slot's end, so that the slot is a rule and not a fact.
    pub estimated: bool,
}

/// What was odd about a sighting, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Oddity {
    /// More octets than a line can carry in that time: not counted.
    Held(u64),
    /// Counters lower than before, of the same session: not counted until they have caught up.
    RanBackwards,
    /// A counter ran past the end of 32 bits.
    Wrapped,
    /// Another session under the same id.
    BeganAgain,
}

/// Everything but the row that a look depends on.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The present time.
    pub now: i64,
    /// When the row was last looked at and was as the account has it; `None` when that is not known.
    pub looked_at: Option<i64>,
    /// Octets a second that no line carries more than; `None` believes everything.
    pub max_rate: Option<u64>,
    /// The zone that days begin in, with its name.
    pub zone: (&'a str, &'a TimeZone),
    /// Where slots begin.
    pub slots: &'a Slots,
    /// The start of the user's own allowance, if it has one.
    pub since: Option<i64>,
    /// Whether the row, unknown to the ledger, was counted before: then only what it grows by from now on counts.
    pub counted_before: bool,
}

/// What a look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The account after it.
    pub account: SessionAccount,
    /// What is to be counted.
    pub increment: Option<Increment>,
    /// What was odd.
    pub oddity: Option<Oddity>,
}

/// What a line is given on top of its rate times the gap, in seconds: the clocks of routers are not ours.
const SLACK: u64 = 60;

/// How many slots an account keeps apart.
const SHARES: usize = 64;

impl Context<'_> {
    /// Whether a line could have carried so many octets in so many seconds; any, where the time is not known.
    fn carried(&self, octets: u64, seconds: Option<i64>) -> bool {
        let (Some(rate), Some(seconds)) = (self.max_rate, seconds) else { return true };
        octets <= rate.saturating_mul(u64::try_from(seconds).unwrap_or(0).saturating_add(SLACK))
    }
}

impl SessionAccount {
    /// Looks at a row: what it adds to the account of its session, which is `before`.
    #[must_use]
    pub fn observe(before: Option<&Self>, sighting: &Sighting, context: &Context<'_>) -> Observed {
        let mut account = before.cloned().unwrap_or_else(|| Self::unseen(sighting, context));
        if before.is_none() && context.counted_before {
            account.seen = sighting.counters(Counters::ZERO);
            account.at = account.snapshot_time(sighting, context);
            account.note(sighting, context);
            return Observed { account, increment: None, oddity: None };
        }
        let at = account.snapshot_time(sighting, context);
        let (grown, oddity) = account.grow(sighting, at, context);
        let increment = (!grown.used.is_zero()).then(|| account.count(grown, at, sighting, context));
        account.note(sighting, context);
        Observed { account, increment, oddity }
    }

    /// The account of a session whose row has been deleted: what was counted stays.
    #[must_use]
    pub fn gone(&self, now: i64) -> Self {
        Self { stop: self.stop.or(Some(self.at)), closed_at: self.closed_at.or(Some(now)), ..self.clone() }
    }

    /// What is held: for good, and until the next look.
    #[must_use]
    pub fn all_held(&self) -> Counters {
        self.suspect.map_or(self.held, |suspect| self.held.plus(suspect.seen.beyond(self.seen)))
    }

    /// What it used since the start of a period: the sum of the slots that began then or later.
    #[must_use]
    pub fn used_since(&self, start: i64) -> Counters {
        let slots = self.shares.iter().filter(|share| share.slot >= start);
        slots.fold(Counters::ZERO, |sum, share| sum.plus(share.used))
    }

    fn unseen(sighting: &Sighting, context: &Context<'_>) -> Self {
        Self {
            acct_unique_id: sighting.acct_unique_id.clone(),
            row_id: sighting.row_id,
            user: sighting.user.clone(),
            nas_ip_address: sighting.nas_ip_address.clone(),
            zone: context.zone.0.to_owned(),
            start: sighting.start,
            start_moved: false,
            update: None,
            stop: None,
            closed_at: None,
            seen: Counters::ZERO,
            at: sighting.start.unwrap_or(i64::MIN).min(context.now),
            counted: Counters::ZERO,
            held: Counters::ZERO,
            suspect: None,
            shares: Vec::new(),
        }
    }

    /// When the row's counters stood as they do: by the row's own times, as far as they are not before the last look
    /// that still saw the old ones, and not after this one.
    fn snapshot_time(&self, sighting: &Sighting, context: &Context<'_>) -> i64 {
        let claimed = sighting.update.max(sighting.stop).or(sighting.start).unwrap_or(context.now);
        let earliest = context.looked_at.unwrap_or(i64::MIN).max(self.at);
        claimed.max(earliest).min(context.now).max(self.at)
    }

    fn note(&mut self, sighting: &Sighting, context: &Context<'_>) {
        self.row_id = sighting.row_id;
        self.user.clone_from(&sighting.user);
        self.start = sighting.start;
        self.update = sighting.update;
        self.stop = sighting.stop;
        self.closed_at = sighting.stop.map(|_| self.closed_at.unwrap_or(context.now));
    }
}

/// What is to be counted, and since when it was used.
#[derive(Debug, Clone, Copy)]
struct Grown {
    used: Counters,
    since: i64,
}

impl SessionAccount {
    /// Moves the counters on to those of the sighting; what is to be counted for it.
    fn grow(&mut self, sighting: &Sighting, at: i64, context: &Context<'_>) -> (Grown, Option<Oddity>) {
        self.start_moved |= matches!((self.start, sighting.start), (Some(was), Some(is)) if is > was);
        let known = (self.at != i64::MIN).then_some(self.at);
        let carried = |octets| context.carried(octets, known.map(|since| at - since));
        match step(self.seen, sighting, self.start_moved, carried) {
            Step::BeganAgain { now } => {
                let since = sighting.start.unwrap_or(at).clamp(self.at, at);
                if !context.carried(now.octets(), Some(at - since)) {
                    return self.suspect(now, at);
                }
                (self.advance(now, now, since, at), Some(Oddity::BeganAgain))
            }
            Step::Grew { by, seen, wrapped, backwards } => {
                if let Some(settled) = self.settle(sighting, at, context) {
                    return (settled, None);
                }
                if !carried(by.octets()) {
                    return self.suspect(seen, at);
                }
                self.suspect = None;
                if by.is_zero() && (backwards || sighting.update == self.update) {
                    let oddity = backwards.then_some(Oddity::RanBackwards);
                    return (Grown { used: by, since: at }, oddity);
                }
                let oddity = if wrapped { Some(Oddity::Wrapped) } else { backwards.then_some(Oddity::RanBackwards) };
                (self.advance(by, seen, known.unwrap_or(at), at), oddity)
            }
        }
    }

    /// From here on the session is counted up to `seen`.
    fn advance(&mut self, used: Counters, seen: Counters, since: i64, at: i64) -> Grown {
        self.held = self.all_held();
        self.suspect = None;
        self.start_moved &= used.is_zero();
        (self.seen, self.at) = (seen, at);
        Grown { used, since }
    }

    /// What a look at suspect counters came to: where they go on from there they were real, and their jump stays held.
    fn settle(&mut self, sighting: &Sighting, at: i64, context: &Context<'_>) -> Option<Grown> {
        let suspect = self.suspect?;
        let now = sighting.counters(suspect.seen);
        let by = now.beyond(suspect.seen);
        if !now.reaches(suspect.seen) || !context.carried(by.octets(), Some(at - suspect.at)) {
            return None;
        }
        if by.octets() == 0 {
            return Some(Grown { used: Counters::ZERO, since: at });
        }
        Some(self.advance(by, now, suspect.at, at))
    }

    fn suspect(&mut self, seen: Counters, at: i64) -> (Grown, Option<Oddity>) {
        self.suspect = Some(Suspect { seen, at });
        let nothing = Grown { used: Counters::ZERO, since: at };
        (nothing, Some(Oddity::Held(seen.beyond(self.seen).octets())))
    }

    /// Counts what was used to the slot that it began in.
    fn count(&mut self, grown: Grown, at: i64, sighting: &Sighting, context: &Context<'_>) -> Increment {
        let (name, zone) = context.zone;
        let slot = context.slots.of(grown.since, zone, context.since);
        self.zone = name.to_owned();
        self.counted = self.counted.plus(grown.used);
        match self.shares.iter_mut().find(|share| share.slot == slot) {
            Some(share) => share.used = share.used.plus(grown.used),
            None => self.shares.push(Share { slot, used: grown.used }),
        }
        if self.shares.len() > SHARES {
            // Into the older one: what is not known apart counts to the older period
            let second = self.shares.remove(1);
            self.shares[0].used = self.shares[0].used.plus(second.used);
        }
        let estimated = context.slots.of(at, zone, context.since) != slot;
        Increment { user: sighting.user.clone(), zone: name.to_owned(), slot, used: grown.used, estimated }
    }
}
