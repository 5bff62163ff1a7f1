//! Who may ask: the `/radius` entries, and the checks that a datagram must pass.

use std::net::{IpAddr, SocketAddr};

use super::shared::Shared;
use super::{
    BadRequests, DisabledEntries, EntryChoice, EntryServices, IncomingBehaviours, MessageAuthenticators, RadiusEntry,
    RadsecUdp, Service,
};
use crate::radius::{Code, MessageAuthenticator, Opened, SharedSecret, open_request};

/// What of a request goes on to the answer.
pub(super) struct Request {
    pub(super) from: SocketAddr,
    pub(super) opened: Opened,
    pub(super) secret: SharedSecret,
    /// The services that it reaches, where its `/radius` entry limits them.
    pub(super) services: Option<Vec<Service>>,
}

/// Why a datagram is met with silence.
pub(super) struct Refusal {
    pub(super) reason: String,
    unknown_source: bool,
}

impl Refusal {
    pub(super) fn counts(&self, as_bad: BadRequests) -> bool {
        match as_bad {
            BadRequests::Both => true,
            BadRequests::UnknownSources => self.unknown_source,
            BadRequests::BadAuthenticators => !self.unknown_source,
            BadRequests::Neither => false,
        }
    }
}

/// The checks of source, authenticator and code. Whatever fails them is met with silence.
pub(super) fn open(shared: &Shared, from: SocketAddr, datagram: &[u8]) -> Result<Request, Refusal> {
    let behaviours = shared.state().behaviours.clone();
    let demanded = match behaviours.message_authenticator {
        MessageAuthenticators::Required => MessageAuthenticator::Required,
        MessageAuthenticators::Absent | MessageAuthenticators::InReplies => MessageAuthenticator::Optional,
    };
    let reason = "no /radius entry has this address".to_owned();
    let mut refusal = Refusal { reason, unknown_source: true };
    for (entry, secret) in entries(shared, from.ip().to_canonical(), behaviours.incoming) {
        match open_request(datagram, &secret, demanded) {
            Ok(opened) if opened.code == Code::AccountingRequest => {
                let reason = "an Accounting-Request has no business here".to_owned();
                refusal = Refusal { reason, unknown_source: false };
            }
            Ok(opened) => {
                let respected = behaviours.incoming.entry_services == EntryServices::Respected;
                let services = entry.services.clone().filter(|_| respected);
                return Ok(Request { from, opened, secret, services });
            }
            Err(error) => refusal = Refusal { reason: error.to_string(), unknown_source: false },
        }
    }
    Err(refusal)
}

/// The `/radius` entries that may count for this sender, with the secret for UDP.
fn entries(
    shared: &Shared,
    source: IpAddr,
    behaviours: IncomingBehaviours,
) -> impl Iterator<Item = (&RadiusEntry, SharedSecret)> {
    let most = match behaviours.entries {
        EntryChoice::First => 1,
        EntryChoice::Any => usize::MAX,
    };
    let there = move |entry: &&RadiusEntry| {
        let counts = !entry.disabled || behaviours.disabled_entries == DisabledEntries::Count;
        entry.address == source && counts && !(entry.radsec && behaviours.radsec == RadsecUdp::Dropped)
    };
    shared.options.radius_servers.iter().filter(there).take(most).filter_map(move |entry| {
        let fixed = entry.radsec && behaviours.radsec == RadsecUdp::SecretRadsec;
        let secret = if fixed { SharedSecret::new(b"radsec".to_vec()).ok()? } else { entry.secret.clone() };
        Some((entry, secret))
    })
}
