//! `radkick pause`, `resume`, `confirm`: the brakes by hand.

use std::time::Duration;

use crate::config::parse_duration;
use crate::store::{Brake, State};
use crate::worker::{self, CUT_BRAKE, LIMITS_BRAKE, Pause, RESTORE_BRAKE};

use super::Exit;
use super::context::Context;

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
pub(crate) async fn confirm(context: &Context) -> anyhow::Result<Exit> {
    let mut confirmed = Vec::new();
    if context.has_state().await? {
        let state = State::open(&context.config.state.url).await?;
        for name in [CUT_BRAKE, RESTORE_BRAKE, LIMITS_BRAKE] {
            confirmed.extend(confirm_one(&state, name, context.clock.epoch()).await?);
        }
    }
    context.output.object(&serde_json::json!({ "confirmed": confirmed }))?;
    if confirmed.is_empty() {
        context.output.line("No brake has tripped.")?;
    }
    confirmed.iter().try_for_each(|detail| context.output.line(&format!("Confirmed: {detail}")))?;
    Ok(Exit::Done)
}

async fn confirm_one(state: &State, name: &str, now: i64) -> anyhow::Result<Option<String>> {
    match state.brake(name).await? {
        Some(brake) if brake.confirmed_at.is_none() => {
            state.set_brake(name, Some(&Brake { confirmed_at: Some(now), ..brake.clone() })).await?;
            Ok(Some(brake.detail))
        }
        Some(_) | None => Ok(None),
    }
}
