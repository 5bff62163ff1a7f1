//! The agent: everything a job needs at hand.

use std::collections::{BTreeMap, BTreeSet};

use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl, Meaning as ConfiguredMeaning};
use crate::disconnect::{CutError, Directory, Disconnector};
use crate::quota::{CheckItem, Limits, Meaning, Over, QuotaAttribute, Usage, UserName, judge};
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
    /// A task of ours was lost.
    #[error("a task of ours ended before its time: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// Another agent took the job over.
    #[error("another radkick has taken over this job")]
    LeaseLost,
}

/// Carries out jobs. One a process.
#[derive(Debug)]
pub struct Agent {
    /// The configuration.
    pub config: Config,
    /// FreeRADIUS' tables.
    pub accounting: Accounting,
    /// Our own tables.
    pub state: State,
    pub(super) disconnector: Disconnector,
    pub(super) clock: Clock,
    pub(super) holder: String,
}

/// The attributes that count as quotas, from the configuration.
#[must_use]
pub fn quota_attributes(config: &Config) -> Vec<QuotaAttribute> {
    let meaning = |meaning| match meaning {
        ConfiguredMeaning::Total => Meaning::Total,
        ConfiguredMeaning::Remaining => Meaning::Remaining,
        ConfiguredMeaning::PerSession => Meaning::PerSession,
    };
    let attributes = config.quota.attributes.iter();
    attributes
        .map(|attribute| QuotaAttribute { name: attribute.name.clone(), meaning: meaning(attribute.meaning) })
        .collect()
}

impl Agent {
    /// Opens both databases, making our own where it is missing.
    ///
    /// # Errors
    /// When a database cannot be used.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, StoreError> {
        let accounting = Accounting::open(&config.database.url, &config.database.tables).await?;
        let state = State::open(&config.state.url).await?;
        Ok(Self {
            config,
            accounting,
            state,
            disconnector: Disconnector::new(clock),
            clock,
            holder: holder::this_process(),
        })
    }

    /// Opens our own database where there is one; for what must create nothing.
    ///
    /// # Errors
    /// When it is there and cannot be used.
    pub async fn existing_state(url: &DatabaseUrl) -> Result<Option<State>, StoreError> {
        State::open_existing(url).await
    }

    /// Seconds since 1970.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock.epoch()
    }

    /// The NAS known at this moment.
    pub(super) async fn directory(&self) -> Result<Directory, StoreError> {
        let open = self.accounting.all_open_sessions().await?;
        let open_nas: BTreeSet<String> = open.into_iter().map(|session| session.nas_ip_address).collect();
        Ok(Directory::new(&self.config, &self.accounting.nas().await?, &open_nas))
    }

    /// Whether this one user is over now, by the very function that the worker uses.
    ///
    /// # Errors
    /// When FreeRADIUS' database cannot be asked.
    pub async fn over(&self, user: &UserName) -> Result<Option<Over>, StoreError> {
        let attributes = quota_attributes(&self.config);
        let items = self.accounting.limit_items(user, &Limits::attribute_names(&attributes)).await?;
        let usage = self.accounting.usage(std::slice::from_ref(user)).await?;
        Ok(judge(&self.limits(user, &items), usage.get(user).copied().unwrap_or_default(), self.now()))
    }

    /// A user's limits from these items.
    #[must_use]
    pub fn limits(&self, user: &UserName, items: &[CheckItem]) -> Limits {
        Limits::resolve(user, items, &quota_attributes(&self.config), &self.config.accounting.time_zone)
    }

    /// Everybody who has a limit, with limits and usage.
    ///
    /// # Errors
    /// As [`Agent::over`].
    pub async fn limited(&self) -> Result<BTreeMap<UserName, (Limits, Usage)>, StoreError> {
        let names = Limits::attribute_names(&quota_attributes(&self.config));
        let items = self.accounting.limited_users(&names).await?;
        let users: Vec<UserName> = items.keys().cloned().collect();
        let usage = self.accounting.usage(&users).await?;
        let limited = items.into_iter().map(|(user, items)| {
            let used = usage.get(&user).copied().unwrap_or_default();
            let limits = self.limits(&user, &items);
            (user, (limits, used))
        });
        Ok(limited.collect())
    }
}
