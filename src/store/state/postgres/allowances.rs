//! Allowances given by hand.

use sqlx::AssertSqlSafe;

use crate::quota::UserName;
use crate::store::StoreError;
use crate::store::state::rows::{AllowanceRow, distinct, signed};
use crate::store::state::{JournalEntry, QuotaRow};

use super::{Postgres, noted, noting, plain, stored};

const OPERATION: &str = "writing an allowance";

macro_rules! allowance {
    () => {
        "user_name, limit_octets, topup_octets, topup_start, period, since, expires_at, subject, changed_at, changed_by"
    };
}

impl Postgres {
    pub(in super::super) async fn quota_rows(&self, users: Option<&[UserName]>) -> Result<Vec<QuotaRow>, StoreError> {
        let users = users.map(|users| distinct(users.iter().map(UserName::as_str), stored));
        let those = "WHERE user_name = ANY($1)
                     OR subject IN (SELECT subject FROM radkick_quota WHERE user_name = ANY($1))";
        let condition = if users.is_some() { those } else { "" };
        let columns = allowance!();
        let sql = AssertSqlSafe(format!("SELECT {columns} FROM radkick_quota {condition} ORDER BY user_name"));
        let query = sqlx::query_as(sql);
        let query = if users.is_some() { query.bind(users) } else { query };
        let rows: Vec<AllowanceRow> =
            query.fetch_all(&self.pool).await.map_err(|error| self.failed("reading allowances", error))?;
        Ok(rows.iter().map(|row| row.quota(plain)).collect())
    }

    pub(in super::super) async fn has_quota_rows(&self) -> Result<bool, StoreError> {
        let one = sqlx::query("SELECT 1 FROM radkick_quota LIMIT 1").fetch_optional(&self.pool).await;
        one.map(|row| row.is_some()).map_err(|error| self.failed("reading allowances", error))
    }

    pub(in super::super) async fn put_quota(&self, row: &QuotaRow, entry: &JournalEntry) -> Result<(), StoreError> {
        let sql = concat!(
            "WITH held AS (
                 INSERT INTO radkick_quota (",
            allowance!(),
            ") VALUES ($6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
                 ON CONFLICT (user_name) DO UPDATE SET limit_octets = excluded.limit_octets,
                     topup_octets = excluded.topup_octets, topup_start = excluded.topup_start, period = excluded.period,
                     since = excluded.since, expires_at = excluded.expires_at, subject = excluded.subject,
                     changed_at = excluded.changed_at, changed_by = excluded.changed_by
                 RETURNING user_name
             ), ",
            noted!(),
            " SELECT user_name FROM held"
        );
        let row = AllowanceRow::of(row, stored);
        let query = noting(sql, Some(entry)).bind(row.user_name).bind(row.limit_octets).bind(row.topup_octets);
        let query = query.bind(row.topup_start).bind(row.period).bind(row.since).bind(row.expires_at);
        let query = query.bind(row.subject).bind(row.changed_at).bind(row.changed_by);
        query.execute(&self.pool).await.map(|_| ()).map_err(|error| self.failed(OPERATION, error))
    }

    pub(in super::super) async fn top_up(
        &self,
        user: &UserName,
        (octets, period_start): (u64, i64),
        entry: &JournalEntry,
    ) -> Result<Option<QuotaRow>, StoreError> {
        let sql = concat!(
            "WITH held AS (
                 UPDATE radkick_quota SET topup_octets = CASE WHEN topup_start <> $8 THEN $7
                         WHEN topup_octets > 9223372036854775807 - $7 THEN 9223372036854775807
                         ELSE topup_octets + $7 END,
                     topup_start = $8, changed_at = $1, changed_by = $2 WHERE user_name = $6
                 RETURNING ",
            allowance!(),
            "), ",
            noted!(),
            " SELECT ",
            allowance!(),
            " FROM held"
        );
        let failed = |error| self.failed(OPERATION, error);
        let query = noting(sql, Some(entry)).bind(stored(user.as_str())).bind(signed(octets)).bind(period_start);
        let row = query.fetch_optional(&self.pool).await.map_err(failed)?;
        let row: Option<AllowanceRow> = row.as_ref().map(sqlx::FromRow::from_row).transpose().map_err(failed)?;
        Ok(row.map(|row| row.quota(plain)))
    }

    pub(in super::super) async fn remove_quota(
        &self,
        user: &UserName,
        entry: &JournalEntry,
    ) -> Result<bool, StoreError> {
        let sql = concat!(
            "WITH held AS (DELETE FROM radkick_quota WHERE user_name = $6 RETURNING user_name), ",
            noted!(),
            " SELECT user_name FROM held"
        );
        let query = noting(sql, Some(entry)).bind(stored(user.as_str()));
        let removed = query.fetch_optional(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(removed.is_some())
    }
}
