//! Rows of the ledger's tables, as every dialect writes and reads them.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::FromRow;

use crate::quota::{Counters, Increment, SessionAccount, UserName};

use super::page::{Head, Page};
use super::{FeedLease, FeedRecord, Origin, QuotaRow, UsageRow};

/// Octets that a name or id of the ledger has at most. User-Name has 253 (RFC 2865 §5.1); what of them is not UTF-8 stands
/// with three characters each. A longer one no NAS has sent, and an index may not hold it.
const LONGEST: usize = 1012;

/// How a dialect keeps a text: the text itself, but for what its columns cannot hold.
pub(super) type Spelling = fn(&str) -> String;

/// What one step of the ledger has to write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) lease: &'a FeedLease,
    pub(super) feed: &'a FeedRecord,
    pub(super) accounts: &'a [SessionAccount],
    pub(super) increments: &'a [(Increment, Origin)],
    pub(super) now: i64,
}

/// The same as rows, each key once and in order, so that two that write at a time wait and do not block each other.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) lease: FeedLease,
    pub(super) feed: String,
    pub(super) accounts: Vec<AccountRow>,
    pub(super) used: Vec<UsedRow>,
    pub(super) now: i64,
}

impl Step<'_> {
    pub(super) fn batch(&self, spelling: Spelling) -> Result<Batch, sqlx::Error> {
        let mut accounts = BTreeMap::new();
        for account in self.accounts.iter().filter(|account| fits(&[&account.acct_unique_id, account.user.as_str()])) {
            let row = AccountRow::of(account, spelling).map_err(encoding)?;
            accounts.insert(row.acct_unique_id.clone(), row);
        }
        let increments = self.increments.iter().map(|(increment, origin)| UsageRow {
            user: increment.user.clone(),
            zone: increment.zone.clone(),
            slot: increment.slot,
            origin: *origin,
            used: increment.used,
            estimated: if increment.estimated { increment.used.octets() } else { 0 },
        });
        Ok(Batch {
            lease: self.lease.clone(),
            feed: serde_json::to_string(self.feed).map_err(encoding)?,
            accounts: accounts.into_values().collect(),
            used: used_rows(increments, spelling),
            now: self.now,
        })
    }
}

/// `radkick_session`.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(super) struct AccountRow {
    pub(super) acct_unique_id: String,
    pub(super) user_name: String,
    pub(super) row_id: i64,
    pub(super) closed_at: Option<i64>,
    pub(super) account: String,
}

impl AccountRow {
    fn of(account: &SessionAccount, spelling: Spelling) -> serde_json::Result<Self> {
        Ok(Self {
            acct_unique_id: spelling(&account.acct_unique_id),
            user_name: spelling(account.user.as_str()),
            row_id: account.row_id,
            closed_at: account.closed_at,
            account: Page::text_of(account)?,
        })
    }

    pub(super) fn account(&self, plain: Spelling) -> Result<SessionAccount, sqlx::Error> {
        let head = Head {
            acct_unique_id: plain(&self.acct_unique_id),
            user: UserName::new(plain(&self.user_name)),
            row_id: self.row_id,
            closed_at: self.closed_at,
        };
        Page::read(head, &self.account).map_err(|error| broken("account", error))
    }
}

/// `radkick_usage`.
#[derive(Debug, Clone, Serialize, FromRow)]
pub(super) struct UsedRow {
    pub(super) user_name: String,
    pub(super) zone: String,
    pub(super) slot: i64,
    pub(super) origin: String,
    pub(super) input: i64,
    pub(super) output: i64,
    pub(super) seconds: i64,
    pub(super) estimated: i64,
}

impl UsedRow {
    pub(super) fn usage(&self, plain: Spelling) -> Result<UsageRow, sqlx::Error> {
        let [input, output, seconds, estimated] =
            [self.input, self.output, self.seconds, self.estimated].map(|count| u64::try_from(count).unwrap_or(0));
        let unknown = || broken("origin", format!("{:?} is not a word of this version", self.origin));
        Ok(UsageRow {
            user: UserName::new(plain(&self.user_name)),
            zone: plain(&self.zone).into(),
            slot: self.slot,
            origin: Origin::from_word(&self.origin).ok_or_else(unknown)?,
            used: Counters { input, output, seconds },
            estimated,
        })
    }
}

