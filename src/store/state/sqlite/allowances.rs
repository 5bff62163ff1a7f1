//! Allowances given by hand.

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::rows::{AllowanceRow, distinct, signed};
use crate::store::state::{JournalEntry, QuotaRow, alone};

use super::feed::list;
use super::{Sqlite, write_entry};

const OPERATION: &str = "writing an allowance";

const ALLOWANCE: &str = "user_name, limit_octets, topup_octets, topup_start, period, since, expires_at, subject,
    changed_at, changed_by";

impl Sqlite {
    pub(in super::super) async fn quota_rows(&self, users: Option<&[UserName]>) -> Result<Vec<QuotaRow>, StoreError> {
        let failed = |error| self.failed("reading allowances", error);
        let users = users.map(|users| list(&distinct(users.iter().map(UserName::as_str), str::to_owned)));
        let users = users.transpose().map_err(failed)?;
        let those = "WHERE user_name IN (SELECT value FROM json_each(?1)) OR subject IN
            (SELECT subject FROM radkick_quota WHERE user_name IN (SELECT value FROM json_each(?1)))";
        let condition = if users.is_some() { those } else { "" };
        let sql = format!("SELECT {ALLOWANCE} FROM radkick_quota {condition} ORDER BY user_name");
        let query = sqlx::query_as(sqlx::AssertSqlSafe(sql));
        let query = if users.is_some() { query.bind(users) } else { query };
        let rows: Vec<AllowanceRow> = query.fetch_all(&self.pool).await.map_err(failed)?;
        Ok(rows.iter().map(|row| row.quota(str::to_owned)).collect())
    }

    pub(in super::super) async fn has_quota_rows(&self) -> Result<bool, StoreError> {
        let one = sqlx::query("SELECT 1 FROM radkick_quota LIMIT 1").fetch_optional(&self.pool).await;
        one.map(|row| row.is_some()).map_err(|error| self.failed("reading allowances", error))
    }

    pub(in super::super) async fn put_quota(&self, row: &QuotaRow, entry: &JournalEntry) -> Result<(), StoreError> {
        let (pool, row, entry) = (self.pool.clone(), AllowanceRow::of(row, str::to_owned), entry.clone());
        let written = alone(async move {
            let sql =
                format!("INSERT OR REPLACE INTO radkick_quota ({ALLOWANCE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
            let query = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(row.user_name).bind(row.limit_octets);
            let query = query.bind(row.topup_octets).bind(row.topup_start).bind(row.period).bind(row.since);
            let query = query.bind(row.expires_at).bind(row.subject).bind(row.changed_at).bind(row.changed_by);
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
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
        let (pool, user, entry) = (self.pool.clone(), user.as_str().to_owned(), entry.clone());
        let written = alone(async move {
            let sql = format!(
                "UPDATE radkick_quota SET topup_octets = CASE WHEN topup_start <> ?3 THEN ?2
                     WHEN topup_octets > {end} - ?2 THEN {end} ELSE topup_octets + ?2 END,
                   topup_start = ?3, changed_at = ?4, changed_by = ?5 WHERE user_name = ?1 RETURNING {ALLOWANCE}",
                end = i64::MAX
            );
            let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(user).bind(signed(octets)).bind(period_start);
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            let query = query.bind(entry.at).bind(&entry.actor);
            let row: Option<AllowanceRow> = query.fetch_optional(&mut *transaction).await?;
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
        let (pool, user, entry) = (self.pool.clone(), user.as_str().to_owned(), entry.clone());
        let removed = alone(async move {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
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
