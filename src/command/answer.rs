//! What a command came to.

use serde::{Deserialize, Serialize};

use crate::jobs::{ChangeReport, SessionReport};

use super::{CommandError, Exit, exit_of, exit_of_changes};

/// What a command came to. Over the socket reports go before it, a line each.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is not done, or not to the end.
    Refused {
        /// What that means.
        exit: Exit,
        /// Why, for people.
        why: String,
    },
    /// Of `disconnect`.
    Cut(Cut),
    /// Of `coa`.
    Changed(Changed),
    /// Of `block`.
    Blocked {
        /// Whose login, as the tables have the name.
        user: String,
        /// Why it is open all the same.
        open: Option<String>,
    },
    /// Of `restore`.
    Restored {
        /// Whose login.
        user: String,
        /// Whether it is closed again by now.
        blocked: bool,
        /// Rows that were ours and are gone, or are back.
        rows: usize,
        /// Rows that were left as somebody else wrote them.
        superseded: usize,
    },
    /// Of `jobs retry`.
    Retried {
        /// Which job.
        id: i64,
        /// To when, in seconds since 1970.
        at: i64,
        /// Who is at work on it: then nothing was brought forward.
        at_work: Option<String>,
    },
    /// Of `jobs cancel`.
    Cancelled {
        /// Which job.
        id: i64,
        /// Whose.
        user: String,
        /// Whether the login is closed by us.
        blocked: bool,
    },
    /// Of `confirm`: what each brake had tripped for.
    Confirmed {
        /// A sentence a brake.
        confirmed: Vec<String>,
    },
    /// Of `enforce --once`.
    Stepped(Stepped),
}

/// What `disconnect` came to.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cut {
    /// Whose sessions, as the tables have the name.
    pub user: String,
    /// Whether less than all of them were meant.
    pub narrowed: bool,
    /// Whether `--block` would close a login.
    pub can_block: bool,
    /// Why what was asked for was not done; the reports are of what earlier runs had left then.
    pub refused: Option<(Exit, String)>,
    /// One a session, or one about the user alone.
    #[serde(skip)]
    pub reports: Vec<SessionReport>,
}

/// What `coa` came to.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Changed {
    /// Whose sessions, as the tables have the name.
    pub user: String,
    /// Whether less than all of them were meant.
    pub narrowed: bool,
    /// One a session, or one about the user alone. A user has few: they go with the answer.
    pub reports: Vec<ChangeReport>,
}

/// What one step of the worker came to.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Stepped {
    /// Whether it only observed.
    pub observed: bool,
    /// Why nothing (more) was done.
    pub held: Vec<String>,
    /// Whose logins were opened again.
    pub restored: Vec<String>,
    /// What could not be asked.
    pub failed: Vec<String>,
    /// One a session, or a user without any.
    #[serde(skip)]
    pub reports: Vec<SessionReport>,
}

impl Answer {
    pub(super) fn refused(exit: Exit, why: impl Into<String>) -> Self {
        Self::Refused { exit, why: why.into() }
    }

    /// It broke off: told as the command itself would have told it.
    #[must_use]
    pub fn failed(error: &CommandError) -> Self {
        let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        Self::refused(Exit::Failed, causes.join(": "))
    }

    /// The exit code that it means.
    #[must_use]
    pub fn exit(&self) -> Exit {
        let failed = |failed| if failed { Exit::Failed } else { Exit::Done };
        match self {
            Self::Refused { exit, .. } => *exit,
            Self::Cut(cut) => {
                let refused = cut.refused.as_ref().map_or(Exit::Done, |(exit, _)| *exit);
                exit_of(&cut.reports).max(refused)
            }
            Self::Changed(changed) => exit_of_changes(&changed.reports),
            Self::Blocked { open, .. } => failed(open.is_some()),
            Self::Restored { blocked, .. } => failed(*blocked),
            Self::Retried { .. } | Self::Cancelled { .. } | Self::Confirmed { .. } => Exit::Done,
            Self::Stepped(step) => {
                let held = if step.held.is_empty() || step.observed { Exit::Done } else { Exit::StillActive };
                exit_of(&step.reports).max(held).max(failed(!step.failed.is_empty()))
            }
        }
    }

    /// The reports, which go on their own.
    pub fn reports_mut(&mut self) -> Option<&mut Vec<SessionReport>> {
        match self {
            Self::Cut(Cut { reports, .. }) | Self::Stepped(Stepped { reports, .. }) => Some(reports),
            Self::Refused { .. }
            | Self::Changed(_)
            | Self::Blocked { .. }
            | Self::Restored { .. }
            | Self::Retried { .. }
            | Self::Cancelled { .. }
            | Self::Confirmed { .. } => None,
        }
    }
}
