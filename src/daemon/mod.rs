//! The daemon: worker, job runner and HTTP in one process, from the first signal to the last.
//!
//! ```text
//!            SIGHUP                       SIGTERM, SIGINT
//!               │                                │
//!   file ──▶ Config ──▶ Agent ──┬──▶ worker ──┐  │   soft: what is under way is finished, nobody else is begun with
//!                               ├──▶ runner ──┼──┤
//!                               ├──▶ commands │  │
//!                               └──▶ HTTP     │  │   hard, at the second signal or after 80 s: the intents are on disk, and
//!                                  watchdog ◀─┘  ▼         the next start looks for proof first
//! ```
//!
//! Invariants: systemd hears READY when both databases have answered and not before; a broken new configuration changes
//! nothing; an exchange under way ends as it began, whatever is configured meanwhile.
//!
//! Start reading at [`serve`].

mod answers;
mod asked;
mod doors;
mod enforcing;
mod events;
mod intake;
mod only_one;
mod opening;
mod refusals;
mod reload;
mod runner;
mod signals;
mod systemd;
mod tasks;
mod waking;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::admin::{self, Site};
use crate::clock::Clock;
use crate::config::Config;
use crate::door::DoorError;
use crate::jobs::{Agent, Shared};
use crate::metrics::Pulses;
use crate::worker::Worker;

use doors::Doors;
pub use only_one::only_one;
use opening::Opening;
use reload::Source;
use signals::Signals;
use tasks::Tasks;
use waking::SignOfLife;

/// Why it does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another radkick works on the same SQLite tables.
    #[error("{0}")]
    NotAlone(String),
    /// The address of `[serve] listen` cannot be had.
    #[error("cannot listen on {listen}: {error}")]
    Listen {
        /// The address.
        listen: std::net::SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// The hooks' socket or spool, where one is configured or there, cannot be used.
    #[error("hooks: {0}")]
    Hook(String),
    /// The control socket, where one is configured, cannot be made.
    #[error("control socket: {0}")]
    Control(#[from] DoorError),
    /// A signal cannot be caught, a lock not be made.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

/// What every part of the daemon has at hand.
#[derive(Debug, Clone)]
struct Common {
    clock: Clock,
    shared: Shared,
    pulses: Pulses,
    /// Cancelled at the first signal to stop.
    soft: CancellationToken,
    /// Rung when there is a job to run at once.
    nudge: Arc<Notify>,
    /// Tells the runner of NAS that speak again.
    spoke: mpsc::UnboundedSender<SignOfLife>,
    /// The worker in force; none while one gives way to the next, or only observes.
    worker: watch::Sender<Option<Worker>>,
}

/// Serves until it is told to stop. `path` is where the configuration was read from, for SIGHUP; `None` looks where
/// [`Config::load`] does.
///
/// # Errors
/// When it cannot begin. A database that is away is no error: it is waited for.
pub async fn serve(config: Config, path: Option<PathBuf>, clock: Clock) -> Result<(), ServeError> {
    let _only = only_one(&config.state.url)?.map_err(ServeError::NotAlone)?;
    let signals = Signals::listen()?;
    let listen = config.serve.listen;
    let listener = TcpListener::bind(listen).await.map_err(|error| ServeError::Listen { listen, error })?;
    tracing::info!(listen = %listener.local_addr()?, version = env!("CARGO_PKG_VERSION"), "radkick serves");
    let (spoke, heard) = mpsc::unbounded_channel();
    let common = Common {
        clock,
        shared: Shared::default(),
        pulses: Pulses::default(),
        soft: signals.soft.clone(),
        nudge: Arc::default(),
        spoke,
        worker: watch::Sender::new(None),
    };
    let doors = Doors::open(&config.serve, &common).await?;
    let site = Arc::new(Site::new(clock, Arc::clone(&common.shared.metrics), common.pulses.clone()));
    let http_ends = CancellationToken::new();
    let http = tokio::spawn(admin::serve(listener, Arc::clone(&site), http_ends.clone()));
    let mut source = Source::new(config, path, signals.reload);
    let opened = Opening { common: &common, site: &site, hard: &signals.hard }.until_open(&mut source).await;
    match opened {
        Some(agent) => run(agent, source, (&common, &site), (heard, doors, signals.hard)).await,
        None => systemd::stopping(),
    }
    http_ends.cancel();
    http.await.ok();
    tracing::info!("stopped");
    Ok(())
}

/// From open databases to the end of what was under way.
async fn run(
    agent: Arc<Agent>,
    mut source: Source,
    (common, site): (&Common, &Arc<Site>),
    (heard, doors, hard): (mpsc::UnboundedReceiver<SignOfLife>, Doors, CancellationToken),
) {
    let stuck_after = agent.config.serve.stuck_after;
    let (sender, agents) = watch::channel(agent);
    let mut tasks = Tasks::start(common, &agents, (heard, doors));
    let watchdog = tokio::spawn(systemd::watchdog(common.clock, common.pulses.clone()));
    systemd::ready("serving");
    tracing::info!(?stuck_after, "ready");
    while source.asked(&common.soft).await {
        systemd::reloading();
        let outcome = tokio::select! {
            outcome = source.reload(common) => outcome,
            () = hard.cancelled() => break,
        };
        let taken = outcome.is_ok();
        let status = match outcome {
            Ok(agent) => {
                site.set_agent(Ok(Arc::clone(&agent)));
                sender.send_replace(agent);
                tracing::info!("the new configuration is in force; what is under way ends by the old one");
                "serving"
            }
            Err(problems) => {
                reload::tell(&problems);
                "serving; the last new configuration was refused"
            }
        };
        // Once it is in force, or told
        common.shared.metrics.reload(taken);
        systemd::ready(status);
    }
    systemd::stopping();
    tasks.finish(&hard).await;
    watchdog.abort();
}
