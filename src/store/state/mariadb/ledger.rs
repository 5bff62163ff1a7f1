//! Accounts of sessions, and what users used.

use sqlx::AssertSqlSafe;

use crate::quota::{SessionAccount, UserName};
use crate::store::StoreError;
use crate::store::mariadb::places;
use crate::store::state::rows::{AccountRow, UsedRow, distinct, used_rows};
use crate::store::state::{FeedLease, UsageRow, alone};

use super::feed::{is_held, write_used};
use super::{Mariadb, lists};

const OPERATION: &str = "reading the ledger";

type Query = sqlx::query::QueryAs<'static, sqlx::MySql, AccountRow, sqlx::mysql::MySqlArguments>;

/// Ids and names are octets to the server, text to us. The index is named, for a server that knows little of the table
/// would rather read all of it in order.
fn accounts(index: &str, condition: &str) -> Query {
    sqlx::query_as(AssertSqlSafe(format!(
        "SELECT CONVERT(acct_unique_id USING utf8mb4) AS acct_unique_id, CONVERT(user_name USING utf8mb4) AS user_name,
                row_id, closed_at, account FROM radkick_session FORCE INDEX ({index}) WHERE {condition}"
    )))
}

impl Mariadb {
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
        let condition = "closed_at IS NULL AND radkick_session.acct_unique_id > ?
                         ORDER BY radkick_session.acct_unique_id LIMIT ?";
        let query = accounts("radkick_session_closed", condition);
        self.read_accounts(query.bind(after.as_bytes().to_vec()).bind(limit)).await
    }

    pub(in super::super) async fn closed_accounts(
        &self,
        since: i64,
        (closed_at, id): (i64, &str),
        limit: u32,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        // Not as a comparison of pairs, for which the server uses no index
        let condition = "closed_at >= ? AND (closed_at > ? OR (closed_at = ? AND radkick_session.acct_unique_id > ?))
                         ORDER BY closed_at, radkick_session.acct_unique_id LIMIT ?";
        let query = accounts("radkick_session_closed", condition).bind(since).bind(closed_at).bind(closed_at);
        self.read_accounts(query.bind(id.as_bytes().to_vec()).bind(limit)).await
    }

    pub(in super::super) async fn accounts(&self, ids: &[String]) -> Result<Vec<SessionAccount>, StoreError> {
        let mut found = Vec::new();
        for list in lists(&distinct(ids.iter().map(String::as_str), str::to_owned)) {
            let condition = format!("radkick_session.acct_unique_id IN ({})", places(list.len()));
            found.extend(self.read_accounts(naming(accounts("PRIMARY", &condition), &list)).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn accounts_of(
        &self,
        users: &[UserName],
        only_open: bool,
    ) -> Result<Vec<SessionAccount>, StoreError> {
        let open = if only_open { " AND closed_at IS NULL" } else { "" };
        let mut found = Vec::new();
        for list in lists(&distinct(users.iter().map(UserName::as_str), str::to_owned)) {
            let condition = format!("radkick_session.user_name IN ({}){open}", places(list.len()));
            found.extend(self.read_accounts(naming(accounts("radkick_session_user", &condition), &list)).await?);
        }
        Ok(found)
    }

    pub(in super::super) async fn usage(&self, users: &[UserName]) -> Result<Vec<UsageRow>, StoreError> {
        let failed = |error| self.failed(OPERATION, error);
        let mut usage = Vec::new();
        for list in lists(&distinct(users.iter().map(UserName::as_str), str::to_owned)) {
            let sql = AssertSqlSafe(format!(
                "SELECT CONVERT(user_name USING utf8mb4) AS user_name, CONVERT(zone USING utf8mb4) AS zone, slot, origin,
                        input, output, seconds, estimated FROM radkick_usage FORCE INDEX (PRIMARY)
                 WHERE radkick_usage.user_name IN ({})",
                places(list.len())
            ));
            let query = list.into_iter().fold(sqlx::query_as(sql), sqlx::query::QueryAs::bind);
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
        let rows = used_rows(rows.iter().map(|row| UsageRow { user: user.clone(), ..row.clone() }), str::to_owned);
        let (pool, lease, user) = (self.pool.clone(), lease.clone(), user.as_str().as_bytes().to_vec());
        let written = alone(async move {
            let mut transaction = pool.begin().await?;
            let held = is_held(&mut transaction, &lease).await?;
            if held {
                let delete = sqlx::query("DELETE FROM radkick_usage WHERE user_name = ?").bind(user);
                delete.execute(&mut *transaction).await?;
                write_used(&mut transaction, &rows, "slot = slot").await?;
            }
            transaction.commit().await.map(|()| held)
        });
        written.await.map_err(|error| self.failed("writing the ledger", error))
    }

    pub(in super::super) async fn users_with_slots_before(
        &self,
        slot: i64,
        more_than: u32,
        limit: u32,
    ) -> Result<Vec<UserName>, StoreError> {
        let sql = "SELECT CONVERT(user_name USING utf8mb4) FROM (
                       SELECT user_name FROM radkick_usage WHERE slot > 0 AND slot < ?
                       GROUP BY user_name HAVING count(*) > ? LIMIT ?) AS found";
        let query = sqlx::query_scalar(sql).bind(slot).bind(more_than).bind(limit);
        let names: Vec<String> = query.fetch_all(&self.pool).await.map_err(|error| self.failed(OPERATION, error))?;
        Ok(names.into_iter().map(UserName::new).collect())
    }
}

fn naming(query: Query, names: &[&[u8]]) -> Query {
    names.iter().fold(query, |query, name| query.bind(name.to_vec()))
}
