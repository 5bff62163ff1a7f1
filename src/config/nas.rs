//! `[nas_defaults]` and `[[nas]]`: how a NAS is reached. They merge at run time with FreeRADIUS' `nas` row.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use jiff::tz::TimeZone;

use super::{ApiPart, RestPart};
use crate::radius::SharedSecret;

/// One `[[nas]]`.
#[derive(Debug, Clone)]
pub struct Nas {
    /// `name`, unique; what output and `--nas` call it. Required.
    pub name: String,
    /// `match`, what names this NAS in radacct. Default: its name, and its address where one is given.
    pub matches: Vec<NasMatch>,
    /// All other keys, as written: not merged with `[nas_defaults]` yet.
    pub settings: NasSettings,
}

/// What a session's row says of its NAS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NasMatch {
    /// An address (a prefix of full length) or a CIDR that holds nasipaddress.
    Net(IpNet),
    /// A NAS-Identifier or Called-Station-Id, exactly as it stands in radacct.
    Name(String),
}

/// The keys of a NAS, each as written or absent. [`NasSettings::over`] merges, [`NasSettings::profile`] fills in defaults.
#[derive(Debug, Clone, Default)]
pub struct NasSettings {
    /// `address`, the IP address to reach it by. Default: nasipaddress of the session.
    pub address: Option<IpAddr>,
    /// `coa_port`, UDP, 1 to 65535. Default 3799.
    pub coa_port: Option<u16>,
    /// `source`, our own address to send from. Default: the system chooses.
    pub source: Option<IpAddr>,
    /// `secret` or `secret_file`. Default: the secret in FreeRADIUS' `nas` row.
    pub secret: Option<SharedSecret>,
    /// `service`. Default auto.
    pub service: Option<Service>,
    /// `paths`, in the order in which they are tried. Default radius, rest, api: of the last two, those that are set up.
    pub paths: Option<Vec<CutPath>>,
    /// `max_in_flight`, requests without a reply at a time, 1 to 4096. Default 32.
    pub max_in_flight: Option<u16>,
    /// `max_rate`, requests a second, 1 to 10 000. Default 50.
    pub max_rate: Option<u16>,
    /// `verify_within`, how long to wait for the proof after an ACK or a removal, 1 s to 10 min. Default 10 s.
    pub verify_within: Option<Duration>,
    /// `max_bounces`, how often a user who comes straight back is cut again, 0 to 100. Default 3.
    pub max_bounces: Option<u16>,
    /// `remove_host`, whether the hotspot's host row of a device that was cut is taken away too. Default no.
    pub remove_host: Option<bool>,
    /// `identity`, the sets of attributes that name a session, in the order in which they are tried: a list of lists, or
    /// one list. Default: by service.
    pub identity: Option<Vec<Vec<IdentityAttribute>>>,
    /// `reply_from`, further addresses from which a reply is taken. Default: none.
    pub reply_from: Option<Vec<IpAddr>>,
    /// `irt`, 50 ms to 60 s (RFC 5080 §2.2.1). Default: [`Timers`].
    pub irt: Option<Duration>,
    /// `mrt`, 50 ms to 5 min. Default: [`Timers`].
    pub mrt: Option<Duration>,
    /// `mrc`, 0 to 50; 0 leaves `mrd` alone to end it. Default: [`Timers`].
    pub mrc: Option<u32>,
    /// `mrd`, 100 ms to 10 min. Default: [`Timers`].
    pub mrd: Option<Duration>,
    /// `message_authenticator`, whether requests carry one. Default true.
    pub message_authenticator: Option<bool>,
    /// `event_timestamp`, whether requests carry one. Default true.
    pub event_timestamp: Option<bool>,
    /// `require_message_authenticator`, whether a reply without one is discarded. Default false.
    pub require_message_authenticator: Option<bool>,
    /// `event_timestamp_window`, how far the Event-Timestamp of a reply, if it has one, may be from our clock (RFC 5176
    /// §6.3), 0 s to 1 h; 0 s for any. Default 5 min.
    pub event_timestamp_window: Option<Duration>,
    /// `identifier_hold`, how long an Identifier rests after an exchange that was sent more than once or not answered, 0 s
    /// to 10 min. Default 30 s.
    pub identifier_hold: Option<Duration>,
    /// `identifier_hold_always`, whether it rests after every exchange, for a NAS that answers from a cache by the
    /// Identifier alone. Default no.
    pub identifier_hold_always: Option<bool>,
    /// `max_ports`, how many of our ports may send to this NAS, 1 to 64; each has 256 Identifiers. Default 16.
    pub max_ports: Option<u16>,
    /// `time_zone`, the zone in which days begin at this NAS. Default: that of `[accounting]`.
    pub time_zone: Option<TimeZone>,
    /// `[nas.rest]`. Default: none.
    pub rest: Option<RestPart>,
    /// `[nas.api]`. Default: none.
    pub api: Option<ApiPart>,
}

