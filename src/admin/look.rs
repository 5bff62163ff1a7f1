//! A look at the databases, bounded in time.

use std::sync::Arc;
use std::time::Duration;

use crate::jobs::Agent;
use crate::store::{JobCount, JobState, StoreError};

use super::Site;

/// Brakes by name, as our tables know them.
const BRAKES: [&str; 4] = ["cut", "restore", "limits", "hidden"];
/// A look is good for so long.
const FRESH: Duration = Duration::from_secs(1);
/// A database that takes longer to answer is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the databases said.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// Why FreeRADIUS' database is of no use, if it is not.
    pub(super) accounting: Result<(), String>,
    /// What stands in ours, or why it is of no use.
    pub(super) state: Result<Standing, String>,
}

/// What stands in our database.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) jobs: Vec<JobCount>,
    pub(super) blocks: i64,
    /// Whether the brake waits for a person.
    pub(super) brakes: Vec<(&'static str, bool)>,
}

impl Standing {
    /// How many jobs there is something left to do for, not only to watch, and when the oldest of them was made.
    pub(super) fn at_work(&self) -> (i64, Option<i64>) {
        let at_work = || self.jobs.iter().filter(|count| count.state != JobState::Watching);
        (at_work().map(|count| count.count).sum(), at_work().map(|count| count.oldest).min())
    }
}

impl Site {
    /// A look at the databases, at most a second old; told to the metrics as well. `Err`: nobody works yet, and why.
    pub(super) async fn look(&self) -> Result<Look, String> {
        let agent = self.agent().inspect_err(|_| {
            self.metrics.standing.clear();
            for database in ["accounting", "state"] {
                self.metrics.standing.up(database, false);
            }
        })?;
        let mut looked = self.looked.lock().await;
        if let Some((at, look)) = looked.as_ref()
            && self.clock.now().duration_since(*at) < FRESH
        {
            return Ok(look.clone());
        }
        let look = look(&agent).await;
        self.tell(&look);
        *looked = Some((self.clock.now(), look.clone()));
        Ok(look)
    }

    fn tell(&self, look: &Look) {
        let standing = &self.metrics.standing;
        standing.clear();
        standing.up("accounting", look.accounting.is_ok());
        standing.up("state", look.state.is_ok());
        let Ok(found) = &look.state else { return };
        let now = self.clock.epoch();
        for count in &found.jobs {
            standing.jobs(count.state.as_str(), count.count, now.saturating_sub(count.oldest));
        }
        standing.blocks(found.blocks);
        found.brakes.iter().for_each(|(name, tripped)| standing.brake(name, *tripped));
    }
}

async fn look(agent: &Arc<Agent>) -> Look {
    let accounting = tokio::time::timeout(PATIENCE, agent.accounting.ping());
    let state = tokio::time::timeout(PATIENCE, stands(agent));
    let (accounting, state) = tokio::join!(accounting, state);
    let late = || format!("no answer within {} s", PATIENCE.as_secs());
    let said = |error: StoreError| error.to_string();
    Look {
        accounting: accounting.map_or_else(|_| Err(late()), |answer| answer.map_err(said)),
        state: state.map_or_else(|_| Err(late()), |answer| answer.map_err(said)),
    }
}

/// Reads alone, none in a transaction: it may be given up at any point.
async fn stands(agent: &Agent) -> Result<Standing, StoreError> {
    let mut brakes = Vec::new();
    for name in BRAKES {
        let tripped = agent.state.brake(name).await?.is_some_and(|brake| brake.confirmed_at.is_none());
        brakes.push((name, tripped));
    }
    Ok(Standing { jobs: agent.state.job_counts().await?, blocks: agent.state.blocks_held().await?, brakes })
}