/// One row a key, everything of the key summed up. Sums that a column cannot hold stay at its end.
pub(super) fn used_rows(rows: impl IntoIterator<Item = UsageRow>, spelling: Spelling) -> Vec<UsedRow> {
    let mut sums = BTreeMap::<_, (Counters, u64)>::new();
    for one in rows.into_iter().filter(|one| fits(&[one.user.as_str(), &one.zone])) {
        let key = (spelling(one.user.as_str()), spelling(&one.zone), one.slot, one.origin.as_str());
        let (used, estimated) = sums.entry(key).or_default();
        *used = used.plus(one.used);
        *estimated = estimated.saturating_add(one.estimated);
    }
    let row = |((user_name, zone, slot, origin), (used, estimated)): ((_, _, _, &str), (Counters, u64))| UsedRow {
        user_name,
        zone,
        slot,
        origin: origin.to_owned(),
        input: signed(used.input),
        output: signed(used.output),
        seconds: signed(used.seconds),
        estimated: signed(estimated),
    };
    sums.into_iter().map(row).collect()
}

/// SQL that adds `new` to `old` in each counter; where the sum would leave the column it stays at the end.
pub(super) fn adding(old: fn(&str) -> String, new: fn(&str) -> String) -> String {
    let sums = ["input", "output", "seconds", "estimated"].map(|counter| {
        let (old, new, end) = (old(counter), new(counter), i64::MAX);
        format!("{counter} = CASE WHEN {old} > {end} - {new} THEN {end} ELSE {old} + {new} END")
    });
    sums.join(", ")
}

/// The ids of ended jobs that nothing asks for any more, by the time before which they ended and how many at most. What is
/// kept: the worker's last of a user and reason ([`super::State::last_ended_job`]), rows to close, and the proofs of
/// absence ([`super::State::proven_absent`]) of sessions that may still be open. Targets are counted, for MariaDB would read
/// all there are for a `NOT EXISTS`.
pub(super) fn forgettable_jobs(before: &str, limit: &str) -> String {
    format!(
        "SELECT id FROM radkick_job AS job WHERE live_key IS NULL AND ended_at < {before}
           AND (state <> 'ended' OR actor <> 'worker' OR EXISTS (
               SELECT 1 FROM radkick_job AS later WHERE later.user_name = job.user_name AND later.reason = job.reason
                 AND later.actor = 'worker' AND later.state = 'ended' AND later.id > job.id))
           AND 0 = (
               SELECT count(*) FROM radkick_target AS target WHERE target.job_id = job.id
                 AND (target.close_due_at IS NOT NULL
                      OR (target.evidence = 'absent_from_router' AND NOT EXISTS (
                          SELECT 1 FROM radkick_session AS session
                          WHERE session.acct_unique_id = target.acct_unique_id AND session.closed_at < {before}))))
         ORDER BY id LIMIT {limit}"
    )
}

/// `radkick_quota`.
#[derive(Debug, Clone, FromRow)]
pub(super) struct AllowanceRow {
    pub(super) user_name: String,
    pub(super) limit_octets: Option<i64>,
    pub(super) topup_octets: i64,
    pub(super) topup_start: i64,
    pub(super) period: Option<String>,
    pub(super) since: Option<i64>,
    pub(super) expires_at: Option<i64>,
    pub(super) subject: Option<String>,
    pub(super) changed_at: i64,
    pub(super) changed_by: String,
}

impl AllowanceRow {
    pub(super) fn of(row: &QuotaRow, spelling: Spelling) -> Self {
        Self {
            user_name: spelling(row.user.as_str()),
            limit_octets: row.limit_octets.map(signed),
            topup_octets: signed(row.topup_octets),
            topup_start: row.topup_start,
            period: row.period.as_deref().map(spelling),
            since: row.since,
            expires_at: row.expires_at,
            subject: row.subject.as_deref().map(spelling),
            changed_at: row.changed_at,
            changed_by: spelling(&row.changed_by),
        }
    }

    pub(super) fn quota(&self, plain: Spelling) -> QuotaRow {
        QuotaRow {
            user: UserName::new(plain(&self.user_name)),
            limit_octets: self.limit_octets.map(|octets| u64::try_from(octets).unwrap_or(0)),
            topup_octets: u64::try_from(self.topup_octets).unwrap_or(0),
            topup_start: self.topup_start,
            period: self.period.as_deref().map(plain),
            since: self.since,
            expires_at: self.expires_at,
            subject: self.subject.as_deref().map(plain),
            changed_at: self.changed_at,
            changed_by: plain(&self.changed_by),
        }
    }
}

/// As much of it as a column of 64 bits with a sign holds.
pub(super) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Each of these texts once, in order: a slice of them reads rows that stand together, and none is read twice.
pub(super) fn distinct<'a>(texts: impl IntoIterator<Item = &'a str>, spelling: Spelling) -> Vec<String> {
    let texts: std::collections::BTreeSet<String> = texts.into_iter().map(spelling).collect();
    texts.into_iter().collect()
}

fn fits(texts: &[&str]) -> bool {
    texts.iter().all(|text| text.len() <= LONGEST)
}

fn encoding(error: serde_json::Error) -> sqlx::Error {
    sqlx::Error::Encode(error.into())
}

fn broken(column: &str, source: impl Into<sqlx::error::BoxDynError>) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: source.into() }
}
