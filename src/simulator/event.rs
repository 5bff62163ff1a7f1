//! What a simulated router tells about itself while it runs.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use serde::Serialize;

use super::{LoginBy, SessionView};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// A session began.
    LoggedIn {
        /// The session.
        session: SessionView,
    },
    /// A CoA-Request changed a session.
    Changed {
        /// The session as it is now.
        session: SessionView,
    },
    /// An Access-Request was answered or given up.
    Asked {
        /// The User-Name.
        user: String,
        /// The client.
        mac: String,
        /// How it tried to log in.
        login_by: LoginBy,
        /// `Access-Accept` or `Access-Reject`; `None` for no answer.
        answer: Option<&'static str>,
    },
    /// A session left the table.
    Ended {
        /// Its Acct-Session-Id.
        acct_session_id: String,
        /// Its user.
        user: String,
        /// Its address.
        address: Ipv4Addr,
        /// Acct-Terminate-Cause (RFC 2866 §5.10); `None` when it vanished without a Stop.
        terminate_cause: Option<u32>,
    },
    /// A Disconnect- or CoA-Request passed the checks of source and authenticator.
    Received {
        /// Who asks.
        from: SocketAddr,
        /// `Disconnect-Request` or `CoA-Request`.
        request: String,
        /// Its User-Name.
        user: Option<String>,
        /// Its Acct-Session-Id.
        acct_session_id: Option<String>,
    },
    /// A Disconnect- or CoA-Request was answered, or would have been but for a fault.
    Answered {
        /// Who asked.
        from: SocketAddr,
        /// What was answered: `Disconnect-ACK`, `Disconnect-NAK` and so on.
        answer: String,
        /// The NAK's Error-Cause.
        error_cause: Option<u32>,
    },
    /// A connection or request of REST was turned away before the login.
    Refused {
        /// Who came.
        from: SocketAddr,
        /// Why.
        reason: String,
    },
    /// A datagram was silently discarded.
    Discarded {
        /// Who sent it.
        from: SocketAddr,
        /// Why.
        reason: String,
    },
    /// An Accounting-Request was answered or given up.
    Accounted {
        /// `Start`, `Interim-Update`, `Stop`, `Accounting-On`.
        status: &'static str,
        /// The session; `None` for Accounting-On.
        acct_session_id: Option<String>,
        /// Whether the server answered.
        answered: bool,
        /// How often the octets went out.
        transmissions: u32,
    },
    /// A REST request was answered.
    Rest {
        /// The method.
        method: String,
        /// Path and query.
        path: String,
        /// The status; `None` where a fault left it unanswered.
        status: Option<u16>,
    },
    /// A line of the router's log.
    Log {
        /// Its text.
        text: String,
    },
    /// The router came up again.
    Rebooted {
        /// The reboot digit of session ids from now on.
        boot: u8,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggedIn { session } => {
                write!(f, "login    {} {} {}", session.acct_session_id, session.address, session.user.escape_debug())
            }
            Self::Asked { user, mac, login_by, answer } => {
                let (by, answer) = (login_by.name(), answer.unwrap_or("no answer"));
                write!(f, "asked    {mac} {} by {by}: {answer}", user.escape_debug())
            }
            Self::Changed { session } => {
                write!(f, "changed  {} {} {}", session.acct_session_id, session.address, session.user.escape_debug())
            }
            Self::Ended { acct_session_id, user, address, terminate_cause: Some(cause) } => {
                write!(f, "ended    {acct_session_id} {address} {} cause {cause}", user.escape_debug())
            }
            Self::Ended { acct_session_id, user, address, terminate_cause: None } => {
                write!(f, "vanished {acct_session_id} {address} {}", user.escape_debug())
            }
            Self::Received { from, request, user, acct_session_id } => {
                let user = user.as_deref().unwrap_or("-").escape_debug();
                let session = acct_session_id.as_deref().unwrap_or("-").escape_debug();
                write!(f, "radius   {request} for {session} {user} from {from}")
            }
            Self::Answered { from, answer, error_cause: Some(cause) } => {
                write!(f, "radius   {answer} {cause} to {from}")
            }
            Self::Answered { from, answer, error_cause: None } => write!(f, "radius   {answer} to {from}"),
            Self::Refused { from, reason } => write!(f, "rest     refused {from}: {reason}"),
            Self::Discarded { from, reason } => write!(f, "radius   discarded from {from}: {reason}"),
            Self::Accounted { status, acct_session_id, answered, transmissions } => {
                let session = acct_session_id.as_deref().unwrap_or("-");
                let end = if *answered { "answered" } else { "not answered" };
                write!(f, "account  {session} {status} {end} after {transmissions}")
            }
            Self::Rest { method, path, status: Some(status) } => write!(f, "rest     {method} {path} {status}"),
            Self::Rest { method, path, status: None } => write!(f, "rest     {method} {path} not answered"),
            Self::Log { text } => write!(f, "log      {text}"),
            Self::Rebooted { boot } => write!(f, "rebooted {boot}"),
        }
    }
}
