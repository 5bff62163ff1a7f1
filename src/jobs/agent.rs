//! The agent: everything a job needs at hand.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::config::Config;
use crate::disconnect::{CutError, Directory, Disconnector, HostNames, Pace};
use crate::ledger::{Depth, LedgerRules, LimitReader, view};
use crate::metrics::Metrics;
use crate::quota::{Over, UserName, judge};
use crate::store::{Accounting, State, StoreError};

use super::holder;

/// Why a job could not be carried on. What a NAS answers is never one of these.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// A database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A socket, or a session that no request can name.
    #[error(transparent)]
    Cut(#[from] CutError),
    /// Another agent took the job over.
    #[error("another radkick has taken over this job")]
    LeaseLost,
}

/// What all agents of one process have in common: a change of the configuration makes a new agent, while what the old one
/// has under way goes on.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// How much routers are given at a time.
    pub pace: Arc<Pace>,
    at_work: Arc<Mutex<BTreeSet<i64>>>,
}

/// The right to work on a job, among the tasks of this process: they share one name, so that the lease alone would not keep
/// them apart.
#[derive(Debug)]
pub(super) struct Turn {
    job: i64,
    at_work: Arc<Mutex<BTreeSet<i64>>>,
}

impl Shared {
    /// `None` while another task of this process is at work on the job.
    pub(super) fn turn(&self, job: i64) -> Option<Turn> {
        let is_free = self.at_work.lock().unwrap_or_else(PoisonError::into_inner).insert(job);
        is_free.then(|| Turn { job, at_work: Arc::clone(&self.at_work) })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.job);
    }
}

/// Carries out jobs.
#[derive(Debug)]
pub struct Agent {
    /// The configuration.
    pub config: Config,
    /// FreeRADIUS' tables.
    pub accounting: Accounting,
    /// Our own tables.
    pub state: State,
    /// What it has in common with other agents of this process.
    pub shared: Shared,
    pub(super) disconnector: Disconnector,
    pub(crate) clock: Clock,
    pub(crate) holder: String,
    pub(super) rules: LedgerRules,
    reader: LimitReader,
    /// Held while rows of a block are planned and inserted: two plans made at once would take the same ids.
    pub(super) planning: tokio::sync::Mutex<()>,
}

impl Agent {
    /// Opens both databases, making our own where it is missing.
    ///
    /// # Errors
    /// When a database cannot be used.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, StoreError> {
        Self::open_sharing(config, clock, Shared::default()).await
    }

    /// As [`Agent::open`], beside or after other agents of this process.
    ///
    /// # Errors
    /// As [`Agent::open`].
    pub async fn open_sharing(config: Config, clock: Clock, shared: Shared) -> Result<Self, StoreError> {
        let accounting = Accounting::open(&config.database.url, &config.database.tables).await?;
        let state = State::open_beside(&config.state.url, Some(&config.database.url)).await?;
        let disconnector =
            Disconnector::new(clock, accounting.clone(), Arc::clone(&shared.metrics), Arc::clone(&shared.pace));
        let (holder, planning) = (holder::this_process(), tokio::sync::Mutex::new(()));
        let rules = LedgerRules::new(&config);
        let reader = LimitReader::new(&config, accounting.clone(), Some(state.clone()));
        Ok(Self { config, accounting, state, shared, disconnector, clock, holder, rules, reader, planning })
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.epoch()
    }

    /// How many replies were discarded so far, as [`Disconnector::discarded`] counts them.
    #[must_use]
    pub fn discarded(&self) -> u64 {
        self.disconnector.discarded()
    }

    /// Whether this one user is over now, by the very function that the worker uses.
    ///
    /// # Errors
    /// When a database cannot be asked, or the operator's query for limits fails: then nobody can tell.
    pub async fn over(&self, user: &UserName) -> Result<Option<Over>, StoreError> {
        let now = self.now();
        let databases = (&self.accounting, Some(&self.state));
        let seen = view(databases, (&self.rules, &self.reader), (user, Depth::Judgement), now).await?;
        Ok(judge(&seen.limits, &seen.usage, now))
    }
}

/// The NAS that the configuration and FreeRADIUS know at this moment.
///
/// # Errors
/// When FreeRADIUS' database cannot be asked.
pub async fn directory(config: &Config, accounting: &Accounting) -> Result<Directory, StoreError> {
    let rows = accounting.nas().await?;
    // It goes through all open rows, and many sites need no answer
    let in_use = if Directory::minds_open_nas(config) { accounting.nas_in_use().await? } else { BTreeSet::new() };
    Ok(Directory::new(config, (&rows, &HostNames::of(&rows).await), &in_use))
}
