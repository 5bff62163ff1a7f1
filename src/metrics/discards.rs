//! Datagrams that were silently discarded (RFC 4672 §4, RFC 5176 §1.3). Anybody can send one and name any source, so that
//! they bear no label of a NAS.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use crate::dynauth::DiscardReason;
use crate::radius::OpenError;

/// How many datagrams were discarded, by why.
#[derive(Debug, Default)]
pub struct Discards {
    malformed: Counter,
    bad_authenticators: Counter,
    invalid_addresses: Counter,
    unknown_types: Counter,
    dropped: Counter,
    stale: Counter,
}

impl Discards {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let all = Self::default();
        let registry = registry.sub_registry_with_prefix("dynauth_client");
        registry.register("malformed_responses", "Datagrams that are no packets", all.malformed.clone());
        let what = "Replies whose authenticators are wrong or missing: another secret, or forged";
        registry.register("bad_authenticators", what, all.bad_authenticators.clone());
        let what = "Datagrams from an address that was not asked";
        registry.register("invalid_server_addresses", what, all.invalid_addresses.clone());
        registry.register("unknown_types", "Packets whose code answers no request", all.unknown_types.clone());
        let what = "Replies that nobody waits for: late, repeated, or to no request of ours";
        registry.register("packets_dropped", what, all.dropped.clone());
        let what = "Right replies whose Event-Timestamp is too far from this machine's clock";
        registry.register("stale_event_timestamps", what, all.stale.clone());
        all
    }

    /// Counts one.
    pub fn count(&self, reason: &DiscardReason) {
        match reason {
            DiscardReason::UnexpectedSource => &self.invalid_addresses,
            DiscardReason::StaleEventTimestamp => &self.stale,
            DiscardReason::Refused(OpenError::Malformed(_)) => &self.malformed,
            DiscardReason::Refused(OpenError::UnexpectedCode(_)) => &self.unknown_types,
            DiscardReason::Refused(OpenError::UnknownIdentifier(_)) => &self.dropped,
            DiscardReason::Refused(
                OpenError::BadAuthenticator
                | OpenError::BadMessageAuthenticator
                | OpenError::MissingMessageAuthenticator,
            ) => &self.bad_authenticators,
        }
        .inc();
    }
}
