//! The switches of a simulated router, by name.

use crate::simulator::{
    Behaviours, CookieRemoval, ExtraAttribute, MessageAuthenticators, Mismatch, NotFound, Placement, RepeatedRequest,
    RestFault, StopTiming, WithoutIp,
};

/// A difference from the defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Behaviour {
    /// ACKs every Disconnect-Request that finds its session, and does nothing
    AckNoop,
    /// NAK 406 to a hotspot request without Framed-IP-Address (default: ACK, nothing done)
    #[value(name = "without-ip-nak-406")]
    WithoutIpNak406,
    /// NAK without Error-Cause to such a request
    WithoutIpNak,
    /// NAK 503 for a session that is not there (default: 406)
    #[value(name = "not-found-503")]
    NotFound503,
    /// NAK without Error-Cause for such a session
    NotFoundNoCause,
    /// One identifier that fits is enough
    FirstIdentifierWins,
    /// Ignores attributes that identify nothing (default: NAK 406)
    IgnoreExtra,
    /// Refuses NAS-Port-Id, as before 6.43
    RefuseNasPortId,
    /// Replies carry a Message-Authenticator
    SignReplies,
    /// Requests without a Message-Authenticator are discarded
    DemandMessageAuthenticator,
    /// The same request again gets the same reply again
    CachedReply,
    /// The Accounting-Stop goes out before the ACK
    StopBeforeAck,
    /// The Accounting-Stop is lost
    StopLost,
    /// The Accounting-Stop comes twice
    StopRepeated,
    /// PPP's Accounting-Stop says NAS-Request (10)
    PppNasRequest,
    /// A Disconnect removes the HTTP cookie as well
    BothCookies,
    /// Requests are lost on the way
    Silent,
    /// The first request is lost on the way
    FirstRequestLost,
    /// The first reply is lost on the way
    FirstReplyLost,
    /// Every reply comes twice
    DuplicateReply,
    /// An ACK made without the secret comes before the reply
    ForgedAckFirst,
    /// An ACK made without the secret is all that comes
    ForgedAckOnly,
    /// A reply with another Identifier comes before the right one
    WrongIdentifierFirst,
    /// REST's DELETE answers 200
    #[value(name = "rest-delete-200")]
    RestDelete200,
    /// REST's POST remove answers 404 for what is not there
    #[value(name = "rest-remove-404")]
    RestRemove404,
    /// REST leaves .id out of a .proplist that does not name it
    RestNoId,
    /// REST writes control octets raw into its JSON
    RestRawControls,
    /// REST answers 403
    #[value(name = "rest-403")]
    Rest403,
    /// REST answers 500
    #[value(name = "rest-500")]
    Rest500,
    /// REST answers with a page
    RestHtml,
    /// REST's body ends too early
    RestTruncated,
    /// REST redirects elsewhere
    RestRedirect,
    /// REST never answers
    RestNoAnswer,
}

impl Behaviour {
    pub(super) fn apply(self, to: &mut Behaviours) {
        match self {
            Self::AckNoop => to.ack_does_nothing = true,
            Self::WithoutIpNak406 => to.hotspot_without_ip = WithoutIp::Nak406,
            Self::WithoutIpNak => to.hotspot_without_ip = WithoutIp::NakNone,
            Self::NotFound503 => to.not_found = NotFound::SessionContextNotFound,
            Self::NotFoundNoCause => to.not_found = NotFound::NoErrorCause,
            Self::FirstIdentifierWins => to.mismatch = Mismatch::FirstWins,
            Self::IgnoreExtra => to.extra_attribute = ExtraAttribute::Ignore,
            Self::RefuseNasPortId => to.refuse_nas_port_id = true,
            Self::SignReplies => to.message_authenticator = MessageAuthenticators::InReplies,
            Self::DemandMessageAuthenticator => to.message_authenticator = MessageAuthenticators::Required,
            Self::CachedReply => to.repeated_request = RepeatedRequest::CachedReply,
            Self::StopBeforeAck => to.stop = StopTiming::BeforeAck,
            Self::StopLost => to.stop = StopTiming::Lost,
            Self::StopRepeated => to.stop = StopTiming::Repeated,
            Self::PppNasRequest => to.ppp_nas_request = true,
            Self::BothCookies => to.cookies = CookieRemoval::Both,
            Self::Silent => to.faults.silent = true,
            Self::FirstRequestLost => to.faults.drop_requests = 1,
            Self::FirstReplyLost => to.faults.drop_replies = 1,
            Self::DuplicateReply => to.faults.duplicate_reply = true,
            Self::ForgedAckFirst => to.faults.forged_ack = Some(Placement::Before),
            Self::ForgedAckOnly => to.faults.forged_ack = Some(Placement::Instead),
            Self::WrongIdentifierFirst => to.faults.wrong_identifier = Some(Placement::Before),
            Self::RestDelete200 => to.rest.delete_says_200 = true,
            Self::RestRemove404 => to.rest.remove_missing_says_404 = true,
            Self::RestNoId => to.rest.proplist_without_id = true,
            Self::RestRawControls => to.rest.raw_control_octets = true,
            Self::Rest403 => to.rest.fault = Some(RestFault::Status(403)),
            Self::Rest500 => to.rest.fault = Some(RestFault::Status(500)),
            Self::RestHtml => to.rest.fault = Some(RestFault::Html),
            Self::RestTruncated => to.rest.fault = Some(RestFault::Truncated),
            Self::RestRedirect => to.rest.fault = Some(RestFault::Redirect("/webfig/".to_owned())),
            Self::RestNoAnswer => to.rest.fault = Some(RestFault::NoAnswer),
        }
    }
}
