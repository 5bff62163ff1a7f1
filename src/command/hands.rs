//! What a command works with.

use std::sync::Arc;

use tokio::sync::OnceCell;

use crate::clock::Clock;
use crate::config::Config;
use crate::jobs::Agent;
use crate::quota::UserName;
use crate::store::{Accounting, State, StoreError};

/// Databases that are opened when they are first needed, or a daemon's agent that has them open; and who asks.
///
/// What a command refuses without looking into our own tables makes none of them.
#[derive(Debug)]
pub struct Hands {
    databases: Databases,
    clock: Clock,
    pub(super) by: String,
}

#[derive(Debug)]
enum Databases {
    Closed(Box<Closed>),
    Open(Arc<Agent>),
}

#[derive(Debug)]
struct Closed {
    config: Config,
    accounting: OnceCell<Accounting>,
    agent: OnceCell<Arc<Agent>>,
}

impl Hands {
    /// On the databases that the configuration names, in the name of `by`.
    #[must_use]
    pub fn new(config: Config, clock: Clock, by: String) -> Self {
        let (accounting, agent) = (OnceCell::new(), OnceCell::new());
        Self { databases: Databases::Closed(Box::new(Closed { config, accounting, agent })), clock, by }
    }

    /// With a daemon's agent.
    #[must_use]
    pub fn of(agent: Arc<Agent>, clock: Clock, by: String) -> Self {
        Self { databases: Databases::Open(agent), clock, by }
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> &Config {
        match &self.databases {
            Databases::Closed(closed) => &closed.config,
            Databases::Open(agent) => &agent.config,
        }
    }

    /// Whether these are a daemon's, which goes on when the command has ended.
    pub(super) const fn go_on(&self) -> bool {
        matches!(self.databases, Databases::Open(_))
    }

    pub(super) const fn clock(&self) -> Clock {
        self.clock
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.epoch()
    }

    pub(super) async fn accounting(&self) -> Result<Accounting, StoreError> {
        match &self.databases {
            Databases::Closed(closed) => {
                let database = &closed.config.database;
                let open = || Accounting::open(&database.url, &database.tables);
                closed.accounting.get_or_try_init(open).await.cloned()
            }
            Databases::Open(agent) => Ok(agent.accounting.clone()),
        }
    }

    /// Whether our own tables are there.
    pub(super) async fn has_state(&self) -> Result<bool, StoreError> {
        match &self.databases {
            Databases::Closed(closed) => State::is_there(&closed.config.state.url).await,
            Databases::Open(_) => Ok(true),
        }
    }

    /// Our own tables alone.
    pub(super) async fn state(&self) -> Result<State, StoreError> {
        match &self.databases {
            Databases::Closed(closed) => State::open(&closed.config.state.url).await,
            Databases::Open(agent) => Ok(agent.state.clone()),
        }
    }

    /// Everything a job needs; our own tables are made where they are missing.
    pub(super) async fn agent(&self) -> Result<Arc<Agent>, StoreError> {
        match &self.databases {
            Databases::Closed(closed) => {
                let open = async || Agent::open(closed.config.clone(), self.clock).await.map(Arc::new);
                closed.agent.get_or_try_init(open).await.cloned()
            }
            Databases::Open(agent) => Ok(Arc::clone(agent)),
        }
    }
}

/// The name under which the tables know the user, or what to say of one whose name no table has.
///
/// # Errors
/// When FreeRADIUS' database cannot be asked.
pub async fn known(accounting: &Accounting, user: &UserName) -> Result<Result<UserName, String>, StoreError> {
    let why = || format!("user {user} is unknown: no row of radacct, radcheck, radreply or radusergroup has the name");
    Ok(accounting.known_as(user).await?.ok_or_else(why))
}

/// As [`known`], where a user is named at all.
///
/// # Errors
/// As [`known`].
pub async fn known_if_named(
    accounting: &Accounting,
    user: Option<&UserName>,
) -> Result<Result<Option<UserName>, String>, StoreError> {
    match user {
        Some(user) => Ok(known(accounting, user).await?.map(Some)),
        None => Ok(Ok(None)),
    }
}
