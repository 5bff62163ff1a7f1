//! The usage ledger's rows in our own tables, the same in every dialect.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::quota::{Counters, UserName};

use super::record::words;

/// How far the ledger has read radacct. There is one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FeedRecord {
    /// The highest radacctid that was read.
    pub mark: i64,
    /// Rows up to this radacctid were there when the ledger was begun: history, which nobody observed. `None` before.
    pub imported_to: Option<i64>,
    /// While that history is being read, how far it has been; `None` once it is done.
    pub import_at: Option<i64>,
    /// When all open rows were read last.
    pub read_at: i64,
    /// Where accounts of sessions that only went on are to be written later: when all of them stood as their rows did.
    pub behind_since: Option<i64>,
    /// acctuniqueid of the closed session that was looked at again last.
    pub rotation: String,
    /// How many rows the operator's query gave when its result was last taken.
    pub query_rows: usize,
    /// How often each NAS reports its sessions, by NAS-IP-Address, as far as it has been learnt.
    pub rhythms: std::collections::BTreeMap<String, RhythmRecord>,
}

impl FeedRecord {
    /// When all accounts stood as their rows did, or later.
    #[must_use]
    pub fn accounts_at(&self) -> i64 {
        self.behind_since.unwrap_or(self.read_at)
    }
}

/// How often a NAS reports a session that goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RhythmRecord {
    /// The usual seconds between two reports.
    pub seconds: i64,
    /// How many reports that is learnt from.
    pub seen: u32,
    /// When it last wrote anything into radacct, by our clock.
    pub heard_at: i64,
}

/// Who may write the ledger: a lease with a fencing token, as jobs have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedLease {
    /// Who has it.
    pub holder: String,
    /// One higher for each new holder.
    pub token: i64,
}

/// How the ledger came to know of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// It saw the counters grow.
    Observed,
    /// It found the rows when it was begun.
    History,
}

words!(Origin { Observed = "observed", History = "history" });

/// What a user used in one slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageRow {
    /// Whose use.
    pub user: UserName,
    /// The name of the zone that the slot begins in; empty for the site's.
    pub zone: Arc<str>,
    /// The slot's start, in seconds since 1970; 0 is the one before all others.
    pub slot: i64,
    /// How it is known.
    pub origin: Origin,
    /// How much.
    pub used: Counters,
    /// Octets of it that may belong to a later slot.
    pub estimated: u64,
}

/// An allowance in our own table, as `radkick quota` writes it. Times are seconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaRow {
    /// Whose.
    pub user: UserName,
    /// Octets; `None` for no limit.
    pub limit_octets: Option<u64>,
    /// Octets on top, for one period.
    pub topup_octets: u64,
    /// The start of the period that the top-up is for; 0 for one that stays.
    pub topup_start: i64,
    /// When the limit starts again, in the configuration's words; `None` for the configured period.
    pub period: Option<String>,
    /// When the allowance begins, instead of with a period.
    pub since: Option<i64>,
    /// When the login expires.
    pub expires_at: Option<i64>,
    /// Whose allowance it is, where several users share one.
    pub subject: Option<String>,
    /// When it was last changed.
    pub changed_at: i64,
    /// By whom.
    pub changed_by: String,
}
