//! What a cycle came to, and who is told.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::jobs::{AgentError, SessionReport};
use crate::quota::UserName;

use super::measured::Measured;

/// What one step came to.
#[derive(Debug, Default)]
pub struct StepOutcome {
    /// One report a session, or a user without any.
    pub reports: Vec<SessionReport>,
    /// Why nothing (more) was done.
    pub held: Vec<String>,
    /// Whose logins were opened again.
    pub restored: Vec<UserName>,
    /// What could not be done: the operator's query for limits.
    pub failed: Vec<String>,
    /// How many users are over, the exempt left out.
    pub over: usize,
    /// NAS of which nothing comes, by NAS-IP-Address.
    pub silent: BTreeSet<String>,
}

/// One round of a loop, for whoever watches.
#[derive(Debug, Clone, Copy)]
pub struct Cycle<'a> {
    /// What it came to, or what cut it short.
    pub result: Result<&'a StepOutcome, &'a AgentError>,
    /// How long it took.
    pub took: Duration,
}

/// Who hears of each round.
pub type Hear<'h> = &'h mut (dyn FnMut(Cycle<'_>) + Send);

impl StepOutcome {
    /// Of what was seen, nothing done yet.
    pub(super) fn of(measured: &Measured) -> Self {
        Self {
            failed: measured.query_problem.iter().cloned().collect(),
            over: measured.judgement.over.len(),
            silent: measured.silence.nas.keys().cloned().collect(),
            ..Self::default()
        }
    }
}
