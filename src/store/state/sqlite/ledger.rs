//! Accounts of sessions, and what users used.

use sqlx::AssertSqlSafe;

use crate::quota::{SessionAccount, UserName};
use crate::store::StoreError;
use crate::store::state::rows::{AccountRow, UsedRow, distinct, used_rows};
use crate::store::state::{FeedLease, UsageRow, alone};

use super::Sqlite;
use super::feed::{USED, is_held, list};

const OPERATION: &str = "reading the ledger";

/// Users in one read: what it gives is held twice for a moment.
const SLICE: usize = 1000;

type Query = sqlx::query::QueryAs<'static, sqlx::Sqlite, AccountRow, sqlx::sqlite::SqliteArguments>;

fn accounts(condition: &str) -> Query {
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT acct_unique_id, user_name, row_id, closed_at, account FROM radkick_session WHERE {condition}"
    )))
}

impl Sqlite {
    async fn read_accounts(&self, query: Query) -> Result<Vec<SessionAccount>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let rows = query.fetch_all(&self.pool).await.map_err(failed)?;
        rows.iter().map(|row| row.account(str::to_owned).map_err(failed)).collect()
    }

    pub(in super::super) async fn open_accounts(
        &self,
        after: &str,
        limit: u32,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        let query = accounts("closed_at IS NULL AND acct_unique_id > ? ORDER BY acct_unique_id LIMIT ?");
        self.read_accounts(query.bind(after.to_owned()).bind(limit)).await
    }

    pub(in super::super) async fn closed_accounts(
        &self,
        since: i64,
        (closed_at, id): (i64, &str),
        limit: u32,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        let query = accounts(
            "closed_at >= ? AND (closed_at, acct_unique_id) > (?, ?) ORDER BY closed_at, acct_unique_id LIMIT ?",
        );
        self.read_accounts(query.bind(since).bind(closed_at).bind(id.to_owned()).bind(limit)).await
    }

    pub(in super::super) async fn accounts(&self, ids: &[String]) -> Result<Vec<SessionAccount>, StoreError> {
        let ids = distinct(ids.iter().map(String::as_str), str::to_owned);
        let ids = list(&ids).map_err(|error| self.failed(OPERATION, error))?;
        self.read_accounts(accounts("acct_unique_id IN (SELECT value FROM json_each(?))").bind(ids)).await
    }

    pub(in super::super) async fn accounts_of(
        &self,
        users: &[UserName],
        only_open: bool,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        let open = if only_open { " AND closed_at IS NULL" } else { "" };
        let users = distinct(users.iter().map(UserName::as_str), str::to_owned);
        let users = list(&users).map_err(|error| self.failed(OPERATION, error))?;
        self.read_accounts(accounts(&format!("user_name IN (SELECT value FROM json_each(?)){open}")).bind(users)).await
    }

    pub(in super::super) async fn usage(&self, users: &[UserName]) -> Result<Vec<UsageRow>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let sql = "SELECT user_name, zone, slot, origin, input, output, seconds, estimated FROM radkick_usage
                   WHERE user_name IN (SELECT value FROM json_each(?))";
        let mut usage = Vec::new();
        for slice in distinct(users.iter().map(UserName::as_str), str::to_owned).chunks(SLICE) {
            let query = sqlx::query_as(sql).bind(list(slice).map_err(failed)?);
            let rows: Vec<UsedRow> = query.fetch_all(&self.pool).await.map_err(failed)?;
            for row in &rows {
                usage.push(row.usage(str::to_owned).map_err(failed)?);
            }
        }
        Ok(usage)
    }

    pub(in super::super) async fn put_usage(
        &self,
        lease: &FeedLease,
        user: &UserName,
        rows: &[UsageRow],
    ) -> Result<bool, StoreError> {
        let failed = |error| self.failed("writing the ledger", error);
        let rows = rows.iter().map(|row| UsageRow { user: user.clone(), ..row.clone() });
        let rows = list(&used_rows(rows, str::to_owned)).map_err(failed)?;
        let (pool, lease, user) = (self.pool.clone(), lease.clone(), user.as_str().to_owned());
        let written = alone(async move {
            let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
            let held = is_held(&mut transaction, &lease).await?;
            if held {
                let delete = sqlx::query("DELETE FROM radkick_usage WHERE user_name = ?").bind(user);
                delete.execute(&mut *transaction).await?;
                sqlx::query(USED).bind(rows).execute(&mut *transaction).await?;
            }
            transaction.commit().await.map(|()| held)
        });
        written.await.map_err(failed)
    }

    pub(in super::super) async fn users_with_slots_before(
        &self,
        slot: i64,
        more_than: u32,
        limit: u32,
    ) -> Result<Vec<UserName>, StoreError> {
        let sql = "SELECT user_name FROM radkick_usage WHERE slot > 0 AND slot < ?
                   GROUP BY user_name HAVING count(*) > ? LIMIT ?";
        let query = sqlx::query_scalar(sql).bind(slot).bind(more_than).bind(limit);
        let names: Vec<String> = query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(names.into_iter().map(UserName::new).collect())
    }
}
