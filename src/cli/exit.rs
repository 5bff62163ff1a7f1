//! Exit codes (the contract in docs/architecture.md).

use std::process::ExitCode;

/// How a command ended, in the order in which one outranks another: the worst of several is the command's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::StillActive => 1,
            Exit::Usage => 2,
            Exit::Unproven => 3,
            Exit::Unknown => 4,
            Exit::Failed => 5,
        })
    }
}
