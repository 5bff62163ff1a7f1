//! Allowances given by hand.

use sqlx::{AssertSqlSafe, MySql as Database, Transaction};

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::mariadb::places;
use crate::store::state::rows::{AllowanceRow, distinct, signed};
use crate::store::state::{JournalEntry, QuotaRow, alone};

use super::{Mariadb, lists, write_entry};

const OPERATION: &str = "writing an allowance";

/// The columns of an [`AllowanceRow`]: names are octets to the server, text to us.
const ALLOWANCE: &str =
    "SELECT CONVERT(quota.user_name USING utf8mb4) AS user_name, limit_octets, topup_octets, topup_start,
    period, since, expires_at, CONVERT(quota.subject USING utf8mb4) AS subject, changed_at, changed_by
    FROM radkick_quota AS quota";

const PUT: &str =
    "INSERT INTO radkick_quota (user_name, limit_octets, topup_octets, topup_start, period, since, expires_at,
      subject, changed_at, changed_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON DUPLICATE KEY UPDATE limit_octets = VALUES(limit_octets), topup_octets = VALUES(topup_octets),
      topup_start = VALUES(topup_start), period = VALUES(period), since = VALUES(since),
      expires_at = VALUES(expires_at), subject = VALUES(subject), changed_at = VALUES(changed_at),
      changed_by = VALUES(changed_by)";

impl Mariadb {
    pub(in super::super) async fn quota_rows(&self, users: Option<&[UserName]>) -> Result<Vec<QuotaRow>, StoreError> {
        let failed = |error| self.failed("reading allowances", error);
        let Some(users) = users else {
            let sql = AssertSqlSafe(format!("{ALLOWANCE} ORDER BY quota.user_name"));
            let rows: Vec<AllowanceRow> = sqlx::query_as(sql).fetch_all(&self.pool).await.map_err(failed)?;
            return Ok(rows.iter().map(|row| row.quota(str::to_owned)).collect());
        };
        // A family may be met in several slices
        let mut found = std::collections::BTreeMap::new();
        for list in lists(&distinct(users.iter().map(UserName::as_str), str::to_owned)) {
            let names = places(list.len());
            let sql = AssertSqlSafe(format!(
                "{ALLOWANCE} WHERE quota.user_name IN ({names}) UNION {ALLOWANCE}
                 JOIN (SELECT DISTINCT subject FROM radkick_quota WHERE user_name IN ({names})) AS families
                   ON families.subject = quota.subject"
            ));
            let query = list.iter().chain(&list).fold(sqlx::query_as(sql), |query, name| query.bind(*name));
            let rows: Vec<AllowanceRow> = query.fetch_all(&self.pool).await.map_err(failed)?;
            found.extend(rows.iter().map(|row| (row.user_name.clone(), row.quota(str::to_owned))));
        }
        Ok(found.into_values().collect())
    }

    pub(in super::super) async fn has_quota_rows(&self) -> Result<bool, StoreError> {
        let one = sqlx::query("SELECT 1 FROM radkick_quota LIMIT 1").fetch_optional(&self.pool).await;
        one.map(|row| row.is_some()).map_err(|error| self.failed("reading allowances", error))
    }

    pub(in super::super) async fn put_quota(&self, row: &QuotaRow, entry: &JournalEntry) -> Result<(), StoreError> {
        let (pool, row, entry) = (self.pool.clone(), AllowanceRow::of(row, str::to_owned), entry.clone());
        let written = alone(async move {
            let query = sqlx::query(PUT).bind(row.user_name.into_bytes()).bind(row.limit_octets);
            let query = query.bind(row.topup_octets).bind(row.topup_start).bind(row.period).bind(row.since);
            let query = query.bind(row.expires_at).bind(row.subject.map(String::into_bytes));
            let query = query.bind(row.changed_at).bind(row.changed_by);
            let mut transaction = pool.begin().await?;
            query.execute(&mut *transaction).await?;
            write_entry(&mut *transaction, &entry).await?;
            transaction.commit().await
        });
        written.await.map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn top_up(
        &self,
        user: &UserName,
        (octets, period_start): (u64, i64),
        entry: &JournalEntry,
    ) -> Result<Option<QuotaRow>, StoreError> {
        let (pool, user, entry) = (self.pool.clone(), user.as_str().as_bytes().to_vec(), entry.clone());
        let written = alone(async move {
            let mut transaction = pool.begin().await?;
            let row = add(&mut transaction, &user, (signed(octets), period_start), &entry).await?;
            if row.is_some() {
                write_entry(&mut *transaction, &entry).await?;
            }
            transaction.commit().await.map(|()| row)
        });
        let row = written.await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(row.map(|row| row.quota(str::to_owned)))
    }

    pub(in super::super) async fn remove_quota(
        &self,
        user: &UserName,
        entry: &JournalEntry,
    ) -> Result<bool, StoreError> {
        let (pool, user, entry) = (self.pool.clone(), user.as_str().as_bytes().to_vec(), entry.clone());
        let removed = alone(async move {
            let mut transaction = pool.begin().await?;
            let delete = sqlx::query("DELETE FROM radkick_quota WHERE user_name = ?").bind(user);
            let removed = delete.execute(&mut *transaction).await?.rows_affected() > 0;
            if removed {
                write_entry(&mut *transaction, &entry).await?;
            }
            transaction.commit().await.map(|()| removed)
        });
        removed.await.map_err(|error| self.failed(OPERATION, error))
    }
}

async fn add(
    transaction: &mut Transaction<'_, Database>,
    user: &[u8],
    (octets, period_start): (i64, i64),
    entry: &JournalEntry,
) -> Result<Option<AllowanceRow>, sqlx::Error> {
    // The octets first: what is assigned behind them sees the start of before
    let sql = AssertSqlSafe(format!(
        "UPDATE radkick_quota SET topup_octets = CASE WHEN topup_start <> ? THEN ?
             WHEN topup_octets > {end} - ? THEN {end} ELSE topup_octets + ? END,
           topup_start = ?, changed_at = ?, changed_by = ? WHERE user_name = ?",
        end = i64::MAX
    ));
    let query = sqlx::query(sql).bind(period_start).bind(octets).bind(octets).bind(octets).bind(period_start);
    query.bind(entry.at).bind(&entry.actor).bind(user).execute(&mut **transaction).await?;
    let sql = AssertSqlSafe(format!("{ALLOWANCE} WHERE quota.user_name = ?"));
    sqlx::query_as(sql).bind(user).fetch_optional(&mut **transaction).await
}
