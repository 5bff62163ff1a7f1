//! The agent: everything a job needs at hand.

use std::collections::BTreeMap;

use crate::clock::Clock;
use crate::config::{Config, Meaning as ConfiguredMeaning};
use crate::disconnect::{CutError, Directory, Disconnector};
use crate::quota::{
    Counters, Direction, Limits, Meaning, Over, Period, QuotaAttribute, QuotaRules, SlotUse, Unit, Usage, UserName,
    judge,
};
use crate::store::{Accounting, State, StoreError, Summed};

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
    pub(crate) clock: Clock,
    pub(super) holder: String,
    /// Held while rows of a block are planned and inserted: two plans made at once would take the same ids.
    pub(super) planning: tokio::sync::Mutex<()>,
}

/// What counts as a limit, from the configuration.
#[must_use]
pub fn quota_rules(config: &Config) -> QuotaRules {
    let meaning = |meaning| match meaning {
        ConfiguredMeaning::Total => Meaning::Total,
        ConfiguredMeaning::Remaining => Meaning::Remaining,
        ConfiguredMeaning::PerSession => Meaning::PerSession,
    };
    let attributes = config.quota.attributes.iter();
    let attributes = attributes
        .map(|attribute| QuotaAttribute {
            name: attribute.name.clone(),
            meaning: meaning(attribute.meaning),
            unit: Unit::Octets,
            period: Period::Total,
        })
        .collect();
    let zone = config.accounting.time_zone.clone();
    QuotaRules { attributes, direction: Direction::Both, expiration: config.quota.expiration, zone }
}

impl Agent {
    /// Opens both databases, making our own where it is missing.
    ///
    /// # Errors
    /// When a database cannot be used.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, StoreError> {
        let accounting = Accounting::open(&config.database.url, &config.database.tables).await?;
        let state = State::open_beside(&config.state.url, Some(&config.database.url)).await?;
        let disconnector = Disconnector::new(clock, accounting.clone());
        let (holder, planning) = (holder::this_process(), tokio::sync::Mutex::new(()));
        Ok(Self { config, accounting, state, disconnector, clock, holder, planning })
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
    /// When FreeRADIUS' database cannot be asked.
    pub async fn over(&self, user: &UserName) -> Result<Option<Over>, StoreError> {
        let (limits, usage) = self.limits_of(user).await?;
        Ok(judge(&limits, &usage, self.now()))
    }

    /// One user's limits and usage.
    ///
    /// # Errors
    /// As [`Agent::over`].
    pub async fn limits_of(&self, user: &UserName) -> Result<(Limits, Usage), StoreError> {
        limits_of(&self.accounting, &quota_rules(&self.config), user).await
    }
}

/// One user's limits and usage, for those who have no agent.
///
/// # Errors
/// When FreeRADIUS' database cannot be asked.
pub async fn limits_of(
    accounting: &Accounting,
    rules: &QuotaRules,
    user: &UserName,
) -> Result<(Limits, Usage), StoreError> {
    let items = accounting.limit_items(user, &rules.attribute_names()).await?;
    let usage = accounting.usage(std::slice::from_ref(user)).await?;
    let used = whole(usage.get(user).copied().unwrap_or_default());
    Ok((Limits::resolve(user, &items, rules), used))
}

fn whole(summed: Summed) -> Usage {
    let octets = |input| Counters { input, output: 0, seconds: 0 };
    let mut usage = Usage { zones: Vec::new(), open: octets(summed.open) };
    let used = octets(summed.closed.saturating_add(summed.open));
    usage.add(&jiff::tz::TimeZone::UTC, SlotUse { start: 0, used, estimated: 0 });
    usage
}

/// Everybody who has a limit, with limits and usage.
///
/// # Errors
/// When FreeRADIUS' database cannot be asked.
pub async fn all_limits(
    accounting: &Accounting,
    rules: &QuotaRules,
) -> Result<BTreeMap<UserName, (Limits, Usage)>, StoreError> {
    let items = accounting.limited_users(&rules.attribute_names()).await?;
    let users: Vec<UserName> = items.keys().cloned().collect();
    let usage = accounting.usage(&users).await?;
    let limited = items.into_iter().map(|(user, items)| {
        let used = whole(usage.get(&user).copied().unwrap_or_default());
        let limits = Limits::resolve(&user, &items, rules);
        (user, (limits, used))
    });
    Ok(limited.collect())
}

/// The NAS that the configuration and FreeRADIUS know at this moment.
///
/// # Errors
/// When FreeRADIUS' database cannot be asked.
pub async fn directory(config: &Config, accounting: &Accounting) -> Result<Directory, StoreError> {
    Ok(Directory::new(config, &accounting.nas().await?, &accounting.nas_in_use().await?))
}
