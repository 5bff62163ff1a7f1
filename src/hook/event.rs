//! One call of the hook, as it goes to the daemon.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::octets::Octets;
use crate::quota::UserName;

/// An event's JSON has at most so many octets, on the socket and in the spool.
pub const MAX_EVENT_OCTETS: usize = 65_536;

/// The form that is written, and the only one that is read. A field that may be absent needs no new number.
const VERSION: u32 = 1;

/// What FreeRADIUS called the hook for, with what the packet told. Nothing in it is trusted beyond its form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    #[serde(rename = "v")]
    version: u32,
    /// What the packet was.
    pub kind: Kind,
    /// What is to be done.
    pub wish: Wish,
    /// When the hook ran, in seconds since 1970 by this machine's clock.
    pub received_at: i64,
    /// User-Name (RFC 2865 §5.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<Octets>,
    /// Acct-Session-Id (RFC 2866 §5.5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acct_session_id: Option<Octets>,
    /// Acct-Unique-Session-Id, which FreeRADIUS' `acct_unique` makes: radacct's `acctuniqueid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acct_unique_id: Option<Octets>,
    /// NAS-IP-Address (RFC 2865 §5.4); FreeRADIUS' `preprocess` adds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nas_ip_address: Option<Ipv4Addr>,
    /// NAS-IPv6-Address (RFC 3162 §2.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nas_ipv6_address: Option<Ipv6Addr>,
    /// NAS-Identifier (RFC 2865 §5.32).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nas_identifier: Option<Octets>,
    /// Framed-IP-Address (RFC 2865 §5.8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub framed_ip_address: Option<Ipv4Addr>,
    /// Calling-Station-Id (RFC 2865 §5.31), as the NAS spells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calling_station_id: Option<Octets>,
    /// Called-Station-Id (RFC 2865 §5.30).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub called_station_id: Option<Octets>,
    /// Acct-Input-Octets with Acct-Input-Gigawords above them (RFC 2866 §5.3, RFC 2869 §5.1), of the whole session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_octets: Option<u64>,
    /// Acct-Output-Octets with Acct-Output-Gigawords above them (RFC 2866 §5.4, RFC 2869 §5.2), of the whole session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_octets: Option<u64>,
    /// Acct-Session-Time (RFC 2866 §5.7), in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_time: Option<u32>,
    /// Acct-Delay-Time (RFC 2866 §5.2): for how many seconds the NAS has tried to send this packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_time: Option<u32>,
    /// Event-Timestamp (RFC 2869 §5.3) in seconds since 1970 by the clock of the NAS (or of FreeRADIUS, which adds one); absent
    /// where FreeRADIUS told it in another zone than UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_timestamp: Option<i64>,
    /// Attributes among the above that the packet had and that could not be used: cut off, too long, or of a wrong form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unusable: Vec<String>,
}

/// What a packet was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An Accounting-Request with Acct-Status-Type Start.
    Start,
    /// An Accounting-Request with Acct-Status-Type Interim-Update.
    Interim,
    /// An Accounting-Request with Acct-Status-Type Stop.
    Stop,
    /// An Access-Request that was answered.
    PostAuth,
}

/// What the hook was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// See whether the user is over now, with the octets of the packet. The default.
    #[default]
    Check,
    /// Cut this very session.
    Disconnect,
}

/// Why octets are no event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// More than [`MAX_EVENT_OCTETS`].
    #[error("an event of {octets} octets; at most {MAX_EVENT_OCTETS} are read")]
    TooLarge {
        /// How many there are at least.
        octets: usize,
    },
    /// Not JSON, or not an event's.
    #[error("no event: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Of another version of radkick.
    #[error("an event of version {found}; this radkick reads version {VERSION}")]
    Version {
        /// The version.
        found: u32,
    },
}

impl Event {
    /// An event that tells nothing but what it is.
    #[must_use]
    pub fn new(kind: Kind, wish: Wish, received_at: i64) -> Self {
        Self {
            version: VERSION,
            kind,
            wish,
            received_at,
            user_name: None,
            acct_session_id: None,
            acct_unique_id: None,
            nas_ip_address: None,
            nas_ipv6_address: None,
            nas_identifier: None,
            framed_ip_address: None,
            calling_station_id: None,
            called_station_id: None,
            input_octets: None,
            output_octets: None,
            session_time: None,
            delay_time: None,
            event_timestamp: None,
            unusable: Vec::new(),
        }
    }

    /// The user, spelt as `quota` spells one that it read from FreeRADIUS' tables.
    #[must_use]
    pub fn user(&self) -> Option<UserName> {
        self.user_name.as_ref().map(|name| UserName::new(name.to_text()))
    }

    /// The address that the NAS calls its own.
    #[must_use]
    pub fn nas_address(&self) -> Option<IpAddr> {
        self.nas_ip_address.map(IpAddr::V4).or_else(|| self.nas_ipv6_address.map(IpAddr::V6))
    }

    /// As JSON, in one line.
    ///
    /// # Errors
    /// [`EventError::TooLarge`].
    pub fn encode(&self) -> Result<Vec<u8>, EventError> {
        let json = serde_json::to_vec(self)?;
        if json.len() > MAX_EVENT_OCTETS { Err(EventError::TooLarge { octets: json.len() }) } else { Ok(json) }
    }

    /// What [`Self::encode`] made. Fields that this version does not know are passed over.
    ///
    /// # Errors
    /// Everything else that the octets can be.
    pub fn decode(json: &[u8]) -> Result<Self, EventError> {
        #[derive(Deserialize)]
        struct Versioned {
            v: u32,
        }
        if json.len() > MAX_EVENT_OCTETS {
            return Err(EventError::TooLarge { octets: json.len() });
        }
        let Versioned { v: found } = serde_json::from_slice(json)?;
        if found == VERSION { Ok(serde_json::from_slice(json)?) } else { Err(EventError::Version { found }) }
    }
}
