//! What ports and NAS need beside exchanges: Identifiers that have rested, ports that are opened and closed, NAS that are
//! forgotten.

use std::time::Instant;

use super::super::identifier::mix;
use super::super::timers::Timer;
use super::super::{Moment, Port};
use super::DynAuthClient;

impl DynAuthClient {
    /// Whether the NAS has Identifiers of one more port now; if not, one is asked for as long as it may have one.
    pub(super) fn use_one_more_port(&mut self, place: usize) -> bool {
        let Some(nas) = self.nas.get_mut(place).filter(|nas| nas.may_use_more()) else { return false };
        let Some(port) = self.ports.open(|port| !nas.uses(port)) else {
            self.ports.ask();
            return false;
        };
        nas.use_port(port, mix(&mut self.seed));
        true
    }

    /// Frees Identifiers of a NAS that have rested, or forgets the NAS when all of it has.
    pub(super) fn look_after(&mut self, place: usize, moment: Moment) {
        let Some(nas) = self.nas.get_mut(place) else { return };
        nas.timer = None;
        let freed = nas.expire(moment.at);
        let at_rest = nas.is_at_rest(moment.at);
        for (port, identifiers) in freed {
            self.freed(port, identifiers, moment.at);
        }
        if at_rest {
            self.nas.forget(place);
        } else {
            self.begin_waiting(place, moment);
            self.set_look(place);
        }
    }

    /// Sets the time to look after a NAS, unless an earlier one is set.
    pub(super) fn set_look(&mut self, place: usize) {
        let Some(nas) = self.nas.get_mut(place) else { return };
        let Some(look) = nas.next_look().filter(|look| nas.timer.is_none_or(|set| *look < set)) else { return };
        if let Some(set) = nas.timer.replace(look) {
            self.timers.clear(set, Timer::Nas(place));
        }
        self.timers.set(look, Timer::Nas(place));
    }

    pub(super) fn freed(&mut self, port: Port, identifiers: usize, now: Instant) {
        if let Some(look) = self.ports.freed(port, identifiers, now) {
            self.timers.set(look, Timer::Port(port));
        }
    }

    pub(super) fn look_at_port(&mut self, port: Port, now: Instant) {
        match self.ports.look(port, now) {
            Ok(()) => self.nas.leave_port(port),
            Err(Some(look)) => self.timers.set(look, Timer::Port(port)),
            Err(None) => {}
        }
    }
}
