//! Opening the databases, however long they are away.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::admin::Site;
use crate::jobs::Agent;

use super::Common;
use super::reload::{Source, tell};
use super::systemd;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Everything that the opening tells.
pub(super) struct Opening<'a> {
    pub(super) common: &'a Common,
    pub(super) site: &'a Site,
    pub(super) hard: &'a CancellationToken,
}

impl Opening<'_> {
    /// Tries until both databases can be used; `None` when it is told to stop before. A new configuration is tried at once.
    pub(super) async fn until_open(&self, source: &mut Source) -> Option<Arc<Agent>> {
        let (soft, mut pause, mut told) = (&self.common.soft, FIRST_PAUSE, String::new());
        loop {
            // Not given up at the first signal: opening makes our tables
            let open = Agent::open_sharing(source.config.clone(), self.common.clock, self.common.shared.clone());
            let opened = tokio::select! {
                opened = open => opened,
                () = self.hard.cancelled() => return None,
            };
            match opened {
                Ok(agent) => {
                    let agent = Arc::new(agent);
                    self.site.set_agent(Ok(Arc::clone(&agent)));
                    return (!soft.is_cancelled()).then_some(agent);
                }
                Err(error) => {
                    self.common.shared.metrics.database_error(error.kind());
                    let why = error.to_string();
                    if why != told {
                        tracing::error!("not ready: {why}; it is tried again and again");
                    }
                    self.site.set_agent(Err(why.clone()));
                    told = why;
                }
            }
            systemd::waiting(&format!("waiting for the databases: {told}"));
            tokio::select! {
                () = soft.cancelled() => return None,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                asked = source.asked(soft) => {
                    if asked && let Err(problems) = source.reread() {
                        tell(&problems);
                    }
                    pause = FIRST_PAUSE;
                }
            }
        }
    }
}
