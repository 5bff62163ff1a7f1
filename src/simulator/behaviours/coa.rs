//! What a CoA-Request changes.

use serde::Deserialize;

/// What a CoA-Request changes, where sources differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
pub struct CoaBehaviours {
    /// A change to a hotspot session.
    pub hotspot: HotspotCoa,
    /// Limits that the manual does not list for a CoA-Request.
    pub unlisted_limits: UnlistedLimits,
}

/// A change to a hotspot session: the manual lists it, users report otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HotspotCoa {
    /// Applied, but a session that logged in by its MAC is met with NAK 406.
    #[default]
    #[serde(rename = "applies-but-mac-nak-406")]
    AppliesButMacNak406,
    /// Applied to every session.
    Applies,
    /// ACK, and nothing is done.
    AckNoop,
    /// NAK 406.
    #[serde(rename = "nak-406")]
    Nak406,
}

/// Mikrotik-Recv-Limit-Gigawords, -Xmit-Limit-Gigawords and -Total-Limit with its -Gigawords.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnlistedLimits {
    /// They count as in an Access-Accept.
    #[default]
    Apply,
    /// As if they were not there: of a limit above 4 GiB the lower half stays.
    Ignore,
    /// NAK 406.
    Refuse,
}
