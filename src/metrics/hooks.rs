//! What FreeRADIUS' hooks bring.

use std::sync::atomic::{AtomicI64, Ordering};

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::Counters;

/// Events of hooks, and the spool they wait in.
#[derive(Debug)]
pub struct Hooks {
    events: Counters,
    connections: Counters,
    packets: Counters,
    spooled: Gauge,
    /// -1 where no spool is read.
    waiting: AtomicI64,
}

impl Hooks {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (events, connections, packets) = (Counters::default(), Counters::default(), Counters::default());
        let hooks = Self { events, connections, packets, spooled: Gauge::default(), waiting: AtomicI64::new(-1) };
        let what = "Events of FreeRADIUS' hooks, by what became of them";
        registry.register("hook_events", what, hooks.events.clone());
        let what = "Connections of FreeRADIUS' hooks, by what came of them";
        registry.register("hook_connections", what, hooks.connections.clone());
        let what = "Accounting-Requests that FreeRADIUS copied to accounting_listen, by what came of them";
        registry.register("hook_packets", what, hooks.packets.clone());
        registry.register("hook_spooled", "Events that wait in the spool", hooks.spooled.clone());
        hooks
    }

    /// So many events came to this: `taken`, `later` or `set_aside`.
    pub fn events(&self, result: &'static str, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.events.get_or_create(&[("result", result.to_owned())]).inc_by(count);
    }

    /// So many connections at the hooks' socket so far, since this process began, came to this: `event`, `stranger`,
    /// `malformed`, `silent` or `turned_away`.
    pub fn connections(&self, result: &'static str, so_far: u64) {
        raise(&self.connections, result, so_far);
    }

    /// So many Accounting-Requests so far came to this: `event`, `other`, `malformed` or `dropped`.
    pub fn packets(&self, result: &'static str, so_far: u64) {
        raise(&self.packets, result, so_far);
    }

    /// So many wait in the spool.
    pub fn waiting(&self, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.spooled.set(count);
        self.waiting.store(count, Ordering::Relaxed);
    }

    /// How many wait in the spool; `None` where none is read.
    #[must_use]
    pub fn spooled(&self) -> Option<u64> {
        u64::try_from(self.waiting.load(Ordering::Relaxed)).ok()
    }
}

/// Raises one of the counters to what was counted elsewhere.
fn raise(counters: &Counters, result: &'static str, so_far: u64) {
    let counter = counters.get_or_create(&[("result", result.to_owned())]);
    counter.inc_by(so_far.saturating_sub(counter.get()));
}
