//! What is said on the socket: lines of JSON, each ended by a line feed.

use serde::{Deserialize, Serialize};

use crate::command::{Answer, Record, Request};

/// The version of all this; another one is refused.
pub(super) const PROTOCOL: u32 = 1;

/// What a command asks, in one line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    pub(super) protocol: u32,
    /// The databases that the command means, as [`super::databases()`] names them.
    pub(super) databases: String,
    /// For whom sudo was called. Believed of root alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) called_by: Option<String>,
    pub(super) request: Request,
}

/// What the daemon says, a line each.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    /// The first line: it listens, and works on these databases.
    Hello { protocol: u32, version: String, databases: String },
    /// The last line: nothing was done.
    Refused {
        why: String,
        /// Whether the command may well do it by itself.
        directly: bool,
    },
    /// From here on the work is the daemon's.
    Accepted {},
    /// It goes on.
    AtWork {},
    /// One session.
    Report(Box<Record>),
    /// The last line: what it came to.
    End { exit: u8, answer: Answer },
}

impl Told {
    pub(super) fn refused(why: impl Into<String>) -> Self {
        Self::Refused { why: why.into(), directly: false }
    }
}
