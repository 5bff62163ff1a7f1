//! `radkick hook` as a process.

use std::ffi::OsString;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::arguments::{ArgumentError, Call, HELP};
use super::environment::{NotAnEvent, read_environment};
use super::event::EventError;
use super::hand_over::{NotStored, hand_over};
use super::keep::{KeepError, keep};
use crate::clock::Clock;

/// How a call ended. FreeRADIUS answers the NAS with each of these exit codes (`rlm_exec`, 3.2: ok, ok, updated). With most others it
/// does not, and the NAS sends its packet again; so with 8 (noop) where no other module had anything to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// 0: the daemon has it on its disk, or there was nothing to do.
    Done,
    /// 3: it is in the spool.
    Spooled,
    /// 9: it is lost, or could not be told.
    Lost,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Arguments(#[from] ArgumentError),
    #[error(transparent)]
    Environment(#[from] NotAnEvent),
    #[error(transparent)]
    Event(#[from] EventError),
    #[error("the event is lost: the daemon did not take it ({not_stored}), and {kept}")]
    Lost { not_stored: NotStored, kept: KeepError },
}

impl Exit {
    const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Spooled => 3,
            Self::Lost => 9,
        }
    }
}

/// Does what `radkick hook` with these arguments is there for, with the process's environment, and gives its exit code: 0, 3 or 9
/// whatever happens. Standard output stays empty (FreeRADIUS may read attributes from it) but for `--help`.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    // The exit code of a panic would leave the NAS without an answer
    catch_unwind(AssertUnwindSafe(|| call(arguments))).unwrap_or(Exit::Lost).code()
}

fn call(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    match attempt(arguments) {
        Ok(exit) => exit,
        Err(failure) => {
            complain(&failure);
            Exit::Lost
        }
    }
}

fn attempt(arguments: impl IntoIterator<Item = OsString>) -> Result<Exit, Failure> {
    let call = Call::read(arguments)?;
    if call.help {
        std::io::stdout().write_all(HELP.as_bytes()).ok();
        return Ok(Exit::Done);
    }
    let event = match read_environment(std::env::vars_os(), call.kind, call.wish, Clock.epoch()) {
        Ok(event) => event,
        Err(NotAnEvent::NobodysSession(_)) => return Ok(Exit::Done),
        Err(reason @ (NotAnEvent::Unclear | NotAnEvent::NoSubject)) => return Err(reason.into()),
    };
    let message = event.encode()?;
    let Err(not_stored) = hand_over(&call.socket, &message, Clock) else {
        return Ok(Exit::Done);
    };
    match keep(&call.spool, &message, Clock) {
        Ok(()) => Ok(Exit::Spooled),
        Err(kept) => Err(Failure::Lost { not_stored, kept }),
    }
}

fn complain(what: &dyn std::fmt::Display) {
    writeln!(std::io::stderr(), "radkick hook: {what}").ok();
}
