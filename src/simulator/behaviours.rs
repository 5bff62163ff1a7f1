//! Where routers differ from each other, or where what is known of them is uncertain: each a switch.

use std::net::Ipv4Addr;

use crate::radius::ErrorCause;

/// All switches. The default is what RouterOS is documented or was measured to do.
#[derive(Debug, Clone, Default)]
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
    /// Wi-Fi stations by MAC, upper case with colons. A User-Name that is one drops the station and leaves the hotspot
    /// session.
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
    /// Trouble on the way.
    pub faults: Faults,
    /// REST's switches.
    pub rest: RestBehaviours,
}

/// The answer to a hotspot request without Framed-IP-Address (reports of users differ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutIp {
    /// ACK, and nothing is done.
    #[default]
    AckNoop,
    /// NAK 406.
    Nak406,
    /// NAK without Error-Cause.
    NakNone,
}

/// The Error-Cause for a session that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mismatch {
    /// No session fits.
    #[default]
    NotFound,
    /// The first of Acct-Session-Id, Framed-IP-Address and User-Name decides.
    FirstWins,
}

/// An attribute that is no identifier, such as an unknown vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExtraAttribute {
    /// NAK 406.
    #[default]
    Refuse,
    /// As if it were not there.
    Ignore,
}

/// Message-Authenticator of requests and replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RepeatedRequest {
    /// Evaluated again: NAK, since the session has gone.
    #[default]
    EvaluatedAgain,
    /// Answered with the reply of the first time.
    CachedReply,
}

/// When the Accounting-Stop goes out, relative to the ACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CookieRemoval {
    /// The MAC cookie goes, the HTTP cookie stays (RouterOS manual, hotspot).
    #[default]
    MacOnly,
    /// Both go.
    Both,
}

/// Trouble between the sender and the router, on the RADIUS incoming port.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// So many requests are lost on the way; counts down.
    pub drop_requests: u32,
    /// So many replies are lost on the way; counts down. The router has acted.
    pub drop_replies: u32,
    /// All requests are lost on the way.
    pub silent: bool,
    /// Every reply comes twice.
    pub duplicate_reply: bool,
    /// An ACK made without the secret.
    pub forged_ack: Option<Placement>,
    /// A reply, right but for its Identifier.
    pub wrong_identifier: Option<Placement>,
    /// Replies come from this address, not from the one asked.
    pub reply_from: Option<Ipv4Addr>,
}

/// Where a false reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Before the true one.
    Before,
    /// Instead of it; the request itself is lost on the way.
    Instead,
}

/// REST's switches.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch by itself")]
pub struct RestBehaviours {
    /// Answers that are not RouterOS' own.
    pub fault: Option<RestFault>,
    /// The one HTTP method that `fault` strikes; `None`: all.
    pub fault_method: Option<String>,
    /// DELETE answers 200 instead of 204.
    pub delete_says_200: bool,
    /// POST remove of a missing id answers 404 instead of 400 `no such item`.
    pub remove_missing_says_404: bool,
    /// A list that does not ask for `.id` does not get it.
    pub proplist_without_id: bool,
    /// Octets below 0x20 stand raw in JSON strings.
    pub raw_control_octets: bool,
    /// A user without the right to read sees empty lists instead of a refusal.
    pub unreadable_is_empty: bool,
}

/// An answer that is not RouterOS' own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RestFault {
    /// This status with RouterOS' error body.
    Status(u16),
    /// 200 with a page of HTML.
    Html,
    /// 200 with a Content-Length that the body does not reach, and the end of the connection.
    Truncated,
    /// 302 to this location.
    Redirect(String),
    /// Nothing, with the connection kept open.
    NoAnswer,
}
