//! How many requests a router gets at a time, how many a second, and whether it is worth asking at all.
//!
//! One of these serves a whole process. What waits for one router waits behind nobody else's: the lock over all of them is
//! held for a look-up alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::routeros::{Admission, Gate};

use super::breaker::{Breaker, Silent};
use super::bucket::Bucket;

/// How long a request waits for others to the same router. Less than the lease of a job, which stands still meanwhile.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// All routers of this process, by path and place.
#[derive(Debug, Default)]
pub struct Pace {
    places: Mutex<BTreeMap<(&'static str, String), Arc<Place>>>,
}

/// Which router by which path.
#[derive(Debug, Clone)]
pub(super) struct Where<'a> {
    /// `radius` or `rest`.
    pub(super) path: &'static str,
    /// Its address and port, or its URL.
    pub(super) place: String,
    /// What people call it.
    pub(super) nas: &'a str,
}

/// What a router may be given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Requests without an answer at a time.
    pub(super) in_flight: u16,
    /// Requests a second.
    pub(super) rate: u16,
}

/// One path to one router.
#[derive(Debug)]
pub(super) struct Place {
    path: &'static str,
    nas: String,
    clock: Clock,
    metrics: Arc<Metrics>,
    breaker: Mutex<Breaker>,
    bucket: Mutex<Bucket>,
    /// A change of the configuration makes another; those under way by the old one are let end.
    slots: Mutex<(u16, Arc<Semaphore>)>,
}

/// The right to send one request now.
#[derive(Debug)]
pub struct Turn {
    place: Arc<Place>,
    admission: Admission,
    _slot: OwnedSemaphorePermit,
}

/// Why a request is not sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotNow(pub(super) String);

impl Pace {
    /// The place, made where it is new.
    pub(super) fn place(&self, at: Where<'_>, clock: Clock, metrics: &Arc<Metrics>) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry((at.path, at.place)).or_insert_with(|| {
            Arc::new(Place {
                path: at.path,
                nas: at.nas.to_owned(),
                clock,
                metrics: Arc::clone(metrics),
                breaker: Mutex::default(),
                bucket: Mutex::default(),
                slots: Mutex::new((0, Arc::new(Semaphore::new(0)))),
            })
        });
        Arc::clone(place)
    }
}

impl Place {
    /// Waits for the turn of one request, no longer than a minute.
    pub(super) async fn turn(self: Arc<Self>, limits: Limits, by_hand: bool) -> Result<Turn, NotNow> {
        // Who would be refused need not wait
        self.look(by_hand)?;
        let slots = self.slots(limits.in_flight.max(1));
        let waited = timeout(LONGEST_WAIT, async {
            let slot = slots.acquire_owned().await.ok()?;
            let wait =
                self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(self.clock.now(), limits.rate.into());
            sleep(wait).await;
            Some(slot)
        });
        let Ok(Some(slot)) = waited.await else {
            return Err(NotNow("too many requests wait for it".to_owned()));
        };
        let admission = self.admitted(by_hand)?;
        Ok(Turn { place: self, admission, _slot: slot })
    }

    fn slots(&self, in_flight: u16) -> Arc<Semaphore> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.0 != in_flight {
            *slots = (in_flight, Arc::new(Semaphore::new(usize::from(in_flight))));
        }
        Arc::clone(&slots.1)
    }

    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request would be let through now; takes no turn.
    fn look(&self, by_hand: bool) -> Result<(), NotNow> {
        let now = self.clock.now();
        if by_hand { Ok(()) } else { self.breaker().look(now).map_err(|silent| not_now(&silent)) }
    }

    fn admitted(&self, by_hand: bool) -> Result<Admission, NotNow> {
        let now = self.clock.now();
        self.breaker().admit(now, by_hand).map_err(|silent| not_now(&silent))
    }

    fn ended(&self, admission: Admission, answered: bool) {
        let times = (self.clock.now(), self.clock.epoch());
        let mut breaker = self.breaker();
        if answered {
            breaker.answered();
        } else {
            breaker.missed(times, admission);
        }
        self.metrics.left_alone(&self.nas, self.path, breaker.is_silent());
    }
}

impl Turn {
    /// The request has ended: with an answer, whatever it says, or without any.
    pub(super) fn ended(self, answered: bool) {
        self.place.ended(self.admission, answered);
    }
}

impl Gate for Place {
    fn admit(&self, by_hand: bool) -> Result<Admission, String> {
        self.admitted(by_hand).map_err(|NotNow(why)| why)
    }

    fn told(&self, admission: Admission, answered: bool) {
        self.ended(admission, answered);
    }
}

fn not_now(silent: &Silent) -> NotNow {
    let since = jiff::Timestamp::from_second(silent.since).map(|time| time.to_string()).unwrap_or_default();
    NotNow(format!("silent since {since}, tried again in {} s", silent.left.as_secs().max(1)))
}

#[cfg(test)]
mod tests;
