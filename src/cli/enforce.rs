//! `radkick enforce`: the quota worker alone.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::command::{EnforceOnce, Request, Stepped, known_if_named, user_name};
use crate::config::Mode;
use crate::daemon::only_one;
use crate::quota::UserName;
use crate::worker::{Worker, keep_observing, observe};

use super::context::{Context, refuse};
use super::{Exit, answers};

/// Enforce quotas: find who is over, close the login, cut every session, prove it.
///
/// In observe mode (the default) and with --dry-run nothing is sent, written or created. The loop ends with 0 on
/// SIGTERM; --once exits like disconnect, and with 1 when a brake has tripped.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct EnforceArgs {
    /// One cycle, then stop
    #[arg(long)]
    once: bool,
    /// Only this user
    #[arg(long, value_name = "NAME", value_parser = user_name)]
    user: Option<UserName>,
    /// Say what would be done; one cycle
    #[arg(long)]
    dry_run: bool,
    /// Let a brake that trips go
    #[arg(long)]
    confirm: bool,
}

impl EnforceArgs {
    /// Whether it goes on until it is told to stop.
    pub(super) const fn is_endless(&self) -> bool {
        !self.once && !self.dry_run
    }
}

/// Runs the command.
pub(crate) async fn run(args: EnforceArgs, context: Context) -> anyhow::Result<Exit> {
    let (output, clock) = (context.output, context.clock);
    let observing = context.config.quota.mode == Mode::Observe;
    if args.once && !args.dry_run && !observing {
        let EnforceArgs { user, confirm, .. } = args;
        return answers::run(Request::EnforceOnce(EnforceOnce { user, confirm }), context).await;
    }
    let args = match known_if_named(&context.accounting().await?, args.user.as_ref()).await? {
        Ok(user) => EnforceArgs { user, ..args },
        Err(why) => return refuse(output, Exit::Unknown, &why),
    };
    if args.dry_run || (observing && args.once) {
        let accounting = context.accounting().await?;
        let outcome = Box::pin(observe(&context.config, &accounting, clock, args.user.as_ref())).await?;
        let step = Stepped { observed: observing, ..outcome.into() };
        let step = Stepped { held: Vec::new(), ..step };
        answers::print_step(&step, output, clock.epoch())?;
        return Ok(if step.failed.is_empty() { Exit::Done } else { Exit::Failed });
    }
    Box::pin(endless(args, context)).await
}

async fn endless(args: EnforceArgs, context: Context) -> anyhow::Result<Exit> {
    let output = context.output;
    let shutdown = stopping()?;
    if context.config.quota.mode == Mode::Observe {
        let accounting = context.accounting().await?;
        tracing::info!(database = %context.config.database.url, mode = ?context.config.quota.mode, "enforcing quotas");
        keep_observing(&context.config, &accounting, args.user.as_ref(), &shutdown).await;
        return Ok(Exit::Done);
    }
    let _only = match only_one(&context.config.state.url)? {
        Ok(lock) => lock,
        Err(why) => return refuse(output, Exit::Failed, &why),
    };
    let agent = context.agent().await?;
    tracing::info!(database = %agent.config.database.url, mode = ?agent.config.quota.mode, "enforcing quotas");
    let worker = Worker::new(agent, args.user, args.confirm).until(shutdown);
    tokio::join!(worker.run(), worker.look_after());
    worker.retire().await?;
    Ok(Exit::Done)
}

/// Cancelled by SIGTERM and SIGINT.
fn stopping() -> std::io::Result<CancellationToken> {
    let shutdown = CancellationToken::new();
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = shutdown.clone();
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        tracing::info!("stopping: what is under way is finished, nobody else is begun with");
        stop.cancel();
    });
    Ok(shutdown)
}
