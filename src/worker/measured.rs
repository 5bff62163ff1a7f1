//! What a step saw.

use std::collections::BTreeSet;

use crate::ledger::{Silence, Stale};
use crate::quota::UserName;

use super::plan::Judgement;

/// What a step saw.
#[derive(Debug, Default)]
pub(super) struct Measured {
    /// Who is over.
    pub(super) judgement: Judgement,
    /// Who of those who are over is online.
    pub(super) online: BTreeSet<UserName>,
    /// How many users are online; 0 where nobody is over or one user alone was looked at.
    pub(super) all_online: usize,
    /// NAS of which nothing comes.
    pub(super) silence: Silence,
    /// Rows that were forgotten.
    pub(super) stale: Vec<Stale>,
    /// Whether everybody was looked at, not only those with news.
    pub(super) swept: bool,
    /// Why the operator's query was not taken.
    pub(super) query_problem: Option<String>,
    /// Whether that is because rows were gone from it.
    pub(super) lost: bool,
}

impl Measured {
    /// Says what people should know.
    pub(super) fn tell(&self, now: i64) {
        self.judgement.problems.iter().for_each(|problem| tracing::warn!("{problem}"));
        if let Some(problem) = &self.query_problem {
            tracing::error!("limits of the query are not renewed: {problem}");
        }
        self.silence.told(now).iter().for_each(|line| tracing::warn!("{line}"));
        if let Some(first) = self.stale.first() {
            let (session, nas) = (&*first.acct_unique_id, &*first.nas_ip_address);
            tracing::warn!(
                rows = self.stale.len(),
                session,
                nas,
                "open rows that are updated no more, the first named"
            );
        }
    }
}
