//! Counters of the Dynamic Authorization Client (RFC 4672 §4), by NAS.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::dynauth::{Ended, Outcome};

use super::{Counters, Gauges, Label};

/// Requests of one kind, and what came of them.
#[derive(Debug)]
pub struct Exchanges {
    requests: Counters,
    retransmissions: Counters,
    acks: Counters,
    naks: Family<[Label; 2], Counter>,
    timeouts: Counters,
    unreachable: Counters,
    pending: Gauges,
    round_trip: Histogram,
}

/// An exchange that is under way: pending until it is dropped.
#[derive(Debug)]
pub struct Exchange<'a> {
    exchanges: &'a Exchanges,
    nas: &'a str,
    pending: Gauge,
}

impl Exchanges {
    /// Of `word` (`disconnect`, `coa`), whose packets are called `packet` (`Disconnect`, `CoA`).
    pub(super) fn new(registry: &mut Registry, word: &str, packet: &str) -> Self {
        let exchanges = Self {
            requests: Counters::default(),
            retransmissions: Counters::default(),
            acks: Counters::default(),
            naks: Family::default(),
            timeouts: Counters::default(),
            unreachable: Counters::default(),
            pending: Gauges::default(),
            round_trip: Histogram::new([0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0]),
        };
        let registry = registry.sub_registry_with_prefix("dynauth_client").sub_registry_with_prefix(word);
        let what = format!("{packet}-Requests sent, retransmissions left out");
        registry.register("requests", what, exchanges.requests.clone());
        let what = format!("{packet}-Requests sent again");
        registry.register("retransmissions", what, exchanges.retransmissions.clone());
        registry.register("acks", format!("{packet}-ACKs that passed every check"), exchanges.acks.clone());
        let what = format!("{packet}-NAKs that passed every check, by Error-Cause (\"none\" without one)");
        registry.register("naks", what, exchanges.naks.clone());
        let what = format!("{packet}-Requests that nobody answered in time");
        registry.register("timeouts", what, exchanges.timeouts.clone());
        let what = format!("{packet}-Requests that could not leave this machine");
        registry.register("unreachable", what, exchanges.unreachable.clone());
        registry.register("pending_requests", format!("{packet}-Requests under way"), exchanges.pending.clone());
        let what = format!("From the first transmission of a {packet}-Request to its answer");
        registry.register("round_trip_seconds", what, exchanges.round_trip.clone());
        exchanges
    }

    /// An exchange with this NAS begins.
    #[must_use]
    pub fn begin<'a>(&'a self, nas: &'a str) -> Exchange<'a> {
        let pending = self.pending.get_or_create_owned(&of(nas));
        pending.inc();
        Exchange { exchanges: self, nas, pending }
    }
}

impl Exchange<'_> {
    /// Counts how it ended.
    pub fn ended(&self, ended: &Ended) {
        let (all, nas) = (self.exchanges, of(self.nas));
        if ended.transmissions > 0 {
            all.requests.get_or_create(&nas).inc();
            all.retransmissions.get_or_create(&nas).inc_by(u64::from(ended.transmissions - 1));
        }
        match &ended.outcome {
            Outcome::Ack { .. } => drop(all.acks.get_or_create(&nas).inc()),
            Outcome::Nak { error_cause } => {
                let cause = error_cause.map_or_else(|| "none".to_owned(), |cause| cause.0.to_string());
                all.naks.get_or_create(&[("nas", self.nas.to_owned()), ("error_cause", cause)]).inc();
            }
            Outcome::NoReply { .. } => drop(all.timeouts.get_or_create(&nas).inc()),
            Outcome::Unreachable(_) => drop(all.unreachable.get_or_create(&nas).inc()),
            Outcome::Cancelled => {}
        }
        if let Some(round_trip) = ended.round_trip {
            all.round_trip.observe(round_trip.as_secs_f64());
        }
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        self.pending.dec();
    }
}

fn of(nas: &str) -> [Label; 1] {
    [("nas", nas.to_owned())]
}
