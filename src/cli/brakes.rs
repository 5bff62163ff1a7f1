//! `radkick pause`, `resume`, `confirm`: the brakes by hand.

use std::time::Duration;

use crate::command::Request;
use crate::config::parse_duration;
use crate::worker::{self, Pause};

use super::context::Context;
use super::{Exit, answers};

/// Cut nobody until resume, or for a time.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PauseArgs {
    /// How long, as in 2h or 30m [default: until resume]
    #[arg(long = "for", value_name = "D", value_parser = duration)]
    how_long: Option<Duration>,
}

fn duration(text: &str) -> Result<Duration, String> {
    parse_duration(text).ok_or_else(|| format!("{text:?} is no duration; right would be 30m, 2h or 1h30m"))
}

/// Runs `pause`.
pub(crate) fn pause(args: &PauseArgs, context: &Context) -> anyhow::Result<Exit> {
    let file = &context.config.brakes.pause_file;
    let seconds = args.how_long.map(|time| i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    let until = seconds.map(|seconds| context.clock.epoch().saturating_add(seconds));
    worker::pause(file, Pause { until }).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    context.output.object(&serde_json::json!({ "paused": true, "until": until }))?;
    let how_long =
        seconds.map_or_else(|| "until `radkick resume`".to_owned(), |s| format!("for {}", super::person::duration(s)));
    context.output.line(&format!("Paused {how_long}: nobody is cut. ({})", file.display()))?;
    Ok(Exit::Done)
}

/// Runs `resume`.
pub(crate) fn resume(context: &Context) -> anyhow::Result<Exit> {
    let file = &context.config.brakes.pause_file;
    let was = worker::resume(file).map_err(|error| anyhow::anyhow!("{}: {error}", file.display()))?;
    context.output.object(&serde_json::json!({ "paused": false, "was_paused": was }))?;
    context.output.line(if was { "Resumed." } else { "It was not paused." })?;
    Ok(Exit::Done)
}

/// Runs `confirm`.
pub(crate) async fn confirm(context: Context) -> anyhow::Result<Exit> {
    answers::run(Request::Confirm {}, context).await
}
