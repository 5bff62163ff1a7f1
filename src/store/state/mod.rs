//! Our own tables: jobs and their targets, blocks, the journal, brakes; the usage ledger and allowances.
//!
//! Intent before effect, one commit a step. Every write for a job names the token of its lease, so that an agent that
//! was thought dead cannot write over the one that took over.

mod books;
mod ledger;
mod mariadb;
mod open;
mod page;
mod postgres;
mod queue;
mod read;
mod record;
mod rows;
mod sqlite;

use crate::quota::UserName;

use super::StoreError;
pub use ledger::{FeedLease, FeedRecord, Origin, QuotaRow, RhythmRecord, UsageRow};
use mariadb::Mariadb;
use open::is_current;
use postgres::Postgres;
pub use queue::{JobCount, JobTimes};
pub use record::{
    BlockRecord, BlockState, Brake, JobRecord, JobSpec, JobState, JournalEntry, JournalRecord, TargetRecord, TargetStep,
};
use sqlite::Sqlite;

/// Our own database. A clone shares the connections.
#[derive(Debug, Clone)]
pub struct State {
    backend: Backend,
}

#[derive(Debug, Clone)]
enum Backend {
    Mariadb(Mariadb),
    Postgres(Postgres),
    Sqlite(Sqlite),
}

/// One method, the same in every dialect.
macro_rules! each_dialect {
    ($self:ident.$method:ident($($argument:expr),*)) => {
        match &$self.backend {
            Backend::Mariadb(store) => store.$method($($argument),*).await,
            Backend::Postgres(store) => store.$method($($argument),*).await,
            Backend::Sqlite(store) => store.$method($($argument),*).await,
        }
    };
}

use each_dialect;

/// Does what needs a transaction in a task of its own, so that a caller who is dropped leaves no connection inside one.
async fn alone<T: Send + 'static>(
    work: impl Future<Output = Result<T, sqlx::Error>> + Send + 'static,
) -> Result<T, sqlx::Error> {
    tokio::spawn(work).await.unwrap_or(Err(sqlx::Error::WorkerCrashed))
}

impl State {
    /// Puts a job on disk; the live one of the same key, if there is one. The second is whether it is new.
    ///
    /// # Errors
    /// When the database cannot be asked; so for every method below.
    pub async fn submit(&self, spec: &JobSpec, now: i64) -> Result<(JobRecord, bool), StoreError> {
        each_dialect!(self.submit(spec, now))
    }

    /// Live jobs, oldest first: of one user, or all.
    ///
    /// # Errors
    /// As above.
    pub async fn live_jobs(&self, user: Option<&UserName>) -> Result<Vec<JobRecord>, StoreError> {
        each_dialect!(self.live_jobs(user))
    }

    /// The worker's last job of a user for this reason that ended with every session off, or was given up.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn last_ended_job(&self, user: &UserName, reason: &str) -> Result<Option<JobRecord>, StoreError> {
        each_dialect!(self.last_ended_job(user, reason))
    }

    /// Takes the lease of a live job: `None` when it has ended or `holder` may not have it yet. A lease is free when
    /// nobody has it, when it has run out at `now`, or when it is still `abandoned`'s (a holder known to be dead).
    ///
    /// # Errors
    /// As above.
    pub async fn claim(
        &self,
        job: i64,
        holder: &str,
        abandoned: Option<&str>,
        now: i64,
    ) -> Result<Option<JobRecord>, StoreError> {
        each_dialect!(self.claim(job, holder, abandoned, now))
    }

    /// Writes a job's state and when to look at it next, and its line of the journal, if `job` still has the lease. An
    /// ended or lapsed job is no longer live.
    ///
    /// # Errors
    /// As above.
    pub async fn update_job(
        &self,
        job: &JobRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        each_dialect!(self.update_job(job, entry, now))
    }

    /// Adds a target to a job unless it is there; the record as it stands. `None` when it is not, and `job` has lost the
    /// lease.
    ///
    /// # Errors
    /// As above.
    pub async fn add_target(&self, job: &JobRecord, target: &TargetRecord) -> Result<Option<TargetRecord>, StoreError> {
        each_dialect!(self.add_target(job, target))
    }

    /// Writes a target and its line of the journal, and renews the lease, if `job` still has it.
    ///
    /// # Errors
    /// As above.
    pub async fn update_target(
        &self,
        job: &JobRecord,
        target: &TargetRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        each_dialect!(self.update_target(job, target, entry, now))
    }

    /// A job's targets, in the order in which they were added.
    ///
    /// # Errors
    /// As above.
    pub async fn targets(&self, job: i64) -> Result<Vec<TargetRecord>, StoreError> {
        each_dialect!(self.targets(job))
    }

    /// Targets whose row in radacct waits to be closed at `now` or before.
    ///
    /// # Errors
    /// As above.
    pub async fn rows_to_close(&self, now: i64) -> Result<Vec<TargetRecord>, StoreError> {
        each_dialect!(self.rows_to_close(now))
    }

    /// The first target of a session that was proven off because its router's list lacked it.
    ///
    /// # Errors
    /// As above.
    pub async fn proven_absent(&self, acct_unique_id: &str) -> Result<Option<TargetRecord>, StoreError> {
        each_dialect!(self.proven_absent(acct_unique_id))
    }

    /// Notes that a target's row needs closing no more.
    ///
    /// # Errors
    /// As above.
    pub async fn row_closed(&self, target: i64) -> Result<(), StoreError> {
        each_dialect!(self.row_closed(target))
    }

    /// Puts a planned block on disk; `None` when one of the same user and reason stands already.
    ///
    /// # Errors
    /// As above.
    pub async fn plan_block(&self, block: &BlockRecord, now: i64) -> Result<Option<BlockRecord>, StoreError> {
        each_dialect!(self.plan_block(block, now))
    }

    /// Writes a block's state, reason, actor and count, and its line of the journal, if it still stands as it `was`
    /// (state, reason, count); whether it did. Its rows stay as they were, and one that is ours once stays ours; but
    /// where it changes others than it did, the new ones take their place.
    ///
    /// # Errors
    /// As above.
    pub async fn update_block(
        &self,
        was: &BlockRecord,
        block: &BlockRecord,
        entry: Option<&JournalEntry>,
        now: i64,
    ) -> Result<bool, StoreError> {
        each_dialect!(self.update_block(was, block, entry, now))
    }

    /// Blocks that are not released: of one user, or all.
    ///
    /// # Errors
    /// As above.
    pub async fn blocks(&self, user: Option<&UserName>) -> Result<Vec<BlockRecord>, StoreError> {
        each_dialect!(self.blocks(user))
    }

    /// Forgets a block that never took effect: one that is still planned.
    ///
    /// # Errors
    /// As above.
    pub async fn drop_block(&self, block: i64) -> Result<(), StoreError> {
        each_dialect!(self.drop_block(block))
    }

    /// Appends to the journal.
    ///
    /// # Errors
    /// As above.
    pub async fn journal(&self, entry: &JournalEntry) -> Result<(), StoreError> {
        each_dialect!(self.journal(entry))
    }

    /// The brake of this name, if it has ever tripped.
    ///
    /// # Errors
    /// As above.
    pub async fn brake(&self, name: &str) -> Result<Option<Brake>, StoreError> {
        each_dialect!(self.brake(name))
    }

    /// Writes a brake.
    ///
    /// # Errors
    /// As above.
    pub async fn set_brake(&self, name: &str, brake: Option<&Brake>) -> Result<(), StoreError> {
        each_dialect!(self.set_brake(name, brake))
    }
}
