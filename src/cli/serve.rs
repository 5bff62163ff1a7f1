//! `radkick serve`: the daemon.

use std::path::PathBuf;

use crate::daemon;

use super::Exit;
use super::context::{Context, refuse};

/// Runs the command. `path` is where the configuration was read from, to be read from again at SIGHUP.
pub(crate) async fn run(path: Option<PathBuf>, context: Context) -> anyhow::Result<Exit> {
    let unserved = context.config.unserved();
    if !unserved.is_empty() {
        unserved.iter().try_for_each(|problem| context.output.note(&format!("error: {problem}")))?;
        return Ok(Exit::Usage);
    }
    match Box::pin(daemon::serve(context.config, path, context.clock)).await {
        Ok(()) => Ok(Exit::Done),
        Err(error) => refuse(context.output, Exit::Failed, &error.to_string()),
    }
}
