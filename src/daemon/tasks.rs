//! The daemon's tasks, and how they end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::jobs::Agent;

use super::doors::Doors;
use super::intake::Intake;
use super::runner::Runner;
use super::waking::SignOfLife;
use super::{Common, asked, enforcing};

/// What is under way may take so long to end after the first signal; config/systemd gives 10 s more before it kills.
const STOP_WITHIN: Duration = Duration::from_secs(80);

/// All tasks that work.
#[derive(Debug)]
pub(super) struct Tasks {
    tasks: JoinSet<()>,
}

impl Tasks {
    /// Starts them. Each ends by itself once `common.soft` is cancelled and what it has under way is done.
    pub(super) fn start(
        common: &Common,
        agents: &watch::Receiver<Arc<Agent>>,
        (heard, mut doors): (mpsc::UnboundedReceiver<SignOfLife>, Doors),
    ) -> Self {
        let mut tasks = JoinSet::new();
        tasks.spawn(enforcing::keep(agents.clone(), common.clone()));
        tasks.spawn(Runner::new(agents.clone(), common.clone(), heard).run());
        if let Some((door, trust)) = doors.control.take() {
            // Before anybody hears that this is ready
            match door.listen() {
                Ok(door) => drop(tasks.spawn(asked::keep((door, trust), agents.clone(), common.clone()))),
                Err(error) => tracing::error!("no control socket, commands work on the databases beside this: {error}"),
            }
        }
        let workers = common.worker.subscribe();
        tasks.spawn(Intake::new(doors, agents.clone(), workers, common.clone()).run());
        Self { tasks }
    }

    /// Waits for all to end: until `hard`, or for [`STOP_WITHIN`]. What has not ended then is dropped: its intent is on disk.
    pub(super) async fn finish(&mut self, hard: &CancellationToken) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = all => return,
            () = hard.cancelled() => {}
            () = tokio::time::sleep(STOP_WITHIN) => {
                tracing::warn!("what is under way takes too long: stopping at once");
            }
        }
        self.tasks.abort_all();
    }
}
