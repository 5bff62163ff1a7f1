//! Exit codes (the contract in docs/architecture.md).

use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::disconnect::{AttemptOutcome, Confirmed};
use crate::jobs::{ChangeReport, SessionReport};

/// How a command ended, in the order in which one outranks another: the worst of several is the command's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// 0: everything aimed at is proven off, or was already gone.
    Done,
    /// 3: at least one is unproven; a request without a reply.
    Unproven,
    /// 1: at least one is known to be still active; a brake tripped; a NAK.
    StillActive,
    /// 4: a named user, session or NAS is unknown.
    Unknown,
    /// 2: the command line or the configuration is wrong.
    Usage,
    /// 5: something of ours failed: database, disk, socket.
    Failed,
}

impl Exit {
    /// The code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::StillActive => 1,
            Self::Usage => 2,
            Self::Unproven => 3,
            Self::Unknown => 4,
            Self::Failed => 5,
        }
    }

    /// What a code means; one that is none of these is a failure.
    #[must_use]
    pub const fn of(code: u8) -> Self {
        match code {
            0 => Self::Done,
            1 => Self::StillActive,
            2 => Self::Usage,
            3 => Self::Unproven,
            4 => Self::Unknown,
            _ => Self::Failed,
        }
    }

    /// In a word, for those who count.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::StillActive => "still_active",
            Self::Usage => "usage",
            Self::Unproven => "unproven",
            Self::Unknown => "unknown",
            Self::Failed => "failed",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The worst of several fates.
#[must_use]
pub fn exit_of(reports: &[SessionReport]) -> Exit {
    let of = |report: &SessionReport| match (report.fate.as_str(), report.would.is_some()) {
        _ if report.failed => Exit::Failed,
        (_, true) | ("ended" | "already_gone", _) => Exit::Done,
        ("still_active", _) => Exit::StillActive,
        _ => Exit::Unproven,
    };
    reports.iter().map(of).max().unwrap_or(Exit::Done)
}

/// The worst of several changes. An ACK that the router's lists contradict is unproven; a session that ended before anything
/// was sent is as a user who is offline.
#[must_use]
pub fn exit_of_changes(reports: &[ChangeReport]) -> Exit {
    let of = |report: &ChangeReport| match report.outcome {
        _ if report.failed => Exit::Failed,
        _ if report.would.is_some() || report.acct_unique_id.is_none() => Exit::Done,
        Some(AttemptOutcome::Nak | AttemptOutcome::Refused) => Exit::StillActive,
        Some(AttemptOutcome::Ack) if report.confirmed == Confirmed::NotSeen => Exit::Unproven,
        Some(AttemptOutcome::Ack | AttemptOutcome::AlreadyGone) => Exit::Done,
        _ => Exit::Unproven,
    };
    reports.iter().map(of).max().unwrap_or(Exit::Done)
}
