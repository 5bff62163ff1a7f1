//! Jobs as a queue: what is there, what is due, what is brought forward.

use crate::quota::UserName;
use crate::store::StoreError;

use super::{Backend, JobRecord, JobState, JournalEntry, State, each_dialect};

/// What else is known of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobTimes {
    /// When it ended or lapsed; `None` while it lives.
    pub ended_at: Option<i64>,
    /// Until when its lease holds, unless renewed; of no meaning where nobody has it.
    pub lease_until: i64,
}

/// How many live jobs are in one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobCount {
    /// The state.
    pub state: JobState,
    /// How many.
    pub count: i64,
    /// When the oldest of them was made, in seconds since 1970.
    pub oldest: i64,
}

impl State {
    /// Jobs in this state, latest first, at most `limit`: of one user, or all.
    ///
    /// # Errors
    /// When the database cannot be asked; so for every method below.
    pub async fn jobs_in(
        &self,
        state: JobState,
        user: Option<&UserName>,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        each_dialect!(self.jobs_in(state, user, limit))
    }

    /// The job of this id, live or over.
    ///
    /// # Errors
    /// As above.
    pub async fn job(&self, id: i64) -> Result<Option<(JobRecord, JobTimes)>, StoreError> {
        each_dialect!(self.job(id))
    }

    /// Live jobs whose time has come, by id, those after the id `after`, at most `limit`. A time later than `horizon` has been
    /// set by a clock that was put back: it has come too.
    ///
    /// # Errors
    /// As above.
    pub async fn due_jobs(
        &self,
        (now, horizon): (i64, i64),
        after: i64,
        limit: u32,
    ) -> Result<Vec<JobRecord>, StoreError> {
        each_dialect!(self.due_jobs((now, horizon), after, limit))
    }

    /// Jobs under [`JobState::Watching`], by id, at most `limit`.
    ///
    /// # Errors
    /// As above.
    pub async fn watched_jobs(&self, limit: u32) -> Result<Vec<JobRecord>, StoreError> {
        each_dialect!(self.watched_jobs(limit))
    }

    /// Ends those of these jobs that are still being watched, and that nobody has the lease of.
    ///
    /// # Errors
    /// As above.
    pub async fn end_watched(&self, jobs: &[i64], now: i64) -> Result<(), StoreError> {
        if jobs.is_empty() {
            return Ok(());
        }
        each_dialect!(self.end_watched(end_watched(jobs, now)))
    }

    /// Brings a live job forward to `now`, and writes its line of the journal; whether it is live.
    ///
    /// # Errors
    /// As above.
    pub async fn hasten(&self, id: i64, entry: Option<&JournalEntry>, now: i64) -> Result<bool, StoreError> {
        each_dialect!(self.hasten(id, entry, now))
    }

    /// How many live jobs there are, by state; states without any are left out.
    ///
    /// # Errors
    /// As above.
    pub async fn job_counts(&self) -> Result<Vec<JobCount>, StoreError> {
        each_dialect!(self.job_counts())
    }

    /// How many logins we keep closed.
    ///
    /// # Errors
    /// As above.
    pub async fn blocks_held(&self) -> Result<i64, StoreError> {
        each_dialect!(self.blocks_held())
    }
}

/// A count from its columns; a word that this version does not know is left out.
pub(super) fn counted((state, count, oldest): (String, i64, i64)) -> Option<JobCount> {
    JobState::from_word(&state).map(|state| JobCount { state, count, oldest })
}

/// The statement that ends jobs that were watched; ids and time are numbers of our own.
fn end_watched(jobs: &[i64], now: i64) -> String {
    let ids = jobs.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
    format!(
        "UPDATE radkick_job SET state = 'ended', live_key = NULL, ended_at = {now}
         WHERE state = 'watching' AND lease_holder IS NULL AND id IN ({ids})"
    )
}

/// The same in every dialect.
pub(super) const COUNTS: &str =
    "SELECT state, count(*), min(created_at) FROM radkick_job WHERE live_key IS NOT NULL GROUP BY state ORDER BY state";
/// The same in every dialect.
pub(super) const HELD: &str = "SELECT count(*) FROM radkick_block WHERE state = 'held'";