/// What kind of session a NAS has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// As its row in radacct tells.
    Auto,
    /// Hotspot.
    Hotspot,
    /// PPP of any carrier: Ethernet, L2TP, PPTP, SSTP.
    Ppp,
    /// Anything else.
    Other,
}

/// A way to end a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CutPath {
    /// Disconnect-Request (RFC 5176).
    Radius,
    /// REST of RouterOS v7.
    Rest,
    /// The binary API of RouterOS.
    Api,
}

/// An attribute that may name a session, spelled as in RFC 2865, 2866, 2869 and 3162.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IdentityAttribute {
    /// User-Name.
    UserName,
    /// Acct-Session-Id.
    AcctSessionId,
    /// Framed-IP-Address.
    FramedIpAddress,
    /// Framed-IPv6-Prefix.
    FramedIpv6Prefix,
    /// Calling-Station-Id.
    CallingStationId,
    /// Called-Station-Id.
    CalledStationId,
    /// NAS-IP-Address.
    NasIpAddress,
    /// NAS-Identifier.
    NasIdentifier,
    /// NAS-Port-Id.
    NasPortId,
}

/// Retransmission (RFC 5080 §2.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// Initial retransmission time.
    pub irt: Duration,
    /// Maximum retransmission time.
    pub mrt: Duration,
    /// Maximum retransmission count; 0: `mrd` alone ends it.
    pub mrc: u32,
    /// Maximum retransmission duration.
    pub mrd: Duration,
}

impl Timers {
    /// RFC 5080's own, where no other path follows.
    pub const ALONE: Self =
        Self { irt: Duration::from_secs(2), mrt: Duration::from_secs(16), mrc: 5, mrd: Duration::from_secs(30) };
    /// Where another path follows: a dead one costs seconds of free surfing, not half a minute.
    pub const WITH_FALLBACK: Self =
        Self { irt: Duration::from_secs(1), mrt: Duration::from_secs(4), mrc: 3, mrd: Duration::from_secs(7) };
}

impl IdentityAttribute {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::UserName,
        Self::AcctSessionId,
        Self::FramedIpAddress,
        Self::FramedIpv6Prefix,
        Self::CallingStationId,
        Self::CalledStationId,
        Self::NasIpAddress,
        Self::NasIdentifier,
        Self::NasPortId,
    ];

    /// Its name in the dictionaries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UserName => "User-Name",
            Self::AcctSessionId => "Acct-Session-Id",
            Self::FramedIpAddress => "Framed-IP-Address",
            Self::FramedIpv6Prefix => "Framed-IPv6-Prefix",
            Self::CallingStationId => "Calling-Station-Id",
            Self::CalledStationId => "Called-Station-Id",
            Self::NasIpAddress => "NAS-IP-Address",
            Self::NasIdentifier => "NAS-Identifier",
            Self::NasPortId => "NAS-Port-Id",
        }
    }
}
