//! What is wrong between here and the routers, and the line that mends it.
//!
//! Everything is tried for real: a request that changes nothing to each NAS, its lists, its own counters before and after.
//! A finding says what is wrong, where, and which RouterOS command or line of the configuration mends it.

mod advice;
mod radius;
mod rest;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::disconnect::{Directory, Disconnector, ResolvedNas};
use crate::store::{Accounting, SessionRow, StoreError};

/// How many NAS are looked at side by side.
const AT_ONCE: usize = 8;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// Cuts or their proof fail by it.
    Wrong,
    /// It works, and a user may come back by it, or a proof may be missing.
    Risk,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// In a word, for programs: `radius_silent`, `incoming_off`, `rest_unauthorized`, …
    pub finding: &'static str,
    /// How much it weighs.
    pub weight: Weight,
    /// What is wrong, for people.
    pub what: String,
    /// What mends it: RouterOS commands and lines of the configuration, likeliest first.
    pub mend: Vec<String>,
}

/// What was found at one NAS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NasHealth {
    /// Its name.
    pub nas: String,
    /// Where requests go; `None` where that cannot be told.
    pub address: Option<String>,
    /// How many sessions radacct has open there.
    pub open_sessions: usize,
    /// What works, for people.
    pub works: Vec<String>,
    /// What does not.
    pub findings: Vec<Finding>,
}

impl Finding {
    fn wrong(finding: &'static str, what: impl Into<String>, mend: impl IntoIterator<Item = String>) -> Self {
        Self { finding, weight: Weight::Wrong, what: what.into(), mend: mend.into_iter().collect() }
    }

    fn risk(finding: &'static str, what: impl Into<String>, mend: impl IntoIterator<Item = String>) -> Self {
        Self { weight: Weight::Risk, ..Self::wrong(finding, what, mend) }
    }
}

/// A NAS that can be told, with its number of open sessions, by name and address.
type Reached = BTreeMap<(String, String), (ResolvedNas, usize)>;

/// Looks at every NAS that the configuration, FreeRADIUS' table and the open sessions name, or at those of one name.
///
/// # Errors
/// When FreeRADIUS' database cannot be asked.
pub async fn examine(
    (accounting, clock): (&Accounting, Clock),
    directory: &Directory,
    only: Option<&str>,
) -> Result<Vec<NasHealth>, StoreError> {
    let open = accounting.all_open_sessions().await?;
    let (reached, mut healths) = places(directory, &open);
    let disconnector = Arc::new(Disconnector::new(clock, accounting.clone(), Arc::default(), Arc::default()));
    let (mut looking, slots) = (JoinSet::new(), Arc::new(Semaphore::new(AT_ONCE)));
    for (nas, sessions) in reached.into_values() {
        if only.is_none_or(|only| only == nas.name) {
            let (disconnector, slots) = (Arc::clone(&disconnector), Arc::clone(&slots));
            looking.spawn(async move {
                let _slot = slots.acquire().await;
                look_at(&disconnector, &nas, sessions).await
            });
        }
    }
    healths.retain(|health| only.is_none_or(|only| only == health.nas));
    while let Some(health) = looking.join_next().await {
        healths.extend(health.ok());
    }
    let in_use: BTreeSet<String> = open.iter().map(|session| session.nas_ip_address.clone()).collect();
    let mut routers = directory.routers(&in_use);
    routers.retain(|router| healths.iter().any(|health| health.nas == router.nas.name));
    for at in disconnector.hidden(&routers).await? {
        let health = healths.iter_mut().find(|health| health.nas == at.nas);
        let finding = at.sessions.ok().and_then(|sessions| hidden(&sessions));
        if let (Some(health), Some(finding)) = (health, finding) {
            health.findings.push(finding);
        }
    }
    healths.sort_by(|one, other| (&one.nas, &one.address).cmp(&(&other.nas, &other.address)));
    Ok(healths)
}

/// Sessions that radacct does not have open; of a list that tells nothing, its own finding speaks.
fn hidden(sessions: &[SessionRow]) -> Option<Finding> {
    let first = sessions.first()?;
    let (count, user, address) = (sessions.len(), &first.user, &first.framed_ip_address);
    let what = format!("on its list are {count} sessions that radacct does not have open, as {user} at {address}");
    Some(Finding::wrong("hidden_sessions", what, advice::hidden_sessions()))
}

/// The NAS that can be told, each with its number of open sessions, and what is wrong with the others.
fn places(directory: &Directory, open: &[SessionRow]) -> (Reached, Vec<NasHealth>) {
    let mut reached = Reached::new();
    let mut problems: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut note = |name: String, resolved: Result<ResolvedNas, String>, sessions: usize| match resolved {
        Ok(nas) => {
            let at = reached.entry((nas.name.clone(), nas.das_addr().to_string())).or_insert((nas, 0));
            at.1 += sessions;
        }
        Err(problem) => *problems.entry((name, problem)).or_default() += sessions,
    };
    for session in open {
        note(session.nas_ip_address.clone(), directory.resolve(session).map_err(|problem| problem.to_string()), 1);
    }
    for (name, resolved) in directory.by_themselves() {
        note(name, resolved.map_err(|problem| problem.to_string()), 0);
    }
    for name in directory.unresolved() {
        let what = "FreeRADIUS' nas table has it by this host name, of which no address is known".to_owned();
        *problems.entry((name.clone(), what)).or_default() += 0;
    }
    let told = problems.into_iter().map(|((nas, what), open_sessions)| NasHealth {
        findings: vec![Finding::wrong("nas_unknown", what, advice::unknown_nas(&nas))],
        nas,
        address: None,
        open_sessions,
        works: Vec::new(),
    });
    let told = told.collect();
    (reached, told)
}

async fn look_at(disconnector: &Disconnector, nas: &ResolvedNas, sessions: usize) -> NasHealth {
    let mut health = NasHealth {
        nas: nas.name.clone(),
        address: Some(nas.das_addr().to_string()),
        open_sessions: sessions,
        works: Vec::new(),
        findings: Vec::new(),
    };
    let mut router = rest::Desk::of(nas, disconnector.clock(), &mut health).await;
    if let Some(router) = &mut router {
        router.look(&mut health).await;
    }
    radius::look(disconnector, nas, router.as_ref(), &mut health).await;
    // One cause may show in two places
    let mut seen = BTreeSet::new();
    health.findings.retain(|finding| seen.insert((finding.finding, finding.what.clone())));
    health
}
