//! What would be done: nothing is sent, written or created.

use std::collections::BTreeSet;

use crate::clock::Clock;
use crate::config::{BlockMode, Config, CutPath};
use crate::disconnect::{Directory, identity_names, service_of};
use crate::jobs::{Exemptions, JobDetail, SessionReport, Would, directory};
use crate::quota::{Reason, UserName};
use crate::store::{Accounting, BlockState, SessionRow, State, StoreError};

use super::meter::{Leave, Meter};
use super::{OverUser, StepOutcome};

/// Everybody who is over, or the one user if that one is, with what would be done about each session; and what could not be
/// asked.
///
/// # Errors
/// When a database cannot be asked.
pub async fn observe(
    config: &Config,
    accounting: &Accounting,
    clock: Clock,
    only: Option<&UserName>,
) -> Result<StepOutcome, StoreError> {
    let state = State::open_existing(&config.state.url).await?;
    let mut meter = Meter::new(config, accounting, state.as_ref());
    Box::pin(observe_with(&mut meter, (config, accounting), clock, only)).await
}

/// As [`observe`], with what `meter` remembers of the last time.
pub(super) async fn observe_with(
    meter: &mut Meter,
    (config, accounting): (&Config, &Accounting),
    clock: Clock,
    only: Option<&UserName>,
) -> Result<StepOutcome, StoreError> {
    let state = State::open_existing(&config.state.url).await?;
    let blocks = match &state {
        Some(state) => state.blocks(only).await?,
        None => Vec::new(),
    };
    let held: BTreeSet<UserName> =
        blocks.into_iter().filter(|block| block.state == BlockState::Held).map(|block| block.user).collect();
    let exemptions = Exemptions::new(accounting, &config.exempt);
    let measured = match only {
        Some(user) => meter.one(user, &exemptions, clock.epoch()).await?,
        None => Box::pin(meter.measure(BTreeSet::new(), &exemptions, Leave::default(), clock.epoch())).await?,
    };
    measured.tell(clock.epoch());
    let directory = directory(config, accounting).await?;
    let mut reports = Vec::new();
    for over in measured.judgement.over.iter().filter(|over| !measured.judgement.waits(over)) {
        let blocked = held.contains(&over.user);
        let block = config.block.mode != BlockMode::None && !blocked;
        let base = SessionReport { blocked, ..over.report() };
        let sessions = accounting.open_sessions(&over.user).await?;
        if sessions.is_empty() {
            let nothing = Would { block, paths: Vec::new(), identity: Vec::new() };
            reports.push(SessionReport { fate: "unknown".into(), evidence: None, would: Some(nothing), ..base });
        } else {
            reports.extend(sessions.iter().map(|session| would(&directory, base.clone(), session, block)));
        }
    }
    Ok(StepOutcome { reports, ..StepOutcome::of(&measured) })
}

/// What would be done about one session.
#[must_use]
pub fn would(directory: &Directory, base: SessionReport, session: &SessionRow, block: bool) -> SessionReport {
    let report = base.of_session(session);
    match directory.resolve(session) {
        Ok(nas) => {
            let word = |path: &CutPath| match path {
                CutPath::Radius => "radius".to_owned(),
                CutPath::Rest => "rest".to_owned(),
                CutPath::Api => "api".to_owned(),
            };
            let profile = &nas.profile;
            let set = profile.identity.first().map(Vec::as_slice);
            let identity = identity_names(session, service_of(session, profile.service), set);
            let would = Would { block, paths: profile.paths.iter().map(word).collect(), identity };
            SessionReport { nas: Some(nas.name), would: Some(would), ..report }
        }
        Err(problem) => {
            let would = Would { block, paths: Vec::new(), identity: Vec::new() };
            SessionReport { problem: Some(problem.to_string()), would: Some(would), ..report }
        }
    }
}

impl OverUser {
    /// The report of this user, no session yet.
    #[must_use]
    pub fn report(&self) -> SessionReport {
        SessionReport::of_user(&self.user, self.over.reason.as_str(), "worker", &self.detail(false))
    }

    /// The report where nothing was done about this user.
    #[must_use]
    pub(super) fn untouched(&self) -> SessionReport {
        SessionReport { fate: "unknown".to_owned(), evidence: None, ..self.report() }
    }

    /// The detail of a job for this user.
    #[must_use]
    pub(super) fn detail(&self, block: bool) -> JobDetail {
        let octets = self.over.reason != Reason::Time;
        JobDetail {
            block,
            used_octets: octets.then_some(self.over.used),
            limit_octets: self.over.limit.filter(|_| octets),
            limit_seconds: self.over.limit.filter(|_| !octets),
            subject: self.subject.clone(),
            limit_source: Some(self.over.source.clone()),
            ..JobDetail::default()
        }
    }
}
