//! Where routers differ from each other, or where what is known of them is uncertain: each a switch.

mod coa;
mod faults;
mod incoming;
mod names;
mod rest;
mod sessions;
mod way_back;

use serde::Deserialize;

pub use coa::{CoaBehaviours, HotspotCoa, UnlistedLimits};
pub use faults::{Faults, Placement};
pub use incoming::{BadRequests, DisabledEntries, EntryChoice, EntryServices, IncomingBehaviours, RadsecUdp};
pub use names::{BEHAVIOUR_NAMES, BehaviourName, BehavioursError};
pub use rest::{BeforeDelete, BeyondMaxSessions, NoPermission, RestBehaviours, RestFault};
pub use sessions::{HotspotIds, NakEverything, NameAlone, OctetDirection, SplitUserDomain, UserNameCase, WifiNames};
pub use way_back::{RebootBehaviours, WayBack};

use crate::radius::ErrorCause;

/// All switches. The default is what RouterOS is documented or was measured to do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch by itself")]
pub struct Behaviours {
    /// A Disconnect-Request for a hotspot without Framed-IP-Address.
    pub hotspot_without_ip: WithoutIp,
    /// What a NAK says for a session that is not there.
    pub not_found: NotFound,
    /// What a request means of which one identifier fits a session and another does not.
    pub mismatch: Mismatch,
    /// An attribute outside the list of identifiers.
    pub extra_attribute: ExtraAttribute,
    /// Whether NAS-Port-Id is outside that list (before 6.43, RouterOS changelog).
    pub refuse_nas_port_id: bool,
    /// Wi-Fi stations by MAC, upper case with colons, besides the sessions of Wi-Fi; `wifi_names` tells what becomes of
    /// a User-Name that is one.
    pub wifi_stations: Vec<String>,
    /// Message-Authenticator in requests and replies.
    pub message_authenticator: MessageAuthenticators,
    /// The same octets from the same sender again.
    pub repeated_request: RepeatedRequest,
    /// When the Accounting-Stop of a disconnected session goes out.
    pub stop: StopTiming,
    /// Whether PPP's Stop says NAS-Request (10) instead of Admin-Reset (6).
    pub ppp_nas_request: bool,
    /// Whether an ACK is sent and nothing done.
    pub ack_does_nothing: bool,
    /// What a Disconnect does to cookies.
    pub cookies: CookieRemoval,
    /// `/radius` entries and counters.
    pub incoming: IncomingBehaviours,
    /// How a User-Name is compared.
    pub user_name: UserNameCase,
    /// A request for PPP that fits several sessions of a user by name alone.
    pub ppp_name_alone: NameAlone,
    /// Whether user and domain are apart in the active list, and which form a request needs then.
    pub split_user_domain: SplitUserDomain,
    /// A User-Name that is a MAC on Wi-Fi.
    pub wifi_names: WifiNames,
    /// The `.id` of hotspot sessions.
    pub hotspot_ids: HotspotIds,
    /// Whether the host row goes with a session that was cut.
    pub host_row_goes: bool,
    /// What Input and Output mean in accounting.
    pub octet_direction: OctetDirection,
    /// Every sound request is met with this NAK.
    pub nak_everything: Option<NakEverything>,
    /// What a reboot tells the accounting server.
    pub reboot: RebootBehaviours,
    /// How a session that was cut comes back.
    pub way_back: WayBack,
    /// What a CoA-Request changes.
    pub coa: CoaBehaviours,
    /// Trouble on the way.
    pub faults: Faults,
    /// REST's switches.
    pub rest: RestBehaviours,
}

/// The answer to a hotspot request without Framed-IP-Address (reports of users differ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutIp {
    /// ACK, and nothing is done.
    #[default]
    AckNoop,
    /// NAK 406.
    #[serde(rename = "nak-406")]
    Nak406,
    /// NAK without Error-Cause.
    NakNone,
}

/// The Error-Cause for a session that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotFound {
    /// 406 Unsupported-Extension, as measured.
    #[default]
    UnsupportedExtension,
    /// 503 Session-Context-Not-Found.
    SessionContextNotFound,
    /// None at all.
    NoErrorCause,
}

impl NotFound {
    pub(super) const fn error_cause(self) -> Option<ErrorCause> {
        match self {
            Self::UnsupportedExtension => Some(ErrorCause::UNSUPPORTED_EXTENSION),
            Self::SessionContextNotFound => Some(ErrorCause::SESSION_CONTEXT_NOT_FOUND),
            Self::NoErrorCause => None,
        }
    }
}

/// Identifiers that contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mismatch {
    /// No session fits.
    #[default]
    NotFound,
    /// The first of Acct-Session-Id, Framed-IP-Address and User-Name decides.
    FirstWins,
}

/// An attribute that is no identifier, such as an unknown vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExtraAttribute {
    /// NAK 406.
    #[default]
    Refuse,
    /// As if it were not there.
    Ignore,
}

/// Message-Authenticator of requests and replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageAuthenticators {
    /// Checked where a request has one; replies have none.
    #[default]
    Absent,
    /// Checked where a request has one; replies have one (as 7.15 may do).
    InReplies,
    /// A request without one is discarded; replies have one.
    Required,
}

/// A request that comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepeatedRequest {
    /// Evaluated again: NAK, since the session has gone.
    #[default]
    EvaluatedAgain,
    /// Answered with the reply of the first time.
    CachedReply,
}

/// When the Accounting-Stop goes out, relative to the ACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopTiming {
    /// After it.
    #[default]
    AfterAck,
    /// Before it.
    BeforeAck,
    /// Never.
    Lost,
    /// After it, twice with the same octets.
    Repeated,
}

/// What a Disconnect does to a hotspot user's cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CookieRemoval {
    /// The MAC cookie goes, the HTTP cookie stays (RouterOS manual, hotspot).
    #[default]
    MacOnly,
    /// Both go.
    Both,
    /// Both stay.
    Neither,
}
