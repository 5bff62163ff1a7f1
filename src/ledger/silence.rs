//! NAS that have gone silent, and rows that were forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashSet;

use crate::quota::{SessionAccount, Sighting};
use crate::store::{FeedRecord, RhythmRecord, State, StoreError};

use super::LedgerRules;

/// How many reports a rhythm is learnt from before it counts.
const LEARNT: u32 = 5;
/// Reports that far apart, in seconds, are no rhythm.
const PLAUSIBLE: std::ops::RangeInclusive<i64> = 10..=24 * 3600;
/// How many reports may be missing.
const MISSED: i64 = 3;
/// What a report may be late, in seconds.
const LATE: i64 = 60;

/// An open row that was updated no more while its NAS went on reporting others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stale {
    /// FreeRADIUS' own id of the session.
    pub acct_unique_id: Arc<str>,
    /// The NAS, as stored.
    pub nas_ip_address: Arc<str>,
    /// When accounting last updated the row, as it says.
    pub update: Option<i64>,
    /// For how many seconds it has been silent.
    pub silent: i64,
}

/// NAS of which nothing has come for too long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Silence {
    /// Since when, by NAS-IP-Address, and how often it reports otherwise.
    pub nas: BTreeMap<String, (i64, i64)>,
    /// Whether nothing has come of any NAS: then it is FreeRADIUS or its database rather than all routers.
    pub of_all: bool,
}

/// How often a NAS reports: as the operator says, else as it was learnt.
pub(super) fn interval(feed: &FeedRecord, nas: &str, told: Option<i64>) -> Option<i64> {
    let learnt = feed.rhythms.get(nas).filter(|rhythm| rhythm.seen >= LEARNT).map(|rhythm| rhythm.seconds);
    told.or(learnt)
}

/// How often a NAS reports, as far as our tables or the operator know; `None` where neither does.
///
/// # Errors
/// When our database cannot be asked.
pub async fn usual_interval(state: &State, rules: &LedgerRules, nas: &str) -> Result<Option<i64>, StoreError> {
    let feed = state.feed().await?.unwrap_or_default();
    Ok(interval(&feed, nas, rules.interval))
}

/// Learns from a row that has changed.
pub(super) fn learn(feed: &mut FeedRecord, before: Option<&SessionAccount>, row: &Sighting, now: i64) {
    let nas = &*row.nas_ip_address;
    if !feed.rhythms.contains_key(nas) {
        feed.rhythms.insert(nas.to_owned(), RhythmRecord::default());
    }
    let Some(rhythm) = feed.rhythms.get_mut(nas) else { return };
    rhythm.heard_at = now;
    let updates = before.and_then(|account| account.update).zip(row.update).filter(|_| row.stop.is_none());
    let Some(gap) = updates.map(|(was, is)| is.saturating_sub(was)).filter(|gap| PLAUSIBLE.contains(gap)) else {
        return;
    };
    let RhythmRecord { seconds, seen, .. } = *rhythm;
    // The first ones weigh more, so that it does not stay with an odd one; later ones an eighth
    let weight = i64::from(seen.min(7));
    rhythm.seconds = (seconds * weight + gap) / (weight + 1);
    rhythm.seen = seen.saturating_add(1);
}

/// The NAS with open rows of which nothing has come for three of their intervals; those `heard` of just now are none.
pub(super) fn silence(
    feed: &FeedRecord,
    (open_nas, heard): (&BTreeSet<Arc<str>>, &HashSet<&str>),
    told: Option<i64>,
    now: i64,
) -> Silence {
    let silent = |nas: &Arc<str>| {
        if heard.contains(&**nas) {
            return None;
        }
        let every = interval(feed, nas, told)?;
        let heard = feed.rhythms.get(&**nas)?.heard_at;
        (now.saturating_sub(heard) > MISSED * every + LATE).then(|| (nas.to_string(), (heard, every)))
    };
    let nas: BTreeMap<_, _> = open_nas.iter().filter_map(silent).collect();
    let of_all = nas.len() > 1 && nas.len() == open_nas.len();
    Silence { nas, of_all }
}

/// For how long an open row, last `heard` of then, has been silent, where that is too long for a NAS that reports `every` so
/// many seconds.
pub(super) fn overdue(every: Option<i64>, heard: i64, now: i64) -> Option<i64> {
    let silent = now.saturating_sub(heard);
    (silent > MISSED * every? + LATE).then_some(silent)
}

impl Silence {
    /// What to tell people, a line a NAS, or one for all.
    #[must_use]
    pub fn told(&self, now: i64) -> Vec<String> {
        if self.of_all {
            let since = self.nas.values().map(|(since, _)| *since).max().unwrap_or(now);
            let minutes = now.saturating_sub(since) / 60;
            return vec![format!(
                "no NAS has written accounting for {minutes} min: FreeRADIUS or its database is silent rather than all {} \
                 routers; nobody is cut or let in for use until it speaks again",
                self.nas.len()
            )];
        }
        let line = |(nas, (since, every)): (&String, &(i64, i64))| {
            format!(
                "NAS {nas}: no accounting for {} min, usually every {every} s; decisions about use on it wait until it \
                 speaks again",
                now.saturating_sub(*since) / 60
            )
        };
        self.nas.iter().map(line).collect()
    }
}
