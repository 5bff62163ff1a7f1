//! Why a router could not be asked, in words that an operator understands. Never holds credentials.

use std::fmt::Write as _;
use std::path::PathBuf;

/// A question to a router that got no usable answer.
#[derive(Debug, thiserror::Error)]
#[error("{router}: {operation}: {failure}")]
pub struct RestError {
    /// What was asked for, as "listing hotspot sessions".
    pub operation: &'static str,
    /// Whom: scheme, host and port of the router.
    pub router: String,
    /// What went wrong.
    pub failure: RestFailure,
}

/// What went wrong between a router and us.
#[derive(Debug, thiserror::Error)]
pub enum RestFailure {
    /// The authorities' certificates cannot be used.
    #[error("the ca_file {} cannot be used: {reason}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// It has been silent of late, so it was not asked; since when.
    #[error("not asked: {0}")]
    NotAsked(String),
    /// Nothing listens there.
    #[error("the connection was refused: does the router's www-ssl (REST) service listen on that port?")]
    Refused,
    /// The router cannot be reached: no route, no such name, a dropped connection attempt.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("{0} timed out")]
    TimedOut(Stage),
    /// No authority vouches for the certificate.
    #[error(
        "its certificate is not trusted ({reason}). If this is the router, pin it: fingerprint = \"{}\" in [nas.rest], \
         or MIKROTIK_API_FINGERPRINT in the environment",
        show_fingerprint(presented)
    )]
    Untrusted {
        /// SHA-256 of the certificate that the router presented.
        presented: [u8; 32],
        /// The authorities' words.
        reason: String,
    },
    /// The certificate is not the pinned one.
    #[error(
        "its certificate is not the pinned one: it presented {}, fingerprint says {}. Unless the router got a new \
         certificate, someone is in between",
        show_fingerprint(presented),
        show_fingerprint(pinned)
    )]
    WrongPin {
        /// SHA-256 of the certificate that the router presented.
        presented: [u8; 32],
        /// The one that it must be.
        pinned: [u8; 32],
    },
    /// TLS failed otherwise.
    #[error("TLS failed: {0}. Does its www-ssl service have a certificate, and is this its port?")]
    Tls(String),
    /// 401.
    #[error("it refused the user or the password (401)")]
    Unauthorized,
    /// 403, or an error that speaks of permissions.
    #[error("the user may not do that{}: its group wants the policies read, write and rest-api", paren(detail))]
    Forbidden {
        /// The HTTP status.
        status: u16,
        /// The router's words, perhaps none.
        detail: String,
    },
    /// The path is unknown.
    #[error("it does not know that path ({status}): is this a RouterOS v7 with REST, and the right port?")]
    NoRest {
        /// The HTTP status.
        status: u16,
    },
    /// 404 in RouterOS' own form, or "no such item". [`row`](super::RestClient::row) and
    /// [`remove`](super::RestClient::remove) make values of it.
    #[error("it has no such row")]
    NoSuchRow,
    /// 400 "Session closed": RouterOS lets no question take more than 60 s.
    #[error("it gave up after the 60 s that a question may take (400 Session closed): is it overloaded?")]
    SessionClosed,
    /// Any other status that is no success.
    #[error("it answered {status}{}", paren(detail))]
    Status {
        /// The HTTP status.
        status: u16,
        /// The router's words, perhaps none.
        detail: String,
    },
    /// It points elsewhere, where we do not follow.
    #[error("it redirects to {to}, which is not followed: write that as the url if it is right")]
    Redirect {
        /// The HTTP status.
        status: u16,
        /// Where to, without credentials.
        to: String,
    },
    /// The answer is something else than JSON.
    #[error("it answered with {found} instead of JSON: is this RouterOS' REST, or is the router still starting?")]
    NotJson {
        /// What it looks like.
        found: &'static str,
    },
    /// The answer ends in the middle.
    #[error("its answer is cut off")]
    Truncated,
    /// An answer without content.
    #[error("its answer is empty")]
    Empty,
    /// The connection ended without an answer, or with something that is not HTTP.
    #[error("it gave no HTTP answer: {0}")]
    NoAnswer(String),
    /// The answer is longer than we read.
    #[error("its answer is longer than {limit} octets")]
    TooLong {
        /// How many octets are read at most.
        limit: usize,
    },
    /// The answer is JSON of another shape.
    #[error("its answer is not what RouterOS sends: {0}")]
    Shape(&'static str),
    /// Not an id of a row, so nothing was asked.
    #[error("{0:?} is no id of a row: one is * and hexadecimal digits")]
    BadId(String),
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be built: {0}")]
    Client(String),
}

/// How far a question had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Connecting, TLS included.
    Connect,
    /// Waiting for the answer.
    Answer,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Answer => "its answer",
        })
    }
}

fn paren(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}

/// `AA:BB:…`, as RouterOS and browsers show it.
pub(super) fn show_fingerprint(octets: &[u8; 32]) -> String {
    octets.iter().enumerate().fold(String::new(), |mut shown, (index, octet)| {
        let colon = if index == 0 { "" } else { ":" };
        // Writing into a String cannot fail.
        write!(shown, "{colon}{octet:02X}").map_or_else(|_| String::new(), |()| shown)
    })
}

impl RestFailure {
    /// The HTTP status, where there was an answer whose status says what is wrong.
    #[must_use]
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other has a status that says something")]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::SessionClosed => Some(400),
            Self::Unauthorized => Some(401),
            Self::NoSuchRow => Some(404),
            Self::Forbidden { status, .. }
            | Self::NoRest { status }
            | Self::Status { status, .. }
            | Self::Redirect { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the router gave no answer at all: it is off, or something is in the way.
    #[must_use]
    pub const fn is_silence(&self) -> bool {
        matches!(self, Self::Refused | Self::Unreachable(_) | Self::TimedOut(_) | Self::NoAnswer(_))
    }
}
