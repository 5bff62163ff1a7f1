//! What every command starts from: the configuration, the databases, and how refusals are told.

use std::path::Path;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, ConfigProblem};
use crate::jobs::Agent;
use crate::quota::UserName;
use crate::store::{Accounting, State, StoreError};

use super::{Exit, Output};

/// The resolved configuration and where results go.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) output: Output,
    pub(super) clock: Clock,
}

/// A refusal that has been told, with the exit code it means.
pub(super) type Refused = Exit;

impl Context {
    /// Loads the configuration; every problem and warning goes to standard error.
    pub(super) fn load(path: Option<&Path>, output: Output) -> Result<Self, Refused> {
        match Config::load(path, &|name| std::env::var(name).ok()) {
            Ok(config) => {
                tell(output, "warning", config.warnings.iter().chain(&config.left_out()));
                let unsupported = config.unsupported();
                tell(output, "error", &unsupported);
                if unsupported.is_empty() { Ok(Self { config, output, clock: Clock }) } else { Err(Exit::Usage) }
            }
            Err(problems) => {
                tell(output, "warning", &problems.warnings);
                tell(output, "error", &problems.problems);
                Err(Exit::Usage)
            }
        }
    }

    /// FreeRADIUS' database alone, for commands that change nothing.
    pub(super) async fn accounting(&self) -> Result<Accounting, StoreError> {
        Accounting::open(&self.config.database.url, &self.config.database.tables).await
    }

    /// Whether our own tables are there.
    pub(super) async fn has_state(&self) -> Result<bool, StoreError> {
        State::is_there(&self.config.state.url).await
    }

    /// Our own database if it is there, for reading.
    pub(super) async fn existing_state(&self) -> Result<Option<State>, StoreError> {
        State::open_existing(&self.config.state.url).await
    }

    /// Everything a job needs.
    pub(super) async fn agent(self) -> Result<Arc<Agent>, StoreError> {
        Agent::open(self.config, self.clock).await.map(Arc::new)
    }
}

/// Tells problems on standard error. Where that is closed nobody listens, and the exit code has to do.
fn tell<'a>(output: Output, what: &str, problems: impl IntoIterator<Item = &'a ConfigProblem>) {
    for problem in problems {
        output.note(&format!("{what}: {problem}")).ok();
    }
}

/// The name under which the tables know the user, or what to say of one whose name no table has.
pub(super) async fn known(accounting: &Accounting, user: &UserName) -> Result<Result<UserName, String>, StoreError> {
    let why = || format!("user {user} is unknown: no row of radacct, radcheck, radreply or radusergroup has the name");
    Ok(accounting.known_as(user).await?.ok_or_else(why))
}

/// As [`known`], where a user is named at all.
pub(super) async fn known_if_named(
    accounting: &Accounting,
    user: Option<&UserName>,
) -> Result<Result<Option<UserName>, String>, StoreError> {
    match user {
        Some(user) => Ok(known(accounting, user).await?.map(Some)),
        None => Ok(Ok(None)),
    }
}

/// Who asks, for the journal: `cli:` and the system's name for the user who runs this, behind sudo the one who called it.
pub(super) fn actor() -> String {
    use std::os::unix::fs::MetadataExt;
    let called = std::env::var("SUDO_USER").ok().filter(|name| !name.is_empty() && name.len() <= 64);
    let own = || {
        let id = std::fs::metadata("/proc/self").ok()?.uid().to_string();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let of_line = |line: &str| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            (fields.nth(1)? == id).then_some(name)
        };
        users.lines().find_map(of_line).or(Some(id))
    };
    format!("cli:{}", called.or_else(own).unwrap_or_default())
}

/// Tells a refusal on standard error.
pub(super) fn refuse(output: Output, exit: Exit, why: &str) -> anyhow::Result<Exit> {
    output.note(&format!("error: {why}"))?;
    Ok(exit)
}

/// A user's name from the command line: 1 to 253 octets, as User-Name holds (RFC 2865 §5.1).
pub(super) fn user_name(text: &str) -> Result<UserName, String> {
    match text.len() {
        0 => Err("a user name is empty; it has 1 to 253 octets".to_owned()),
        1..=253 => Ok(UserName::new(text)),
        octets => Err(format!("this user name has {octets} octets; User-Name holds 1 to 253")),
    }
}
