//! What a user has used, and what of it counts against a limit.

use jiff::tz::TimeZone;

use super::{Counters, Limit, Meaning, Period, Unit};

/// What a user, or a family of users, has used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// By zone that days begin in; a user has been at NAS of one zone or of several.
    pub zones: Vec<ZoneUsage>,
    /// In the sessions that are open, whatever period they began in.
    pub open: Counters,
}

/// What was used at the NAS of one time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneUsage {
    /// The zone.
    pub zone: TimeZone,
    /// What was used in each slot.
    pub slots: Vec<SlotUse>,
}

/// What was used in a slot of the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SlotUse {
    /// The slot's start, in seconds since 1970; 0 is the one before all others.
    pub start: i64,
    /// What was used.
    pub used: Counters,
    /// Octets of it that may belong to a later slot: the gap between two looks reached over the slot's end.
    pub estimated: u64,
}

impl Usage {
    /// Adds to a slot.
    pub fn add(&mut self, zone: &TimeZone, slot: SlotUse) {
        let known = self.zones.iter().position(|of_zone| of_zone.zone == *zone);
        let index = known.unwrap_or_else(|| {
            self.zones.push(ZoneUsage { zone: zone.clone(), slots: Vec::new() });
            self.zones.len() - 1
        });
        let of_zone = &mut self.zones[index];
        match of_zone.slots.iter_mut().find(|known| known.start == slot.start) {
            Some(known) => {
                known.used = known.used.plus(slot.used);
                known.estimated = known.estimated.saturating_add(slot.estimated);
            }
            None => of_zone.slots.push(slot),
        }
    }

    /// Adds what another member of the family used.
    pub fn join(&mut self, other: &Self) {
        for of_zone in &other.zones {
            for slot in &of_zone.slots {
                self.add(&of_zone.zone, *slot);
            }
        }
        self.open = self.open.plus(other.open);
    }

    /// Everything ever used.
    #[must_use]
    pub fn total(&self) -> Counters {
        let slots = self.zones.iter().flat_map(|of_zone| &of_zone.slots);
        slots.fold(Counters::ZERO, |sum, slot| sum.plus(slot.used))
    }

    /// What counts against a limit at `now`, in the limit's unit.
    #[must_use]
    pub fn against(&self, limit: &Limit, now: i64) -> u64 {
        let used = match limit.meaning {
            Meaning::Remaining | Meaning::PerSession => self.open,
            Meaning::Total => self.in_force(limit, now).fold(Counters::ZERO, |sum, slot| sum.plus(slot.used)),
        };
        limit.amount_of(used).saturating_add(limit.offset)
    }

    /// Octets among those that count against a limit of which only the rule says to which slot they belong; none for a limit
    /// that counts all there ever was. Of one direction alone it is not known which: at most all.
    #[must_use]
    pub fn estimated(&self, limit: &Limit, now: i64) -> u64 {
        match (limit.meaning, limit.unit) {
            (Meaning::Remaining | Meaning::PerSession, _) | (_, Unit::Seconds) => 0,
            (Meaning::Total, _) if limit.period == Period::Total && limit.since.is_none() => 0,
            (Meaning::Total, Unit::Octets) => self
                .in_force(limit, now)
                .fold(0, |sum, slot| sum.saturating_add(slot.estimated.min(limit.amount_of(slot.used)))),
        }
    }

    fn in_force<'a>(&'a self, limit: &'a Limit, now: i64) -> impl Iterator<Item = &'a SlotUse> + 'a {
        self.zones.iter().flat_map(move |of_zone| {
            let start = limit.start(now, &of_zone.zone);
            of_zone.slots.iter().filter(move |slot| slot.start >= start)
        })
    }
}
