//! Signals: soft, then hard; and a new configuration.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// What the system tells this process.
#[derive(Debug)]
pub(super) struct Signals {
    /// Cancelled at the first SIGTERM or SIGINT.
    pub(super) soft: CancellationToken,
    /// Cancelled at the second.
    pub(super) hard: CancellationToken,
    /// SIGHUP.
    pub(super) reload: Signal,
}

impl Signals {
    /// Listens from now on.
    pub(super) fn listen() -> std::io::Result<Self> {
        let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let (soft, hard) = (CancellationToken::new(), CancellationToken::new());
        let tokens = [(soft.clone(), SOFT), (hard.clone(), HARD)];
        tokio::spawn(async move {
            for (token, what) in tokens {
                tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
                tracing::info!("{what}");
                token.cancel();
            }
        });
        Ok(Self { soft, hard, reload: signal(SignalKind::hangup())? })
    }
}

const SOFT: &str = "stopping: what is under way is finished, nobody else is begun with; a second signal stops at once";
const HARD: &str = "stopping at once: what was under way is gone on with at the next start";
