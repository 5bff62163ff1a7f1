//! What became of a session, and how we know: one pure function, the table of docs/architecture.md.

use serde::{Deserialize, Serialize};

use crate::radius::ErrorCause;

use super::{Attempt, AttemptOutcome, Findings, RouterView, RowFinding};

/// What became of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Off, after something of ours took effect.
    Ended,
    /// Off before anything of ours took effect.
    AlreadyGone,
    /// Known to be on.
    StillActive,
    /// Not known.
    Unknown,
}

/// How a fate is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The NAS sent an Accounting-Stop.
    AccountingStop,
    /// The router's list does not have it.
    AbsentFromRouter,
    /// The NAS answered 503 to every set of attributes.
    SessionNotFound,
    /// radacct has no open row.
    NoOpenRow,
    /// The router's list has it.
    OnRouter,
    /// The NAS reported usage after its ACK.
    InterimAfterAck,
    /// The NAS refused.
    Refused,
    /// The NAS said it would, and nothing confirms it.
    DisconnectAck,
    /// The NAS said it would, and has reported on others for three intervals since, but not on this one.
    InterimsStopped,
}

/// A fate with its evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What became of the session.
    pub fate: Fate,
    /// How that is known; `None` when nothing is.
    pub evidence: Option<Evidence>,
}

/// How a NAS reports, by its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interims {
    /// Seconds between two reports on one session.
    pub every: i64,
    /// When it last reported on any other session.
    pub others_at: i64,
}

/// Everything that is known of a session when its fate is decided.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What was tried.
    pub attempts: &'a [Attempt],
    /// What radacct and the router's list say now.
    pub findings: &'a Findings,
    /// When we selected the session, in seconds since 1970.
    pub selected_at: i64,
    /// When an ACK or a removal of ours took effect.
    pub effect_at: Option<i64>,
    /// When the session started, by the NAS's clock.
    pub started_at: Option<i64>,
    /// When accounting had last updated its row as ours took effect (until then: as we selected it), by the NAS's clock.
    pub updated_at: Option<i64>,
    /// Whether it stood on the router's list since it was selected.
    pub seen_on_router: bool,
    /// How its NAS reports, where that is known.
    pub interims: Option<Interims>,
    /// Now.
    pub now: i64,
}

/// So many reports have to be missing.
const MISSED_INTERIMS: i64 = 3;

/// A list is not believed to lack a session that is younger than this: RouterOS may not list it yet.
const LISTED_WITHIN_SECS: i64 = 60;

impl Facts<'_> {
    /// Whether the session's absence from the list means that it is off.
    fn absence_counts(&self) -> bool {
        let RouterView::Absent { vouched, .. } = self.findings.router else { return false };
        (vouched || self.acked() || self.seen_on_router) && self.has_been_listed()
    }

    fn acked(&self) -> bool {
        self.attempts.iter().any(|attempt| attempt.outcome == AttemptOutcome::Ack)
    }

    /// Whether the session is old enough to have stood on the list. A router whose clock is ahead starts sessions in the
    /// future: there its own update times have to tell.
    fn has_been_listed(&self) -> bool {
        let seen = self.started_at.zip(self.updated_at).map_or(0, |(start, update)| update - start);
        let age = self.started_at.map_or(0, |start| self.now - start);
        age.max(seen) >= LISTED_WITHIN_SECS
    }

    /// Whether radacct has a Stop: a row that closed, where something of ours took effect at a time after our selection.
    ///
    /// Times in radacct are the NAS's (Event-Timestamp), and a router without NTP is seconds or years behind: then a Stop
    /// is known by being later than the row's own last update. One who only tidies up stale rows writes no later time.
    fn stopped(&self) -> bool {
        match self.findings.row {
            RowFinding::Closed { stop } => {
                self.effect_at.is_none() || stop >= self.selected_at || self.updated_at.is_some_and(|at| stop > at)
            }
            RowFinding::Open { .. } | RowFinding::Missing => false,
        }
    }

    /// Whether the NAS reported usage since: both times are the NAS's, whatever its clock says.
    fn counted_on(&self) -> bool {
        matches!(self.findings.row, RowFinding::Open { update } if update > self.updated_at)
    }

    /// Whether reports on this session stopped with our ACK while those on others went on. Without another session on the
    /// same NAS its silence may as well be the network's.
    fn interims_stopped(&self) -> bool {
        let Some(Interims { every, others_at }) = self.interims else { return false };
        let Some(reported) = self.updated_at.filter(|at| self.started_at.is_some_and(|start| *at > start)) else {
            return false;
        };
        let is_open = matches!(self.findings.row, RowFinding::Open { .. });
        let no_list = self.findings.router == RouterView::NotAsked;
        is_open && no_list && self.acked() && others_at - reported >= MISSED_INTERIMS.saturating_mul(every)
    }

    fn refusal(&self) -> Option<Verdict> {
        let radius = || self.attempts.iter().filter(|attempt| attempt.path == "radius");
        let last = radius().next_back().filter(|attempt| attempt.outcome == AttemptOutcome::Nak)?;
        let not_here = Some(ErrorCause::SESSION_CONTEXT_NOT_FOUND.0);
        if radius().all(|attempt| attempt.error_cause == not_here) && self.findings.router == RouterView::NotAsked {
            return Some(Verdict { fate: Fate::AlreadyGone, evidence: Some(Evidence::SessionNotFound) });
        }
        let refused = matches!(last.error_cause, Some(401..=405 | 407 | 501 | 504..=508));
        refused.then_some(Verdict { fate: Fate::StillActive, evidence: Some(Evidence::Refused) })
    }
}

/// What is known of a session, and no more. The router's list outranks radacct.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Verdict {
    let off = if facts.effect_at.is_some() { Fate::Ended } else { Fate::AlreadyGone };
    let verdict = |fate, evidence| Verdict { fate, evidence: Some(evidence) };
    if matches!(facts.findings.router, RouterView::Listed { .. }) {
        return verdict(Fate::StillActive, Evidence::OnRouter);
    }
    if facts.stopped() {
        return verdict(off, Evidence::AccountingStop);
    }
    if facts.absence_counts() || gone_at_delete(facts) {
        return verdict(off, Evidence::AbsentFromRouter);
    }
    match facts.effect_at {
        Some(_) if facts.counted_on() => verdict(Fate::StillActive, Evidence::InterimAfterAck),
        Some(_) if facts.interims_stopped() => verdict(Fate::Ended, Evidence::InterimsStopped),
        Some(_) if facts.acked() => verdict(Fate::Unknown, Evidence::DisconnectAck),
        Some(_) => Verdict { fate: Fate::Unknown, evidence: None },
        None => facts.refusal().unwrap_or(Verdict { fate: Fate::Unknown, evidence: None }),
    }
}

/// Whether the row stood on the list and was gone when it was to be removed (404).
fn gone_at_delete(facts: &Facts<'_>) -> bool {
    let gone = facts.attempts.iter().any(|attempt| attempt.outcome == AttemptOutcome::AlreadyGone);
    gone && matches!(facts.findings.router, RouterView::Absent { .. })
}
