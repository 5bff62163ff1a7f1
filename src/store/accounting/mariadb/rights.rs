//! The rights that this user has, found out by preparing statements: the server judges them, and nothing is done.

use sqlx::mysql::MySqlConnection;
use sqlx::{Executor as _, SqlSafeStr as _};

use crate::store::StoreError;
use crate::store::mariadb::number;

use super::Mariadb;
use super::catalogue::wanted;

const READING: &str = "reading FreeRADIUS' tables";
const WRITING: &str = "trying to write";

impl Mariadb {
    /// Prepares a reading of every table, so that a missing right is named at once.
    pub(super) async fn check_reading(&self, connection: &mut MySqlConnection) -> Result<(), StoreError> {
        let statements = wanted(&self.tables).map(|(table, columns)| {
            (format!("SELECT on {table}"), format!("SELECT {} FROM {table}", columns.join(", ")))
        });
        self.check(connection, READING, &statements).await
    }

    /// Whether rows could be written. A replica that takes no writes says so too.
    pub(in super::super) async fn check_writable(&self) -> Result<(), StoreError> {
        let failed = |error| self.failed(WRITING, error);
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        let read_only: i64 = sqlx::query_scalar("SELECT CAST(@@global.read_only AS SIGNED)")
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
        if read_only != 0 {
            return Err(StoreError::ReadOnly { database: self.database.clone(), operation: WRITING });
        }
        self.check(&mut connection, WRITING, &self.writing()).await
    }

    /// Whether rows of radacct could be closed.
    pub(in super::super) async fn check_closable(&self) -> Result<(), StoreError> {
        const OPERATION: &str = "closing rows";
        let table = &self.tables.acct;
        let right = format!("UPDATE (acctstoptime, acctsessiontime, acctterminatecause) on {table}");
        let set = "SET acctstoptime = NULL, acctsessiontime = 0, acctterminatecause = ''";
        let statement = format!("UPDATE {table} {set} WHERE acctuniqueid = ''");
        let mut connection = self.pool.acquire().await.map_err(|error| self.failed(OPERATION, error))?;
        self.check(&mut connection, OPERATION, &[(right, statement)]).await
    }

    /// Each right that a block needs, in an operator's words, with a statement that needs it.
    fn writing(&self) -> Vec<(String, String)> {
        let tables = &self.tables;
        let mut statements = Vec::new();
        for (table, columns) in [
            (&tables.authcheck, "attribute, op, value"),
            (&tables.authreply, "attribute, op, value"),
            (&tables.usergroup, "groupname, priority"),
        ] {
            let values = if columns.starts_with("group") { "'', 0" } else { "'', '', ''" };
            let insert = format!("INSERT INTO {table} (id, username, {columns}) VALUES (0, '', {values})");
            statements.push((format!("INSERT on {table}"), insert));
            statements.push((format!("DELETE on {table}"), format!("DELETE FROM {table} WHERE id = 0")));
        }
        statements
    }

    async fn check(
        &self,
        connection: &mut MySqlConnection,
        operation: &'static str,
        statements: &[(String, String)],
    ) -> Result<(), StoreError> {
        let mut denied = Vec::new();
        for (right, statement) in statements {
            match connection.prepare(self.sql(statement).into_sql_str()).await {
                Ok(_) => {}
                Err(error) if matches!(number(&error), Some(1142 | 1143)) => denied.push(right.as_str()),
                Err(error) => return Err(self.failed(operation, error)),
            }
        }
        if denied.is_empty() {
            return Ok(());
        }
        let reason = format!("missing rights: {}", denied.join(", "));
        Err(StoreError::Denied { database: self.database.clone(), operation, reason })
    }
}
