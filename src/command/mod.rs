//! What one-shot commands with an effect do, whoever does it: the command itself on the databases, or a daemon on its behalf.
//!
//! ```text
//!   arguments ──▶ Request ──▶ carry_out(Hands) ──▶ Answer ──▶ lines, JSON, exit code
//!      cli                 here or in the daemon                    cli
//! ```
//!
//! Invariants: nothing is read from arguments or the environment, nothing is printed; a request and its answer are values that
//! can be sent. A request that comes over a socket is checked as it is read, by the rules that hold for arguments.
//!
//! Start reading at [`carry_out`].

mod aim;
mod answer;
mod asker;
mod brakes;
mod coa;
mod disconnect;
mod doctor;
mod exit;
mod hands;
mod login;
mod queue;
mod record;
mod request;
mod step;
mod text;

pub use aim::{Aim, aim};
pub use answer::{Answer, Changed, Cut, Stepped};
pub use asker::asker;
pub use doctor::{Finding, NasHealth, Weight, examine};
pub use exit::{Exit, exit_of, exit_of_changes};
pub use hands::{Hands, known, known_if_named};
pub use record::Record;
pub use request::{Block, Coa, Disconnect, EnforceOnce, JobId, Request, Restore};
pub use text::{mac, not_empty, reason, user_name, wrong_changes};

use crate::jobs::AgentError;
use crate::store::StoreError;

/// Why a command could not be carried out to its end. What it refuses to do is an [`Answer`].
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A job could not be carried on.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// The pause file is there and cannot be read.
    #[error("{}: cannot tell whether everything is paused: {error}", file.display())]
    Pause {
        /// The file.
        file: std::path::PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// What a job is to do cannot be written down.
    #[error(transparent)]
    Detail(#[from] serde_json::Error),
}

/// Does what is asked.
///
/// # Errors
/// When a database cannot be used, or something of ours fails on the way. What was begun is on disk, and the next run goes on
/// with it.
pub async fn carry_out(request: Request, hands: &Hands) -> Result<Answer, CommandError> {
    match request {
        Request::Disconnect(asked) => Box::pin(disconnect::disconnect(asked, hands)).await,
        Request::Coa(asked) => Box::pin(coa::coa(asked, hands)).await,
        Request::Block(asked) => login::block(asked, hands).await,
        Request::Restore(asked) => login::restore(asked, hands).await,
        Request::RetryJob(JobId { id }) => queue::retry(id, hands).await,
        Request::CancelJob(JobId { id }) => queue::cancel(id, hands).await,
        Request::Confirm {} => brakes::confirm(hands).await,
        Request::EnforceOnce(asked) => Box::pin(step::enforce_once(asked, hands)).await,
    }
}
