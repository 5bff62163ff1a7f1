//! `/radius` entries and counters: who may send, and what is counted.

use serde::Deserialize;

/// What is not known of `/radius` entries and of `/radius incoming monitor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct IncomingBehaviours {
    /// Of several entries with the sender's address.
    pub entries: EntryChoice,
    /// An entry with `disabled=yes`.
    pub disabled_entries: DisabledEntries,
    /// An entry whose `service=` does not list the session's.
    pub entry_services: EntryServices,
    /// UDP from a server whose entry says `protocol=radsec`.
    pub radsec: RadsecUdp,
    /// What `bad-requests` counts.
    pub bad_requests: BadRequests,
}

/// Several `/radius` entries with one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryChoice {
    /// The first counts.
    #[default]
    First,
    /// Any whose secret fits.
    Any,
}

/// A disabled `/radius` entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisabledEntries {
    /// As if it were not there.
    #[default]
    Ignored,
    /// It counts like any other.
    Count,
}

/// The services of a `/radius` entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryServices {
    /// They are about logins alone.
    #[default]
    Ignored,
    /// A request reaches sessions of these services alone.
    Respected,
}

/// A request over UDP from a server whose entry is for `RadSec`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RadsecUdp {
    /// Dropped.
    #[default]
    Dropped,
    /// Taken, with the secret `radsec`.
    SecretRadsec,
    /// Taken, with the entry's secret.
    OwnSecret,
}

/// What counts as a bad request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BadRequests {
    /// An unknown source, and a bad authenticator.
    #[default]
    Both,
    /// An unknown source.
    UnknownSources,
    /// A bad authenticator.
    BadAuthenticators,
    /// Neither.
    Neither,
}
